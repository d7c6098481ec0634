"""The few sentences that several formats share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from kube_audit_lint.model.finding import SEVERITIES, Cause, FileError, Finding
from kube_audit_lint.report import Files, Hidden, Report
from kube_audit_lint.report.region import shown
from kube_audit_lint.report.safe import line, visible

_PLURALS = {"info": "info", "policy": "policies"}
_CAUSES: dict[Cause, str] = {
    "comment": "comments",
    "ignores": "ignores",
    "baseline": "the baseline",
    "configuration": "the configuration",
}


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun if number == 1 else _PLURALS.get(noun, noun + 's')}"


def summary(report: Report) -> str:
    """`2 errors, 1 warning in 3 files (1 policy, 1 API server)`."""
    text = f"{_counts(report.findings)} in {counted(report.files.read, 'file')} ({_kinds(report.files)})"
    if report.errors:
        text += f"; {counted(len(report.errors), 'path')} could not be dealt with"
    hidden = list(_hidden(report.hidden))
    return f"{text}; hidden: {', '.join(hidden)}" if hidden else text


def _hidden(hidden: Hidden) -> Iterator[str]:
    """What is kept out of the findings, by cause."""
    for cause, words in _CAUSES.items():
        if count := hidden.count(cause):
            yield f"{counted(count, 'finding')} by {words}"
    if hidden.rules_off:
        yield f"{counted(len(hidden.rules_off), 'rule')} off"
    if hidden.excluded:
        yield f"{counted(hidden.excluded, 'path')} by exclude"
    if hidden.never_fails:
        of = f"failures of {counted(hidden.never_failing, 'file')}" if hidden.never_failing else "every failure"
        yield f"{of} by fail-on: never"


def ending(report: Report) -> Iterator[str]:
    """The last line of a report for readers, unless it is to be quiet."""
    if not report.quiet:
        yield summary(report) + "\n"


def listed(report: Report) -> Iterator[str]:
    """Findings and errors, a line each."""
    for text in (*map(head, report.findings), *map(trouble, report.errors)):
        yield line(text) + "\n"


def paragraphs_of(finding: Finding) -> Iterator[str]:
    """The lines of what an annotation tells: what is wrong, the proof, how to put it right, the controls it breaks."""
    from kube_audit_lint.catalogue.standards import brief_of

    controls = ", ".join(brief_of(finding.rule))
    return text_lines((finding.message, finding.proof, finding.help, controls and f"Controls: {controls}"))


def text_lines(paragraphs: Iterable[str]) -> Iterator[str]:
    """The lines of some texts, those without text left out."""
    return (visible(one) for text in paragraphs if text.strip() for one in text.strip().split("\n"))


def head(finding: Finding) -> str:
    """`path:line:column: severity[rule]: message`, the line that people search and click."""
    return f"{location(finding)}: {finding.severity}[{finding.rule}]: {visible(finding.message)}"


def location(finding: Finding) -> str:
    """`path:line:column`."""
    region = shown(finding.place)
    return f"{visible(finding.place.source.path)}:{region.line}:{region.column}"


def trouble(error: FileError) -> str:
    """The line for a file that could not be dealt with."""
    return f"{visible(error.path)}: error: {visible(error.message)}"


def _counts(findings: Sequence[Finding]) -> str:
    numbers: Counter[str] = Counter()
    for finding in findings:
        numbers[finding.severity] += finding.more or 1
    parts = [counted(numbers[severity], severity) for severity in reversed(SEVERITIES) if numbers[severity]]
    return ", ".join(parts) or "no findings"


def _kinds(files: Files) -> str:
    if not files.policies and not files.servers:
        return "no audit policy, no API server"
    found = [(files.policies, "policy"), (files.servers, "API server")]
    return ", ".join(counted(number, noun) for number, noun in found if number)
