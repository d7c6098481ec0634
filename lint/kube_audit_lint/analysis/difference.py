"""Which requests two policies treat differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis.answers import hold
from kube_audit_lint.analysis.budget import BUDGET
from kube_audit_lint.analysis.compiled import SENTINEL, owners
from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, decision_of, evaluate
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.space import Region, Served
from kube_audit_lint.analysis.symbolic import Conditions, Joint
from kube_audit_lint.analysis.walk import Segment, Walk
from kube_audit_lint.analysis.witness import witness
from kube_audit_lint.analysis.worlds import minors_of
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from kube_audit_lint.analysis.walk import Node
    from kube_audit_lint.model.policy import Policy


class Difference(NamedTuple):
    """Requests that two policies treat differently."""

    before: Decision
    after: Decision
    minors: tuple[int, ...]
    witness: Request


def difference(before: Policy, after: Policy, versions: Versions = DEFAULT) -> list[Difference]:
    """The requests that two policies record differently, in classes by the deciding rules, the largest first."""
    one = Conditions((*before.rules, SENTINEL))
    other = Conditions((*after.rules, SENTINEL), one.end)
    joint = Joint(one, other)
    walk = Walk(Served(versions), joint, [Segment(one.bits), Segment(other.bits)], Region(), BUDGET)
    rule_of = {**owners(one), **owners(other)}
    found: dict[tuple[int, int], Node] = {}
    for leaf, node in walk.leaves.items():
        first, second = rule_of[leaf & -leaf], rule_of[leaf & other.bits]
        pair = first if first < len(before.rules) else NO_RULE, second if second < len(after.rules) else NO_RULE
        if decision_of(before, pair[0]).outcome == decision_of(after, pair[1]).outcome:
            continue
        if pair in found:
            _absorb(found[pair], node)
        else:
            found[pair] = node
    return [
        _difference(before, after, pair, found[pair], joint) for pair in sorted(found, key=lambda p: -found[p].count)
    ]


def _absorb(into: Node, node: Node) -> None:
    into.origins += node.origins
    into.worlds |= node.worlds
    into.count += node.count


def _difference(before: Policy, after: Policy, pair: tuple[int, int], node: Node, joint: Joint) -> Difference:
    request = witness(node, joint)
    hold(evaluate(before, request), request, pair[0])
    hold(evaluate(after, request), request, pair[1])
    minors = minors_of(node.worlds)
    return Difference(decision_of(before, pair[0]), decision_of(after, pair[1]), minors, request)
