"""The table of `map` for a job summary or a comment: Markdown tables, and below them what the cells depend on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from kube_audit_lint.model.matrix import Map
from kube_audit_lint.model.policy import URL_VERBS
from kube_audit_lint.report.codetext import LIMIT, code
from kube_audit_lint.report.mapwords import (
    OUTCOMES,
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


def render(of: Map, sender: int) -> Iterator[str]:
    """The whole text, for a sender by its number."""
    size = 200
    for piece in _pieces(Table(of, sender)):
        size += len(piece.encode())
        if size > LIMIT:
            yield "\nThere is more than fits here: `kube-audit-lint map --format json` has all.\n"
            return
        yield piece


def _pieces(table: Table) -> Iterator[str]:
    yield f"### Audit map\n\n{code(headline(table.of, table.sender))}\n"
    blocks = list(table.changed() if table.compares else table.blocks)
    if not blocks:
        yield "\nEvery served request is recorded the same.\n"
    for of_urls, verbs in ((False, VERBS), (True, URL_VERBS)):
        yield from _table(table, [block for block in blocks if (block.group == "URLs") == of_urls], verbs)
    numbers = sorted({cell.note for block in blocks for cell in block.cells.values() if cell.note})
    if numbers:
        yield "\n**It depends**\n"
    for number in numbers:
        yield _note(table, number, table.notes[number - 1])
    if lost := unreached(table.of):
        yield f"\n{lost}\n"


def _table(table: Table, blocks: Sequence[Block], every: Sequence[str]) -> Iterator[str]:
    verbs = [verb for verb in every if any(verb in block.cells for block in blocks)]
    if not verbs:
        return
    yield f"\n| | {' | '.join(verb or 'OPTIONS' for verb in verbs)} |\n|---|{'---|' * len(verbs)}\n"
    for group, found in groupby(blocks, key=lambda block: block.group):
        yield f"| **{code(group)}** |{' |' * len(verbs)}\n"
        for block in found:
            cells = " | ".join(_cell(block.cells.get(verb)) for verb in verbs)
            yield f"| {code(', '.join(table.titles(block)))} | {cells} |\n"


def _cell(cell: Cell | None) -> str:
    if cell is None or not cell.level:
        return ""
    if cell.note:
        return f"differs ({cell.note})"
    new = OUTCOMES[cell.level]
    if cell.direction:
        return f"{OUTCOMES[cell.old]} → **{new}**" if cell.old != cell.level else f"**{new}**, other events"
    return new


def _note(table: Table, number: int, note: Note) -> str:
    rows = []
    for cases, sample in note.cases:
        example = table.of.example(note.row, note.verb, sample).text
        what = f"{recorded(cases[0], table.of)} by {decided_by(cases[0], table.of)}"
        rows.append(f"<li><b>{code(what)}</b> {code(conditions(cases))}<br>{code(example)}</li>")
    about = f"({number}) " + " or ".join(dict.fromkeys(recorded(cases[0], table.of) for cases, _ in note.cases))
    return f"\n<details><summary>{code(about)}</summary><ul>{''.join(rows)}</ul></details>\n"
