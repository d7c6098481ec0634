"""For people: the findings, what went wrong, and the sum of it."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.report import Report, Rules, Style
from kube_audit_lint.report.summary import ending


def render(report: Report, rules: Rules, style: Style) -> Iterator[str]:
    """The whole report."""
    if report.findings or report.errors or report.statistics:
        from kube_audit_lint.report.textbody import body  # most runs find nothing

        yield from body(report, rules, style)
    yield from ending(report)
