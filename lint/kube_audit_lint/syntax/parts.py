"""Where a part of a scalar's text stands in the file: `--a=1` in a folded scalar, in quotes, in a block."""

from __future__ import annotations

from kube_audit_lint.syntax.nodes import Scalar
from kube_audit_lint.syntax.source import Place


def part_of(node: Scalar, start: int, end: int) -> Place:
    """The place of the characters from `start` to `end` of a scalar's value; of the whole when in doubt."""
    if type(node) is Scalar:  # not one that lies inside another text
        quotes = (node.end - node.start - len(node.value)) // 2
        at = node.start + quotes
        if quotes in (0, 1) and not node.block and node.source.text.startswith(node.value, at):
            return Place(node.source, at + start, at + end)
    from kube_audit_lint.syntax.offsets import embedded_text

    _, offsets = embedded_text(node)
    return Place(node.source, offsets.outer(start), offsets.outer_end(end))
