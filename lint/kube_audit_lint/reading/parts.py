"""Where a part of a scalar's text stands in the file: `--a=1` in a folded scalar, in quotes, in a block."""

from __future__ import annotations

from kube_audit_lint.model.source import Place
from kube_audit_lint.reading.nodes import Scalar
from kube_audit_lint.reading.offsets import embedded_text


def part_of(node: Scalar, start: int, end: int) -> Place:
    """The place of the characters from `start` to `end` of a scalar's value; of the whole when in doubt."""
    _, offsets = embedded_text(node)
    return Place(node.source, offsets.outer(start), offsets.outer_end(end))
