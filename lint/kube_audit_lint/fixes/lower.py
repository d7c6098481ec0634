"""The kind `lower`: requests that a rule records above a level get that level, and no others.

A rule of the level that names resources alone gets them too, where that is all that changes; else a rule with the same
conditions is put in front, which takes of the requests of that rule those that are meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint.analysis.evaluate import Decision
from kube_audit_lint.checks._decided import concerns, query_of
from kube_audit_lint.fixes import Claim, Edit, Fix, NotEditable, Target
from kube_audit_lint.fixes import _policy as policies
from kube_audit_lint.fixes import _tree as tree
from kube_audit_lint.fixes import _write as write
from kube_audit_lint.model.policy import LEVELS, GroupResources, PolicyRule
from kube_audit_lint.syntax.nodes import Mapping, Scalar, Sequence

PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

_CONDITIONS = ("users", "user_groups", "verbs", "namespaces")
_NOT_COPIED = ("level", "resources", "omitManagedFields", "nonResourceURLs")
Group = dict[str, list[str]]


def fixes(target: Target) -> Iterator[Fix]:
    """The ways to give the requests that the finding is about the level that they may have at most.

    Where that is only advice, the author named these resources, and wants their bodies.
    """
    meant = target.finding.severity != "info"
    number = policies.rule_at(target.policy, target.finding.place)
    level, groups = _wanted(target, number)
    if not groups:
        return
    claim = _claim(level, groups)
    names = ", ".join(name for items in groups.values() for name in items)
    rule = policies.rules_of(target.policy).items[number]
    if not isinstance(rule, Mapping):
        return
    if _names_nothing_else(target, number, groups):
        node = rule.get("level")
        if node is not None:
            yield Fix((tree.replaced(node, level),), f"Write `level: {level}` in rule {number + 1}", claim, meant)
        return
    for other in range(number - 1, -1, -1):
        edits = _in_rule(target, other, number, level, groups)
        if edits:
            edits = (*edits, *_taken_out(rule, groups))
            yield Fix(edits, f"Name {names} in rule {other + 1}, which has the level {level}", claim, meant)
    edits = (_in_front(target, number, rule, level, groups), *_taken_out(rule, groups))
    yield Fix(edits, f"Put a rule with `level: {level}` for {names} in front of rule {number + 1}", claim, meant)


def _wanted(target: Target, number: int) -> tuple[str, Group]:
    """The level, and the resources by group that the rule records above it."""
    analysis, params = target.policy.analysis, target.checked
    if analysis is None:
        raise NotEditable("what it records is not known")
    groups: Group = {}
    levels = [LEVELS.index(one.get("at-most", params.get("at-most", LEVELS[-1]))) for one in params["requests"]]
    for request, most in zip(params["requests"], levels, strict=True):
        plain = "resources" in request and not {"verbs", "users", "names", "namespaces"} & request.keys()
        if not plain or not concerns(request, analysis.policy):
            continue
        found = [one for one in analysis.levels(query_of(request)) if one.rule == number]
        if any(LEVELS.index(one.level) > most and one.decision.records for one in found):
            groups.setdefault(request.get("group", ""), []).extend(request["resources"])
    if "*" in groups:
        raise NotEditable("a group of that name cannot be named by every version")
    return LEVELS[min(levels)], groups


def _claim(level: str, groups: Group) -> Claim:
    """Requests for these resources, from above the level to the level."""
    entries = tuple(GroupResources(group, tuple(items)) for group, items in groups.items())

    def lowered(before: Decision, after: Decision) -> bool:
        return LEVELS.index(before.level) > LEVELS.index(level) and after.level == level

    return Claim((PolicyRule("None", resources=entries),), lowered)


def _names_nothing_else(target: Target, number: int, groups: Group) -> bool:
    analysis = target.policy.analysis
    entries = analysis.policy.rules[number].resources if analysis is not None else ()
    return bool(entries) and all(
        entry.resources and set(entry.resources) <= set(groups.get(entry.group, ())) for entry in entries
    )


def _in_rule(target: Target, number: int, lowered: int, level: str, groups: Group) -> tuple[Edit, ...]:
    """The resources added to a rule of that level with no other conditions than the lowered one; or nothing."""
    analysis = target.policy.analysis
    if analysis is None:
        return ()
    known, rule = analysis.policy.rules[number], policies.rules_of(target.policy).items[number]
    if not isinstance(rule, Mapping) or known.level != level or not known.resources:
        return ()
    own = analysis.policy.rules[lowered]
    if any(getattr(known, field) not in ((), getattr(own, field)) for field in _CONDITIONS):
        return ()
    resources = rule.get("resources")
    if not isinstance(resources, Sequence):
        return ()
    style = policies.style_of(rule, target.policy)
    edits: list[Edit] = []
    for group, items in groups.items():
        place = _list_of(resources, group)
        if place is None:
            new = {"group": group, "resources": items}
            edits.append(_one_more(resources, write.flow(new, style), write.lines(new, style)))
        else:
            have = {item.value for item in place.items if isinstance(item, Scalar)}
            texts = [write.item(item, style) for item in items if item not in have]
            edits += [_one_more(place, text, [text]) for text in texts]
    return _joined(edits)


def _joined(edits: list[Edit]) -> tuple[Edit, ...]:
    """Insertions at one place as one."""
    found: dict[tuple[int, int], str] = {}
    for one in edits:
        found[one.start, one.end] = found.get((one.start, one.end), "") + one.text
    return tuple(Edit(start, end, text) for (start, end), text in found.items())


def _one_more(items: Sequence, flow: str, lines: list[str]) -> Edit:
    return tree.with_item(items, len(items.items), flow, lines)


def _list_of(resources: Sequence, group: str) -> Sequence | None:
    """The list of resources of a group's item that names no objects."""
    for item in resources.items:
        if isinstance(item, Mapping) and (item.string("group") or "") == group and "resourceNames" not in item.entries:
            names = item.get("resources")
            if isinstance(names, Sequence) and names.items:
                return names
    return None


def _in_front(target: Target, number: int, rule: Mapping, level: str, groups: Group) -> Edit:
    """A rule in front with the same conditions, for these resources."""
    own: dict[str, Any] = {"level": level}
    for key, entry in rule.entries.items():
        if key not in _NOT_COPIED and not (isinstance(entry.value, Scalar) and entry.value.kind == "null"):
            own[key] = policies.plain(entry.value)
    own["resources"] = [{"group": group, "resources": items} for group, items in groups.items()]
    return policies.with_rule(target.policy, number, own, number)


def _taken_out(rule: Mapping, groups: Group) -> Iterator[Edit]:
    """What the rule itself names of these resources is no longer its own."""
    for step in rule.items("resources"):
        names = step.get("resources") if isinstance(step, Mapping) else None
        if not isinstance(step, Mapping) or not isinstance(names, Sequence):
            continue
        meant = set(groups.get(step.string("group") or "", ()))
        own = [at for at, one in enumerate(names.items) if isinstance(one, Scalar) and one.value in meant]
        if own and len(own) == len(names.items):
            outer = rule.get("resources")
            if isinstance(outer, Sequence):
                yield tree.without_item(outer, outer.items.index(step))
        else:
            yield from (tree.without_item(names, at) for at in own)
