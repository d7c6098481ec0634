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


def too_little(subject: PolicySubject, analysis: Analysis, params: Params) -> Iterator[Hit]:
    """One hit for each rule that records such requests below the level, or without the stage, that is required."""
    least = LEVELS.index(params.get("at-least", "None"))
    stage: Stage | None = params.get("stage")
    reported: set[int] = set()
    for request in params["requests"]:
        for stages, found in courses(analysis, query_of(request), stage is not None):
            low = LEVELS.index(found.level) < least or (least > 0 and not found.decision.records)
            lost = stage in possible(stages) and (found.level == "None" or stage in found.omit_stages)
            if not (low or lost) or found.rule in reported:
                continue
            reported.add(found.rule)
            place = level_place(subject, found.rule)
            wrong = f"at {found.level}, not at {LEVELS[least]} or above"
            if stage is not None and not low:
                wrong = f"without the stage {stage}"
                if found.rule >= 0:
                    place = stage_place(subject, stage, found.rule) or rule_place(subject, found.rule)
            what = params["what"]
            yield Hit(
                place,
                f"{what[:1].upper()}{what[1:]} are recorded {wrong} by {name_of(subject, found.rule)}.",
                (),
                versions_of(found.minors),
                witness=found.witness.to_json(),
                proof=proof_of(subject, found.witness, found.decision),
            )
