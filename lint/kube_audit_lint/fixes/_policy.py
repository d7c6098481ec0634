"""What the kinds of fixes for policies share: rules of a policy as nodes, new rules, the style of the file."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping as MappingType
from itertools import chain
from typing import Any

from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.fixes import Edit, NotEditable
from kube_audit_lint.fixes import _tree as tree
from kube_audit_lint.fixes import _write as write
from kube_audit_lint.fixes._lines import line_start
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place


def root_of(policy: PolicySubject) -> Mapping:
    """The policy as a mapping. Raises NotEditable."""
    root = policy.document.root
    if not isinstance(root, Mapping):
        raise NotEditable("the policy is no mapping")
    return root


def rules_of(policy: PolicySubject) -> Sequence:
    """The list of rules. Raises NotEditable."""
    rules = root_of(policy).get("rules")
    if not isinstance(rules, Sequence) or not (root_of(policy).start <= rules.start):
        raise NotEditable("the rules are no list")
    return rules


def rule_at(policy: PolicySubject, place: Place) -> int:
    """The index of the rule that a place is in. Raises NotEditable."""
    items = rules_of(policy).items
    near = bisect_right(items, place.start, key=_start) - 1
    likely = bisect_left(items, items[near].start, key=_start) if near >= 0 else len(items)
    for index in chain(range(likely, near + 1), range(len(items))):  # all: aliases of rules are in no order
        item = items[index]
        if item.start <= place.start and place.end <= max(item.end, item.start):
            return index
    raise NotEditable("it is in no rule")


def _start(node: Node) -> int:
    return node.start


def with_rule(policy: PolicySubject, index: int, rule: MappingType[str, Any], like: int = 0) -> Edit:
    """A rule more, in front of the one at an index, or behind them all; in the style of the one at `like`."""
    rules = rules_of(policy)
    model = rules.items[like] if like < len(rules.items) else None
    style = style_of(model if isinstance(model, Mapping) else None, policy)
    return tree.with_item(rules, index, write.flow(rule, style), write.lines(rule, style))


def with_field(policy: PolicySubject, name: str, value: Any) -> Edit:
    """A field of the policy more, in front of its rules. Raises NotEditable."""
    root = root_of(policy)
    style = write.JSON if tree.in_json(root) else write.PLAIN
    entry = root.entries.get("rules")
    if entry is None:
        raise NotEditable("the policy has no rules")
    flow = f"{write.string(name, style.json)}: {write.flow(value, style)}"
    return tree.with_entry(root, entry, flow, [flow], True)


def style_of(rule: Mapping | None, policy: PolicySubject) -> write.Style:
    """How a rule is written, and the policy where the rule does not show it."""
    root = root_of(policy)
    depths = [depth for node in (rule, root) if node is not None for depth in _depths(node)]
    lists = [] if rule is None else list(_lists(rule))
    listed = bool(lists) and not any(map(tree.is_flow, lists))
    quoted = bool(lists) and all(map(tree.is_quoted, (one.items[0] for one in lists)))
    return write.Style(" " * (depths[0] if depths else 0), listed, quoted, tree.in_json(rules_of(policy)))


def _depths(node: Mapping) -> list[int]:
    text, found = node.source.text, []
    for entry in tree.written(node):
        value = entry.value
        if isinstance(value, Sequence) and value.items and not tree.is_flow(value) and entry.alias is None:
            key, dash = entry.key.start, value.start
            found.append(max(0, (dash - line_start(text, dash)) - (key - line_start(text, key))))
    return found


def _lists(node: Node) -> list[Sequence]:
    """The lists of strings in a rule."""
    found: list[Sequence] = []
    for value in [entry.value for entry in tree.written(node)] if isinstance(node, Mapping) else []:
        if isinstance(value, Sequence) and value.items:
            found += [value] if isinstance(value.items[0], Scalar) else [one for i in value.items for one in _lists(i)]
    return found


def plain(node: Node) -> Any:
    """The node as dicts, lists, strings and booleans. Raises NotEditable for anything else."""
    if isinstance(node, Mapping):
        fields = ((key, entry.value) for key, entry in node.entries.items())
        return {key: plain(value) for key, value in fields if not isinstance(value, Scalar) or value.kind != "null"}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if node.kind == "bool":
        return node.value == "true"
    if node.kind != "string":
        raise NotEditable("it holds something that is no string")
    return node.value
