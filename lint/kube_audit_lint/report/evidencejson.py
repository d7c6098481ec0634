"""Evidence for programs: `schemas/evidence.schema.json` describes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint import __version__
from kube_audit_lint.model.assessment import STATUSES, Assessed, Assessment, Result, Shown
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.report.region import shown
from kube_audit_lint.report.safe import json_text
from kube_audit_lint.syntax.source import Place

VERSION = 1


def render(assessment: Assessment) -> Iterator[str]:
    """One JSON document."""
    data = {
        "version": VERSION,
        "standard": {
            "id": assessment.standard,
            "title": assessment.title,
            "version": assessment.version,
            "kubernetes": assessment.kubernetes,
        },
        "tool": {"name": "kube-audit-lint", "version": __version__},
        "date": assessment.date,
        "paths": list(assessment.paths),
        "excludedPaths": assessment.excluded,
        "summary": {status: assessment.count(status) for status in reversed(STATUSES)},
        "subjects": [
            {**one._asdict(), "place": _place(one.place), "notes": list(one.notes)} for one in assessment.subjects
        ],
        "controls": [_control(one) for one in assessment.controls],
        "errors": [error._asdict() for error in assessment.errors],
        "notes": [{**_place(note.place), "message": note.message} for note in assessment.notes],
    }
    yield json_text(data, indent=2) + "\n"


def _control(one: Assessed) -> dict[str, Any]:
    return {**one._asdict(), "rules": list(one.rules), "results": [_result(each) for each in one.results]}


def _result(one: Result) -> dict[str, Any]:
    return {
        **one._asdict(),
        "place": _place(one.place),
        "values": list(one.values),
        "findings": [_finding(each) for each in one.findings],
        "remarks": [_finding(each) for each in one.remarks],
        "requests": [_request(each) for each in one.requests],
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {"rule": one.rule, "message": one.message, "proof": one.proof, "help": one.help, "place": _place(one.place)}


def _request(one: Shown) -> dict[str, Any]:
    return {**one._asdict(), "rule": one.rule or None, "place": _place(one.place)}


def _place(place: Place) -> dict[str, Any]:
    region = shown(place)
    return {"path": place.source.path, "line": region.line, "column": region.column}
