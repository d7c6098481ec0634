"""For Azure Pipelines: logging commands that become issues of the run, then the same as a list for the log.

The agent takes a line for a command wherever it has `##vso[`; the list never has it.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.finding import FileError, Finding
from kube_audit_lint.report import Report, Rules, Style
from kube_audit_lint.report.region import shown
from kube_audit_lint.report.safe import visible, without_surrogates
from kube_audit_lint.report.summary import ending
from kube_audit_lint.report.words import listed, paragraphs_of

_ESCAPES = {"%": "%AZP25", "\r": "%0D", "\n": "%0A"}
"""Of a message; `%` first."""

_ESCAPES_IN_PROPERTIES = {**_ESCAPES, ";": "%3B", "]": "%5D"}


def render(report: Report, rules: Rules, style: Style) -> Iterator[str]:
    """Commands, then the list and the summary. Azure has no issues below a warning: infos are in the list alone."""
    yield from map(_of_error, report.errors)
    for severity in ("error", "warning"):
        yield from (_of_finding(one) for one in report.findings if one.severity == severity)
    yield from listed(report)
    yield from ending(report)


def _of_finding(finding: Finding) -> str:
    region = shown(finding.place)
    position = {"linenumber": str(region.line), "columnnumber": str(region.column)}
    message = "\n".join(paragraphs_of(finding))
    return _issue(finding.severity, finding.place.source.path, {**position, "code": finding.rule}, message)


def _of_error(error: FileError) -> str:
    return _issue("error", error.path, {}, visible(error.message))


def _issue(type: str, path: str, more: dict[str, str], message: str) -> str:
    properties = {"type": type, "sourcepath": visible(path.removeprefix("./")), **more}
    listed = "".join(f"{name}={_escaped(value, _ESCAPES_IN_PROPERTIES)};" for name, value in properties.items())
    return f"##vso[task.logissue {listed}]{_escaped(message, _ESCAPES)}\n"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(character, character) for character in without_surrogates(text))
