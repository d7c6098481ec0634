"""`evaluate` and `from_http` against kube-apiserver's own evaluator and RequestInfo, recorded and live."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from as_model import policy_of, request_of
from generator import random_policy, random_requests
from go_oracle import VERSIONS, Oracle, OracleUnavailableError, start
from sampling import one_in
from vector_files import Decision, Vector, read_requests, read_vectors, recorded_versions

from kube_audit_lint.analysis import evaluate as python
from kube_audit_lint.analysis.http import from_http
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.model.policy import Policy

RECORDED = Path(__file__).parent / "recorded" / "policy_matching_cases.json"
LIVE_POLICIES = int(os.environ.get("KUBE_AUDIT_LINT_LIVE_POLICIES", "300"))
ANY_POLICY = json.dumps({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]})
PARTS = 4
SEED = int(os.environ.get("KUBE_AUDIT_LINT_SEED", "15"))


def test_two_versions_are_recorded() -> None:
    assert set(recorded_versions()) == set(VERSIONS)


def test_the_vectors_hold_every_outcome() -> None:
    seen = {d.level for v in islice(read_vectors("1.36"), 200) for d in v.decisions if d is not None}
    assert seen == {"None", "Metadata", "Request", "RequestResponse"}


@pytest.mark.parametrize("part", one_in(PARTS, range(PARTS)))
def test_evaluate_decides_as_recorded(part: int) -> None:
    assert sum(1 for _ in read_vectors("1.36")) > 1000
    wrong = list(islice(_recorded_differences(part), 5))
    assert not wrong, "\n".join(wrong)


def _recorded_differences(part: int) -> Iterator[str]:
    """Of each PARTS-th recorded policy."""
    recorded = zip(*(read_vectors(version) for version in recorded_versions()), strict=True)
    for vectors in islice(recorded, part, None, PARTS):
        accepted = [vector for vector in vectors if vector.error is None]
        if accepted:
            yield from _vector_differences(accepted)


def _vector_differences(vectors: list[Vector]) -> Iterator[str]:
    """All versions at once: their decisions on a policy that they accept are ours, whichever it is."""
    policy = policy_of(vectors[0].policy)
    for number, recorded in enumerate(vectors[0].requests):
        if "refused" in recorded:
            continue
        ours = python.evaluate(policy, request_of(recorded))
        for vector in vectors:
            theirs = vector.decisions[number]
            if theirs is None or not same(ours, theirs):
                yield f"{json.dumps(vector.policy)}\n  {recorded}\n  ours {ours}\n  theirs {theirs}"


def same(ours: python.Decision, theirs: Decision) -> bool:
    """Whether two decisions are one. What a version without managed fields leaves open is not compared."""
    managed = theirs.omit_managed_fields
    return (
        (ours.rule, ours.level) == (theirs.rule, theirs.level)
        and ours.omit_stages == frozenset(theirs.omit_stages)
        and managed in (None, ours.omit_managed_fields)
    )


def test_evaluate_decides_the_hand_written_cases() -> None:
    cases = json.loads(RECORDED.read_text(encoding="utf-8"))
    requests = [_request_of_case(seen) for seen in cases["requests"]]
    assert requests
    assert cases["rules"]
    wrong = [case["rule"] for case in cases["rules"] if not _case_agrees(case, requests)]
    assert not wrong


def _request_of_case(seen: dict[str, Any]) -> Request:
    user = seen["User"]
    who = (user["Name"], frozenset(user["Groups"])) if user else (None, frozenset[str]())
    if not seen["IsResource"]:
        return Request(who[0], who[1], seen["Verb"], url=seen["Path"])
    names = ("Verb", "Group", "Resource", "Subresource", "Namespace", "Name")
    return Request(*who, *(seen[name] for name in names))


def _case_agrees(case: dict[str, Any], requests: list[Request]) -> bool:
    """A version that refuses to load the rule (no line of digits) has no say in matching."""
    results = {match["result"] for match in case["matches"] if match["result"].strip("01") == ""}
    rules = yaml.safe_load(f"- level: Metadata\n  {case['rule']}")
    if results:
        policy = policy_of({"rules": rules})
        decisions = [python.evaluate(policy, request) for request in requests]
        return results == {"".join("1" if decision.rule == 0 else "0" for decision in decisions)}
    return True


def test_http_requests_are_seen_as_recorded() -> None:
    table = read_requests()
    assert table
    wrong = [difference for recorded in table if (difference := _http_difference(recorded))]
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:10])


def _http_difference(recorded: dict[str, Any]) -> str | None:
    if recorded.get("status") == 400:
        return None  # no HTTP request: what is made of it is anybody's choice
    try:
        ours = from_http(recorded["method"], recorded["url"], recorded["user"], recorded["groups"])
    except ValueError as error:
        return None if "refused" in recorded else f"{recorded}\n  ours: {error}"
    if "refused" in recorded:
        return f"{recorded}\n  ours: {ours}"
    return None if _visible(ours) == request_of(recorded) else f"{recorded}\n  ours: {ours}"


def _visible(request: Request) -> Request:
    return request._replace(version="")


@pytest.fixture(scope="module", params=list(VERSIONS))
def oracle(request: pytest.FixtureRequest) -> Iterator[Oracle]:
    try:
        with start(request.param) as running:
            yield running
    except OracleUnavailableError as reason:
        pytest.skip(str(reason))


@pytest.mark.slow
def test_fresh_random_policies(oracle: Oracle) -> None:
    wrong = list(islice(_live_differences(oracle, Random(SEED)), 5))
    assert not wrong, f"KUBE_AUDIT_LINT_SEED={SEED}\n" + "\n".join(wrong)


def _live_differences(oracle: Oracle, rng: Random) -> Iterator[str]:
    for _ in range(LIVE_POLICIES):
        document, requests = random_policy(rng), random_requests(rng, 50)
        answer = oracle.decide(json.dumps(document), requests)
        if answer["ok"]:
            policy = policy_of(document)
            for asked, theirs in zip(requests, answer["decisions"], strict=True):
                yield from _live_difference(policy, {**asked, **theirs})


def _live_difference(policy: Policy, decided: dict[str, Any]) -> Iterator[str]:
    if "refused" not in decided:
        ours = python.evaluate(policy, request_of(decided))
        managed = decided.get("omitManagedFields")
        theirs = Decision(decided["rule"], decided["level"], tuple(decided["omitStages"]), managed)
        if not same(ours, theirs):
            yield f"{policy}\n  {decided}\n  ours {ours}"


@pytest.mark.slow
def test_fresh_random_http_requests(oracle: Oracle) -> None:
    asked = random_requests(Random(SEED), LIVE_POLICIES * 10)
    seen = oracle.decide(ANY_POLICY, asked)["decisions"]
    pairs = ({**here, **there} for here, there in zip(asked, seen, strict=True))
    wrong = [difference for pair in pairs if (difference := _http_difference(pair))]
    assert not wrong, f"KUBE_AUDIT_LINT_SEED={SEED}, {len(wrong)} differ:\n" + "\n".join(wrong[:10])
