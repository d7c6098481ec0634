"""A replay's figures for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.replayed import Replayed
from kube_audit_lint.report.replaywords import Table, summary, tables
from kube_audit_lint.report.safe import line, visible

_WIDEST = 60
"""Characters of a cell; a longer one is cut."""


def render(found: Replayed) -> Iterator[str]:
    """The summary, and a table below each title."""
    for sentence in summary(found):
        yield line(sentence) + "\n"
    for table in tables(found):
        yield f"\n{line(table.title)}\n"
        yield from _rows(table)


def _rows(table: Table) -> Iterator[str]:
    rows = [table.head, *table.rows]
    shown = [[_cut(visible(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = (
            cell.rjust(width) if index >= table.numbers else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"  {'  '.join(cells).rstrip()}\n"


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else f"{cell[: _WIDEST - 1]}…"
