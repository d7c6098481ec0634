"""Template `failed-authentication`: requests that fail authentication leave no event.

Source: k8s.io/apiserver `pkg/endpoints/filters/authn_audit.go` (WithFailedAuthenticationAudit): one event, at
ResponseStarted, without a user.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kube_audit_lint.analysis import familiar
from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.analysis.identities import groups_of
from kube_audit_lint.analysis.query import RESOURCES, Query
from kube_audit_lint.analysis.worlds import NOBODY
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import (
    REQUESTS,
    joined,
    level_place,
    list_place,
    proof_of,
    query_of,
    stage_place,
    versions_of,
)
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.advice import Advice, end_with
from kube_audit_lint.model.policy import GroupResources, Stage
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Recorded
    from kube_audit_lint.analysis.evaluate import Decision
    from kube_audit_lint.checks._names import Problem

SUBJECT = "policy"
PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "classes": {
            **REQUESTS,
            "description": "Requests that are reported where a user's are recorded and failed authentications are not.",
        }
    },
}

_STAGE: Stage = "ResponseStarted"
_PODS = GroupResources("", ("pods",))


def problems(params: Params) -> Iterator[Problem]:
    """What the classes name that there is not."""
    from kube_audit_lint.checks._names import of_requests

    return of_requests(params.get("classes", ()), "classes")


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit when no failed authentication of a request for a resource is recorded, or none of some classes."""
    analysis = subject.analysis
    if analysis is None:
        return
    if not analysis.recorded_at_all():
        return  # the rule `nothing-recorded` reports it
    if _any_recorded(analysis):
        hidden = _hidden(analysis, params.get("classes", ()))
        if hidden:
            names = list(dict.fromkeys(name for name, _ in hidden))
            yield _hit(subject, _main([found for _, found in hidden]), f" for {joined(names, 6)}")
        return
    found = analysis.levels(Query(resources=(RESOURCES,), who=(NOBODY,)))
    if found:
        yield _hit(subject, _main(found), "")


def _any_recorded(analysis: Analysis) -> bool:
    """Whether some failed authentication of a request for a resource leaves an event."""
    leaving = analysis.deciding(_leaves)
    # What most policies record comes first: then that is all.
    queries = (Query(resources=(resources,), who=(NOBODY,)) for resources in (_PODS, RESOURCES))
    return any(analysis.levels(query, leaving) for query in queries)


def _leaves(decision: Decision) -> bool:
    return decision.level != "None" and _STAGE not in decision.omit_stages


def _hidden(analysis: Analysis, classes: Iterable[Params]) -> list[tuple[str, Recorded]]:
    """The classes of which failed authentications leave no event although the same requests by a user leave some.

    What a policy records of nobody is noise to its author, and not reported.
    """
    hiding = analysis.deciding(lambda decision: not _leaves(decision))
    user = familiar.pick(familiar.USERS, analysis.conditions.users)
    hidden = []
    for one in classes:
        for found in _found(analysis, query_of({**one, "who": [NOBODY]}), hiding):
            by_user = found.witness._replace(user=user, groups=groups_of(user))
            if analysis.decide(by_user).records:
                hidden.append((one["name"], found))
                break
    return hidden


def _found(analysis: Analysis, query: Query, hiding: int) -> Iterator[Recorded]:
    """What of a class is hidden: any of it, then that of the namespaces and names that rules record of users."""
    first = analysis.levels(query, hiding)
    yield from first
    for rule in analysis.policy.rules if first else ():  # the first witnesses may be of what no user's rule is about
        if rule.level == "None" or not (rule.users or rule.user_groups):
            continue
        if rule.namespaces:
            yield from analysis.levels(query._replace(namespaces=rule.namespaces), hiding)
        names = tuple(name for entry in rule.resources for name in entry.resource_names)
        if names:
            yield from analysis.levels(query._replace(names=names), hiding)


def _main(found: list[Recorded]) -> Recorded:
    """The requests to tell of: where the stage is omitted, that is the reason, whichever rule decides."""
    omitted = [one for one in found if one.level != "None"]
    return max(omitted or found, key=lambda one: one.count)


def _hit(subject: PolicySubject, found: Recorded, what: str) -> Hit:
    return Hit(
        _place(subject, found),
        f"A request{what} that fails authentication (401) leaves no event: {_why(found)}. Attempts to guess or reuse "
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


def _help(found: Recorded) -> str | Advice:
    if found.rule == NO_RULE:
        return end_with("Metadata", "that has no condition on users or groups")
    if found.level == "None":
        return "Limit that rule to users, groups or resources, and end the rules with `- level: Metadata`."
    return Advice("leave out", f"Take {_STAGE} out of `omitStages`")


def _place(subject: PolicySubject, found: Recorded) -> Place:
    if found.rule == NO_RULE:
        return list_place(subject)
    omitted = stage_place(subject, _STAGE, found.rule) if found.level != "None" else None
    return omitted or level_place(subject, found.rule)
