"""Template `redundant-rule`: without this rule every served request would be recorded exactly the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kube_audit_lint.analysis.describe import describe
from kube_audit_lint.analysis.evaluate import NO_RULE, evaluate
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import name_of, rule_place, unlimited
from kube_audit_lint.checks._subject import Params, PolicySubject

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Reach

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each such rule; rules that are never reached are another rule's."""
    analysis = subject.analysis
    if analysis is None:
        return
    if not analysis.recorded_at_all():
        return  # the rule `nothing-recorded` reports it
    needed = _needed(analysis)
    for rule in range(len(analysis.policy.rules)):
        reach = analysis.reach(rule)
        if reach and rule not in needed and analysis.redundant(rule):
            yield _hit(subject, analysis, rule, reach)


def _needed(analysis: Analysis) -> set[int]:
    """Rules that another finding is about, so that to remove both would be wrong.

    Those that make others unreachable, and a None for everything at the end, which has the effect of no rule.
    """
    rules = analysis.policy.rules
    dead = [reach for reach in map(analysis.reach, range(len(rules))) if not reach]
    needed = {blocker.rule for reach in dead for blocker in reach.blockers}
    if rules[-1].level == "None" and unlimited(rules[-1]):
        needed.add(len(rules) - 1)
    return needed


def _hit(subject: PolicySubject, analysis: Analysis, rule: int, reach: Reach) -> Hit:
    request = reach.witness
    assert request is not None
    rules = analysis.policy.rules
    without = analysis.policy._replace(rules=rules[:rule] + rules[rule + 1 :])
    after = evaluate(without, request)
    then = NO_RULE if after.rule == NO_RULE else after.rule + 1
    by = "no rule, which records as little" if then == NO_RULE else f"{name_of(subject, then)}, to the same effect"
    return Hit(
        rule_place(subject, rule),
        f"Without rule {rule + 1} every request would be recorded exactly as it is.",
        witness=request.to_json(),
        proof=f"{describe(request)}: rule {rule + 1} decides; without it {by}",
    )
