"""JSON patches (RFC 6902) applied to nodes, each of which keeps the place where it is written.

Source: github.com/evanphx/json-patch v4 and v5, which kubeadm, kustomize and Cluster API apply: a missing path is an
error for every operation but `add` of a key, `-` is the end of a list, a negative index counts from the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.source import Place

Change = Callable[[Node, str], Node]
"""Changes what a collection has at the last step of a path; gives the changed copy."""


class NotAppliedError(Exception):
    """A patch that the library refuses for this document: its words, and the operation's place."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


def apply_patch(root: Node, patch: Sequence) -> Node:
    """The document with a patch applied. Raises NotAppliedError."""
    for item in patch.items:
        if not isinstance(item, Mapping):
            raise NotAppliedError("an operation is no mapping", item.place)
        try:
            root = _apply(root, item)
        except _PathError as error:
            where = item.get("path") or item
            raise NotAppliedError(
                f"{item.string('op') or 'the'} operation does not apply: {error}", where.place
            ) from None
    return root


class _PathError(Exception):
    """Why an operation does not apply."""


def _apply(root: Node, operation: Mapping) -> Node:
    kind, path = operation.string("op"), _steps(operation, "path")
    if kind in ("add", "replace", "test"):
        key, value = _key(operation), operation.get("value")
        if value is None:
            raise _PathError("it has no value")
        if kind == "test":
            if not _same(_at(root, path), value):
                raise _PathError(f"testing value {'/' + '/'.join(path)} failed")
            return root
        return _set(root, path, key, value) if kind == "add" else _replaced(root, path, key, value)
    if kind == "remove":
        return _changed(root, path, _without)
    if kind in ("move", "copy"):
        source = _steps(operation, "from")
        value = _at(root, source)
        return _set(_changed(root, source, _without) if kind == "move" else root, path, _key(operation), value)
    raise _PathError(f"unexpected kind: {kind}")


def _steps(operation: Mapping, key: str) -> list[str]:
    path = operation.string(key)
    if path is None or (path and not path.startswith("/")):
        raise _PathError(f"missing or wrong `{key}`")
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _key(operation: Mapping) -> Scalar:
    """The last step of an operation's path, as the key of what it puts in."""
    path = operation.get("path")
    assert isinstance(path, Scalar)
    written = path.value.rpartition("/")[2]
    place = part_of(path, len(path.value) - len(written), len(path.value))
    name = written.replace("~1", "/").replace("~0", "~")
    return Scalar(place.source, place.start, place.end, "string", name, path.style)


def _at(root: Node, path: list[str]) -> Node:
    node: Node = root
    for step in path:
        node = _child(node, step)
    return node


def _child(node: Node, step: str) -> Node:
    if isinstance(node, Sequence):
        return node.items[_index(node, step)]
    found = node.get(step) if isinstance(node, Mapping) else None
    if found is None:
        raise _PathError(f"doc is missing path: {step}")
    return found


def _index(node: Sequence, step: str) -> int:
    """The position of an item that is there."""
    if not re.fullmatch(r"-?\d+", step) or not -len(node.items) <= int(step) < len(node.items):
        raise _PathError(f"unable to access invalid index: {step}")
    return int(step) % len(node.items)


def _changed(root: Node, path: list[str], change: Change) -> Node:
    """A copy of a node in which the collection at the end of a path is changed."""
    if not path:
        raise _PathError("the whole document cannot be removed")
    if len(path) == 1:
        return change(root, path[0])
    return _with(root, path[0], _changed(_child(root, path[0]), path[1:], change))


def _with(node: Node, step: str, value: Node, key: Scalar | None = None) -> Node:
    """A copy of a collection with another value for what it has at a step; key: where that is written."""
    if isinstance(node, Sequence):
        items = list(node.items)
        items[_index(node, step)] = value
        return Sequence(node.source, node.start, node.end, items)
    if not isinstance(node, Mapping) or step not in node.entries:
        raise _PathError(f"doc is missing key: {step}")
    return with_entry(node, Entry(key or node.entries[step].key, value))


def with_entry(node: Mapping, entry: Entry) -> Mapping:
    """A copy of a mapping with an entry instead of the one of the same key, or behind all others."""
    entries = {**node.entries, entry.key.value: entry}
    return Mapping(node.source, node.start, node.end, entries, node.duplicates)


def _without(node: Node, step: str) -> Node:
    if isinstance(node, Sequence):
        at = _index(node, step)
        return Sequence(node.source, node.start, node.end, [*node.items[:at], *node.items[at + 1 :]])
    if not isinstance(node, Mapping) or step not in node.entries:
        raise _PathError(f"unable to remove nonexistent key: {step}")
    entries = {key: entry for key, entry in node.entries.items() if key != step}
    return Mapping(node.source, node.start, node.end, entries, node.duplicates)


def _set(root: Node, path: list[str], key: Scalar, value: Node) -> Node:
    return _changed(root, path, lambda node, step: _added(node, step, key, value)) if path else value


def _added(node: Node, step: str, key: Scalar, value: Node) -> Node:
    if isinstance(node, Mapping):
        return with_entry(node, Entry(key, value))
    if not isinstance(node, Sequence):
        raise _PathError(f"doc is missing path: {step}")
    at = len(node.items) if step == "-" else int(step) if re.fullmatch(r"-?\d+", step) else len(node.items) + 1
    if not -len(node.items) <= at <= len(node.items):
        raise _PathError(f"unable to access invalid index: {step}")
    items = list(node.items)
    items.insert(at, value)
    return Sequence(node.source, node.start, node.end, items)


def _replaced(root: Node, path: list[str], key: Scalar, value: Node) -> Node:
    return _changed(root, path, lambda node, step: _with(node, step, value, key)) if path else value


def _same(one: Node, other: Node) -> bool:
    if isinstance(one, Scalar):
        return isinstance(other, Scalar) and (one.kind, one.value) == (other.kind, other.value)
    if isinstance(one, Sequence):
        return (
            isinstance(other, Sequence)
            and len(one.items) == len(other.items)
            and all(map(_same, one.items, other.items))
        )
    return (
        isinstance(other, Mapping)
        and one.entries.keys() == other.entries.keys()
        and all(_same(entry.value, other.entries[key].value) for key, entry in one.entries.items())
    )
