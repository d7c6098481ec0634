"""Template `catch-all`: the rule that decides everything that no other rule has in mind must not be of a level."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint.analysis.evaluate import NO_RULE, evaluate
from kube_audit_lint.analysis.request import RESOURCE_VERBS, Request
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import level_place, proof_of
from kube_audit_lint.model.policy import LEVELS, Policy
from kube_audit_lint.subject import Params, PolicySubject

SUBJECT = "policy"
PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["not"],
    "properties": {"not": {"enum": list(LEVELS)}},
}

_AUTHENTICATED = frozenset(("system:authenticated",))


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit when there is such a rule, and it has the level."""
    analysis = subject.analysis
    if analysis is None:
        return
    requests = list(_nobody_had_in_mind(analysis.policy))
    decisions = [evaluate(analysis.policy, request) for request in requests]
    rule = decisions[0].rule
    if rule == NO_RULE or any(one.rule != rule for one in decisions) or decisions[0].level != params["not"]:
        return
    from kube_audit_lint.analysis.analysis import UndecidedError

    try:
        if not analysis.recorded_at_all():
            return  # the rule `nothing-recorded` says so
    except UndecidedError:
        pass
    yield Hit(
        level_place(subject, rule),
        f"Whatever the other rules do not name is decided here, and gets {decisions[0].level}: new resources, custom "
        "resources and everything that was forgotten leave no trace.",
        (),
        witness=requests[0].to_json(),
        proof=proof_of(subject, requests[0], decisions[0]),
    )


def _nobody_had_in_mind(policy: Policy) -> Iterator[Request]:
    """Requests for a custom resource that the policy does not mention, by a user that it does not mention."""
    group = _other("widgets.example.com", {entry.group for rule in policy.rules for entry in rule.resources})
    user = _other("jane", {user for rule in policy.rules for user in rule.users})
    namespace = _other("payments", {one for rule in policy.rules for one in rule.namespaces})
    for verb in RESOURCE_VERBS:
        name = "" if verb in ("list", "watch", "create", "deletecollection") else "blue"
        yield Request(user, _AUTHENTICATED, verb, group, "widgets", "", namespace, name)


def _other(wish: str, mentioned: set[str]) -> str:
    while wish in mentioned:
        wish = f"other-{wish}"
    return wish
