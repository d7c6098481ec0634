"""Template `detections`: what published detections look for, and whether a policy records it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kube_audit_lint.analysis.events import Course, courses
from kube_audit_lint.analysis.query import Query
from kube_audit_lint.analysis.stages import possible
from kube_audit_lint.analysis.worlds import ORDINARY
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import level_place, name_of, proof_of, rule_place, stage_place, versions_of
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.policy import LEVELS, STAGES, GroupResources, Stage

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Recorded

SUBJECT = "policy"
_STRINGS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_NEED = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "level", "verbs", "resources"],
    "properties": {
        "name": {"type": "string", "description": "The detection's own name."},
        "level": {"enum": list(LEVELS), "description": "The level that it needs."},
        "stage": {"enum": list(STAGES), "description": "The stage that it looks at; ResponseComplete without it."},
        "verbs": _STRINGS,
        "resources": {**_STRINGS, "description": "`pods/exec`, `deployments.apps`"},
        "kept-out": {"type": "string", "description": "Why the requests need not be recorded all the same."},
    },
}
_SET = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "needs"],
    "properties": {"title": {"type": "string"}, "needs": {"type": "array", "items": _NEED}},
}
PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["from", "sets"],
    "properties": {
        "from": {**_STRINGS, "description": "The sets that count."},
        "sets": {"type": "object", "additionalProperties": _SET, "description": "Detections by whose they are."},
    },
}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each detection that does not get all that it looks for, about the worst of it."""
    analysis = subject.analysis
    if analysis is None or not analysis.recorded_at_all():
        return
    for source in params["from"]:
        for need in params["sets"].get(source, {}).get("needs", ()):
            lacking = list(_lacking(analysis, need))
            if lacking:
                yield _hit(subject, source, need, min(lacking, key=lambda one: LEVELS.index(one.found.level)))


def _lacking(analysis: Analysis, need: Params) -> Iterator[Course]:
    """What rules decide of the requests and record too little of."""
    stage: Stage = need.get("stage", "ResponseComplete")
    for course in courses(analysis, _query(need), "stage" in need):
        lost = stage in course.found.omit_stages and ("stage" not in need or stage in possible(course.stages))
        if lost or _is_low(course.found, need["level"]):
            yield course


def _query(need: Params) -> Query:
    groups: dict[str, list[str]] = {}
    for resource in need["resources"]:
        name, _, group = resource.partition(".")
        groups.setdefault(group, []).append(name)
    entries = tuple(GroupResources(group, tuple(names)) for group, names in groups.items())
    return Query(entries, tuple(need["verbs"]), who=(ORDINARY,))


def _is_low(found: Recorded, level: str) -> bool:
    return not found.decision.records or LEVELS.index(found.level) < LEVELS.index(level)


def _hit(subject: PolicySubject, source: str, need: Params, course: Course) -> Hit:
    found = course.found
    stage: Stage = need.get("stage", "ResponseComplete")
    place, lacks = level_place(subject, found.rule), f"at {found.level}, and the detection needs {need['level']}"
    if not _is_low(found, need["level"]):
        lacks = f"without the stage {stage}, which the detection looks at"
        place = stage_place(subject, stage, found.rule) or rule_place(subject, found.rule)
    message = (
        f"{source.capitalize()}'s `{need['name']}` does not see all that it looks for: {name_of(subject, found.rule)} "
    )
    message += f"records such a request {lacks}." if found.decision.records else "records nothing of such a request."
    kept_out = need.get("kept-out")
    return Hit(
        place,
        f"{message} That may be right: {kept_out}." if kept_out else message,
        (),
        versions_of(found.minors),
        "info" if kept_out else "",
        f"Put a rule with `level: {need['level']}` for {_named(need)} in front of it.",
        found.witness.to_json(),
        proof_of(subject, found.witness, found.decision),
    )


def _named(need: Params) -> str:
    resources = ", ".join(f"`{one}`" for one in need["resources"])
    return f"{'/'.join(need['verbs'])} of {resources}"
