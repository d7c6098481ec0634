"""For GitHub Actions: workflow commands that become annotations, then the same as a list for the log.

The runner takes a line for a command when it starts with `::` after blanks, or has `##[` anywhere,
so the list must never contain such a line, whatever the files are called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kube_audit_lint.model.finding import SEVERITIES, FileError, Finding
from kube_audit_lint.report import Report, Rules, Style
from kube_audit_lint.report.region import Region, shown
from kube_audit_lint.report.safe import visible, without_surrogates
from kube_audit_lint.report.summary import counted, ending
from kube_audit_lint.report.words import listed, paragraphs_of, text_lines
from kube_audit_lint.syntax.record import NamedTuple

LIMIT = 10
"""So many annotations of a level does GitHub show for a step; it drops the others silently."""

_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


class _Annotation(NamedTuple):
    level: str
    path: str
    region: Region | None
    title: str
    message: str


def render(report: Report, rules: Rules, style: Style) -> Iterator[str]:
    """Commands, then the list and the summary."""
    annotations = list(_annotations(report))
    levels: Counter[str] = Counter()
    for annotation in annotations:
        levels[annotation.level] += 1
        if levels[annotation.level] <= LIMIT:
            yield _command(annotation) + "\n"
    yield from listed(report)
    yield from _unseen(levels)
    yield from ending(report)


def _annotations(report: Report) -> Iterator[_Annotation]:
    """The worst first, for the first ones are shown."""
    yield from map(_of_error, report.errors)
    for finding in sorted(report.findings, key=lambda finding: -SEVERITIES.index(finding.severity)):
        yield _of_finding(finding)


def _of_finding(finding: Finding) -> _Annotation:
    path, text = finding.place.source.path, "\n".join(paragraphs_of(finding))
    return _Annotation(_LEVELS[finding.severity], path, shown(finding.place), finding.rule, text)


def _of_error(error: FileError) -> _Annotation:
    return _Annotation("error", error.path, None, "could not be dealt with", visible(error.message))


def _command(annotation: _Annotation) -> str:
    properties = {"file": visible(annotation.path.removeprefix("./")), **_position(annotation.region)}
    properties["title"] = f"kube-audit-lint: {annotation.title}"
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{annotation.level} {listed}::{_data(annotation.message)}"


def command(level: str, path: str, line: int, title: str, message: str) -> str:
    """A workflow command about a line of a file, or with 0 about the file."""
    at = f",line={line}" if line else ""
    shown = f"file={_property(visible(path.removeprefix('./')))}{at},title={_property(f'kube-audit-lint: {title}')}"
    return f"::{level} {shown}::{_data(chr(10).join(text_lines([message])))}"


def _position(region: Region | None) -> dict[str, str]:
    if region is None:
        return {}
    position = {"line": str(region.line), "endLine": str(region.end_line)}
    if region.line == region.end_line:  # GitHub refuses columns for several lines
        position |= {"col": str(region.column), "endColumn": str(region.end_column)}
    return position


def _data(text: str) -> str:
    text = without_surrogates(text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _unseen(levels: Counter[str]) -> Iterator[str]:
    for level, number in levels.items():
        if number > LIMIT:
            more = counted(number - LIMIT, level)
            yield f"{more} more than the {LIMIT} that GitHub shows as annotations: see the list above\n"
