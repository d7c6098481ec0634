"""Words for what earlier rules take away from a later one, or from one of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis.describe import describe
from kube_audit_lint.analysis.evaluate import Decision, decision_of
from kube_audit_lint.checks._decided import joined, name_of, outcome_of, proof_of, rule_place, rules_named, unlimited
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.kubernetes import resources as catalogue
from kube_audit_lint.model.finding import Related

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Blocker, Reach

_ONLY_TWICE = frozenset(("RequestReceived",))
"""The stage whose events say nothing that others do not: no difference that an author minds."""


def takers(subject: PolicySubject, analysis: Analysis, reach: Reach, what: str = "of its requests") -> str:
    """`rule 3 (line 9) takes all of its requests first`."""
    rules = sorted(one.rule for one in reach.blockers)
    if len(rules) > 1:
        return f"{rules_named(subject, rules)} together take all {what} first"
    everything = ", which has no condition," if unlimited(analysis.policy.rules[rules[0]]) else ""
    return f"{name_of(subject, rules[0])}{everything} takes all {what} first"


def names_built_in(group: str, item: str) -> bool:
    """Whether an item of the group `*` names resources that kube-apiserver itself serves."""
    return group == "*" and bool(catalogue.groups_serving(item.partition("/")[0]))


def custom_alone(analysis: Analysis, rule: int) -> Reach | None:
    """What is to say of a rule that names built-in resources in the group `*`, and decides only custom ones."""
    entries = analysis.policy.rules[rule].resources
    named = [names_built_in(entry.group, item) for entry in entries for item in entry.resources or ("*",)]
    if not named or not all(named):
        return None
    reach = analysis.reach_built_in(rule)
    return reach if not reach and reach.blockers else None


def same(analysis: Analysis, rule: int, reach: Reach) -> bool:
    """Whether nothing would be gained by reaching the rule.

    The fewest rules that match everything count: what still others match before them was meant to be matched.
    """
    own = decision_of(analysis.policy, rule)
    return all(one.same_outcome or _alike(own, decision_of(analysis.policy, one.rule)) for one in reach.blockers)


def _alike(one: Decision, other: Decision) -> bool:
    return (
        one.level == other.level
        and one.omit_managed_fields == other.omit_managed_fields
        and one.omit_stages ^ other.omit_stages <= _ONLY_TWICE
    )


def outcome(analysis: Analysis, rule: int, reach: Reach, name: str = "this rule") -> str:
    """What becomes of the requests there, against what the rule requests."""
    if all(one.same_outcome for one in reach.blockers):
        return "They are recorded no differently there"
    own = outcome_of(decision_of(analysis.policy, rule))
    got = [outcome_of(decision_of(analysis.policy, one.rule)) for one in reach.blockers if not one.same_outcome]
    if set(got) != {own}:
        return f"{name[:1].upper()}{name[1:]} asks for {own}, but they get {joined(sorted(set(got) - {own}))}"
    if same(analysis, rule, reach):
        return f"They get {own} there too, and only differ in the stage RequestReceived"
    return f"They get {own} there too, but with other stages or managed fields"


def related(subject: PolicySubject, reach: Reach) -> tuple[Related, ...]:
    """The rules that take the requests, each with one of them."""
    return tuple(Related(rule_place(subject, one.rule), f"takes {describe(one.witness)}") for one in reach.blockers)


def proof(subject: PolicySubject, analysis: Analysis, reach: Reach) -> str:
    """A request that the rule would match, and who decides it."""
    first = _telling(reach)
    return proof_of(subject, first.witness, decision_of(analysis.policy, first.rule))


def witness(reach: Reach) -> dict[str, object]:
    """The same request as data."""
    return _telling(reach).witness.to_json()


def _telling(reach: Reach) -> Blocker:
    """A request that gets something else than was requested, where there is one."""
    return next((one for one in reach.blockers if not one.same_outcome), reach.blockers[0])
