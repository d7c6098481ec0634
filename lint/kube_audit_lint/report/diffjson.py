"""A comparison for programs: `schemas/difference.schema.json` describes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint.model.comparison import Compared, Comparison, RequestClass, RuleAt
from kube_audit_lint.report.safe import json_text

VERSION = 1


def render(comparison: Comparison, fails: bool) -> Iterator[str]:
    """One JSON document."""
    data = {
        "version": VERSION,
        "fails": fails,
        "reason": comparison.reason,
        "pairs": [_pair(one) for one in comparison.pairs],
        "weakened": [one._asdict() for one in comparison.weakened],
        "notes": list(comparison.notes),
    }
    yield json_text(data, indent=2) + "\n"


def _pair(one: Compared) -> dict[str, Any]:
    return {
        "before": one.before,
        "after": one.after,
        "kubernetes": one.kubernetes,
        "same": one.same,
        "undecided": one.undecided,
        "classes": [_class(each) for each in one.classes],
        "settings": [each._asdict() for each in one.settings],
    }


def _class(one: RequestClass) -> dict[str, Any]:
    return {
        "direction": one.direction,
        "who": one.who,
        "verbs": one.verbs,
        "what": one.what,
        "where": one.where,
        "conditions": one.conditions,
        "exact": one.exact,
        "before": one.before,
        "after": one.after,
        "loses": list(one.loses),
        "gains": list(one.gains),
        "rulesBefore": [_rule(each) for each in one.rules_before],
        "rulesAfter": [_rule(each) for each in one.rules_after],
        "kubernetes": one.kubernetes,
        "example": one.example,
        "request": one.request,
    }


def _rule(one: RuleAt) -> dict[str, Any]:
    return {"rule": one.number or None, "line": one.line or None}
