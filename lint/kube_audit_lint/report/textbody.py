"""The text report above its last line: findings, errors, the table by rule, where the pages of the rules lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kube_audit_lint.model.finding import Finding
from kube_audit_lint.report import Report, Rules, Style
from kube_audit_lint.report.findingtext import Paint, lines_of
from kube_audit_lint.report.grouping import LONG, grouped, table
from kube_audit_lint.report.words import trouble


def body(report: Report, rules: Rules, style: Style) -> Iterator[str]:
    """All but the last line."""
    if report.findings and not report.statistics:
        yield from _findings(report, rules, style)
    for error in report.errors:
        yield _harmless(trouble(error)) + "\n"
    if report.statistics or (len(report.findings) > LONG and not report.quiet):
        yield "".join(f"{row}\n" for row in table(report.findings)) + "\n" * (not report.statistics)
    if report.findings and not report.quiet:
        yield from _pages(report, rules, style.links)


def _findings(report: Report, rules: Rules, style: Style) -> Iterator[str]:
    paint = Paint(style, rules)
    for finding, others in _shown(report):
        yield "\n".join(map(_harmless, lines_of(finding, others, paint))) + "\n\n"


def _shown(report: Report) -> Iterable[tuple[Finding, list[Finding]]]:
    return [(finding, []) for finding in report.findings] if report.show_all else grouped(report.findings)


def _pages(report: Report, rules: Rules, terminal: bool) -> Iterator[str]:
    """Where the pages of the rules lie, for readers without hyperlinks; on a terminal without pages, the command."""
    found = dict.fromkeys(finding.rule for finding in report.findings)
    pages = [rules[rule].page for rule in found if rule in rules and rules[rule].page]
    if pages and not terminal:
        yield "".join(f"see {page}\n" for page in pages) + "\n"
    elif terminal and not pages:
        yield f"`kube-audit-lint rules {next(iter(found))}` explains a rule\n\n"


def _harmless(line: str) -> str:
    """A line, coloured or not, that no runner takes for a command."""
    return f"./{line}" if line.lstrip().startswith("::") else line
