"""The symbolic analysis against the plain reference, on random policies and random served requests."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policies import random_policy
from served import Vocabulary, is_served, kind_of, random_request, some
from twins import disagreements

from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.analysis.difference import differs
from kube_audit_lint.analysis.evaluate import evaluate, failed_condition
from kube_audit_lint.analysis.query import RESOURCES, Query
from kube_audit_lint.analysis.worlds import KINDS
from kube_audit_lint.model.policy import GroupResources, Policy
from kube_audit_lint.model.version import NEWEST, Versions

pytestmark = pytest.mark.slow
SEEDS = st.integers(min_value=0, max_value=2**32)
MANY = settings(max_examples=150, deadline=None)
VERSIONS = Versions(18, NEWEST)


@MANY
@given(SEEDS)
def test_every_request_is_decided_by_a_rule_said_to_reach_it(seed: int) -> None:
    random = Random(seed)
    policy = random_policy(random)
    whole = Analysis(policy, VERSIONS).whole
    for _ in range(150):
        minor = random.randint(*VERSIONS)
        request = random_request(random, minor)
        rule = evaluate(policy, request).rule
        assert minor in whole[rule].minors_for(kind_of(request)), (rule, minor, request)


@MANY
@given(SEEDS)
def test_every_witness_is_served_and_decided_as_said(seed: int) -> None:
    random = Random(seed)
    policy = random_policy(random)
    for found in Analysis(policy, VERSIONS).levels():
        for kind in found.who:
            request = found.witness_for(kind)
            assert evaluate(policy, request).rule == found.rule
            assert kind_of(request) == kind
            assert is_served(request, found.minors_for(kind)[-1]), (found.minors_for(kind), request)


@MANY
@given(SEEDS)
def test_each_minor_alone_gives_the_same_answer_as_the_range(seed: int) -> None:
    random = Random(seed)
    policy = random_policy(random, 5)
    whole = Analysis(policy, VERSIONS).whole
    minor = random.randint(*VERSIONS)
    alone = Analysis(policy, Versions(minor, minor)).whole
    assert set(alone) == {rule for rule, found in whole.items() if minor in found.minors}


def random_query(random: Random) -> Query:
    """A class of requests over the common vocabulary."""

    def maybe(values: tuple[str, ...], chance: float) -> tuple[str, ...]:
        return some(random, values) if random.random() < chance else ()

    group = random.choice(Vocabulary.api_groups)
    entries = (GroupResources(group, maybe(Vocabulary.items, 0.8)),) if random.random() < 0.6 else ()
    return Query(
        resources=entries,
        verbs=maybe(Vocabulary.verbs, 0.4),
        namespaces=maybe(Vocabulary.namespaces, 0.3),
        names=maybe(Vocabulary.names, 0.2),
        users=maybe(Vocabulary.users, 0.3),
        user_groups=maybe(Vocabulary.groups, 0.3),
        urls=maybe(Vocabulary.urls, 0.2),
        who=some(random, KINDS),
    )


@MANY
@given(SEEDS)
def test_levels_of_a_class_are_those_of_its_requests(seed: int) -> None:
    random = Random(seed)
    policy, query = random_policy(random), random_query(random)
    levels = {found.rule: found for found in Analysis(policy, VERSIONS).levels(query)}

    def asked(request: object) -> bool:
        return any(failed_condition(rule, request) is None for rule in query.rules())  # type: ignore[arg-type]

    for found in levels.values():
        request = found.witness
        assert asked(request)
        assert is_served(request, found.minors_for(kind_of(request))[-1])
        assert kind_of(request) in query.who
    for _ in range(100):
        minor = random.randint(*VERSIONS)
        request = random_request(random, minor)
        if asked(request) and kind_of(request) in query.who:
            assert minor in levels[evaluate(policy, request).rule].minors_for(kind_of(request)), request


@MANY
@given(SEEDS)
def test_who_is_blocked_is_blocked_by_those_named(seed: int) -> None:
    random = Random(seed)
    policy = random_policy(random)
    analysis = Analysis(policy, VERSIONS)
    for index, rule in enumerate(policy.rules):
        reach = analysis.reach(index)
        if reach:
            assert reach.witness is not None
            assert evaluate(policy, reach.witness).rule == index
            continue
        assert reach.blame if not reach.blockers else not reach.blame
        for blocker in reach.blockers:
            assert failed_condition(rule, blocker.witness) is None
            assert evaluate(policy, blocker.witness).rule == blocker.rule
        if reach.blockers:
            named = [policy.rules[blocker.rule] for blocker in reach.blockers]
            assert not Analysis(Policy((*named, rule)), VERSIONS).reach(len(named))
            for left_out in range(len(named)):
                fewer = named[:left_out] + named[left_out + 1 :]
                assert Analysis(Policy((*fewer, rule)), VERSIONS).reach(len(fewer))


@MANY
@given(SEEDS)
def test_redundant_is_no_difference(seed: int) -> None:
    random = Random(seed)
    policy = random_policy(random, 5)
    analysis = Analysis(policy, VERSIONS)
    for index in range(len(policy.rules)):
        without = policy._replace(rules=policy.rules[:index] + policy.rules[index + 1 :])
        # `redundant` counts stages that no request goes through; what is recorded may be the same all the same.
        assert not (analysis.redundant(index) and differs(policy, without, VERSIONS)), index


@MANY
@given(SEEDS)
def test_values_decide_or_are_taken(seed: int) -> None:
    random = Random(seed)
    policy = random_policy(random, 6)
    analysis = Analysis(policy, VERSIONS)
    for index, rule in enumerate(policy.rules):
        for field in ("users", "user_groups", "verbs", "namespaces", "non_resource_urls"):
            for at, value in enumerate(getattr(rule, field)):
                reach = analysis.reach_value(index, field, at)
                alone = policy._replace(
                    rules=(*policy.rules[:index], rule._replace(**{field: (value,)}), *policy.rules[index + 1 :])
                )
                assert bool(reach) == bool(Analysis(alone, VERSIONS).reach(index)), (field, value)
                if reach:
                    assert evaluate(policy, reach.witness).rule == index  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(20))
def test_only_what_is_wanted_of_a_class_is_told(seed: int) -> None:
    random = Random(seed)
    policy = random_policy(random)
    analysis = Analysis(policy, Versions(30, 30))
    everything = Query(who=("nobody",))
    for query in (everything, everything._replace(resources=(RESOURCES,)), Query((GroupResources("", ("pods",)),))):
        recording = analysis.deciding(lambda decision: decision.level != "None")
        told = [found.rule for found in analysis.levels(query, recording)]
        assert told == [found.rule for found in analysis.levels(query) if found.level != "None"]
        assert analysis.might(query, recording) or not told


def test_both_twins_decide_alike() -> None:
    assert disagreements(10_000) == (10_000, [])
