"""Policies of which a template decides some rules: checked for every way in which it may be filled.

A rule inside a branch may be there or not. A rule with an unknown value matches something between nothing and what
it would match without the conditions that hold the value, so each request gets what one of these two gives it: a
finding that holds without the rule and with the widened one holds for every value. What is found in all variants in
which its rule is there is reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, product
from math import prod

from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.model.document import OpenRules
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.model.policy import LEVELS
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node, Scalar
from kube_audit_lint.syntax.nodes import Sequence as NodeList
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.statements import Branch
from kube_audit_lint.syntax.unknown import is_unknown

MOST = 16
"""How many variants are checked one by one; of more, each rule is tried alone, which leaves fewer findings."""
MOST_RULES = 24
"""How many rules may be open in all."""

_ALWAYS = ("undecided", "internal-error")
_UNREACHED = ("unreachable-rule", "unreachable-entry")
_RULES = re.compile(r"\b[Rr]ules? \d+(?: \(line \d+\))?(?:(?:, | and |-| to | or )\d+(?: \(line \d+\))?)*")
_NUMBER = re.compile(r"(?<!line )\b\d+\b")

Ways = list[Node | None]
"""What may stand at a rule's place: the rule, the rule widened, None for nothing."""


class Variant(NamedTuple):
    """One way to fill the template. kept: its rules by their index among the open ones. numbers: by that in the file,
    -1 for what is put in.

    widened: which of them are widened, or put in.
    """

    subject: PolicySubject
    kept: tuple[int, ...]
    numbers: tuple[int, ...]
    widened: frozenset[int]


Key = tuple[str, Place]
"""A rule of the linter and the place of its finding."""


def variants(subject: PolicySubject) -> list[Variant]:
    """The ways in which a template may fill the rules; empty where none are open, or other things are, too."""
    document = subject.document
    rules = document.root.get("rules") if isinstance(document.root, Mapping) else None
    if not isinstance(rules, NodeList) or (document.partial and document.open_rules is None):
        return []
    opened = document.open_rules or OpenRules(tuple(rules.items), ())
    unknown = [index for index, item in enumerate(opened.items) if _has_unknown(item)]
    if not unknown and not opened.branches:
        return []
    filled = {tuple(one): one for one in _filled(opened, unknown)}
    return [_variant(subject, opened.items, one) for one in filled.values() if any(one)]


def common(subjects: list[Variant], findings_of: Callable[[PolicySubject], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings that hold in all variants in which the rule is that they are about."""
    ordered = sorted(subjects, key=lambda one: (bool(one.widened), -len(one.kept)))
    found = [(one, {_key(finding): finding for finding in findings_of(one.subject)}) for one in ordered]
    done: set[Key] = set()
    for one, findings in found:
        for key, finding in findings.items():
            about = _rule_at(finding.place, ordered)
            if key not in done and about not in one.widened and _holds(key, about, found):
                done.add(key)
                yield _renumbered(finding, one.numbers)


def _holds(key: Key, about: int | None, found: list[tuple[Variant, dict[Key, Finding]]]) -> bool:
    """Whether a finding holds in all variants that have its rule."""
    if key[0] in _ALWAYS:
        return True
    having = [one.kept for one, findings in found if key in findings and not one.widened]
    for one, findings in found:
        if key in findings or (about is not None and about not in one.kept) or about in one.widened:
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


def _variant(subject: PolicySubject, rules: Sequence[Node], filled: list[Node | None]) -> Variant:
    document, root = subject.document, subject.document.root
    assert isinstance(root, Mapping)
    entry = root.entries["rules"]
    kept = tuple(index for index, item in enumerate(filled) if item is not None)
    items = NodeList(root.source, entry.value.start, entry.value.end, [one for one in filled if one is not None])
    entries = {**root.entries, "rules": Entry(entry.key, items)}
    inner = Mapping(root.source, root.start, root.end, entries, root.duplicates)
    read = document.document
    changed = Document(read.source, read.start, read.end, inner, json=read.json)
    document = document._replace(document=changed, partial=False, open_rules=None)
    in_file = list(accumulate(int(item.start < item.end) for item in rules))
    numbers = tuple(in_file[index] if rules[index].start < rules[index].end else -1 for index in kept)
    widened = frozenset(index for index in kept if filled[index] is not rules[index])
    variant = PolicySubject(document, subject.versions, subject.servers, subject.version_places)
    return Variant(variant, kept, numbers, widened)


def _filled(opened: OpenRules, unknown: list[int]) -> Iterator[list[Node | None]]:
    """What the list of rules may become; nothing when too much is open."""
    items, branches = opened
    ways: list[Ways] = [_ways(item) if index in unknown else [item] for index, item in enumerate(items)]
    arms = [[*range(len(one.arms)), *([-1] if one.optional else [])] for one in branches]
    if prod(map(len, [*ways, *arms])) <= MOST:
        for chosen in product(*arms):
            there = [_is_there(branches, item, chosen) for item in items]
            for rules in product(*(way if is_there else [None] for way, is_there in zip(ways, there, strict=True))):
                yield list(rules)
        return
    inside = [any(one.start <= item.start < one.end for one in branches) for item in items]
    ways = [[None, *way] if is_open and None not in way else way for way, is_open in zip(ways, inside, strict=True)]
    if sum(len(way) > 1 for way in ways) <= MOST_RULES:
        yield from _one_by_one(ways)


def _one_by_one(ways: list[Ways]) -> Iterator[list[Node | None]]:
    """None of the open rules, each alone, and all up to each level: what decides a request in any choice of them.

    The open rule that decides a request alone decides it; what a certain rule records at some level is left by the
    open rules below that level, or no other hides it.
    """
    least = [None if None in way else way[0] for way in ways]
    yield least
    for index, way in enumerate(ways):
        yield from ([*least[:index], one, *least[index + 1 :]] for one in way if one is not least[index])
    for level in range(len(LEVELS)):
        yield [next((one for one in way if _level(one) <= level), low) for way, low in zip(ways, least, strict=True)]


def _level(node: Node | None) -> int:
    level = node.get("level") if isinstance(node, Mapping) else None
    text = level.value if isinstance(level, Scalar) else ""
    return LEVELS.index(text) if text in LEVELS else len(LEVELS)


def _is_there(branches: tuple[Branch, ...], item: Node, chosen: tuple[int, ...]) -> bool:
    for branch, arm in zip(branches, chosen, strict=True):
        inside = branch.start <= item.start < branch.end
        if inside and not (arm >= 0 and branch.arms[arm][0] <= item.start < branch.arms[arm][1]):
            return False
    return True


def _ways(item: Node) -> Ways:
    """Nothing, and the rule without the conditions that are unknown; with every level where that is."""
    entries = item.entries if isinstance(item, Mapping) else {}
    known = {key: entry for key, entry in entries.items() if not is_unknown(key) and not _has_unknown(entry.value)}
    any_key = any(map(is_unknown, entries))
    if "level" in known and ("omitStages" in known or not ("omitStages" in entries or any_key)):
        return [None, Mapping(item.source, item.start, item.end, known)]
    return [None, *(Mapping(item.source, item.start, item.end, _with_level(item, known, one)) for one in LEVELS)]


def _with_level(item: Node, known: dict[str, Entry], level: str) -> dict[str, Entry]:
    key, value = (Scalar(item.source, item.start, item.end, "string", one) for one in ("level", level))
    return {**known, "level": Entry(key, value)}


def _has_unknown(node: Node | None) -> bool:
    """Whether a template decides some part of a node, which may be nested deeper than Python calls."""
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, Mapping):
            if any(map(is_unknown, one.entries)):
                return True
            pending += [entry.value for entry in one.entries.values()]
        elif isinstance(one, NodeList):
            pending += one.items
        elif isinstance(one, Scalar) and is_unknown(one.value):
            return True
    return False
