"""Template `nothing-recorded`: a policy under which no served request leaves an event."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import level_place, list_place
from kube_audit_lint.subject import Params, PolicySubject

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit when nothing is recorded."""
    analysis = subject.analysis
    if analysis is None:
        return
    from kube_audit_lint.analysis.analysis import UndecidedError

    try:
        if analysis.recorded_at_all():
            return
    except UndecidedError:
        return  # the rule `undecided` says so
    levels = {rule.level for rule in analysis.policy.rules}
    why = (
        "every rule that a request reaches has the level None"
        if levels == {"None"}
        else "what is not None omits every stage"
    )
    single = len(analysis.policy.rules) == 1
    yield Hit(
        level_place(subject, 0) if single else list_place(subject),
        f"Under this policy kube-apiserver records no request at all: {why}. The audit log stays empty.",
    )
