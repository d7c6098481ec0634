"""Documents as plain Python data, for the linter's own files (configuration, rules, tests, requests)."""

from __future__ import annotations

from typing import Any

from kube_audit_lint.syntax.nodes import Mapping, Node, Sequence


def plain(node: Node | None) -> Any:
    """Dicts, lists, strings, numbers, booleans and None for a node."""
    if node is None:
        return None
    if isinstance(node, Mapping):
        return {key: plain(entry.value) for key, entry in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if node.kind == "string":
        return node.value
    if node.kind == "bool":
        return node.value == "true"
    if node.kind == "int":
        return int(node.value)
    return float(node.value) if node.kind == "float" else None
