"""Every rule of a random policy is reached by a request that kube-apiserver decides by it, or by none of thousands.

The attacks on rules that are called unreachable are made of the policy's own values; that they find what there is to
find is held by the rules that are reached. More of all: KUBE_AUDIT_LINT_ATTACKED_POLICIES, KUBE_AUDIT_LINT_REQUESTS.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from random import Random

import pytest
from as_model import policy_of, request_of
from generator import random_policy as policy_of_clusters
from go_oracle import VERSIONS, Oracle, OracleUnavailableError, start
from test_audit_filters import document_of, http_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "analysis"))

from attacks import Attack
from policies import random_policy
from served import is_served

from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.analysis.evaluate import evaluate
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.model.policy import LEVELS, Policy, PolicyRule
from kube_audit_lint.model.version import Versions

MINOR = 30
POLICIES = int(os.environ.get("KUBE_AUDIT_LINT_ATTACKED_POLICIES", "50"))
LIVE_POLICIES, LIVE_ATTACKED = POLICIES * 2, POLICIES // 10
"""How many are replayed for each version, and of how many the unreachable rules are attacked live."""
ATTACKS = int(os.environ.get("KUBE_AUDIT_LINT_REQUESTS", "20000"))


def any_policy(seed: int, minor: int) -> Policy:
    """A policy of a few values and many rules, or one like those of clusters, that loads in a version."""
    random = Random(seed)
    policy = random_policy(random, 12) if seed % 2 else _of_clusters(random)
    return policy if minor >= 36 else Policy(tuple(map(_without_any_group, policy.rules)), policy.omit_stages)


def _of_clusters(random: Random) -> Policy:
    while True:
        policy = policy_of(policy_of_clusters(random))
        if policy.rules and all(rule.level in LEVELS for rule in policy.rules):
            return policy


def _without_any_group(rule: PolicyRule) -> PolicyRule:
    """Before 1.36 the group `*` is refused."""
    return rule._replace(
        resources=tuple(one._replace(group="apps" if one.group == "*" else one.group) for one in rule.resources)
    )


def witnesses(policy: Policy, minor: int) -> list[Request | None]:
    """What each rule of the policy is reached by; None where it is called unreachable."""
    analysis = Analysis(policy, Versions(minor, minor))
    return [analysis.reach(index).witness for index in range(len(policy.rules))]


@pytest.mark.slow
def test_no_request_reaches_what_is_called_unreachable() -> None:
    reached = unreachable = requests = 0
    for seed in range(POLICIES):
        policy = any_policy(seed, MINOR)
        attack = Attack(policy, MINOR, Random(seed), ATTACKS)
        for index, witness in enumerate(witnesses(policy, MINOR)):
            if witness is not None:
                reached += 1
                assert is_served(witness, MINOR), (seed, index, witness)
                assert evaluate(policy, witness).rule == index, (seed, index, witness)
                continue
            unreachable += 1
            for one in attack.on(index):
                requests += 1
                assert evaluate(policy, one).rule != index, (seed, index, one)
    print(f"{POLICIES} policies: {reached} rules reached, {unreachable} not, by none of {requests:,} requests")
    assert unreachable >= POLICIES
    assert requests > unreachable * 1000


@pytest.mark.slow
def test_an_attack_finds_what_is_reached() -> None:
    found = missed = 0
    for seed in range(12):
        policy = any_policy(seed, MINOR)
        attack = Attack(policy, MINOR, Random(seed), 2000)
        for index, witness in enumerate(witnesses(policy, MINOR)):
            if witness is not None:
                found += 1
                missed += all(evaluate(policy, one).rule != index for one in attack.on(index))
    assert found > 30
    assert missed <= found // 20, (missed, found)


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_kube_apiserver_decides_witnesses_by_their_rules(version: str) -> None:
    minor = int(version.partition(".")[2])
    loaded = reached = requests = 0
    try:
        with start(version) as oracle:
            for seed in range(LIVE_POLICIES):
                policy = any_policy(seed, minor)
                decided = replayed(oracle, policy, minor)
                if decided is None:
                    continue
                loaded, reached = loaded + 1, reached + len(decided)
                if loaded <= LIVE_ATTACKED:
                    attack = Attack(policy, minor, Random(seed), ATTACKS // 10)
                    for index in set(range(len(policy.rules))) - decided:
                        requests += attacked(oracle, policy, index, attack.on(index))
    except OracleUnavailableError as reason:
        pytest.skip(str(reason))
    print(
        f"{version}: {reached} rules of {loaded} policies reached as shown, the others by none of {requests:,} requests"
    )
    assert loaded > LIVE_POLICIES // 2
    assert min(reached, requests) > loaded


def replayed(oracle: Oracle, policy: Policy, minor: int) -> set[int] | None:
    """The rules that kube-apiserver decides their witnesses by; None where it does not load the policy."""
    shown = {index: one for index, one in enumerate(witnesses(policy, minor)) if one is not None}
    answer = oracle.decide(document_of(policy), [http_of(one) for one in shown.values()])
    if not answer["ok"]:
        return None
    for (index, request), seen in zip(shown.items(), answer["decisions"], strict=True):
        assert request_of({**seen, "user": request.user, "groups": request.groups}) == request, (policy, seen)
        assert (seen["rule"], seen["level"]) == (index, policy.rules[index].level), (policy, request, seen)
    return set(shown)


def attacked(oracle: Oracle, policy: Policy, index: int, requests: list[Request]) -> int:
    """How many requests were sent, none of which kube-apiserver decides by a rule."""
    answer = oracle.decide(document_of(policy), [http_of(one) for one in requests])
    wrong = [one for one, seen in zip(requests, answer["decisions"], strict=True) if seen["rule"] == index]
    assert not wrong, (policy, index, wrong[0])
    return len(requests)
