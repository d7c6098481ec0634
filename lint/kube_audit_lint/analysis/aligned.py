"""Two policies as one list of rules, in which those that both have occur once.

A pair that differs in ten of a thousand rules is then as much work as one policy of a thousand and ten.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from kube_audit_lint.analysis.compiled import SENTINEL
from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kube_audit_lint.model.policy import Policy, PolicyRule


class Aligned(NamedTuple):
    """Conditions of a rule, and its index in the first and in the second policy; None where one has no such rule.

    NO_RULE stands for the end of a policy, which takes what no rule does.
    """

    rule: PolicyRule
    before: int | None
    after: int | None


def aligned(before: Policy, after: Policy, shared: bool = True) -> list[Aligned]:
    """The rules of both, so that each policy's own keep their order; shared: rules with equal conditions only once.

    A rule that occurs twice in one policy never decides the second time, and is left out.
    """
    one, other = _keyed(before), _keyed(after)
    common = _longest_common(list(one), list(other)) if shared else []
    first, second = list(one.items()), list(other.items())
    found: list[Aligned] = []
    at_first = at_second = 0
    for i, j in (*common, (len(first), len(second))):
        found += [Aligned(rule, index, None) for _, (index, rule) in first[at_first:i]]
        found += [Aligned(rule, None, index) for _, (index, rule) in second[at_second:j]]
        if i < len(first) and j < len(second):
            found.append(Aligned(first[i][1][1], first[i][1][0], second[j][1][0]))
        at_first, at_second = i + 1, j + 1
    return found


def _keyed(policy: Policy) -> dict[Any, tuple[int, PolicyRule]]:
    found: dict[Any, tuple[int, PolicyRule]] = {}
    for index, rule in enumerate(policy.rules):
        found.setdefault(conditions_of(rule), (index, rule))
    found.setdefault(conditions_of(SENTINEL), (NO_RULE, SENTINEL))
    return found


def conditions_of(rule: PolicyRule) -> Any:
    """What a rule requires, equal for rules that differ only in the order in which they list it."""
    entries = frozenset(
        (entry.group, frozenset(entry.resources), frozenset(entry.resource_names if entry.resources else ()))
        for entry in rule.resources
    )
    lists = (rule.users, rule.user_groups, rule.verbs, rule.namespaces)
    urls = () if rule.resources or rule.namespaces else rule.non_resource_urls
    return (*map(frozenset, lists), entries, frozenset(urls))


def _longest_common(one: Sequence[Any], other: Sequence[Any]) -> list[tuple[int, int]]:
    """Pairs of indexes of a longest common part of two lists, in each of which everything occurs once."""
    places = {key: index for index, key in enumerate(other)}
    pairs = [(index, places[key]) for index, key in enumerate(one) if key in places]
    ends: list[int] = []
    last: list[int] = []
    previous: list[int | None] = []
    for number, (_, place) in enumerate(pairs):
        at = bisect_left(ends, place)
        ends[at : at + 1] = [place]
        last[at : at + 1] = [number]
        previous.append(last[at - 1] if at else None)
    return list(_followed(pairs, previous, last[-1] if last else None))[::-1]


def _followed(
    pairs: list[tuple[int, int]], previous: list[int | None], number: int | None
) -> Iterator[tuple[int, int]]:
    while number is not None:
        yield pairs[number]
        number = previous[number]
