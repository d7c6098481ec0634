"""What Go makes of a JSON object with a key twice: the second value is read over the first, not instead of it.

Source: encoding/json (`Unmarshal` reuses what is there), which sigs.k8s.io/json and json-iterator share. A
list of rules that comes twice is the second list, each rule with what the first list's rule of the same index
had beyond it. YAML is turned into JSON first, where a repeated key is already gone.
"""

from __future__ import annotations

from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence


def overlaid(node: Mapping) -> Mapping:
    """The object as Go holds it after reading it from start to end."""
    if not node.duplicates and not any(isinstance(entry.value, (Mapping, Sequence)) for entry in node.entries.values()):
        return node
    values: dict[str, Node] = {}
    for lost, _ in node.duplicates:
        name = lost.key.value
        values[name] = _over(values.get(name), lost.value)
    entries = {name: Entry(entry.key, _over(values.get(name), entry.value)) for name, entry in node.entries.items()}
    return Mapping(node.source, node.start, node.end, entries, node.duplicates)


def _over(old: Node | None, new: Node) -> Node:
    if isinstance(new, Scalar):
        keeps = new.kind == "null" and old is not None and not isinstance(old, Sequence)
        return old if keeps and old is not None else new
    if isinstance(new, Mapping):
        fresh = overlaid(new)
        if not isinstance(old, Mapping):
            return fresh
        entries = dict(old.entries)
        for name, entry in fresh.entries.items():
            before = entries.get(name)
            value = _over(before.value if before is not None else None, entry.value)
            entries[name] = Entry(entry.key, value)
        return Mapping(new.source, new.start, new.end, entries, fresh.duplicates)
    before_items = old.items if isinstance(old, Sequence) else []
    items = [_over(before_items[i] if i < len(before_items) else None, item) for i, item in enumerate(new.items)]
    return Sequence(new.source, new.start, new.end, items)
