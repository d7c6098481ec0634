"""Template `blind-spot`: requests that matter for security and are not recorded for some user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.analysis.worlds import ORDINARY
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import REQUESTS, level_place, proof_of, query_of, versions_of
from kube_audit_lint.subject import Params, PolicySubject

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis, Recorded

SUBJECT = "policy"
PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["classes"],
    "properties": {"classes": REQUESTS},
}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each rule that hides requests of a class, with the classes that it hides."""
    analysis = subject.analysis
    if analysis is None:
        return
    from kube_audit_lint.analysis.analysis import UndecidedError

    try:
        if not analysis.recorded_at_all():
            return  # the rule `nothing-recorded` says so
        for rule, hidden in sorted(_hidden(analysis, params).items()):
            yield _hit(subject, rule, hidden)
    except UndecidedError:
        return  # the rule `undecided` says so


def _hidden(analysis: Analysis, params: Params) -> dict[int, dict[str, Recorded]]:
    """For each rule that hides something: the classes, each with what is hidden of it."""
    hidden: dict[int, dict[str, Recorded]] = {}
    for one in params["classes"]:
        for found in analysis.levels(query_of(one)):
            if not found.decision.records:
                classes = hidden.setdefault(found.rule, {})
                before = classes.get(one["name"])
                if before is None or (ORDINARY in found.who and ORDINARY not in before.who):
                    classes[one["name"]] = found
    return hidden


def _hit(subject: PolicySubject, rule: int, hidden: dict[str, Recorded]) -> Hit:
    ordinary = {name: found for name, found in hidden.items() if ORDINARY in found.who}
    shown = ordinary or hidden
    first = next(iter(shown.values()))
    who = "" if ordinary else " by control-plane identities"
    by = "No rule matches them" if rule == NO_RULE else f"Rule {rule + 1} decides them"
    names = ", ".join(shown)
    message = f"Not recorded{who}: {names}. {by}, so they leave no trace in the audit log."
    minors = tuple(sorted({minor for found in shown.values() for minor in found.minors}))
    return Hit(
        level_place(subject, rule),
        message,
        (),
        versions_of(minors),
        "" if ordinary else "warning",
        "",
        first.witness.to_json(),
        proof_of(subject, first.witness, first.decision),
    )
