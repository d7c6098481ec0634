"""Which rule decides the requests of a class, apart by the stages that they go through: `stages.py` for all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis.answers import Recorded
from kube_audit_lint.analysis.compiled import SENTINEL
from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.analysis.query import EVERYTHING, kinds_bits, region_of
from kube_audit_lint.analysis.stages import (
    FAILED_AUTHENTICATION,
    LONG_RUNNING,
    LONG_RUNNING_PATHS,
    LONG_RUNNING_SUBRESOURCES,
    LONG_RUNNING_VERBS,
    SHORT,
)
from kube_audit_lint.analysis.symbolic import Conditions, Joint
from kube_audit_lint.analysis.walk import Segment, Walk
from kube_audit_lint.analysis.worlds import CONTROL_PLANE, NOBODY, ORDINARY
from kube_audit_lint.model.policy import GroupResources, PolicyRule, Stage
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.query import Query

_LONG_RUNNING = (
    PolicyRule("None", verbs=tuple(sorted(LONG_RUNNING_VERBS))),
    PolicyRule(
        "None", resources=(GroupResources("*", tuple(f"*/{sub}" for sub in sorted(LONG_RUNNING_SUBRESOURCES))),)
    ),
    PolicyRule("None", non_resource_urls=(f"{LONG_RUNNING_PATHS}*",)),
)
"""Rules of which one matches exactly when a request is long-running."""

_STAGES = {
    (ORDINARY, CONTROL_PLANE): (SHORT, LONG_RUNNING),
    (NOBODY,): (FAILED_AUTHENTICATION, FAILED_AUTHENTICATION),
}
"""For kinds of user: the stages of a request that is not long-running, and of one that is."""


class Course(NamedTuple):
    """Requests that one rule decides and that all go through the same stages."""

    stages: tuple[Stage, ...]
    found: Recorded


def courses(analysis: Analysis, query: Query, apart: bool) -> list[Course]:
    """Who decides requests of a class; apart: by the stages that these go through, else the stages are left empty."""
    if apart:
        return by_stages(analysis, query)
    return [Course((), found) for found in analysis.levels(query)]


def by_stages(analysis: Analysis, query: Query = EVERYTHING) -> list[Course]:
    """One entry for each rule and each course of stages that some request of the class takes, in the rules' order.

    Raises UndecidedError where that would take too long.
    """
    walk, short = _walk(analysis, query)
    found: dict[tuple[int, tuple[Stage, ...]], tuple[Recorded, int]] = {}
    for leaf, node in walk.leaves.items():
        rule = analysis.compiled.owner(leaf)
        for kinds, (otherwise, long_running) in _STAGES.items():
            worlds = analysis.compiled.space.minors * kinds_bits(kinds)
            if node.worlds & worlds:
                key = rule, otherwise if leaf & short else long_running
                if key not in found:
                    found[key] = Recorded(analysis.policy, rule, walk.joint, analysis.compiled.decide), worlds
                found[key][0].add(node)
    return [Course(key[1], one.within(worlds)) for key, (one, worlds) in sorted(found.items(), key=_order)]


def _walk(analysis: Analysis, query: Query) -> tuple[Walk, int]:
    """A walk whose leaves also hold whether requests are long-running, and the bit of those that are not."""
    rules = query.rules()
    wanted = Conditions(rules, analysis.conditions.end)
    running = Conditions((*_LONG_RUNNING, SENTINEL), wanted.end)
    segments = [Segment(analysis.conditions.bits), Segment(wanted.bits, wanted.bits), Segment(running.bits)]
    joint = Joint(analysis.conditions, wanted, running)
    return analysis.compiled.walk(joint, segments, region_of(rules, wanted, query.who)), running.rule_bits[-1]


def _order(item: tuple[tuple[int, tuple[Stage, ...]], object]) -> tuple[bool, int, int]:
    rule, stages = item[0]
    return rule == NO_RULE, rule, (SHORT, LONG_RUNNING, FAILED_AUTHENTICATION).index(stages)
