"""For the summary of a CI job or the comment of a change request: a table by rule, the findings folded.

All that comes from files is in `<code>` (`codetext`).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.finding import Finding
from kube_audit_lint.report import Report, Rules, Style
from kube_audit_lint.report.codetext import LIMIT, code
from kube_audit_lint.report.grouping import by_rule
from kube_audit_lint.report.summary import counted, summary
from kube_audit_lint.report.words import location, paragraphs_of

_SIGNS = {"error": "❌", "warning": "⚠️", "info": "🔹", "": "✅"}
_SHOWN = 50
"""So many findings of a rule are shown."""


def render(report: Report, rules: Rules, style: Style) -> Iterator[str]:
    """The whole report, in pieces of which each is whole by itself."""
    rows = by_rule(report.findings)
    worst = "error" if report.errors else rows[0].severity if rows else ""
    yield f"### {_SIGNS[worst]} kube-audit-lint: {summary(report)}\n"
    size = 1000
    for piece in _pieces(report, rules):
        size += len(piece.encode("utf-8", "replace"))
        if size > LIMIT:
            yield "\nThere is more than fits here: the log and `--format json` have all.\n"
            break
        yield piece


def _pieces(report: Report, rules: Rules) -> Iterator[str]:
    for error in report.errors:
        yield f"\n{_SIGNS['error']} {code(error.path)}: {code(error.message)}\n"
    rows = by_rule(report.findings)
    if rows:
        yield "\n| rule | severity | findings | files |\n|---|---|--:|--:|\n"
    for row in rows:
        severity = f"{_SIGNS[row.severity]} {row.severity}"
        yield f"| {_linked(row.rule, rules)} | {severity} | {row.findings} | {row.files} |\n"
    for row in rows:
        found = [one for one in report.findings if (one.rule, one.severity) == (row.rule, row.severity)]
        yield _folded(found, rules)


def _linked(rule: str, rules: Rules) -> str:
    page = rules[rule].page if rule in rules else ""
    return f"[{code(rule)}]({page})" if page else code(rule)


def _folded(findings: list[Finding], rules: Rules) -> str:
    """The findings of a rule: a line to be unfolded, and a list."""
    first = findings[0]
    title = f": {code(rules[first.rule].title)}" if first.rule in rules else ""
    listed = "".join(f"<li>{_item(one)}</li>\n" for one in findings[:_SHOWN])
    if len(findings) > _SHOWN:
        listed += f"<li>and {counted(len(findings) - _SHOWN, 'more finding')}</li>\n"
    head = f"{_SIGNS[first.severity]} {code(first.rule)}{title} ({len(findings)})"
    return f"\n<details><summary>{head}</summary>\n<ul>\n{listed}</ul>\n</details>\n"


def _item(finding: Finding) -> str:
    return "<br>".join(map(code, (location(finding), *filter(str.strip, paragraphs_of(finding)))))
