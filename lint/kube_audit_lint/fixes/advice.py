"""The kind `advice`: what a finding's help advises, where that is an edit, is done.

What is advised comes with the finding as data (model/advice.py), of which its help is made; of a rule whose check
advises nothing, from the rule's `fix`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingType
from typing import Any

from kube_audit_lint.fixes import Claim, Edit, Fix, NotEditable, Target
from kube_audit_lint.fixes import _policy as policies
from kube_audit_lint.fixes import _tree as tree
from kube_audit_lint.kubernetes.written import LISTS
from kube_audit_lint.model.advice import Act, Advice, end_with, write
from kube_audit_lint.model.policy import LEVELS
from kube_audit_lint.syntax.nodes import Mapping, Scalar, Sequence

_LEVEL = {"enum": list(LEVELS)}
PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "write": {**_LEVEL, "description": "The level that is written in the rule that the finding is in."},
        "end-with": {**_LEVEL, "description": "The level of a rule for everything that is written at the end."},
    },
    "maxProperties": 1,
}

_OF_RULES = Claim(requests=None)


def fixes(target: Target) -> Iterator[Fix]:
    """The one edit that is advised; nothing where it is for a reader."""
    advice = target.finding.advice or _of_rule(target.params)
    if advice is not None and not advice.choice and advice.act in _WAYS:
        yield Fix(tuple(_WAYS[advice.act](target, advice)), advice.title, _OF_RULES, not advice.lossy)


def _of_rule(params: MappingType[str, Any]) -> Advice | None:
    """What the rule's file says, in the words of its help."""
    if "write" in params:
        return write(params["write"], field="level")
    return end_with(params["end-with"]) if "end-with" in params else None


def _write(target: Target, advice: Advice) -> list[Edit]:
    """Values, or a field with its value, in place of what is there."""
    if advice.field and target.finding.place == target.policy.document.place:
        return [_at_top(target, advice.field, advice.values[0])]
    spot = tree.spot_at(target.policy.document.root, target.finding.place)
    if len(advice.values) > 1 and not advice.field:
        return _several(spot, advice.values)
    if spot.is_key and advice.field:
        return _field(spot, advice)
    if not isinstance(spot.node, Scalar):
        raise NotEditable("it is more than one value")
    return [tree.replaced(spot.node, advice.values[0]), *_as_list(spot, advice.values[0])]


def _as_list(spot: tree.Spot, key: str) -> list[Edit]:
    """A single value between brackets, where its key becomes one that wants a list."""
    value = spot.mapping[1].value if spot.is_key else None
    if key not in (*LISTS, "resourceNames") or not isinstance(value, Scalar) or value.kind != "string":
        return []
    place = value.place
    if value.block or "," in value.value or place.text.strip("'\"") != value.value:
        raise NotEditable("it is no list, and no single word")
    return [Edit(place.start, place.end, f"[{place.text}]")]


def _at_top(target: Target, key: str, value: str) -> Edit:
    root = policies.root_of(target.policy)
    first = next(iter(tree.written(root)), None)
    if first is None or key in root.entries:
        raise NotEditable("the policy is empty")
    flow = f'"{key}": "{value}"' if tree.in_json(root) else f"{key}: {value}"
    return tree.with_entry(root, first, flow, [f"{key}: {value}"], before=True)


def _field(spot: tree.Spot, advice: Advice) -> list[Edit]:
    """A field with its value in place of one that is called otherwise."""
    mapping, entry = spot.mapping
    key, value = advice.field, entry.value
    if key in mapping.entries and mapping.entries[key] is not entry:
        raise NotEditable(f"`{key}` is there as well")
    edits = [tree.replaced(entry.key, key)] if entry.key.value != key else []
    if key in LISTS:
        if not isinstance(value, Sequence) or not tree.is_flow(value):
            raise NotEditable("the list is not written between brackets")
        return [*edits, Edit(value.start, value.end, f"[{', '.join(advice.values)}]")]
    if isinstance(value, Scalar) and value.value != advice.values[0]:
        edits.append(tree.replaced(value, advice.values[0]))
    return edits


def _several(spot: tree.Spot, words: tuple[str, ...]) -> list[Edit]:
    """Several items in place of one."""
    if not spot.is_item:
        raise NotEditable("it is no item of a list")  # `verbs: get,list`
    items, index = spot.item
    others = {item.value for at, item in enumerate(items.items) if at != index and isinstance(item, Scalar)}
    new = [word for word in words if word not in others]
    if not new:
        return [tree.without_item(items, index)]
    quote = '"' if tree.is_quoted(spot.node) else ""
    added = [tree.with_item(items, index + 1, f"{quote}{word}{quote}", [f"{quote}{word}{quote}"]) for word in new[1:]]
    return [tree.replaced(spot.node, new[0]), *_together(added)]


def _together(edits: list[Edit]) -> list[Edit]:
    """Insertions at one place as one."""
    return [Edit(edits[0].start, edits[0].end, "".join(one.text for one in edits))] if edits else []


def _leave_out(target: Target, advice: Advice) -> list[Edit]:
    """Without the field that this place is in, or without what is there."""
    spot = tree.spot_at(target.policy.document.root, target.finding.place)
    for step in reversed(spot.way):
        if isinstance(step.container, Mapping) and step.entry is not None and step.entry.key.value == advice.field:
            return [tree.without_entry(step.container, step.entry)]
    if spot.is_key:
        return [tree.without_entry(*spot.mapping)]
    if not spot.is_item:
        raise NotEditable("it is no item of a list")
    return [tree.without_listed(spot)]


def _remove_rule(target: Target, advice: Advice) -> list[Edit]:
    """Without the rule that the finding is in."""
    rules = policies.rules_of(target.policy)
    if len(rules.items) == 1:
        raise NotEditable("no rule would be left")
    return [tree.without_item(rules, policies.rule_at(target.policy, target.finding.place))]


def _to_list(target: Target, advice: Advice) -> list[Edit]:
    """A name on the list of users that belongs on that of groups, or the reverse; others stay where they are."""
    field, (name,) = advice.field, advice.values
    spot = tree.spot_at(target.policy.document.root, target.finding.place)
    (items, index), (mapping, entry) = spot.item, spot.list_field
    if field in mapping.entries:
        raise NotEditable(f"the rule has `{field}`, too: one with both matches only who is in both")
    if len(items.items) == 1:
        return [tree.replaced(entry.key, field), tree.replaced(items.items[0], name)]
    rule = policies.plain(mapping)
    own = {(field if key == entry.key.value else key): value for key, value in rule.items()}
    own[field] = [name]
    at = policies.rule_at(target.policy, target.finding.place)
    return [tree.without_item(items, index), policies.with_rule(target.policy, at + 1, own, at)]


def _end_with(target: Target, advice: Advice) -> list[Edit]:
    """A rule at the end, for everything that is left."""
    rules = policies.rules_of(target.policy)
    return [policies.with_rule(target.policy, len(rules.items), {"level": advice.values[0]})]


_WAYS: dict[Act, Callable[[Target, Advice], list[Edit]]] = {
    "write": _write,
    "leave out": _leave_out,
    "to list": _to_list,
    "remove rule": _remove_rule,
    "end with": _end_with,
}
"""How an edit is made of what is advised."""
