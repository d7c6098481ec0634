"""One line for each finding: for logs, `grep` and editors that read compilers' messages."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.report import Report, Rules, Style
from kube_audit_lint.report.grouping import table
from kube_audit_lint.report.summary import ending
from kube_audit_lint.report.words import listed


def render(report: Report, rules: Rules, style: Style) -> Iterator[str]:
    """`path:line:column: severity[rule]: message` for each; errors; the summary."""
    if report.statistics:
        yield from (f"{row}\n" for row in table(report.findings))
    yield from listed(report._replace(findings=()) if report.statistics else report)
    yield from ending(report)
