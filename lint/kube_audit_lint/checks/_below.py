"""Requests that are recorded below a level or without a stage, for the template `level`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kube_audit_lint.analysis.events import courses
from kube_audit_lint.analysis.stages import possible
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import (
    level_place,
    name_of,
    proof_of,
    query_of,
    rule_place,
    stage_place,
    versions_of,
)
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.policy import LEVELS, Stage

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Recorded


def too_little(subject: PolicySubject, analysis: Analysis, params: Params) -> Iterator[Hit]:
    """One hit for each rule that does not record such requests as asked for."""
    least = LEVELS.index(params.get("at-least", "None"))
    told: set[int] = set()
    for request in params["requests"]:
        for stages, found in courses(analysis, query_of(request), "stage" in params):
            wrong = _lacking(found, least, params.get("stage"), stages)
            if wrong and found.rule not in told:
                told.add(found.rule)
                place = level_place(subject, found.rule)
                if wrong.startswith("without") and found.rule >= 0:
                    place = stage_place(subject, params["stage"], found.rule) or rule_place(subject, found.rule)
                what = params["what"]
                yield Hit(
                    place,
                    f"{what[:1].upper()}{what[1:]} are recorded {wrong} by {name_of(subject, found.rule)}.",
                    (),
                    versions_of(found.minors),
                    witness=found.witness.to_json(),
                    proof=proof_of(subject, found.witness, found.decision),
                )


def _lacking(found: Recorded, least: int, stage: Stage | None, stages: tuple[Stage, ...]) -> str:
    """What is missing of what was asked for, in words; "" when nothing is."""
    if LEVELS.index(found.level) < least or (least and not found.decision.records):
        return f"at {found.level}, not at {LEVELS[least]} or above"
    if stage in possible(stages) and (found.level == "None" or stage in found.omit_stages):
        return f"without the stage {stage}"
    return ""
