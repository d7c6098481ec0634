"""The table of `map` for programs: `schemas/map.schema.json` describes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint.model.matrix import Map, Sample, ShownCase, ShownPolicy, ShownRow
from kube_audit_lint.report.safe import json_text

VERSION = 1


def render(of: Map) -> Iterator[str]:
    """One JSON document."""
    first: dict[int, tuple[ShownRow, str]] = {}
    for row in of.rows:
        for verb, number in row.cells.items():
            first.setdefault(number, (row, verb))
    data = {
        "version": VERSION,
        "policy": _policy(of.policy),
        "before": None if of.before is None else _policy(of.before),
        "kubernetes": of.kubernetes,
        "senders": [one._asdict() for one in of.senders],
        "rows": [_row(row) for row in of.rows],
        "classes": [_class(of, number, *first[number]) for number in range(len(of.classes))],
    }
    yield json_text(data) + "\n"


def _policy(one: ShownPolicy) -> dict[str, Any]:
    rules = [
        {"rule": rule.number, "line": rule.line, "level": rule.level, "reached": rule.reached} for rule in one.rules
    ]
    findings = [{**found._asdict(), "rule": found.rule or None} for found in one.findings]
    return {"name": one.name, "rules": rules, "findings": findings}


def _row(row: ShownRow) -> dict[str, Any]:
    key = None if row.key is None else dict(zip(("group", "resource", "subresource"), row.key, strict=True))
    return {"group": row.group, "title": row.title, "key": key, "kubernetes": row.kubernetes, "cells": dict(row.cells)}


def _class(of: Map, number: int, row: ShownRow, verb: str) -> dict[str, Any]:
    found = of.classes[number]
    seen = {
        sender.id: {
            "level": _level(of, number, index),
            "cases": [_seen(of, case, row, verb, sample) for case, sample in found.seen[index]],
        }
        for index, sender in enumerate(of.senders)
    }
    return {"cases": [_case(case, of) for case in found.cases], "seen": seen}


def _level(of: Map, number: int, sender: int) -> str | None:
    """The level of all requests, `differs` where it depends, None where such a sender sends none."""
    levels = {level for _, level, _ in of.classes[number].outcomes(sender)}
    return levels.pop() if len(levels) == 1 else "differs" if levels else None


def _case(case: ShownCase, of: Map) -> dict[str, Any]:
    data: dict[str, Any] = {"rule": case.rule or None, "level": case.level}
    if of.before is not None:
        data |= {"oldRule": case.old_rule or None, "oldLevel": case.old_level, "direction": case.direction or None}
    return data | {"who": case.who, "where": case.where, "exact": case.exact}


def _seen(of: Map, case: int, row: ShownRow, verb: str, sample: Sample) -> dict[str, Any]:
    example = of.example(row, verb, sample)
    return {"case": case, "request": example.request, "example": example.text}
