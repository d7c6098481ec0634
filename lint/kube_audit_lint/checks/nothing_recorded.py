"""Template `nothing-recorded`: a policy under which no served request leaves an event."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import level_place, name_of, unlimited
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.analysis.answers import Recorded

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit when nothing is recorded."""
    analysis = subject.analysis
    if analysis is None:
        return
    if analysis.recorded_at_all():
        return
    deciders = [found for found in analysis.levels() if found.rule != NO_RULE]
    why, help = _why(subject, deciders)
    single = deciders[0].rule if len(deciders) == 1 else 0 if len(analysis.policy.rules) == 1 else NO_RULE
    yield Hit(
        level_place(subject, single),
        f"Under this policy kube-apiserver records no request at all: {why}. The audit log stays empty.",
        help=help,
    )


def _why(subject: PolicySubject, deciders: list[Recorded]) -> tuple[str, str]:
    """What is wrong with the rules that decide anything, and what to do."""
    if not deciders:
        return (
            "no request matches any of its rules",
            "End the rules with one that has no condition: `- level: Metadata`.",
        )
    if any(found.level != "None" for found in deciders):
        return "what is not None omits every stage", "Leave only RequestReceived in `omitStages`."
    first = next((found.rule for found in deciders if unlimited(found.policy.rules[found.rule])), NO_RULE)
    if first == NO_RULE:
        return (
            "every rule that a request reaches has the level None",
            "End the rules with one that has no condition: `- level: Metadata`.",
        )
    behind = len(subject.loaded.rules) - first - 1
    if behind:
        why = f"{name_of(subject, first)} takes every request with the level None, and no rule behind it is reached"
        return why, "Move it to the end and write `level: Metadata` there, or remove it."
    return "every rule that a request reaches has the level None", "Write `level: Metadata` in the last rule."
