"""For GitLab's Code Quality widget."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from kube_audit_lint.catalogue.standards import brief_of
from kube_audit_lint.model.finding import FileError, Finding
from kube_audit_lint.report import Report, Rules, Style
from kube_audit_lint.report.fingerprint import fingerprints
from kube_audit_lint.report.region import shown
from kube_audit_lint.report.safe import json_text, visible

_SEVERITIES = {"error": "critical", "warning": "minor", "info": "info"}


def render(report: Report, rules: Rules, style: Style) -> Iterator[str]:
    """A JSON array, which is all the format has."""
    marks = fingerprints([*report.findings, *(one.finding for one in report.hidden.suppressed)])
    found = [_finding(*pair) for pair in zip(report.findings, marks, strict=False)]
    failed = [_error(error) for error in report.errors]
    yield json_text(found + failed, indent=2) + "\n"


def _finding(finding: Finding, fingerprint: str) -> dict[str, Any]:
    region = shown(finding.place)
    return {
        "description": visible(finding.message) + _controls(finding.rule),
        "check_name": finding.rule,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": finding.place.source.path.removeprefix("./"),
            "lines": {"begin": region.line, "end": region.end_line},
        },
    }


def _controls(rule: str) -> str:
    """The widget shows nothing but the description."""
    found = brief_of(rule)
    return f" ({', '.join(found)})" if found else ""


def _error(error: FileError) -> dict[str, Any]:
    text = f"{error.path}\0{error.message}".encode("utf-8", "surrogatepass")
    return {
        "description": visible(error.message),
        "check_name": "file-error",
        "fingerprint": hashlib.sha256(text).hexdigest()[:32],
        "severity": "critical",
        "location": {"path": error.path, "lines": {"begin": 1}},
    }
