"""SARIF 2.1.0, above all for GitHub code scanning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from kube_audit_lint import __version__
from kube_audit_lint.model.finding import Finding, Proposed, Suppressed
from kube_audit_lint.report import Report, Rules, Style
from kube_audit_lint.report.fingerprint import fingerprints
from kube_audit_lint.report.pages import index_page
from kube_audit_lint.report.region import on_text, shown
from kube_audit_lint.report.safe import json_text, visible
from kube_audit_lint.report.sarifrules import LEVELS, descriptors
from kube_audit_lint.syntax.source import Place, Source

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_FILE_ERROR = "file-error"
_SNIPPET = 4000  # characters; GitHub takes 10 MB in all
_LINK = re.compile(r"\[[^\[\]]*\]\(")


def render(report: Report, rules: Rules, style: Style) -> Iterator[str]:
    """The whole report as one SARIF log with one run."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report, rules)]}
    yield json_text(log, indent=2) + "\n"


def _run(report: Report, rules: Rules) -> dict[str, Any]:
    findings = [*report.findings, *(one.finding for one in report.hidden.suppressed)]
    ids = sorted({finding.rule for finding in findings})
    index = {id: number for number, id in enumerate(ids)}
    results = [_result(one, index[one.rule], mark) for one, mark in zip(findings, fingerprints(findings), strict=True)]
    for result, one in zip(results[len(report.findings) :], report.hidden.suppressed, strict=True):
        result["suppressions"] = [_suppression(one)]
    if report.hidden.suppressed:  # then every result needs a list, if an empty one
        for result in results[: len(report.findings)]:
            result["suppressions"] = []
    return {
        "tool": {"driver": _driver(descriptors(ids, rules, findings))},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The directory that was linted."}}},
        "invocations": [_invocation(report)],
        "results": results,
    }


def _driver(rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "kube-audit-lint",
        "version": __version__,
        "semanticVersion": __version__,
        **({"informationUri": about} if (about := index_page()) else {}),
        "rules": rules,
    }


def _invocation(report: Report) -> dict[str, Any]:
    messages = [_notification(_FILE_ERROR, "error", error.message, error.path) for error in report.errors]
    messages += [_notification("not-checked", "note", note.message, note.place.source.path) for note in report.notes]
    invocation: dict[str, Any] = {"executionSuccessful": not report.errors, "toolExecutionNotifications": messages}
    hidden = report.hidden
    if hidden.excluded or hidden.never_fails:
        invocation["properties"] = {"excludedPaths": hidden.excluded, "neverFails": hidden.never_fails}
    return invocation


def _notification(id: str, level: str, message: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "descriptor": {"id": id},
        "level": level,
        "message": {"text": _unlinked(visible(message)) or "unknown"},
    }
    if path:
        found["locations"] = [{"physicalLocation": {"artifactLocation": _artifact(path)}}]
    return found


def _suppression(one: Suppressed) -> dict[str, Any]:
    kind = {"kind": "inSource" if one.by == "comment" else "external"}
    return {**kind, "justification": _unlinked(visible(one.reason))} if one.reason else kind


def _result(finding: Finding, index: int, fingerprint: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [_location(finding.place)],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": _unlinked(visible(other.message))}, **_location(other.place)}
            for number, other in enumerate(finding.related, 1)
        ]
    if finding.fix is not None:
        result["fixes"] = [_fix(finding.fix, finding.place)]
    properties = {"kubernetes": finding.kubernetes, "witness": finding.witness, "help": finding.help}
    if any(properties.values()):
        result["properties"] = {key: value for key, value in properties.items() if value}
    return result


def _fix(fix: Proposed, place: Place) -> dict[str, Any]:
    source = place.source
    replacements = []
    for one in sorted(fix.edits):
        replacement: dict[str, Any] = {"deletedRegion": _span(source, one.start, one.end)}
        if one.text:
            replacement["insertedContent"] = {"text": one.text}
        replacements.append(replacement)
    return {
        "description": {"text": _sentence(_unlinked(visible(fix.title)))},
        "artifactChanges": [{"artifactLocation": _artifact(source.path), "replacements": replacements}],
        "properties": {"safety": "safe" if fix.safe else "unsafe"},
    }


def _message(finding: Finding) -> str:
    """Everything a reader needs, for GitHub shows related places only where the message links them."""
    parts = [_sentence(_unlinked(visible(finding.message)))]
    if finding.related:
        links = (f"[{_link_text(other.message)}]({id})" for id, other in enumerate(finding.related, 1))
        parts.append(f"See {', '.join(links)}.")
    if finding.proof:
        parts.append(_sentence(f"Proof: {_unlinked(visible(finding.proof))}"))
    if finding.kubernetes:
        parts.append(f"Kubernetes {_unlinked(visible(finding.kubernetes))}.")
    help = finding.help.strip()
    if help and "\n" not in help:  # YAML to be copied would be ruined here; it is in the properties
        parts.append(_sentence(f"Help: {_unlinked(visible(help))}"))
    return " ".join(parts)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _unlinked(text: str) -> str:
    """The text with the brackets of what would be read as a link escaped; other brackets are plain."""
    return re.sub(r"([\[\]])", r"\\\1", text) if _LINK.search(text) else text


def _link_text(text: str) -> str:
    return re.sub(r"([\\\[\]])", r"\\\1", visible(text)) or "here"


def _location(place: Place) -> dict[str, Any]:
    physical = {"artifactLocation": _artifact(place.source.path), "region": _region(place)}
    return {"physicalLocation": {**physical, **_context(place)}}


def _region(place: Place) -> dict[str, Any]:
    source, start, end = on_text(place)
    region = _span(source, start, end)
    if end <= start + _SNIPPET:
        region["snippet"] = {"text": source.text[start:end]}
    return region


def _span(source: Source, start: int, end: int) -> dict[str, Any]:
    """A region without its text."""
    (line, column), (end_line, end_column) = source.position(start), source.position(end)
    return {
        "startLine": line,
        "startColumn": _units(source.text[start - column + 1 : start]) + 1,
        "endLine": end_line,
        "endColumn": _units(source.text[end - end_column + 1 : end]) + 1,
    }


def _context(place: Place) -> dict[str, Any]:
    """The lines with one more on each side, for viewers to show; it has to be more than the region."""
    region, source = shown(place), place.source
    first, last = max(1, region.line - 1), min(len(source.line_starts), region.end_line + 1)
    if last > region.end_line and source.line_starts[last - 1] == len(source.text):
        last -= 1  # what is behind the last line break is no line
    if (first, last) == (region.line, region.end_line):
        return {}
    context: dict[str, Any] = {"startLine": first, "endLine": last}
    text = "\n".join(source.line(number) for number in range(first, last + 1))
    if len(text) <= _SNIPPET:
        context["snippet"] = {"text": text}
    return {"contextRegion": context}


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _artifact(path: str) -> dict[str, Any]:
    path = path.removeprefix("./")
    if path.startswith("/"):
        return {"uri": "file://" + _quoted(path)}
    if re.match(r"[A-Za-z]:/", path):
        return {"uri": f"file:///{path[:2]}{_quoted(path[2:])}"}
    return {"uri": _quoted(path), "uriBaseId": _ROOT}


def _quoted(path: str) -> str:
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "replace")
    return quote(raw)
