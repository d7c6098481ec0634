"""A comparison as the comment of a pull request: a table of what changes, the details folded.

All that comes from files is in `<code>` (`codetext`).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.comparison import WEAKENED, Compared, Comparison, RequestClass
from kube_audit_lint.report.codetext import LIMIT, code
from kube_audit_lint.report.diffwords import SIGNS, conditions, content, rules, verdict, weakened_at
from kube_audit_lint.report.diffwords import headline as headline_of

_MARKS = {"less": "🔻", "differently": "🔸", "more": "🔹", "gone": "⬜", "new": "⬜"}


def render(comparison: Comparison, fails: bool) -> Iterator[str]:
    """The whole comment."""
    sign = "❌" if fails else "✅"
    ending = f"\n{code(verdict(comparison, fails))}\n" if comparison.reason else ""
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
        yield f"\n{code(headline_of(pair))}\n"
        yield from _tables(pair)
    if comparison.weakened:
        yield f"\n⚠️ {WEAKENED}\n\n"
        for one in comparison.weakened[:100]:
            yield f"- {code(weakened_at(one))} {code(one.message)}\n"
    for note in comparison.notes:
        yield f"\n{code(note)}\n"


def _tables(pair: Compared) -> Iterator[str]:
    if pair.classes:
        yield "\n| | who | verbs | what | recorded |\n|---|---|---|---|---|\n"
        yield from map(_row, pair.classes[:100])
        yield from map(_details, pair.classes[:50])
    if pair.settings:
        yield "\n| | setting | before | after | |\n|---|---|---|---|---|\n"
        for one in pair.settings[:100]:
            cells = (one.name, one.before, one.after, one.effect)
            yield f"| {_MARKS[one.direction]} {SIGNS[one.direction]} | {' | '.join(map(code, cells))} |\n"


def _row(one: RequestClass) -> str:
    what = ", ".join(part for part in (one.what, one.where) if part)
    cells = (("" if one.exact else "some of: ") + one.who, one.verbs, what, f"{one.before} → {one.after}")
    return f"| {_MARKS[one.direction]} {SIGNS[one.direction]} | {' | '.join(map(code, cells))} |\n"


def _details(one: RequestClass) -> str:
    rows = [f"decided by {rules(one.rules_before)} → {rules(one.rules_after)}", f"such as: {one.example}"]
    found = content(one)
    rows = [*([found] if found else []), *([f"in Kubernetes {one.kubernetes}"] if one.kubernetes else []), *rows]
    listed = "".join(f"<li>{code(row)}</li>" for row in rows)
    return f"\n<details><summary>{_MARKS[one.direction]} {code(conditions(one))}</summary><ul>{listed}</ul></details>\n"
