"""Policies of which a template decides some parts: checked for every way in which it may be filled.

What is in a branch may be there or not. A rule with an unknown value matches something between what its known
values match, or nothing, and what it would match with all that may be there, so each request gets what one of these
two gives it: a finding that holds with the narrow and with the widened rule holds for every value (certain.py).
Unknown stages may be any but ResponseComplete: without that one nothing is recorded of most requests, and no finding
would be less of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, product
from math import prod

from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.model.document import OpenPolicy, PolicyDocument
from kube_audit_lint.model.policy import LEVELS
from kube_audit_lint.pipeline.arms import Span, arms_of, around, entries_without, gone_with, is_in, without
from kube_audit_lint.pipeline.readings import (
    Entries,
    Named,
    Way,
    beside_rules,
    has_unknown,
    level_of,
    named_in,
    ways_of,
)
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node
from kube_audit_lint.syntax.nodes import Sequence as NodeList
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.statements import Branch

MOST = 16
"""How many variants are always checked one by one; of more, each rule is tried alone, which leaves fewer findings."""
MOST_CHECKED = 480
"""How many rules the variants may have together where they are more."""
MOST_RULES = 24
"""How many rules may be open in all."""


class Variant(NamedTuple):
    """One way to fill the template. kept: its rules by their index among the open ones. numbers: by that in the file,
    -1 for what is put in.

    changed: which of them are not as they are written. untold: those about which nothing is reported that is found in
    it. uncounted: those about which something may be reported that is not. gone: what of the file is not there.
    ways: the numbers of the rules, each with the identity of its node: equal where the same rule is as it is there.
    """

    subject: PolicySubject
    kept: tuple[int, ...]
    numbers: tuple[int, ...]
    changed: frozenset[int]
    untold: frozenset[int]
    uncounted: frozenset[int]
    gone: tuple[Span, ...]
    ways: frozenset[tuple[int, int]]


class _Filled(NamedTuple):
    """What a policy may become: what is beside its rules, each of them or None, and what is not there."""

    entries: Entries
    rules: tuple[Way | None, ...]
    gone: tuple[Span, ...] = ()


def is_open(document: PolicyDocument) -> bool:
    """Whether the ways to fill a policy may be another policy than the one that is written."""
    root = document.root
    return document.partial or has_unknown(root) or (isinstance(root, Mapping) and bool(root.duplicates))


def variants(subject: PolicySubject) -> list[Variant]:
    """The ways in which a template may fill the policy; empty where what it leaves open is not known."""
    document = subject.document
    root = document.root
    if not isinstance(root, Mapping) or (document.partial and document.opened is None):
        return []
    opened = document.opened or OpenPolicy(root, ())
    rules = _all_rules(opened.root)
    return [_variant(subject, opened, rules, one) for one in _filled(opened, rules) if any(one.rules)]


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
    shown = [isinstance(item, Mapping) and item.start < item.end for item in rules]
    numbers = tuple(in_file[index] if shown[index] else -1 for index in kept)
    each = list(zip(kept, ways, strict=True))
    others = frozenset(index for index, way in each if way.changed)
    untold = frozenset(index for index, way in each if not way.told)
    uncounted = frozenset(index for index, way in each if not way.counts)
    variant = PolicySubject(document, subject.versions, subject.servers, subject.version_places)
    parts = frozenset((index, id(way.node)) for index, way in each)
    return Variant(variant, kept, numbers, others, untold, uncounted, filled.gone, parts)


def _filled(opened: OpenPolicy, rules: Sequence[Node]) -> Iterator[_Filled]:
    """What the policy may become; nothing when too much is open."""
    branches, named = opened.branches, named_in(opened.root)
    most = max(MOST, MOST_CHECKED // max(len(rules), 1))
    if prod(len(arms_of(one)) for one in branches) <= 4 * most:
        chosen = dict.fromkeys(gone_with(branches, arms) for arms in product(*map(arms_of, branches)))
        each = [(gone, beside_rules(opened.root, gone), _ways_without(rules, gone, named)) for gone in chosen]
        if sum(len(entries) * prod(map(len, ways)) for _, entries, ways in each) <= most:
            for gone, beside, ways in each:
                yield from (_Filled(entries, rules, gone) for entries in beside for rules in product(*ways))
            return
    outer = [one for one in branches if _beside(one, opened.root)]
    ways = [_ways_alone(item, opened, named) for item in rules]
    if sum(len(way) > 1 for way in ways) > MOST_RULES or prod(len(arms_of(one)) for one in outer) > 4:
        return
    for arms in product(*map(arms_of, outer)):
        gone = gone_with(outer, arms)
        for entries in beside_rules(opened.root, gone):
            yield from (_Filled(entries, one, gone) for one in _one_by_one(ways))


def _ways_without(rules: Sequence[Node], gone: tuple[Span, ...], named: Named) -> list[list[Way | None]]:
    """What each rule may be where parts of the file are not there."""
    return [[None] if is_in(item.start, gone) else ways_of(without(item, gone), named) for item in rules]


def _ways_alone(item: Node, opened: OpenPolicy, named: Named) -> list[Way | None]:
    """What a rule may be, in all branches around others."""
    inside = [one for one in opened.branches if around(one, item)]
    own = [one for one in opened.branches if one not in inside and one.start < item.end and item.start < one.end]
    if prod(len(arms_of(one)) for one in own) > MOST:
        return [None]
    found: list[Way | None] = [None] if inside else []
    for arms in product(*map(arms_of, own)):
        found += (one for one in ways_of(without(item, gone_with(own, arms)), named) if one not in found)
    return found


def _beside(branch: Branch, root: Mapping) -> bool:
    """Whether a branch decides something beside the rules."""
    entries = (one for one in entries_without(root, ()) if one.key.value != "rules")
    return any(branch.start < one.value.end and one.key.start < branch.end for one in entries)


def _one_by_one(ways: list[list[Way | None]]) -> Iterator[tuple[Way | None, ...]]:
    """None of the open rules, each alone, and all up to each level, as wide as they may be: what decides a request in
    any choice of them.

    The open rule that decides a request alone decides it; what a certain rule records at some level is left by the
    open rules below that level, or no other hides it.
    """
    least = [None if None in way else way[0] for way in ways]
    yield tuple(least)
    for index, way in enumerate(ways):
        yield from ((*least[:index], one, *least[index + 1 :]) for one in way if one is not least[index])
    for level in range(len(LEVELS)):
        chosen = zip(ways, least, strict=True)
        yield tuple(next((one for one in reversed(way) if level_of(one) <= level), low) for way, low in chosen)
