"""How a report is summed up in a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kube_audit_lint.model.finding import SEVERITIES, Cause, Finding
from kube_audit_lint.report import Files, Hidden, Report

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


def _counts(findings: Sequence[Finding]) -> str:
    numbers = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        numbers[finding.severity] += finding.more or 1
    parts = [counted(numbers[severity], severity) for severity in reversed(SEVERITIES) if numbers[severity]]
    return ", ".join(parts) or "no findings"


def _kinds(files: Files) -> str:
    found = [(files.policies, "policy"), (files.servers, "API server"), (files.managed, "managed control plane")]
    return ", ".join(counted(number, noun) for number, noun in found if number) or "no audit policy, no API server"
