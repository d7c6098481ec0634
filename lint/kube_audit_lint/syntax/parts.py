"""Where a part of a scalar's text is in the file: `--a=1` in a folded scalar, in quotes, in a block."""

from __future__ import annotations

from functools import lru_cache

from kube_audit_lint.syntax.nodes import Scalar
from kube_audit_lint.syntax.source import OffsetMap, Place


@lru_cache(maxsize=1)
def _offsets(node: Scalar) -> OffsetMap:
    """Where a scalar's text is; kept for the next part, for a long text has thousands of them."""
    from kube_audit_lint.syntax.offsets import embedded_text

    return embedded_text(node)[1]


def part_of(node: Scalar, start: int, end: int) -> Place:
    """The place of the characters from `start` to `end` of a scalar's value; of the whole when in doubt."""
    if type(node) is Scalar:  # not one that is inside another text
        quotes = (node.end - node.start - len(node.value)) // 2
        at = node.start + quotes
        if quotes in (0, 1) and not node.block and node.source.text.startswith(node.value, at):
            return Place(node.source, at + start, at + end)
    offsets = _offsets(node)
    return Place(node.source, offsets.outer(start), offsets.outer_end(end))
