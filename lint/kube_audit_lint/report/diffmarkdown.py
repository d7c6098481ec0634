"""A comparison as the comment of a pull request: a table of what changes, the details folded.

All that comes from files stands in `<code>` with every character escaped that Markdown or HTML would act upon: in
there GitHub sees no mentions, links or references to issues either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.model.comparison import Compared, Comparison, RequestClass
from kube_audit_lint.report.diffwords import SIGNS, conditions, content, rules, verdict
from kube_audit_lint.report.diffwords import headline as headline_of
from kube_audit_lint.report.safe import visible

LIMIT = 60_000
"""Characters after which no more is shown: GitHub takes no comment of 65,536 or more."""

_LONGEST = 600
"""Characters of one cell."""

_MARKS = {"less": "🔻", "differently": "🔸", "more": "🔹", "gone": "⬜", "new": "⬜"}


def render(comparison: Comparison, fails: bool) -> Iterator[str]:
    """The whole comment."""
    sign = "❌" if fails else "✅"
    ending = f"\n{_code(verdict(comparison, fails))}\n" if comparison.reason else ""
    size = len(ending.encode()) + 200
    heading = verdict(comparison, fails) if not comparison.reason else "less is recorded than before, with a reason"
    yield f"### {sign} Audit: {heading}\n"
    for number, piece in enumerate(_pieces(comparison)):
        size += len(piece)
        if size > LIMIT:
            yield "\nThere is more than fits here: `kube-audit-lint diff --format json` has all.\n"
            break
        yield piece if number else f"\n{piece.lstrip()}"
    yield ending


def _pieces(comparison: Comparison) -> Iterator[str]:
    """Pieces of which each is whole by itself."""
    for pair in comparison.pairs:
        yield f"\n{_code(headline_of(pair))}\n"
        yield from _tables(pair)
    for note in comparison.notes:
        yield f"\n{_code(note)}\n"


def _tables(pair: Compared) -> Iterator[str]:
    if pair.classes:
        yield "\n| | who | verbs | what | recorded |\n|---|---|---|---|---|\n"
        yield from map(_row, pair.classes[:100])
        yield from map(_details, pair.classes[:50])
    if pair.settings:
        yield "\n| | setting | before | after | |\n|---|---|---|---|---|\n"
        for one in pair.settings[:100]:
            cells = (one.name, one.before, one.after, one.effect)
            yield f"| {_MARKS[one.direction]} {SIGNS[one.direction]} | {' | '.join(map(_code, cells))} |\n"


def _row(one: RequestClass) -> str:
    what = ", ".join(part for part in (one.what, one.where) if part)
    cells = (("" if one.exact else "some of: ") + one.who, one.verbs, what, f"{one.before} → {one.after}")
    return f"| {_MARKS[one.direction]} {SIGNS[one.direction]} | {' | '.join(map(_code, cells))} |\n"


def _details(one: RequestClass) -> str:
    rows = [f"decided by {rules(one.rules_before)} → {rules(one.rules_after)}", f"such as: {one.example}"]
    found = content(one)
    rows = [*([found] if found else []), *([f"in Kubernetes {one.kubernetes}"] if one.kubernetes else []), *rows]
    listed = "".join(f"<li>{_code(row)}</li>" for row in rows)
    return (
        f"\n<details><summary>{_MARKS[one.direction]} {_code(conditions(one))}</summary><ul>{listed}</ul></details>\n"
    )


def _code(text: str) -> str:
    """Text from files, shown as it is."""
    text = visible(text)
    text = text[:_LONGEST] + "…" if len(text) > _LONGEST else text
    escaped = re.sub(r"[^\w ,.;:/()=→…-]|_", _entity, text)
    return f"<code>{escaped}</code>" if text else ""


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"
