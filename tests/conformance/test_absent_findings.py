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

from attacks import NOBODY, senders, sent_by, targets, values_of
from policies import careful_policy
from served import Vocabulary

from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, evaluate, failed_condition
from kube_audit_lint.analysis.http import http_of_request
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.forms import policy as policy_form
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.policy import GroupResources, Policy, PolicyRule
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.reader import read_file

MINOR = 30
POLICIES = int(os.environ.get("KUBE_AUDIT_LINT_ATTACKED_POLICIES", "25"))
LIVE_POLICIES = max(8, POLICIES // 8)
"""Policies without a finding: with the reference, and live for each version with a tenth of the requests."""
ATTACKS = int(os.environ.get("KUBE_AUDIT_LINT_REQUESTS", "20000"))

SPACES = ("payments", "kube-system", "shop", "default", "x")
COMMON = PolicyRule(
    "None",
    Vocabulary.users,
    Vocabulary.groups,
    resources=(GroupResources("", (), Vocabulary.names),),
    namespaces=SPACES,
)
"""What requests are made of beside a policy's own values."""

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

CLASSES: dict[str, tuple[PolicyRule, ...]] = {
    "secrets-above-metadata": (PolicyRule("None", resources=(GroupResources("", ("secrets",)),)),),
    "tokens-above-metadata": (
        PolicyRule("None", verbs=("create",), resources=(GroupResources("", ("serviceaccounts/token",)),)),
        PolicyRule("None", verbs=("create",), resources=(GroupResources("authentication.k8s.io", ("tokenreviews",)),)),
    ),
    "no-catch-all": (PolicyRule("None"), PolicyRule("None", non_resource_urls=("*",))),
    "failed-authentication-unlogged": (
        PolicyRule("None", verbs=("get", "list", "create"), resources=(GroupResources("", ("configmaps", "pods")),)),
        PolicyRule("None", verbs=("get", "create"), resources=(GroupResources("", ("secrets", "pods/exec")),)),
        PolicyRule("None", verbs=("create",), resources=(GroupResources("rbac.authorization.k8s.io"),)),
    ),
}
"""What each rule is about, as rules of a policy."""


def attacks(id: str, policy: Policy, minor: int, random: Random, most: int) -> list[Request]:
    """Served requests that a rule is about, made of the policy's own values and their neighbours."""
    known = Policy((*policy.rules, COMMON))
    values, everybody = values_of(known.rules), senders(known, minor, random)
    found = [
        one
        for rule in CLASSES[id]
        for one in targets(rule, values, minor, random)
        if failed_condition(rule, one) is None
    ]
    if id == "no-catch-all":  # what escapes them all lies beside the rules
        found += [one for rule in policy.rules for one in targets(rule, values, minor, random, 500)]
    unseen = id == "failed-authentication-unlogged"
    return sent_by([one for one in everybody if (one == NOBODY) == unseen], found, most, random)


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
    assert counterexamples(id, attacks(id, policy, MINOR, Random(5), 1000), lambda one: evaluate(policy, one))


@pytest.mark.slow
@pytest.mark.parametrize("id", SHOWN)
def test_what_is_not_reported_is_not_there(id: str) -> None:
    tried = 0
    for number, policy in enumerate(islice(without(id, MINOR), POLICIES)):

        def decide(request: Request, policy: Policy = policy) -> Decision:
            return evaluate(policy, request)

        requests = attacks(id, policy, MINOR, Random(number), ATTACKS)
        wrong = counterexamples(id, requests, decide)
        assert not wrong, (policy, wrong[0])
        tried += len(requests)
    print(f"{id}: {POLICIES} policies, {tried:,} requests, no counterexample")
    assert tried > 500 * POLICIES


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_nor_for_kube_apiserver(version: str) -> None:
    minor, tried = int(version.partition(".")[2]), 0
    try:
        with start(version) as oracle:
            for id in SHOWN:
                for policy in islice(without(id, minor, version), LIVE_POLICIES):
                    requests = attacks(id, policy, minor, Random(4), ATTACKS // 10)
                    assert not counterexamples(id, requests, live(oracle, policy, requests)), policy
                    tried += len(requests)
    except OracleUnavailableError as reason:
        pytest.skip(str(reason))
    print(f"{version}: {LIVE_POLICIES} policies for each of {len(SHOWN)} rules, {tried:,} requests, no counterexample")
    assert tried > 500 * LIVE_POLICIES


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
