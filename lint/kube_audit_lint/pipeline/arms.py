"""Which parts of a document are there, by what is chosen of each branch of a template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar
from kube_audit_lint.syntax.nodes import Sequence as NodeList
from kube_audit_lint.syntax.statements import Branch

Span = tuple[int, int]

_DEPTH = 8
"""So deep nodes are looked into: a policy is less deep, and what is not may be deeper than Python calls."""


def arms_of(branch: Branch) -> list[int]:
    """The arms by their number, one of which is there; -1 for none of them."""
    return [*range(len(branch.arms)), *([-1] if branch.optional else [])]


def gone_with(branches: Sequence[Branch], chosen: Iterable[int]) -> tuple[Span, ...]:
    """What is not there when of each branch one arm is: equal for equal texts, whatever is chosen in what is gone."""
    arms = sorted(
        span
        for branch, arm in zip(branches, chosen, strict=True)
        for number, span in enumerate(branch.arms)
        if number != arm and span[0] < span[1]
    )
    gone: list[Span] = []
    for start, end in arms:
        if not gone or end > gone[-1][1]:
            gone.append((start, end))
    return tuple(gone)


def is_in(at: int, spans: Iterable[Span]) -> bool:
    """Whether a place is in one of some spans."""
    return any(start <= at < end for start, end in spans)


def around(branch: Branch, node: Node) -> bool:
    """Whether a branch decides whether a node is there at all."""
    return branch.start <= node.start < branch.end


def without(node: Node, gone: tuple[Span, ...], depth: int = 0) -> Node:
    """A node without what is not there; a list or mapping of which nothing is left is null."""
    if (
        isinstance(node, Scalar)
        or depth > _DEPTH
        or not any(start < node.end and node.start < end for start, end in gone)
    ):
        return node
    if isinstance(node, NodeList):
        items = [without(item, gone, depth + 1) for item in node.items if not is_in(item.start, gone)]
        return NodeList(node.source, node.start, node.end, items) if items or not node.items else _null(node)
    left = entries_without(node, gone, depth)
    entries = {one.key.value: one for one in left}
    lost = [(one, entries[one.key.value]) for one in left if entries[one.key.value] is not one]
    return Mapping(node.source, node.start, node.end, entries, lost) if left or not node.entries else _null(node)


def entries_without(node: Mapping, gone: tuple[Span, ...], depth: int = 0) -> list[Entry]:
    """The entries that are there, those that lose against another too, in the order of the text."""
    entries = sorted([*(lost for lost, _ in node.duplicates), *node.entries.values()], key=lambda one: one.key.start)
    return [_entry(one, gone, depth) for one in entries if not is_in(one.key.start, gone)]


def _entry(entry: Entry, gone: tuple[Span, ...], depth: int) -> Entry:
    value = _null(entry.value) if is_in(entry.value.start, gone) else without(entry.value, gone, depth + 1)
    return entry if value is entry.value else Entry(entry.key, value)


def _null(node: Node) -> Scalar:
    return Scalar(node.source, node.start, node.end, "null", "null")
