"""Template `failed-authentication`: requests that fail authentication leave no event.

Source: k8s.io/apiserver `pkg/endpoints/filters/authn_audit.go` (WithFailedAuthenticationAudit): one event, at
ResponseStarted, without a user.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.analysis.worlds import NOBODY
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import level_place, list_place, proof_of, stage_place, versions_of
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.policy import GroupResources
from kube_audit_lint.syntax.source import Place

if TYPE_CHECKING:
    from kube_audit_lint.analysis.answers import Recorded

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}

_STAGE = "ResponseStarted"
_PODS = GroupResources("", ("pods",))


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit when no failed authentication of a request for a resource is recorded."""
    analysis = subject.analysis
    if analysis is None:
        return
    from kube_audit_lint.analysis.query import RESOURCES, Query

    if not analysis.recorded_at_all():
        return  # the rule `nothing-recorded` says so
    leaving = analysis.deciding(lambda one: one.level != "None" and _STAGE not in one.omit_stages)
    for resources in (_PODS, RESOURCES):  # what most policies record comes first: then that is all
        if analysis.levels(Query(resources=(resources,), who=(NOBODY,)), leaving):
            return
    found = analysis.levels(Query(resources=(RESOURCES,), who=(NOBODY,)))
    if found:
        # Where the stage is omitted for all, that is the reason, whichever rule decides.
        omitted = [one for one in found if one.level != "None"]
        yield _hit(subject, max(omitted or found, key=lambda one: one.count))


def _hit(subject: PolicySubject, found: Recorded) -> Hit:
    return Hit(
        _place(subject, found),
        f"A request that fails authentication (401) leaves no event: {_why(found)}. Attempts to guess or reuse "
        "credentials are not seen.",
        (),
        versions_of(found.minors),
        help=_help(found),
        witness=found.witness.to_json(),
        proof=proof_of(subject, found.witness, found.decision),
    )


def _why(found: Recorded) -> str:
    if found.rule == NO_RULE:
        return "such a request has no user, and no rule matches it"
    if found.level == "None":
        return f"rule {found.rule + 1} decides it, with None"
    return f"its one event is at the stage {_STAGE}, which is omitted"


def _help(found: Recorded) -> str:
    if found.rule == NO_RULE:
        return "End the rules with one that has no condition on users or groups: `- level: Metadata`."
    if found.level == "None":
        return "Limit that rule to users, groups or resources, and end the rules with `- level: Metadata`."
    return f"Take {_STAGE} out of `omitStages`."


def _place(subject: PolicySubject, found: Recorded) -> Place:
    if found.rule == NO_RULE:
        return list_place(subject)
    omitted = stage_place(subject, _STAGE, found.rule) if found.level != "None" else None
    return omitted or level_place(subject, found.rule)
