"""Large policies: other ways give the same answers, and what cannot be answered in time is said to be so."""

from __future__ import annotations

import time
from contextlib import suppress
from itertools import combinations_with_replacement
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policies import random_policy
from served import is_served

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.analysis.answers import Recorded
from kube_audit_lint.analysis.budget import Budget
from kube_audit_lint.analysis.compiled import Compiled
from kube_audit_lint.analysis.evaluate import evaluate, failed_condition
from kube_audit_lint.analysis.search import only_value
from kube_audit_lint.model.policy import GroupResources, Policy, PolicyRule
from kube_audit_lint.model.version import NEWEST, Versions

SEEDS = st.integers(min_value=0, max_value=2**32)
MANY = settings(max_examples=120, deadline=None)
VERSIONS = Versions(18, NEWEST)


class WithoutWalks(Compiled):
    """Has to answer by single searches."""

    @property
    def whole(self) -> dict[int, Recorded]:
        raise UndecidedError

    def deciders(self, *args: object, **kwargs: object) -> dict[int, Recorded]:
        raise UndecidedError

    def takers(self, *args: object, **kwargs: object) -> dict[int, Recorded]:
        raise UndecidedError


@pytest.mark.slow
@MANY
@given(SEEDS)
def test_single_searches_say_what_the_walk_says(seed: int) -> None:
    policy = random_policy(Random(seed))
    walking, searching = Analysis(policy, VERSIONS), Analysis(policy, VERSIONS)
    searching.compiled = WithoutWalks(policy, VERSIONS, Budget())
    for index in range(len(policy.rules)):
        one, other = walking.reach(index), searching.reach(index)
        assert one.minors == other.minors
        if not one:
            assert one.blame == other.blame
            assert bool(one.blockers) == bool(other.blockers)


def _values(policy: Policy) -> list[tuple[int, str, int, int | None]]:
    found: list[tuple[int, str, int, int | None]] = []
    for index, rule in enumerate(policy.rules):
        for at, entry in enumerate(rule.resources):
            found.append((index, "resources", at, None))
            found += [(index, "resources", at, sub) for sub in range(len(entry.resources))]
            if entry.resources:
                found += [(index, "resource_names", at, sub) for sub in range(len(entry.resource_names))]
        for field in ("users", "user_groups", "verbs", "namespaces", "non_resource_urls"):
            found += [(index, field, at, None) for at in range(len(getattr(rule, field)))]
    return found


@pytest.mark.slow
@MANY
@given(SEEDS)
def test_a_value_is_reached_when_the_rule_with_it_alone_is(seed: int) -> None:
    policy = random_policy(Random(seed), 6)
    analysis = Analysis(policy, VERSIONS)
    for index, field, at, sub in _values(policy):
        reach = analysis.reach_value(index, field, at, sub)
        alone = only_value(policy.rules[index], field, at, sub)
        rules = (*policy.rules[:index], alone)
        assert bool(reach) == bool(reach.minors)
        assert reach.minors == Analysis(Policy(rules), VERSIONS).reach(index).minors, (index, field, at, sub)
        if reach.witness is not None:
            assert evaluate(policy, reach.witness).rule == index
            assert failed_condition(alone, reach.witness) is None
            assert any(is_served(reach.witness, minor) for minor in reach.minors)
        for blocker in reach.blockers:
            assert failed_condition(alone, blocker.witness) is None


def _entangled(count: int) -> Policy:
    random = Random(5)

    def some(what: str, size: int, most: int) -> tuple[str, ...]:
        return tuple(f"{what}{number}" for number in random.sample(range(size), most))

    verbs = ("get", "list", "watch", "create", "update", "patch", "delete")
    kinds = ("pods", "secrets", "configmaps", "services", "nodes", "endpoints", "events")
    rules = []
    for _ in range(count):
        entry = GroupResources("", tuple(random.sample(kinds, 4)), some("name", 30, 10))
        rules.append(
            PolicyRule(
                "None",
                some("user", 60, 20),
                some("group", 60, 6),
                tuple(random.sample(verbs, 4)),
                (entry,),
                some("space", 30, 10),
            )
        )
    return Policy(tuple(rules))


@pytest.mark.slow
@pytest.mark.parametrize("count", [30, 300, 1000])
def test_a_policy_made_to_be_hard_still_ends(count: int) -> None:
    analysis = Analysis(_entangled(count))
    start = time.process_time()
    for rule in range(count):
        with suppress(UndecidedError):
            analysis.reach(rule)
    with suppress(UndecidedError):
        analysis.levels()
    assert time.process_time() - start < 5


def _many(what: str, first: int, last: int) -> tuple[str, ...]:
    return tuple(f"{what}{number}" for number in range(first, last))


CORE = GroupResources("", ("pods", "secrets"))
LARGE = {
    "users": [PolicyRule("None", users=_many("u", 0, 9000)), PolicyRule("Metadata", users=_many("u", 4000, 20000))],
    "accounts": [
        PolicyRule("None", users=_many("system:serviceaccount:n:a", 0, 5000)),
        PolicyRule("None", users=tuple(f"system:serviceaccount:n{number}:a" for number in range(15000))),
        PolicyRule("Metadata", user_groups=_many("system:serviceaccounts:n", 4000, 20000)),
    ],
    "groups": [PolicyRule("None", user_groups=(name,)) for name in _many("g", 0, 1500)],
    "names": [
        PolicyRule("None", resources=(CORE._replace(resource_names=_many("n", 0, 15000)),)),
        PolicyRule("Metadata", resources=(CORE._replace(resource_names=_many("n", 9000, 30000)),)),
    ],
    "entries": [PolicyRule("None", resources=tuple(CORE._replace(resource_names=(n,)) for n in _many("n", 0, 2900)))],
    "items": [
        PolicyRule("None", resources=(GroupResources("x.io", _many("r", 0, 2000)),)),
        PolicyRule("None", resources=(GroupResources("x.io", _many("*/s", 0, 2000)),)),
    ],
    "prefixes": [
        PolicyRule("None", non_resource_urls=tuple(f"/{'a' * length}*" for length in range(1, 600))),
        PolicyRule("None", non_resource_urls=tuple(f"/{'a' * length}b*" for length in range(1, 600))),
    ],
    "paths": [PolicyRule("None", non_resource_urls=(f"{path}*",)) for path in _many("/b", 0, 2500)],
    "long path": [PolicyRule("None", non_resource_urls=(f"/{'a' * 1_000_000}*",))],
    "slashes": [PolicyRule("None", non_resource_urls=tuple(f"{'/' * length}*" for length in range(1, 600)))],
    "verbs": [PolicyRule("None", verbs=_many("v", 0, 10000))],
}


@pytest.mark.slow
@pytest.mark.parametrize("rules", LARGE.values(), ids=LARGE)
def test_no_dimension_makes_it_hang(rules: list[PolicyRule]) -> None:
    policy = Policy((*rules, PolicyRule("Metadata")))
    analysis = Analysis(policy)
    start = time.process_time()
    with suppress(UndecidedError):
        for index, rule in enumerate(policy.rules):
            analysis.reach(index)
            for field in ("users", "user_groups", "verbs", "namespaces", "non_resource_urls"):
                for at in range(len(getattr(rule, field))):
                    if not analysis.reach_value(index, field, at):
                        assert isinstance(analysis.reach_value(index, field, at).blockers, tuple)
    assert time.process_time() - start < 5


def test_nothing_is_answered_without_budget() -> None:
    analysis = Analysis(_entangled(10), budget=Budget(20))
    with pytest.raises(UndecidedError) as first:
        _ = analysis.whole
    with pytest.raises(UndecidedError):
        analysis.reach(9)
    assert not first.value.too_large


def test_a_policy_that_is_too_large_is_told_from_one_that_is_too_entangled() -> None:
    rules = [PolicyRule("None", users=_many("u", 0, 60_000)), PolicyRule("Metadata")]
    with pytest.raises(UndecidedError) as found:
        Analysis(Policy(tuple(rules))).reach(1)
    assert found.value.too_large


TENANT_PARTS = {
    "users": lambda number: {"users": (f"user-{number}",)},
    "groups": lambda number: {"user_groups": (f"group-{number}",)},
    "accounts": lambda number: {"user_groups": (f"system:serviceaccounts:tenant-{number}",)},
    "namespaces": lambda number: {"namespaces": (f"tenant-{number}",)},
    "API groups": lambda number: {"resources": (GroupResources(f"g{number}.example.com"),)},
    "names": lambda number: {"resources": (GroupResources("", ("pods",), (f"pod-{number}",)),)},
}


_OVERLAP = {("API groups", "names"), ("users", "accounts"), ("groups", "accounts")}
"""Both would stand in one field, or no such user is in such a group."""


@pytest.mark.parametrize(
    ("one", "other"),
    [pair for pair in combinations_with_replacement(TENANT_PARTS, 2) if not _OVERLAP & {pair, pair[::-1]}],
)
def test_rules_that_share_nothing_cost_no_more_than_their_number(one: str, other: str) -> None:
    """Twice the tenants, at most some more than twice the steps: and far within the budget."""
    few, many = _tenant_steps(60, one, other), _tenant_steps(120, one, other)
    assert many < few * 2.9, (few, many)
    assert many < 60_000


def _tenant_steps(count: int, one: str, other: str) -> int:
    rules = [
        PolicyRule("Metadata", **{**TENANT_PARTS[one](number), **TENANT_PARTS[other](number)})
        for number in range(count)
    ]
    secrets = PolicyRule("None", users=("jane",), resources=(GroupResources("", ("secrets",)),))
    budget = Budget()
    before = budget.left
    analysis = Analysis(Policy((*rules, secrets, PolicyRule("Metadata"))), Versions(30, 30), budget)
    assert all(analysis.reach(rule) for rule in range(count + 2))
    return before - budget.left
