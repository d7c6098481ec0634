"""What the kinds of fixes for policies share: rules of a policy as nodes, new rules, the style of the file."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
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
    """The index of the rule that a place lies in. Raises NotEditable."""
    for index, item in enumerate(rules_of(policy).items):
        if item.start <= place.start and place.end <= max(item.end, item.start):
            return index
    raise NotEditable("it is in no rule")


def with_rule(policy: PolicySubject, index: int, rule: MappingType[str, Any], like: int = 0) -> Edit:
    """A rule more, in front of the one at an index, or behind them all; in the style of the one at `like`."""
    rules = rules_of(policy)
    json_style = policy.document.document.json or tree.in_json(rules)
    model = rules.items[like] if like < len(rules.items) else None
    indent, listed = _style(model if isinstance(model, Mapping) else None, policy)
    return tree.with_item(rules, index, write.flow(rule, json_style), write.lines(rule, indent, listed))


def with_field(policy: PolicySubject, name: str, value: Any) -> Edit:
    """A field of the policy more, in front of its rules. Raises NotEditable."""
    root = root_of(policy)
    json_style = policy.document.document.json or tree.in_json(root)
    entry = root.entries.get("rules")
    if entry is None:
        raise NotEditable("the policy has no rules")
    line = f"{name}: {write.flow(value, False)}"
    return tree.with_entry(
        root, entry, f"{write.string(name, json_style)}: {write.flow(value, json_style)}", [line], True
    )


def _style(rule: Mapping | None, policy: PolicySubject) -> tuple[str, bool]:
    """How far lists stand inside their key, and whether lists of strings are written by lines."""
    root = root_of(policy)
    depths = [depth for node in (rule, root) if node is not None for depth in _depths(node)]
    lists = [] if rule is None else list(_lists(rule))
    return " " * (depths[0] if depths else 0), bool(lists) and not any(map(tree.is_flow, lists))


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
        return {key: plain(entry.value) for key, entry in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if node.kind == "bool":
        return node.value == "true"
    if node.kind != "string":
        raise NotEditable("it holds something that is no string")
    return node.value
