"""Which kinds of requests each rule of a policy decides: a resource, or a path, with a verb.

Paths are told apart as far as the policy does; so are resources of groups that are not built in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.analysis.worlds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.space import Resource, Shape, Target

Kind = tuple["Resource | str", str]
"""A resource (group, name, subresource) or a path, and a verb."""


def kinds(analysis: Analysis) -> dict[int, dict[Kind, None]]:
    """The kinds of which each rule (NO_RULE: none) decides some request, the most familiar first.

    Raises UndecidedError.
    """
    found: dict[int, dict[Kind, None]] = {}
    known: dict[tuple[int, Shape, int], tuple[int, ...]] = {}
    for target in analysis.compiled.dimensions.targets:
        left = _in_play(target.bits, analysis.compiled.dimensions.complete)
        key = left, target.shape, target.worlds
        if key not in known:
            known[key] = tuple(_deciders(analysis, left, target))
        for rule in known[key]:
            of_rule = found.setdefault(rule, {})
            for _, member in target.members:
                of_rule[member, target.verb] = None
    return found


def _in_play(bits: int, complete: int) -> int:
    """The alternatives up to the first that takes everything that comes to it."""
    done = bits & complete
    return bits & (done ^ (done - 1)) if done else bits


def _deciders(analysis: Analysis, left: int, target: Target) -> Iterable[int]:
    """The rules that decide some request for a target, of the alternatives that may."""
    rules = {analysis.compiled.owner(1 << at) for at in range(left.bit_length()) if left >> at & 1}
    if len(rules) == 1:
        return rules
    return sorted(analysis.compiled.deciders_of_targets([target], KINDS), key=lambda rule: (rule == NO_RULE, rule))
