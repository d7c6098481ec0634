"""A replay's figures as one HTML page, with a chart of the bytes by rule; the shell is `html.py`."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.replayed import Replayed, RuleRow
from kube_audit_lint.report.html import Page, element, page, text
from kube_audit_lint.report.html import table as html_table
from kube_audit_lint.report.replaywords import Table, bytes_, rule_name, summary, tables

_STYLE = """
svg.chart { max-width: 60rem; width: 100%; height: auto; }
td span.number, th span.number { display: block; text-align: right; white-space: nowrap; }
svg.chart text { fill: var(--text); font-size: 12px; }
svg.chart .now { fill: var(--soft); }
svg.chart .under { fill: var(--link); }
svg.chart .guess { fill: var(--link); opacity: .45; }
"""
_LEFT, _WIDTH, _RIGHT, _ROW = 150, 520, 130, 34
"""Of the chart: the names, the longest bar, the figures; the height of a rule."""

_LONGEST = 60
"""Characters of a name that are shown."""

_LEGEND = (("now", "in the log"), ("under", "under the policy, measured"), ("guess", "estimated"))


def render(found: Replayed) -> Iterator[str]:
    """The whole page."""
    parts = [element("h1", f"{text(found.policy)}: an audit log replayed"), *_summary(found), _chart(found)]
    parts += [_table(table) for table in tables(found)]
    yield page(Page(f"{found.policy}: an audit log replayed", "\n".join(parts), _STYLE))


def _summary(found: Replayed) -> Iterator[str]:
    yield from (element("p", text(sentence.strip())) for sentence in summary(found))


def _table(of: Table) -> str:
    head, *rows = [[_cell(cell, index >= of.numbers) for index, cell in enumerate(row)] for row in (of.head, *of.rows)]
    return element("h2", text(of.title)) + html_table(head, rows)


def _cell(cell: str, number: bool) -> str:
    """Numbers are at the right; of a long name the beginning is shown, and all of it is its title."""
    if number:
        return element("span", text(cell), class_="number")
    if len(cell) <= _LONGEST:
        return text(cell)
    return element("span", text(f"{cell[: _LONGEST - 1]}…"), title=cell)


def _chart(found: Replayed) -> str:
    """Two bars for each rule: the bytes of its events in the log, and what the policy records of them."""
    rows = [row for row in found.rules if row.now.bytes or row.under.total]
    most = max((max(row.now.bytes, row.under.total) for row in rows), default=0)
    if not most:
        return ""
    height = _ROW * len(rows) + 30
    bars = "".join(_bars(row, index, most) for index, row in enumerate(rows))
    svg = element(
        "svg",
        element("title", "Bytes by rule, in the log and under the policy") + bars + _legend(height - 12),
        class_="chart",
        role="img",
        viewBox=f"0 0 {_LEFT + _WIDTH + _RIGHT} {height}",
        aria_label="Bytes by rule, in the log and under the policy; the table below has the figures",
    )
    return element("h2", "Bytes by rule") + svg


def _bars(row: RuleRow, index: int, most: int) -> str:
    top = index * _ROW
    measured = _length(row.under.bytes, most)
    parts = [
        element("text", text(rule_name(row)), x="0", y=str(top + 17)),
        _bar("now", 0, top + 2, _length(row.now.bytes, most)),
        _bar("under", 0, top + 16, measured),
        _bar("guess", measured, top + 16, _length(row.under.estimated, most)),
    ]
    figures = f"{bytes_(row.now.bytes)} → {bytes_(row.under.total)}"
    end = _LEFT + max(_length(row.now.bytes, most), _length(row.under.total, most)) + 6
    return "".join(parts) + element("text", text(figures), x=f"{end:.1f}", y=str(top + 17))


def _length(size: int, most: int) -> float:
    return _WIDTH * size / most


def _bar(kind: str, start: float, top: int, length: float) -> str:
    return element("rect", class_=kind, x=f"{_LEFT + start:.1f}", y=str(top), width=f"{length:.1f}", height="12")


def _legend(y: int) -> str:
    parts = []
    for index, (kind, words) in enumerate(_LEGEND):
        x = _LEFT + index * 230
        parts.append(element("rect", class_=kind, x=str(x), y=str(y - 9), width="10", height="10"))
        parts.append(element("text", text(words), x=str(x + 15), y=str(y)))
    return "".join(parts)
