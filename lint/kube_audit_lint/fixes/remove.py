"""The kind `remove`: what does nothing is removed.

What its author meant otherwise, and what only looks the same, is no safe fix, although no request is treated otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint.checks.unreachable_rule import unreached
from kube_audit_lint.fixes import Claim, Fix, NotEditable, Target
from kube_audit_lint.fixes import _policy as policies
from kube_audit_lint.fixes import _tree as tree
from kube_audit_lint.syntax.nodes import Entry, Node, Scalar, Sequence

PARAMS: dict[str, Any] = {
    "type": "object",
    "required": ["what"],
    "additionalProperties": False,
    "properties": {
        "what": {"enum": ["rule", "value", "overwritten"], "description": "What is taken out."},
        "same": {
            "enum": ["info", "warning"],
            "description": "The severity of findings with which nothing of another meaning is lost.",
        },
    },
}


def fixes(target: Target) -> Iterator[Fix]:
    """Without the rule, value or overwritten key that the finding is about."""
    what = target.params["what"]
    same = target.finding.severity == target.params.get("same", target.finding.severity)
    if what == "rule":
        yield from _rules(target, same)
    elif what == "value":
        spot = tree.spot_at(target.policy.document.root, target.finding.place)
        yield Fix((_value(spot),), "Take it out of the list", Claim(), same)
    else:
        yield from _overwritten(target)


def _rules(target: Target, same: bool) -> Iterator[Fix]:
    """Of rules that another one hides, those that are hidden."""
    if target.finding.severity == "info" and "same" in target.params:
        return  # it decides something
    rules = policies.rules_of(target.policy)
    numbers = sorted({policies.rule_at(target.policy, place) for place in unreached(target.finding)})
    if len(numbers) >= len(rules.items):
        raise NotEditable("no rule would be left")
    names = ", ".join(str(number + 1) for number in numbers)
    title = f"Remove rule{'s' if numbers[1:] else ''} {names}"
    yield Fix(tuple(tree.without_item(rules, number) for number in numbers), title, Claim(), same)


def _value(spot: tree.Spot) -> Any:
    """An item of a list, or the whole item of `resources` that a key or a single value stands for."""
    if not spot.is_item:
        return _entry_of_resources(spot)
    items, _ = spot.item
    if len(items.items) > 1 or spot.list_field[1].key.value == "omitStages":
        return tree.without_listed(spot)
    return _entry_of_resources(tree.Spot(items, spot.way[:-1]))


def _entry_of_resources(spot: tree.Spot) -> Any:
    mapping, _ = spot.mapping
    step = spot.way[-2] if len(spot.way) > 1 else None
    if step is None or not isinstance(step.container, Sequence) or "level" in mapping.entries:
        raise NotEditable("nothing would be left of the list")
    return tree.without_item(step.container, step.number)


def _overwritten(target: Target) -> Iterator[Fix]:
    """Without the entries of a mapping that a later one of the same name replaces."""
    spot = tree.spot_at(target.policy.document.root, target.finding.place)
    mapping, entry = spot.mapping
    lost = [one for one, kept in mapping.duplicates if kept.key.value == entry.key.value]
    kept = mapping.entries[entry.key.value]
    if not lost or kept.merged or any(one.merged for one in lost):
        raise NotEditable("it comes from a merge")
    edits = tree.without_entries(mapping, lost)
    same = all(_equal(one, kept) for one in lost)
    yield Fix(edits, f"Remove the `{entry.key.value}` that does not count", Claim(), same)


def _equal(one: Entry, other: Entry) -> bool:
    return bool(_data(one.value) == _data(other.value))


def _data(node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.kind, node.value
    if isinstance(node, Sequence):
        return [_data(item) for item in node.items]
    return {key: _data(entry.value) for key, entry in node.entries.items()}
