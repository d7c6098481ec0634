"""What is not reported is attacked: thousands of served requests, made for the very class, find nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random

import pytest
from policies import careful_policy, random_policy
from served import is_served, kind_of, random_request

from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.analysis.evaluate import Decision, evaluate, failed_condition
from kube_audit_lint.analysis.query import Query
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.worlds import CONTROL_PLANE, NOBODY, ORDINARY
from kube_audit_lint.model.policy import GroupResources
from kube_audit_lint.model.version import Versions

MINOR = 30
VERSIONS = Versions(MINOR, MINOR)
POLICIES = int(os.environ.get("KUBE_AUDIT_LINT_ATTACKED_POLICIES", "25"))
ATTACKS = 20_000

USERS = (ORDINARY, CONTROL_PLANE)
CLASSES = {
    "secrets": Query((GroupResources("", ("secrets",)),), who=USERS),
    "tokens": Query((GroupResources("", ("serviceaccounts/token",)),), who=USERS),
    "everything": Query(who=USERS),
    "failed authentication": Query(who=(NOBODY,)),
}


def _above(decision: Decision) -> bool:
    return decision.level in ("Request", "RequestResponse")


def _hidden(decision: Decision) -> bool:
    return not decision.records


BAD = {"secrets": _above, "tokens": _above, "everything": _hidden, "failed authentication": _hidden}


@pytest.fixture(scope="module")
def pool() -> list[Request]:
    random = Random(3)
    return [random_request(random, MINOR) for _ in range(60_000)]


def _of_class(query: Query, pool: list[Request], random: Random) -> list[Request]:
    """Served requests of the class: those of the pool, and for single resources those by all its users."""
    if not query.resources:
        if NOBODY in query.who:
            return [one._replace(user=None, groups=frozenset()) for one in random.sample(pool, ATTACKS)]
        return random.sample([one for one in pool if kind_of(one) in query.who], ATTACKS)
    item = query.resources[0].resources[0]
    resource, _, subresource = item.partition("/")
    return list(_requests_for(resource, subresource, pool, random))


def _requests_for(resource: str, subresource: str, pool: list[Request], random: Random) -> Iterator[Request]:
    verbs = ("create",) if subresource else ("get", "list", "watch", "create", "update", "patch", "delete")
    spaces, names = ("payments", "kube-system", "shop", "default", "x"), ("", "web", "payments", "db-password", "y")
    count = 0
    while count < ATTACKS:
        sender = random.choice(pool)
        one = Request(
            sender.user,
            sender.groups,
            random.choice((*verbs, "deletecollection")),
            "",
            resource,
            subresource,
            random.choice((*spaces, "")),
            random.choice(names),
        )
        if kind_of(one) != NOBODY and is_served(one, MINOR):
            count += 1
            yield one


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSES)
def test_what_is_not_reported_is_not_found(name: str, pool: list[Request]) -> None:
    random, query, bad, absent = Random(17), CLASSES[name], BAD[name], 0
    attacks = _of_class(query, pool, random)
    for seed in range(POLICIES * 8):
        policy = careful_policy(Random(seed))
        analysis = Analysis(policy, VERSIONS)
        if any(bad(found.decision) for found in analysis.levels(query)):
            continue
        absent += 1
        wrong = next((one for one in attacks if bad(evaluate(policy, one))), None)
        assert wrong is None, (seed, wrong)
        if absent == POLICIES:
            break
    assert absent > 3


@pytest.mark.slow
def test_every_rule_that_is_reached_has_a_witness_and_no_other_is_reached(pool: list[Request]) -> None:
    random, reached, unreachable, attacked = Random(5), 0, 0, 0
    for seed in range(POLICIES * 4):
        policy = random_policy(Random(seed), 12)
        analysis = Analysis(policy, VERSIONS)
        dead = set()
        for index in range(len(policy.rules)):
            witness = analysis.reach(index).witness
            if witness is None:
                dead.add(index)
                continue
            assert is_served(witness, MINOR), (seed, index, witness)
            assert evaluate(policy, witness).rule == index
            reached += 1
        unreachable += len(dead)
        for one in random.sample(pool, 5_000) if dead else ():
            for index in dead:
                if failed_condition(policy.rules[index], one) is None:
                    attacked += 1
                    assert evaluate(policy, one).rule != index, (seed, index, one)
    assert min(reached, unreachable, attacked) > POLICIES, (reached, unreachable, attacked)
