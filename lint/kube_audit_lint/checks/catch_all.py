"""Template `catch-all`: the rule that decides everything that no other rule has in mind must not be of a level."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.evaluate import Decision, evaluate
from kube_audit_lint.analysis.identities import AUTHENTICATED, groups_of
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import level_place, proof_of, unlimited
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.policy import LEVELS, Level, Policy, PolicyRule
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

SUBJECT = "policy"
PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["not"],
    "properties": {"not": {"enum": list(LEVELS)}},
}

_WRITES = ("create", "update", "patch", "delete", "deletecollection")
"""Reads that nobody had in mind may well be dropped: what they hide is the rule `blind-spot`'s."""


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit when there is such a rule, and it has the level."""
    analysis = subject.analysis
    if analysis is None:
        return
    found = _decider(analysis.policy, params["not"])
    with suppress(UndecidedError):  # which does not matter much here, and other rules will say so
        if found is None or not analysis.recorded_at_all():
            return  # the rule `nothing-recorded` reports it
    if found is not None:
        request, decision = found
        yield Hit(
            level_place(subject, decision.rule),
            f"What the other rules do not name is decided here, and gets {decision.level}: new resources, custom "
            "resources and everything that was forgotten leave no trace.",
            (),
            witness=request.to_json(),
            proof=proof_of(subject, request, decision),
        )


def _decider(policy: Policy, level: Level) -> tuple[Request, Decision] | None:
    """The last rule of the level that decides writes that nobody had in mind, if it takes all, or the level does."""
    if not any(rule.level == level and _takes_what_nobody_names(rule) for rule in policy.rules):
        return None
    decisions = [(request, evaluate(policy, request)) for request in _nobody_had_in_mind(policy)]
    of_level = [one for one in decisions if one[1].rule >= 0 and one[1].level == level]
    if not of_level:
        return None
    last = max(of_level, key=lambda one: one[1].rule)
    for_all = unlimited(policy.rules[last[1].rule]) or len(of_level) == len(decisions)
    return next(one for one in of_level if one[1].rule == last[1].rule) if for_all else None


def _takes_what_nobody_names(rule: PolicyRule) -> bool:
    """Whether the rule may match such writes: a look that spares most policies the rest."""
    if rule.users or rule.namespaces or (rule.user_groups and AUTHENTICATED not in rule.user_groups):
        return False
    if rule.resources:
        return any(entry.group == "*" for entry in rule.resources)
    return not rule.non_resource_urls


def _nobody_had_in_mind(policy: Policy) -> Iterator[Request]:
    """Writes to a custom resource that the policy does not mention, by a user that it does not mention."""
    group = _other("widgets.example.com", {entry.group for rule in policy.rules for entry in rule.resources})
    user = _other("jane", {user for rule in policy.rules for user in rule.users})
    namespace = _other("payments", {one for rule in policy.rules for one in rule.namespaces})
    for verb in _WRITES:
        name = "" if verb in ("create", "deletecollection") else "blue"
        yield Request(user, groups_of(user), verb, group, "widgets", "", namespace, name)


def _other(wish: str, mentioned: Iterable[str]) -> str:
    taken = set(mentioned)
    while wish in taken:
        wish = f"other-{wish}"
    return wish
