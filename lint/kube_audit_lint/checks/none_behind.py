"""A rule with the level None behind a rule that records some of the same requests: these are not excluded."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.analysis.query import Query
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import level_place, name_of, proof_of, rule_place, unlimited, versions_of
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.finding import Related
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Recorded
    from kube_audit_lint.analysis.evaluate import Decision
    from kube_audit_lint.model.policy import GroupResources, PolicyRule

SUBJECT = "policy"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each such rule, with the first rule that records some of its requests."""
    analysis = subject.analysis
    if analysis is None:
        return
    rules = analysis.policy.rules
    recording = False
    for index, rule in enumerate(rules):
        if rule.level == "None" and recording and not unlimited(rule):
            found = _recorded(analysis, index)
            if found is not None:
                yield _hit(subject, index, found)
        recording = recording or rule.level != "None"


def _recorded(analysis: Analysis, index: int) -> Recorded | None:
    """Requests that the rule matches and that a rule in front of it records, where the rule is reached at all."""
    rules, own = analysis.policy.rules, analysis.policy.rules[index]

    def counts(decision: Decision) -> bool:
        return decision.records and decision.rule < index and not _protects(rules[decision.rule], own)

    among = analysis.deciding(counts)
    reached = set(analysis.reach(index).minors) if among else set()
    found = analysis.levels(_query(own), among) if reached else []
    return next((one for one in found if not reached.isdisjoint(one.minors)), None)


def _protects(rule: PolicyRule, excluding: PolicyRule) -> bool:
    """Whether a rule is in front on purpose: it limits users, namespaces or resources as the exclusion does not.

    So policies keep the bodies of secrets out, and a trace of whoever reads them in, before they drop noise.
    """
    if _limits_users(rule) and not _limits_users(excluding):
        return True
    if rule.namespaces and not excluding.namespaces:
        return True
    return bool(rule.resources) and not any(_share(one, two) for one in rule.resources for two in excluding.resources)


def _share(one: GroupResources, two: GroupResources) -> bool:
    """Whether both name a resource; an entry that lists none names all of its group."""
    listed = one.resources and two.resources
    return one.group == two.group and not (listed and set(one.resources).isdisjoint(two.resources))


def _limits_users(rule: PolicyRule) -> bool:
    return bool(rule.users or rule.user_groups)


def _query(rule: PolicyRule) -> Query:
    return Query(rule.resources, rule.verbs, rule.namespaces, (), rule.users, rule.user_groups, rule.non_resource_urls)


def _hit(subject: PolicySubject, index: int, found: Recorded) -> Hit:
    message = f"This rule is to record nothing, but {name_of(subject, found.rule)} comes first and records some of "
    message += f"these requests, at {found.level}."
    related = (Related(rule_place(subject, found.rule), "it decides them"),)
    return Hit(
        level_place(subject, index),
        message,
        related,
        versions_of(found.minors),
        witness=found.witness.to_json(),
        proof=proof_of(subject, found.witness, found.decision),
    )
