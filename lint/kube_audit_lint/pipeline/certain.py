"""What holds of a policy in a template, however it is filled: from the findings of all its variants.

What is found in all variants in which its place is there is reported, as severe as it is in the least severe of them.
What is said of the whole policy, or of other rules, has to hold in all of them: that nothing is recorded, wherever that
is reported, and that a rule is never reached where it is there, whichever rules take its requests. Where each arm of a
branch has a policy of its own, each is a policy for itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator

from kube_audit_lint.checks._decided import list_place
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.checks.unreachable_rule import unreached
from kube_audit_lint.model.finding import SEVERITIES, Finding, Severity
from kube_audit_lint.pipeline.arms import is_in
from kube_audit_lint.pipeline.variants import Variant
from kube_audit_lint.syntax.nodes import Mapping
from kube_audit_lint.syntax.nodes import Sequence as NodeList
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

_ALWAYS = ("undecided", "internal-error")
_BY_VERSION = ("unsupported-api-version", "field-not-in-version")
"""What a version refuses; where a branch holds it, it is there for the versions that take it."""
_OF_ALL = "nothing-recorded"
"""What is said of the whole policy, wherever its place is: its key is that of `rules`."""
_RULES = re.compile(r"\b[Rr]ules? \d+(?: \(line \d+\))?(?:(?:, | and |-| to | or )\d+(?: \(line \d+\))?)*")
_NUMBER = re.compile(r"(?<!line )\b\d+\b")

Key = tuple[str, Place]
"""A rule of the linter and the place of what its finding is about."""


class _Claim(NamedTuple):
    """A finding of a variant. about: the policy's rule that it is about. hidden: those that it calls never reached."""

    key: Key
    finding: Finding
    about: int | None
    hidden: frozenset[int]
    variant: Variant


class _Checked(NamedTuple):
    """A variant with what is found in it. unreached: the rules that no request reaches."""

    variant: Variant
    claims: dict[Key, _Claim]
    unreached: frozenset[int]


def common(variants: list[Variant], findings_of: Callable[[PolicySubject], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings that hold in all variants in which that is there which they are about."""
    ordered = sorted(variants, key=lambda one: (bool(one.changed), -len(one.kept)))
    found = [_checked(one, findings_of(one.subject)) for one in ordered]
    # What no request reaches, none reaches behind more rules.
    all_unreached = [one.unreached.union(*(less.unreached for less in _within(one, found))) for one in found]
    found = [one._replace(unreached=unreached) for one, unreached in zip(found, all_unreached, strict=True)]
    claims = [one for checked in found for one in checked.claims.values() if _may_be_told(one)]
    least = _least(claims)
    done: set[Key] = set()
    for one in sorted(claims, key=_about_less):
        if one.key in done:
            continue
        holds = _holds(one, found)
        if holds:
            yield _renumbered(one.finding._replace(severity=least[one.key]), one.variant.numbers)
        if holds or not one.hidden:
            done.add(one.key)


def _checked(variant: Variant, findings: Iterable[Finding]) -> _Checked:
    rules = _Rules(variant)
    claims = {one.key: one for one in (_claim(finding, variant, rules) for finding in findings)}
    return _Checked(variant, claims, variant.uncounted.union(*(one.hidden for one in claims.values())))


def _claim(finding: Finding, variant: Variant, rules: _Rules) -> _Claim:
    if finding.rule == _OF_ALL:
        return _Claim((finding.rule, list_place(variant.subject)), finding, None, frozenset(), variant)
    about = rules.at(finding.place)
    return _Claim((finding.rule, finding.place), finding, about, _hidden(finding, rules), variant)


def _hidden(finding: Finding, rules: _Rules) -> frozenset[int]:
    """The rules of which a finding says that no request reaches them in any version."""
    if finding.rule != "unreachable-rule" or finding.narrowed or finding.severity == "info":
        return frozenset()
    found = (rules.at(place) for place in unreached(finding))
    return frozenset(index for index in found if index is not None)


class _Rules:
    """The rules of a variant by where they are: a policy may have thousands, and as many findings."""

    def __init__(self, variant: Variant) -> None:
        root = variant.subject.document.root
        rules = root.get("rules") if isinstance(root, Mapping) else None
        items = rules.items if isinstance(rules, NodeList) else ()
        self._spans = sorted(
            (item.start, -max(item.end, item.start + 1), -number, item.source)
            for number, item in zip(variant.kept, items, strict=False)
        )

    def at(self, place: Place) -> int | None:
        """The rule that a place is in, by its number among the open ones; of one put into another, that one."""
        for start, end, number, source in reversed(self._spans[: bisect_right(self._spans, (place.start, 1))]):
            if source is place.source and start <= place.start < -end:
                return -number
        return None


def _may_be_told(one: _Claim) -> bool:
    """Whether nothing is about a rule of which nothing is reported, or behind another where the file shows none."""
    variant = one.variant
    numbers = dict(zip(variant.kept, variant.numbers, strict=True)) if one.hidden else {}
    return one.about not in variant.untold and all(numbers.get(index, 0) >= 0 for index in one.hidden)


def _about_less(one: _Claim) -> tuple[int, int]:
    """What orders findings of one key: those that name most of what is never reached, then the least severe."""
    return -len(one.hidden), SEVERITIES.index(one.finding.severity)


def _least(claims: Iterable[_Claim]) -> dict[Key, Severity]:
    """The least severity of each key: nothing more is certain."""
    least: dict[Key, Severity] = {}
    for one in claims:
        least[one.key] = min(least.get(one.key, one.finding.severity), one.finding.severity, key=SEVERITIES.index)
    return least


def _holds(one: _Claim, found: list[_Checked]) -> bool:
    """Whether a finding holds in all variants that have what it is about."""
    if one.hidden:
        return all(one.hidden.intersection(other.variant.kept) <= other.unreached for other in found)
    if one.finding.rule in _ALWAYS:
        return True
    start = one.finding.place.start
    if one.finding.rule in _BY_VERSION and any(is_in(start, other.variant.gone) for other in found):
        return False
    return all(one.key in other.claims or _is_elsewhere(one, other, found) for other in found)


def _is_elsewhere(one: _Claim, other: _Checked, found: list[_Checked]) -> bool:
    """Whether a variant that does not have a finding leaves it true: what it is about is not there, or not reached."""
    variant = other.variant
    if one.about is not None and (one.about not in variant.kept or one.about in variant.uncounted):
        return True
    if is_in(one.key[1].start, variant.gone):
        return True
    return one.finding.rule == "unreachable-entry" and any(one.key in less.claims for less in _within(other, found))


def _within(variant: _Checked, found: list[_Checked]) -> Iterator[_Checked]:
    """The variants with some of the rules of another one, as they are there."""
    return (one for one in found if one.variant.ways < variant.variant.ways)


def _renumbered(finding: Finding, numbers: tuple[int, ...]) -> Finding:
    """The finding with its rules numbered as they stand in the file."""

    def number(found: re.Match[str]) -> str:
        at = int(found[0]) - 1
        return str(numbers[at]) if at < len(numbers) else found[0]

    def written(text: str) -> str:
        return _RULES.sub(lambda found: _NUMBER.sub(number, found[0]), text)

    return finding._replace(message=written(finding.message), help=written(finding.help), proof=written(finding.proof))
