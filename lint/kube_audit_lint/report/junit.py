"""JUnit's XML, for the test reports of Jenkins, GitLab, Azure and others: each finding is a test that failed.

The form is that of Jenkins' xUnit plugin (junit-10.xsd), which pytest holds its own reports to.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.finding import FileError, Finding
from kube_audit_lint.report import Report, Rules, Style
from kube_audit_lint.report.region import shown
from kube_audit_lint.report.safe import lines, visible
from kube_audit_lint.report.summary import summary
from kube_audit_lint.report.words import head, paragraphs_of

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def render(report: Report, rules: Rules, style: Style) -> Iterator[str]:
    """One suite: a file that could not be read is an error, an info a test that was skipped.

    Where there is neither, one test passed: platforms take a report without tests for a broken one.
    """
    skipped = sum(one.severity == "info" for one in report.findings)
    failures, errors = len(report.findings) - skipped, len(report.errors)
    tests = max(1, failures + errors + skipped)
    counts = f'tests="{tests}" failures="{failures}" errors="{errors}"'
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f"<testsuites {counts}>\n"
    yield f'  <testsuite name="kube-audit-lint" {counts} skipped="{skipped}">\n'
    yield from map(_of_error, report.errors)
    yield from (_of_finding(one, rules) for one in report.findings)
    if not report.findings and not report.errors:
        yield f'    <testcase classname="kube-audit-lint" name="{_escaped(summary(report))}"/>\n'
    yield "  </testsuite>\n</testsuites>\n"


def _of_finding(finding: Finding, rules: Rules) -> str:
    region, path = shown(finding.place), finding.place.source.path.removeprefix("./")
    page = rules[finding.rule].page if finding.rule in rules else ""
    text = [head(finding), *paragraphs_of(finding._replace(message="")), *([f"See {page}"] if page else [])]
    outcome = "skipped" if finding.severity == "info" else "failure"
    return _case(
        path, f"{finding.rule} {region.line}:{region.column}", outcome, finding.severity, finding.message, text
    )


def _of_error(error: FileError) -> str:
    return _case(error.path, "could not be dealt with", "error", "error", error.message, [error.message])


def _case(path: str, name: str, outcome: str, type: str, message: str, text: list[str]) -> str:
    return (
        f'    <testcase classname="{_escaped(visible(path))}" name="{_escaped(name)}">\n'
        f'      <{outcome} type="{type}" message="{_escaped(visible(message))}">'
        f"{_escaped(lines(chr(10).join(text)))}</{outcome}>\n    </testcase>\n"
    )


def _escaped(text: str) -> str:
    """The text in ASCII, for streams of every encoding."""
    escaped = "".join(_ENTITIES.get(character, character) for character in text)
    return escaped.encode("ascii", "xmlcharrefreplace").decode("ascii")
