"""Template `level`: requests that must be recorded at most, or at least, at a level, or at some stage.

This is what organisations write rules with: "requests for vaultsecrets.example.com never above Metadata".
`sensitive` says which body carries what must not be written; where the level records no such body, the finding
is a warning. Which requests carry bodies: analysis/stages.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kube_audit_lint.analysis.stages import stages_of, written
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import (
    REQUESTS,
    concerns,
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
    from kube_audit_lint.analysis.analysis import Analysis, Query, Recorded

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

_WRITES = ("create", "update", "patch")
_READS = ("get", "list", "deletecollection")
_REST = ("delete", "watch")
_BODIES = ("request", "response")


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each rule that decides such requests otherwise than asked for."""
    analysis = subject.analysis
    if analysis is None:
        return
    from kube_audit_lint.analysis.analysis import UndecidedError

    try:
        if "at-most" in params or any("at-most" in one for one in params["requests"]):
            yield from _too_much(subject, analysis, params)
        if "at-least" in params or "stage" in params:
            yield from _too_little(subject, analysis, params)
    except UndecidedError:
        return  # the rule `undecided` says so


def _too_much(subject: PolicySubject, analysis: Analysis, params: Params) -> Iterator[Hit]:
    """One hit for each rule, with the worst of its requests as proof."""
    worst: dict[int, tuple[bool, Recorded, dict[str, Any]]] = {}
    for request in params["requests"]:
        asked = {**params, **request}
        if not concerns(request, analysis.policy):
            continue
        most = LEVELS.index(asked["at-most"])
        for query in _by_bodies(request):
            for found in analysis.levels(query):
                if LEVELS.index(found.level) > most and found.decision.records:
                    leaks = _leaks(found, asked.get("sensitive", _BODIES))
                    if found.rule not in worst or (leaks and not worst[found.rule][0]):
                        worst[found.rule] = leaks, found, asked
    for rule, (leaks, found, asked) in sorted(worst.items(), key=lambda item: item[0]):
        if leaks or not params.get("only-bodies"):
            yield _above(subject, asked, rule, leaks, found)


def _by_bodies(request: dict[str, Any]) -> list[Query]:
    """The class in parts, by which bodies can be recorded; what sends none is asked for together."""
    if "urls" in request:
        return [query_of(request)]
    asked = set(request.get("verbs", ()))
    parts = []
    for verbs in (_WRITES, _READS, _REST):
        common = [verb for verb in verbs if not asked or verb in asked]
        if common:
            parts.append(query_of({**request, "verbs": common}))
    return parts


def _leaks(found: Recorded, sensitive: Sequence[str]) -> bool:
    """Whether a body that holds what is asked about is written; the answer to a delete holds only its success."""
    if found.witness.verb in _REST:
        return False
    what = written(found.witness, found.decision)
    return ("request" in sensitive and what.request_body) or ("response" in sensitive and what.response_body)


def _above(subject: PolicySubject, asked: Params, rule: int, leaks: bool, found: Recorded) -> Hit:
    witness = found.witness
    what = written(witness, found.decision)
    bodies = [name for name, recorded in zip(_BODIES, (what.request_body, what.response_body), strict=True) if recorded]
    if leaks:
        because = f", {asked['because']}" if "because" in asked else ""
        effect = (
            f"the {' and '.join(bodies)} {'bodies are' if bodies[1:] else 'body is'} written to the audit log{because}"
        )
    else:
        effect = "the requests that this rule decides carry no such body at this level, so that nothing leaks yet"
    return Hit(
        level_place(subject, rule),
        f"{_first_upper(asked['what'])} are recorded at {found.level}: {effect}.",
        (),
        versions_of(found.minors),
        "" if leaks or "sensitive" not in asked else "warning",
        "",
        witness.to_json(),
        proof_of(subject, witness, found.decision),
    )


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
                yield Hit(
                    place,
                    f"{_first_upper(params['what'])} are recorded {wrong} by {name_of(subject, found.rule)}.",
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


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
