"""A replay's figures for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.replayed import Replayed
from kube_audit_lint.report.replaywords import Table, summary, tables
from kube_audit_lint.report.safe import line, visible

_WIDEST = 60
"""Characters of a name; a longer one is cut."""

_NARROWEST = 12
"""Characters of a name that are left in a narrow terminal."""


def render(found: Replayed, width: int = 0) -> Iterator[str]:
    """The summary, and a table below each title; in a terminal of so many columns."""
    for sentence in summary(found):
        yield line(sentence) + "\n"
    for table in tables(found):
        yield f"\n{line(table.title)}\n"
        yield from _rows(table, width)


def _rows(table: Table, width: int) -> Iterator[str]:
    rows = [table.head, *table.rows]
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = _widths(shown, table.numbers, width)
    for row in shown:
        cells = (
            cell.rjust(room) if index >= table.numbers else _cut(cell, room).ljust(room)
            for index, (cell, room) in enumerate(zip(row, widths, strict=True))
        )
        yield f"  {'  '.join(cells).rstrip()}\n"


def _widths(rows: list[list[str]], numbers: int, most: int) -> list[int]:
    """The width of each column; names get less where a line would not fit, the widest first."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    names = [min(width, _WIDEST) for width in widths[:numbers]]
    over = 2 * len(widths) + sum(names) + sum(widths[numbers:]) - most if most else 0
    while over > 0 and max(names) > _NARROWEST:
        names[names.index(max(names))] -= 1
        over -= 1
    return names + widths[numbers:]


def _cut(cell: str, room: int) -> str:
    return cell if len(cell) <= room else f"{cell[: room - 1]}…"
