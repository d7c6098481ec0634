"""Template `stages`: a stage that is omitted, or recorded, for some recorded request."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.analysis.worlds import NOBODY
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import joined, list_place, proof_of, stage_place, versions_of
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.finding import SEVERITIES, Severity
from kube_audit_lint.model.policy import STAGES, Stage
from kube_audit_lint.syntax.nodes import Mapping
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Recorded

SUBJECT = "policy"
PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "properties": {
        "omitted": {
            "type": "object",
            "minProperties": 1,
            "description": "Stages that must not be omitted, with the severity of each.",
            "additionalProperties": False,
            "properties": {stage: {"enum": list(SEVERITIES)} for stage in STAGES},
        },
        "recorded": {"enum": list(STAGES), "description": "A stage that should be omitted."},
    },
}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each place where a stage is omitted; one for a policy that records a needless stage."""
    analysis = subject.analysis
    if analysis is None:
        return
    if "omitted" in params:
        yield from _omitted(subject, analysis, params["omitted"])
    if "recorded" in params:
        yield from _recorded(subject, analysis, params["recorded"])


def _omitted(subject: PolicySubject, analysis: Analysis, severities: dict[Stage, Severity]) -> Iterator[Hit]:
    told: set[tuple[int, int]] = set()
    for stage, severity in severities.items():
        for found in _through(analysis, stage):
            if stage not in found.omit_stages:
                continue
            place = stage_place(subject, stage, found.rule)
            if place is not None and (place.start, place.end) not in told:
                told.add((place.start, place.end))
                yield Hit(
                    place,
                    f"{stage} is omitted: {_effect(stage, found)}.",
                    (),
                    versions_of(found.minors),
                    severity,
                    "",
                    found.witness.to_json(),
                    proof_of(subject, found.witness, found.decision),
                )


def _effect(stage: Stage, found: Recorded) -> str:
    """What is lost with the stage."""
    if stage == "Panic":
        return "a request that crashes its handler leaves no event of it"
    if stage == "ResponseStarted":
        return "failed authentication and the start of a long-running request (exec, watch) leave no event"
    if stage == "RequestReceived":
        return "a request leaves no event before it has been dealt with"
    if "RequestReceived" in found.omit_stages:
        return "outcomes and all bodies are lost, and a request that is not long-running leaves no event at all"
    return "outcomes and all bodies are lost. The log says that a request came, not whether it was allowed"


def _through(analysis: Analysis, stage: Stage) -> list[Recorded]:
    """For each rule that records requests which go through a stage: these requests."""
    if stage == "ResponseStarted":
        from kube_audit_lint.analysis.events import by_stages

        every = {one.found.rule: one.found for one in by_stages(analysis)[::-1] if stage in one.stages}
        found = list(every.values())[::-1]
    else:
        found = [one for one in analysis.levels() if one.who != (NOBODY,)]
    return [one for one in found if one.decision.records]


def _recorded(subject: PolicySubject, analysis: Analysis, stage: Stage) -> Iterator[Hit]:
    recording = _through(analysis, stage)
    found = [one for one in recording if stage not in one.omit_stages]
    if not found:
        return
    first = found[0]
    rules = f"rule{'s'[: len(found) - 1]} {joined([str(one.rule + 1) for one in found])}"
    which = "every rule that records" if len(found) == len(recording) else rules
    why = ": a second event for every request, which says nothing that the last does not"
    yield Hit(
        _omit_place(subject),
        f"{stage} is recorded ({which}){why if stage == 'RequestReceived' else ''}.",
        (),
        None,
        "",
        "",
        first.witness.to_json(),
        proof_of(subject, first.witness, first.decision),
    )


def _omit_place(subject: PolicySubject) -> Place:
    root = subject.document.root
    key = root.key("omitStages") if isinstance(root, Mapping) else None
    return key.place if key is not None else list_place(subject)
