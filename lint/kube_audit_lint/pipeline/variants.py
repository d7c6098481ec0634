"""Policies of which a template decides some parts: checked for every way in which it may be filled.

What stands in a branch may be there or not. A rule with an unknown value matches something between what its known
values match, or nothing, and what it would match without the conditions that hold the value, so each request gets what
one of these two gives it: a finding that holds with the narrow and with the widened rule holds for every value. What
is found in all variants in which its place is there is reported. What is said of the whole policy, or of other rules,
has to hold in all of them: that nothing is recorded, and that a rule is never reached where it is there. Unknown
stages may be any but ResponseComplete: without that one nothing is recorded of most requests, and no finding would be
less of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, product
from math import prod

from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.model.document import OpenPolicy
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.model.policy import LEVELS
from kube_audit_lint.pipeline.arms import Span, arms_of, around, entries_without, gone_with, is_in, without
from kube_audit_lint.pipeline.readings import Entries, Users, Way, beside_rules, level_of, users_of, ways_of
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node
from kube_audit_lint.syntax.nodes import Sequence as NodeList
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.statements import Branch

MOST = 16
"""How many variants are checked one by one; of more, each rule is tried alone, which leaves fewer findings."""
MOST_RULES = 24
"""How many rules may be open in all."""

_ALWAYS = ("undecided", "internal-error")
_BY_VERSION = ("unsupported-api-version", "field-not-in-version")
"""What a version refuses; where a branch holds it, it is there for the versions that take it."""
_UNREACHED = ("unreachable-rule", "unreachable-entry")
_RULES = re.compile(r"\b[Rr]ules? \d+(?: \(line \d+\))?(?:(?:, | and |-| to | or )\d+(?: \(line \d+\))?)*")
_NUMBER = re.compile(r"(?<!line )\b\d+\b")


class Variant(NamedTuple):
    """One way to fill the template. kept: its rules by their index among the open ones. numbers: by that in the file,
    -1 for what is put in.

    changed: which of them are not as they are written. untold: those about which nothing is reported that is found in
    it. uncounted: those about which something may be reported that is not. gone: what of the file is not there.
    """

    subject: PolicySubject
    kept: tuple[int, ...]
    numbers: tuple[int, ...]
    changed: frozenset[int]
    untold: frozenset[int]
    uncounted: frozenset[int]
    gone: tuple[Span, ...]


class _Filled(NamedTuple):
    """What a policy may become: what stands beside its rules, each of them or None, and what is not there."""

    entries: Entries
    rules: tuple[Way | None, ...]
    gone: tuple[Span, ...] = ()


Key = tuple[str, Place]
"""A rule of the linter and the place of its finding."""

_Found = list[tuple[Variant, dict[Key, Finding]]]


def variants(subject: PolicySubject) -> list[Variant]:
    """The ways in which a template may fill the policy; empty where what it leaves open is not known."""
    document = subject.document
    root = document.root
    if not isinstance(root, Mapping) or (document.partial and document.opened is None):
        return []
    opened = document.opened or OpenPolicy(root, ())
    rules = _all_rules(opened.root)
    return [_variant(subject, opened, rules, one) for one in _filled(opened, rules) if any(one.rules)]


def common(subjects: list[Variant], findings_of: Callable[[PolicySubject], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings that hold in all variants in which the place is that they are about."""
    ordered = sorted(subjects, key=lambda one: (bool(one.changed), -len(one.kept)))
    found = [(one, {_key(finding): finding for finding in findings_of(one.subject)}) for one in ordered]
    done: set[Key] = set()
    for one, findings in found:
        for key, finding in findings.items():
            about = _rule_at(finding.place, ordered)
            if key in done or about in one.untold or not _elsewhere(finding, ordered, found):
                continue
            if _holds(key, about, found):
                done.add(key)
                yield _renumbered(finding, one.numbers)


def _elsewhere(finding: Finding, ordered: list[Variant], found: _Found) -> bool:
    """Whether what a finding says beyond its own place holds in all variants: also where that place is not there."""
    if finding.rule == "nothing-recorded":
        return all(any(key[0] == finding.rule for key in findings) for _, findings in found)
    if finding.rule != "unreachable-rule" or not finding.related:
        return True
    hidden = {_rule_at(place, ordered) for place in _hidden_by(finding)}
    return all(hidden.intersection(one.kept) <= _unreached(one, ordered, found) for one, _ in found)


def _hidden_by(finding: Finding) -> Iterator[Place]:
    """The rules that another takes every request from."""
    return (one.place for one in finding.related if one.message == "never reached")


def _unreached(variant: Variant, ordered: list[Variant], found: _Found) -> set[int | None]:
    """The rules that no request reaches in a variant: what none reaches, none reaches behind more rules."""
    rules: set[int | None] = set(variant.uncounted)
    for one, findings in found:
        if one is not variant and (one.changed or not set(one.kept) < set(variant.kept)):
            continue
        for finding in findings.values():
            if finding.rule == "unreachable-rule" and not finding.narrowed and finding.severity != "info":
                places = list(_hidden_by(finding)) or [finding.place]
                rules.update(_rule_at(place, ordered) for place in places)
    return rules


def _holds(key: Key, about: int | None, found: _Found) -> bool:
    """Whether a finding holds in all variants that have its place."""
    if key[0] in _ALWAYS:
        return True
    if key[0] in _BY_VERSION and any(is_in(key[1].start, one.gone) for one, _ in found):
        return False
    having = [one.kept for one, findings in found if key in findings and not one.changed]
    for one, findings in found:
        if key in findings or (about is not None and about not in one.kept) or about in one.uncounted:
            continue
        if is_in(key[1].start, one.gone):
            continue
        # What no request reaches, none reaches behind more rules.
        if key[0] not in _UNREACHED or not any(set(kept) < set(one.kept) for kept in having):
            return False
    return True


def _key(finding: Finding) -> Key:
    return finding.rule, finding.place


def _rule_at(place: Place, subjects: list[Variant]) -> int | None:
    """The rule that a place is in, by its number among the open ones; of one put into another, that one."""
    found: list[tuple[int, int]] = []
    for one in subjects:
        root = one.subject.document.root
        rules = root.get("rules") if isinstance(root, Mapping) else None
        for number, item in zip(one.kept, rules.items if isinstance(rules, NodeList) else (), strict=False):
            if place.source is item.source and item.start <= place.start < max(item.end, item.start + 1):
                found.append((item.end - item.start, number))
    return min(found)[1] if found else None


def _renumbered(finding: Finding, numbers: tuple[int, ...]) -> Finding:
    """The finding with its rules numbered as they stand in the file."""

    def number(found: re.Match[str]) -> str:
        at = int(found[0]) - 1
        return str(numbers[at]) if at < len(numbers) else found[0]

    def written(text: str) -> str:
        return _RULES.sub(lambda found: _NUMBER.sub(number, found[0]), text)

    return finding._replace(message=written(finding.message), help=written(finding.help), proof=written(finding.proof))


def _all_rules(root: Mapping) -> list[Node]:
    """The rules of a policy, of each arm that has a list of its own."""
    lists = (one.value for one in entries_without(root, ()) if one.key.value == "rules")
    return [item for one in lists if isinstance(one, NodeList) for item in one.items]


def _variant(subject: PolicySubject, opened: OpenPolicy, rules: Sequence[Node], filled: _Filled) -> Variant:
    document, root = subject.document, opened.root
    kept = tuple(index for index, way in enumerate(filled.rules) if way is not None)
    ways = [way for way in filled.rules if way is not None]
    entry = root.entries["rules"]
    items = NodeList(root.source, entry.value.start, entry.value.end, [way.node for way in ways])
    entries = {**filled.entries, "rules": Entry(entry.key, items)}
    inner = Mapping(root.source, root.start, root.end, entries, () if filled.gone else root.duplicates)
    read = document.document
    changed = Document(read.source, read.start, read.end, inner, json=read.json)
    document = document._replace(document=changed, partial=False, opened=None)
    in_file = list(accumulate(int(item.start < item.end) for item in rules))
    numbers = tuple(in_file[index] if rules[index].start < rules[index].end else -1 for index in kept)
    each = list(zip(kept, ways, strict=True))
    others = frozenset(index for index, way in each if way.changed)
    untold = frozenset(index for index, way in each if not way.told)
    uncounted = frozenset(index for index, way in each if not way.counts)
    variant = PolicySubject(document, subject.versions, subject.servers, subject.version_places)
    return Variant(variant, kept, numbers, others, untold, uncounted, filled.gone)


def _filled(opened: OpenPolicy, rules: Sequence[Node]) -> Iterator[_Filled]:
    """What the policy may become; nothing when too much is open."""
    branches, users = opened.branches, users_of(opened.root)
    if prod(len(arms_of(one)) for one in branches) <= 4 * MOST:
        chosen = dict.fromkeys(gone_with(branches, arms) for arms in product(*map(arms_of, branches)))
        each = [(gone, beside_rules(opened.root, gone), _ways_without(rules, gone, users)) for gone in chosen]
        if sum(len(entries) * prod(map(len, ways)) for _, entries, ways in each) <= MOST:
            for gone, beside, ways in each:
                yield from (_Filled(entries, rules, gone) for entries in beside for rules in product(*ways))
            return
    outer = [one for one in branches if _beside(one, opened.root)]
    ways = [_ways_alone(item, opened, users) for item in rules]
    if sum(len(way) > 1 for way in ways) > MOST_RULES or prod(len(arms_of(one)) for one in outer) > 4:
        return
    for arms in product(*map(arms_of, outer)):
        gone = gone_with(outer, arms)
        for entries in beside_rules(opened.root, gone):
            yield from (_Filled(entries, one, gone) for one in _one_by_one(ways))


def _ways_without(rules: Sequence[Node], gone: tuple[Span, ...], users: Users) -> list[list[Way | None]]:
    """What each rule may be where parts of the file are not there."""
    return [[None] if is_in(item.start, gone) else ways_of(without(item, gone), users) for item in rules]


def _ways_alone(item: Node, opened: OpenPolicy, users: Users) -> list[Way | None]:
    """What a rule may be, in all branches around others."""
    inside = [one for one in opened.branches if around(one, item)]
    own = [one for one in opened.branches if one not in inside and one.start < item.end and item.start < one.end]
    if prod(len(arms_of(one)) for one in own) > MOST:
        return [None]
    found: list[Way | None] = [None] if inside else []
    for arms in product(*map(arms_of, own)):
        found += (one for one in ways_of(without(item, gone_with(own, arms)), users) if one not in found)
    return found


def _beside(branch: Branch, root: Mapping) -> bool:
    """Whether a branch decides something beside the rules."""
    entries = (one for one in entries_without(root, ()) if one.key.value != "rules")
    return any(branch.start < one.value.end and one.key.start < branch.end for one in entries)


def _one_by_one(ways: list[list[Way | None]]) -> Iterator[tuple[Way | None, ...]]:
    """None of the open rules, each alone, and all up to each level: what decides a request in any choice of them.

    The open rule that decides a request alone decides it; what a certain rule records at some level is left by the
    open rules below that level, or no other hides it.
    """
    least = [None if None in way else way[0] for way in ways]
    yield tuple(least)
    for index, way in enumerate(ways):
        yield from ((*least[:index], one, *least[index + 1 :]) for one in way if one is not least[index])
    for level in range(len(LEVELS)):
        chosen = zip(ways, least, strict=True)
        yield tuple(next((one for one in way if level_of(one) <= level), low) for way, low in chosen)
