"""Findings that a policy does not have, attacked: thousands of served requests, made for the very rule, show none.

Through the rules' own checks, with the reference evaluator, and live with kube-apiserver's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
from go_oracle import VERSIONS, OracleUnavailableError, start
from test_audit_filters import document_of, loads

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "analysis"))

from policies import careful_policy
from served import is_served, kind_of, random_request

from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, evaluate
from kube_audit_lint.analysis.http import http_of_request
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.worlds import NOBODY
from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.forms import policy as policy_form
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.policy import Policy, PolicyRule
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.reader import read_file

MINOR = 30
POLICIES = int(os.environ.get("KUBE_AUDIT_LINT_ATTACKED_POLICIES", "25"))
ATTACKS = 20_000
LIVE_POLICIES, LIVE_ATTACKS = 8, 2_000
"""Policies without a finding, and requests against each: with the reference, and live for each version."""

SPACES, NAMES = ("payments", "kube-system", "shop", "default", "x"), ("web", "payments", "db-password", "y")
READS_AND_WRITES = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
Decide = Callable[[Request], Decision]


def _above(decision: Decision) -> bool:
    return decision.level in ("Request", "RequestResponse") and decision.records


def _leaks_secret(request: Request, decide: Decide) -> bool:
    """What is sent to delete something are options, and hold nothing."""
    decision = decide(request)
    options = decision.level == "Request" and request.verb in ("delete", "deletecollection")
    return _above(decision) and not options


def _leaks_token(request: Request, decide: Decide) -> bool:
    """The answer holds the token; a review is sent with one."""
    decision = decide(request)
    return _above(decision) and (request.subresource == "" or decision.level == "RequestResponse")


def _unmatched(request: Request, decide: Decide) -> bool:
    return decide(request).rule == NO_RULE


def _unseen(request: Request, decide: Decide) -> bool:
    """A failed authentication leaves no event, and the same by a user leaves one."""
    decision = decide(request)
    leaves = decision.level != "None" and "ResponseStarted" not in decision.omit_stages
    return not leaves and decide(request._replace(user="zoe", groups=frozenset({"system:authenticated"}))).records


SHOWN = {
    "secrets-above-metadata": _leaks_secret,
    "tokens-above-metadata": _leaks_token,
    "no-catch-all": _unmatched,
    "failed-authentication-unlogged": _unseen,
}
"""For each rule: whether a request shows what it is to report."""

CLASSES: dict[str, list[tuple[str, str, str, tuple[str, ...]]]] = {
    "secrets-above-metadata": [("", "secrets", "", READS_AND_WRITES)],
    "tokens-above-metadata": [
        ("", "serviceaccounts", "token", ("create",)),
        ("authentication.k8s.io", "tokenreviews", "", ("create",)),
    ],
    "failed-authentication-unlogged": [
        ("", "secrets", "", ("get", "create")),
        ("", "configmaps", "", ("get",)),
        ("", "pods", "", ("list", "create")),
        ("", "pods", "exec", ("create",)),
        ("rbac.authorization.k8s.io", "clusterrolebindings", "", ("create",)),
    ],
}


def attacks(id: str, random: Random, minor: int) -> Iterator[Request]:
    """Served requests that a rule is about, by all sorts of users in all sorts of places."""
    while True:
        one = random_request(random, minor)
        if id in CLASSES:
            group, resource, sub, verbs = random.choice(CLASSES[id])
            place = random.choice(("", *SPACES)), random.choice(("", *NAMES))
            one = Request(one.user, one.groups, random.choice(verbs), group, resource, sub, *place)
        if id == "failed-authentication-unlogged":
            one = one._replace(user=None, groups=frozenset())
        elif kind_of(one) == NOBODY:
            continue
        if is_served(one, minor):
            yield one


def found_in(policy: Policy, minor: int) -> set[str]:
    """The rules that report anything of the policy, through their own checks."""
    source, documents = read_file("audit-policy.yaml", document_of(policy).encode())
    found = policy_form.read(documents[0], Context(source, tuple(documents), "policy"))
    assert found is not None
    subject = PolicySubject(found.policies[0], Versions(minor, minor))
    rules = [shipped().rules[id] for id in (*SHOWN, "nothing-recorded")]
    checks = {rule.id: import_module(f"kube_audit_lint.checks.{rule.check.replace('-', '_')}") for rule in rules}
    return {rule.id for rule in rules if any(checks[rule.id].check(subject, rule.params))}


def without(id: str, minor: int, version: str = "1.36") -> Iterator[Policy]:
    """Random policies that record something and of which a rule reports nothing."""
    seed = 0
    while True:
        seed += 1
        policy = careful_policy(Random(seed))
        if loads(version, policy) and found_in(policy, minor).isdisjoint((id, "nothing-recorded")):
            yield policy


def counterexamples(id: str, requests: Iterable[Request], decide: Decide) -> list[Request]:
    """The requests that show what was not reported."""
    return [one for one in requests if SHOWN[id](one, decide)]


@pytest.mark.parametrize(
    ("id", "rule"),
    [
        ("secrets-above-metadata", PolicyRule("Request", verbs=("patch",))),
        ("tokens-above-metadata", PolicyRule("RequestResponse", users=("jane",))),
        ("no-catch-all", PolicyRule("Metadata", namespaces=("", *SPACES))),
        ("failed-authentication-unlogged", PolicyRule("None", user_groups=("devs",))),
    ],
)
def test_the_attack_finds_what_is_there(id: str, rule: PolicyRule) -> None:
    rest = () if id == "no-catch-all" else (PolicyRule("Metadata", user_groups=("system:authenticated",)),)
    policy = Policy((rule, *rest))
    assert id in found_in(policy, MINOR)
    assert counterexamples(id, islice(attacks(id, Random(5), MINOR), 1000), lambda one: evaluate(policy, one))


@pytest.mark.slow
@pytest.mark.parametrize("id", SHOWN)
def test_what_is_not_reported_is_not_there(id: str) -> None:
    requests = list(islice(attacks(id, Random(3), MINOR), ATTACKS))
    for policy in islice(without(id, MINOR), POLICIES):

        def decide(request: Request, policy: Policy = policy) -> Decision:
            return evaluate(policy, request)

        wrong = counterexamples(id, requests, decide)
        assert not wrong, (policy, wrong[0])
    print(f"{id}: {POLICIES} policies, {ATTACKS} requests each, no counterexample")


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_nor_for_kube_apiserver(version: str) -> None:
    minor = int(version.partition(".")[2])
    try:
        with start(version) as oracle:
            for id in SHOWN:
                requests = list(islice(attacks(id, Random(4), minor), LIVE_ATTACKS))
                for policy in islice(without(id, minor, version), LIVE_POLICIES):
                    assert not counterexamples(id, requests, live(oracle, policy, requests)), policy
                print(f"{version} {id}: {LIVE_POLICIES} policies, {LIVE_ATTACKS} requests each, no counterexample")
    except OracleUnavailableError as reason:
        pytest.skip(str(reason))


def live(oracle: Any, policy: Policy, requests: list[Request]) -> Decide:
    """What kube-apiserver's evaluator decides for some requests, and for the same by the user who stands for all."""
    every = [*requests, *(one._replace(user="zoe", groups=frozenset({"system:authenticated"})) for one in requests)]
    sent = [(*http_of_request(one), one) for one in every]
    asked = [
        {"method": method, "url": url, "user": one.user, "groups": sorted(one.groups)} for method, url, one in sent
    ]
    answer = oracle.decide(document_of(policy), asked)
    assert answer["ok"], answer
    decided = {
        one: Decision(seen["rule"], seen["level"], frozenset(seen["omitStages"]), False)
        for one, seen in zip(every, answer["decisions"], strict=True)
    }
    return decided.__getitem__
