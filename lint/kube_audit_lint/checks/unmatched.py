"""Template `unmatched`: served requests that no rule matches, and that are silently not recorded."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.analysis.request import OPTIONS_SERVED, RESOURCE_VERBS
from kube_audit_lint.analysis.worlds import CONTROL_PLANE, ORDINARY
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import list_place, proof_of, versions_of
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.kubernetes import resources as catalogue
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Recorded

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}

_SENDERS = (ORDINARY, CONTROL_PLANE)


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit when there are such requests."""
    analysis = subject.analysis
    if analysis is None:
        return
    from kube_audit_lint.analysis.query import Query

    found = analysis.unmatched(Query(who=_SENDERS))
    if found is None or not analysis.recorded_at_all():
        return  # nothing, or the rule `nothing-recorded` reports it
    message = f"{_which(analysis, found)} match no rule. kube-apiserver leaves no event of them, and no error."
    yield Hit(
        list_place(subject),
        message,
        (),
        versions_of(found.minors),
        witness=found.witness.to_json(),
        proof=proof_of(subject, found.witness, found.decision),
    )


def _which(analysis: Analysis, found: Recorded) -> str:
    """The requests in words: as much as nothing, or resources, or URLs alone."""
    from kube_audit_lint.analysis.query import RESOURCES, Query

    request = found.witness
    if ORDINARY not in found.who:
        return f"Some requests of `{request.user}` and the like"
    resources = analysis.unmatched(Query((RESOURCES,), who=_SENDERS))
    if resources is None:
        return f"Requests for URLs that are not resources, such as `{request.url}`,"
    if not request.verb and analysis.unmatched(Query((RESOURCES,), RESOURCE_VERBS, who=_SENDERS)) is None:
        return f"Requests with OPTIONS to {OPTIONS_SERVED}, whose verb is empty and in no list of the others,"
    if request.group and not catalogue.is_builtin_group(request.group):
        return "Requests for resources of custom or aggregated APIs"
    return "Some requests"
