"""For reviewdog: its diagnostic format, with fixes as suggestions to be accepted by a click."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint.model.finding import FileError, Finding, Proposed
from kube_audit_lint.report import Report, Rules, Style
from kube_audit_lint.report.pages import index_page
from kube_audit_lint.report.region import on_text
from kube_audit_lint.report.safe import json_text
from kube_audit_lint.report.words import paragraphs_of
from kube_audit_lint.syntax.source import Place, Source

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "info": "INFO"}
_LONGEST = 4000
"""Characters from the first to the last edit of a fix: more is nothing to suggest beside a line."""


def render(report: Report, rules: Rules, style: Style) -> Iterator[str]:
    """One `DiagnosticResult` (reviewdog's proto/rdf/reviewdog.proto)."""
    found = [_finding(finding, rules) for finding in report.findings]
    data = {
        "source": {"name": "kube-audit-lint", **_url(index_page())},
        "diagnostics": [*found, *map(_error, report.errors)],
    }
    yield json_text(data, indent=2) + "\n"


def _finding(finding: Finding, rules: Rules) -> dict[str, Any]:
    page = rules[finding.rule].page if finding.rule in rules else ""
    found: dict[str, Any] = {
        "message": "\n".join(paragraphs_of(finding)),
        "location": _location(finding.place),
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.rule, **_url(page)},
    }
    if finding.related:
        related = ({"message": other.message, "location": _location(other.place)} for other in finding.related)
        found["relatedLocations"] = list(related)
    if finding.fix is not None and finding.fix.safe:
        found |= _suggestions(finding.fix, finding.place.source)
    return found


def _error(error: FileError) -> dict[str, Any]:
    return {"message": error.message, "location": {"path": _path(error.path)}, "severity": "ERROR"}


def _url(address: str) -> dict[str, str]:
    return {"url": address} if address else {}


def _path(path: str) -> str:
    return path.removeprefix("./")


def _location(place: Place) -> dict[str, Any]:
    source, start, end = on_text(place)
    return {"path": _path(source.path), "range": _range(source, start, end)}


def _suggestions(fix: Proposed, source: Source) -> dict[str, Any]:
    """All edits as one, with the text between them: accepted one by one they would make half a fix."""
    edits = sorted(fix.edits)
    start, end = edits[0].start, edits[-1].end
    if end - start > _LONGEST:
        return {}
    parts, at = [], start
    for edit in edits:
        parts += [source.text[at : edit.start], edit.text]
        at = edit.end
    return {"suggestions": [{"range": _range(source, start, end), "text": "".join(parts)}]}


def _range(source: Source, start: int, end: int) -> dict[str, Any]:
    return {"start": _position(source, start), "end": _position(source, end)}


def _position(source: Source, offset: int) -> dict[str, int]:
    """Columns count bytes of UTF-8, from 1."""
    line, column = source.position(offset)
    before = source.text[offset - column + 1 : offset]
    return {"line": line, "column": len(before.encode("utf-8", "surrogatepass")) + 1}
