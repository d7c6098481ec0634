"""Template `level`: requests that must be recorded at most, or at least, at a level, or at some stage.

This is what organisations write rules with: "requests for vaultsecrets.example.com never above Metadata".
`sensitive` says which body carries what must not be written; where the level records no such body, the finding
is a warning. Which requests carry bodies: analysis/stages.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kube_audit_lint.analysis.stages import stages_of
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._above import too_much
from kube_audit_lint.checks._decided import (
    REQUESTS,
    level_place,
    name_of,
    proof_of,
    query_of,
    rule_place,
    stage_place,
    versions_of,
)
from kube_audit_lint.model.policy import LEVELS, STAGES
from kube_audit_lint.subject import Params, PolicySubject

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis, Recorded

SUBJECT = "policy"
PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["what", "requests"],
    "properties": {
        "what": {"type": "string", "description": "What the requests are about, for the message."},
        "requests": REQUESTS,
        "at-most": {"enum": list(LEVELS)},
        "at-least": {"enum": list(LEVELS)},
        "stage": {"enum": list(STAGES), "description": "A stage that must leave an event."},
        "sensitive": {
            "type": "array",
            "items": {"enum": ["request", "response"]},
            "description": "The bodies that hold what must not be written; without it, the level alone counts.",
        },
        "only-bodies": {"type": "boolean", "description": "Say nothing where no such body is recorded."},
        "because": {"type": "string", "description": "What the bodies hold, for the message."},
    },
}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each rule that decides such requests otherwise than asked for."""
    analysis = subject.analysis
    if analysis is None:
        return
    from kube_audit_lint.analysis.analysis import UndecidedError

    try:
        if "at-most" in params or any("at-most" in one for one in params["requests"]):
            yield from too_much(subject, analysis, params)
        if "at-least" in params or "stage" in params:
            yield from _too_little(subject, analysis, params)
    except UndecidedError:
        subject.undecided = True
        return


def _too_little(subject: PolicySubject, analysis: Analysis, params: Params) -> Iterator[Hit]:
    least = LEVELS.index(params.get("at-least", "None"))
    told: set[int] = set()
    for request in params["requests"]:
        for found in analysis.levels(query_of(request)):
            wrong = _lacking(found, least, params.get("stage"))
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


def _lacking(found: Recorded, least: int, stage: str | None) -> str:
    """What is missing of what was asked for, in words; "" when nothing is."""
    if LEVELS.index(found.level) < least or (least and not found.decision.records):
        return f"at {found.level}, not at {LEVELS[least]} or above"
    if (
        stage
        and (found.level == "None" or stage in found.omit_stages)
        and stage in (*stages_of(found.witness), "Panic")
    ):
        return f"without the stage {stage}"
    return ""
