"""A comparison for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.model.comparison import WEAKENED, Comparison, RequestClass, SettingChange
from kube_audit_lint.report.diffwords import SIGNS, conditions, content, headline, rules, verdict, weakened_at
from kube_audit_lint.report.safe import line

LONG = 40
"""Classes of one pair that are shown."""


def render(comparison: Comparison, fails: bool) -> Iterator[str]:
    """The whole report."""
    for row in _rows(comparison, fails):
        yield line(row) + "\n"


def _rows(comparison: Comparison, fails: bool) -> Iterator[str]:
    for pair in comparison.pairs:
        yield headline(pair)
        for one in pair.classes[:LONG]:
            yield from _class(one)
        if len(pair.classes) > LONG:
            yield f"  and {len(pair.classes) - LONG} more classes: --format json has all"
        for setting in pair.settings:
            yield from _setting(setting)
        yield ""
    for change in comparison.weakened:
        yield f"{weakened_at(change)}: warning[{WEAKENED}]: {change.message}"
    if comparison.weakened:
        yield ""
    yield from (f"note: {note}" for note in comparison.notes)
    yield verdict(comparison, fails)


def _class(one: RequestClass) -> Iterator[str]:
    yield f"  {SIGNS[one.direction]}: {conditions(one)}"
    found = content(one)
    yield f"    {one.before} -> {one.after}" + (f" ({found})" if found else "")
    yield f"    decided by {rules(one.rules_before)} -> {rules(one.rules_after)}"
    if one.kubernetes:
        yield f"    in Kubernetes {one.kubernetes}"
    yield f"    such as: {one.example}"


def _setting(one: SettingChange) -> Iterator[str]:
    effect = f" ({one.effect})" if one.effect else ""
    yield f"  {SIGNS[one.direction]}: {one.name}: {one.before} -> {one.after}{effect}"
