"""For programs: `report.schema.json` beside the package describes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint.catalogue.standards import controls_of
from kube_audit_lint.model.finding import Finding, Proposed
from kube_audit_lint.report import Hidden, Report, Rules, Style, standards_of
from kube_audit_lint.report.fingerprint import fingerprints
from kube_audit_lint.report.region import exact
from kube_audit_lint.report.safe import json_text
from kube_audit_lint.syntax.source import Place, Source

VERSION = 1
"""Counts up when something that was there is removed or changes its meaning."""


def render(report: Report, rules: Rules, style: Style) -> Iterator[str]:
    """The whole report as one JSON object."""
    marks = fingerprints([*report.findings, *(one.finding for one in report.hidden.suppressed)])
    shown = len(report.findings)
    data = {
        "version": VERSION,
        "findings": [_finding(one, rules, mark) for one, mark in zip(report.findings, marks[:shown], strict=True)],
        "files": report.files._asdict(),
        "errors": [error._asdict() for error in report.errors],
        "notes": [{**_place(note.place), "message": note.message} for note in report.notes],
        "hidden": _hidden(report.hidden, rules, marks[shown:]),
    }
    yield json_text(data, indent=2) + "\n"


def _hidden(hidden: Hidden, rules: Rules, marks: list[str]) -> dict[str, Any]:
    return {
        "by-comments": hidden.count("comment"),
        "by-ignores": hidden.count("ignores"),
        "by-baseline": hidden.count("baseline"),
        "by-configuration": hidden.count("configuration"),
        "rules-off": list(hidden.rules_off),
        "excluded-paths": hidden.excluded,
        "never-fails": hidden.never_fails,
        "findings": [
            {
                "by": one.by,
                "reason": one.reason,
                "finding": _finding(one.finding, rules, mark),
            }
            for one, mark in zip(hidden.suppressed, marks, strict=True)
        ],
    }


def _finding(finding: Finding, rules: Rules, fingerprint: str) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "help": finding.help,
        **_place(finding.place),
        "related": [{**_place(other.place), "message": other.message} for other in finding.related],
        "kubernetes": finding.kubernetes,
        "standards": list(standards_of(rules[finding.rule])) if finding.rule in rules else [],
        "controls": [one.to_json() for one in controls_of(finding.rule)],
        "witness": finding.witness,
        "fingerprint": fingerprint,
        "page": rules[finding.rule].page if finding.rule in rules else "",
        **({"fix": _fix(finding.fix, finding.place.source)} if finding.fix is not None else {}),
        **({"more": finding.more} if finding.more else {}),
    }


def _fix(fix: Proposed, source: Source) -> dict[str, Any]:
    return {
        "title": fix.title,
        "safety": "safe" if fix.safe else "unsafe",
        "edits": [
            {"start": _position(source, one.start), "end": _position(source, one.end), "text": one.text}
            for one in sorted(fix.edits)
        ],
    }


def _position(source: Source, offset: int) -> dict[str, int]:
    line, column = source.position(offset)
    return {"offset": offset, "line": line, "column": column}


def _place(place: Place) -> dict[str, Any]:
    region = exact(place)
    return {
        "path": place.source.path,
        "start": {"line": region.line, "column": region.column},
        "end": {"line": region.end_line, "column": region.end_column},
    }
