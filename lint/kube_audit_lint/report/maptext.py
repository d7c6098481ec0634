"""The table of `map` for a terminal of 80 columns and more."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from kube_audit_lint.model.matrix import Map
from kube_audit_lint.model.policy import URL_VERBS
from kube_audit_lint.report.mapwords import (
    VERBS,
    Block,
    Cell,
    Note,
    Table,
    conditions,
    decided_by,
    headline,
    recorded,
    unreached,
)
from kube_audit_lint.report.safe import visible

NARROW = 80
MIDDLE = 100
"""Columns from which verbs are written out."""

WIDE = 150
"""Columns from which cells show the whole name of a level."""

MOST_NOTES = 60
_HEADS = {"deletecollection": "delcoll", "": "options"}
_SHORT = {
    "watch": "wtch",
    "create": "crea",
    "update": "upda",
    "patch": "ptch",
    "delete": "dele",
    "deletecollection": "dcol",
}
_SHORT |= {"": "opts", "options": "opts"}
_LETTERS = {"None": "-", "Metadata": "M", "Request": "Q", "RequestResponse": "R", "differs": "*", "": ""}
_WORDS = {**_LETTERS, "Metadata": "Metadata", "Request": "Request", "RequestResponse": "ReqResponse"}
_COLORS = {"None": "2", "Metadata": "36", "Request": "33", "RequestResponse": "31", "differs": "35", "": "0"}


def render(of: Map, sender: int, width: int, color: bool) -> Iterator[str]:
    """The whole text, for a sender by its number."""
    table = Table(of, sender)
    for row in _Text(table, max(width, NARROW), color).rows():
        # All text went through `visible`; `line` would escape the colours.
        yield (f"./{row}" if row.lstrip().startswith("::") else row) + "\n"


class _Text:
    def __init__(self, table: Table, width: int, color: bool) -> None:
        self.table = table
        self.width = width
        self.color = color
        self.names = _WORDS if width >= WIDE and not table.compares else _LETTERS
        self.heads = _SHORT if width < MIDDLE else _HEADS

    def rows(self) -> Iterator[str]:
        table = self.table
        yield from self._wrapped(headline(table.of, table.sender))
        yield from self._wrapped(table.of.senders[table.sender].note)
        yield ""
        blocks = list(table.changed() if table.compares else table.blocks)
        if not blocks:
            yield "Every served request is recorded the same."
            return
        yield from self._legend()
        resources = [block for block in blocks if block.group != "URLs"]
        yield from self._table(resources, VERBS)
        yield from self._table([block for block in blocks if block.group == "URLs"], URL_VERBS)
        yield from self._notes(self._shown_notes(blocks))
        if lost := unreached(table.of):
            yield ""
            yield from self._wrapped(lost)

    def _wrapped(self, text: str) -> list[str]:
        return textwrap.wrap(visible(text), self.width, break_on_hyphens=False)

    def _legend(self) -> Iterator[str]:
        parts = [("None", "nothing"), ("Metadata", "Metadata"), ("Request", "Request")]
        parts += [("RequestResponse", "RequestResponse"), ("differs", "it depends: see below")]
        yield "  ".join(f"{self._paint(_LETTERS[level], level)} {words}" for level, words in parts)
        if self.table.compares:
            yield "M>- is Metadata before and nothing after; M~ the same level, other events"

    def _table(self, blocks: Sequence[Block], every: Sequence[str]) -> Iterator[str]:
        verbs = [verb for verb in every if any(verb in block.cells for block in blocks)]
        heads = [self.heads.get(verb, verb) for verb in verbs]
        cells = [[self._cell(block.cells.get(verb)) for verb in verbs] for block in blocks]
        sizes = (
            [max(len(head), *(len(row[index][0]) for row in cells)) for index, head in enumerate(heads)]
            if cells
            else []
        )
        label = self.width - sum(sizes) - len(sizes)
        for group, found in groupby(zip(blocks, cells, strict=True), key=lambda pair: pair[0].group):
            yield ""
            yield (
                visible(group)[:label].ljust(label)
                + "".join(f" {head.ljust(size)}" for head, size in zip(heads, sizes, strict=True)).rstrip()
            )
            for block, row in found:
                yield from self._row(block, row, sizes, label)

    def _row(self, block: Block, cells: list[tuple[str, str]], sizes: list[int], label: int) -> Iterator[str]:
        titles = visible(", ".join(self.table.titles(block)))
        first, *more = textwrap.wrap(titles, label - 3, break_on_hyphens=False) or [""]
        shown = "".join(
            f" {self._paint(text.ljust(size), level)}" for (text, level), size in zip(cells, sizes, strict=True)
        )
        yield f"  {first}".ljust(label) + (shown if self.color else shown.rstrip())
        yield from (f"    {rest}" for rest in more)

    def _cell(self, cell: Cell | None) -> tuple[str, str]:
        """What is shown of a cell, and the level that colours it."""
        if cell is None:
            return "", ""
        if cell.note:
            return f"*{cell.note}", "differs"
        if cell.direction:
            changed = (
                f"{_LETTERS[cell.old]}>{_LETTERS[cell.level]}" if cell.old != cell.level else f"{_LETTERS[cell.level]}~"
            )
            return changed, cell.level
        return self.names[cell.level], cell.level

    def _shown_notes(self, blocks: Sequence[Block]) -> list[tuple[int, Note]]:
        numbers = sorted({cell.note for block in blocks for cell in block.cells.values() if cell.note})
        return [(number, self.table.notes[number - 1]) for number in numbers]

    def _notes(self, notes: list[tuple[int, Note]]) -> Iterator[str]:
        if notes:
            yield from ("", "It depends:")
        for number, note in notes[:MOST_NOTES]:
            for index, (cases, sample) in enumerate(note.cases):
                head = f"*{number}" if index == 0 else ""
                what = f"{recorded(cases[0], self.table.of)} by {decided_by(cases[0], self.table.of)}"
                text = f"{what}: {conditions(cases)}"
                example = self.table.of.example(note.row, note.verb, sample).text
                yield from self._folded(head, text)
                yield from self._folded("", f"  {example}")
        if len(notes) > MOST_NOTES:
            yield f"and {len(notes) - MOST_NOTES} more: --format json and --format html have all"

    def _folded(self, head: str, text: str) -> Iterator[str]:
        indent = " " * (len(text) - len(text.lstrip()))
        rows = textwrap.wrap(visible(text.strip()), self.width - 8 - len(indent), break_on_hyphens=False)
        for index, row in enumerate(rows):
            yield f"{head if index == 0 else '':<5} {indent}{'' if index == 0 else '  '}{row}"

    def _paint(self, text: str, level: str) -> str:
        return f"\x1b[{_COLORS[level]}m{text}\x1b[0m" if self.color and text.strip() else text
