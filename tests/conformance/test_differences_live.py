"""Classes of differences, decided by kube-apiserver's own evaluator."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from go_oracle import VERSIONS, Oracle, OracleUnavailableError, start
from test_audit_filters import document_of, loads

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "analysis"))

from served import random_request
from test_difference import random_pair

from kube_audit_lint.analysis.difference import difference
from kube_audit_lint.analysis.effect import effect, traits_of_request
from kube_audit_lint.analysis.evaluate import Decision
from kube_audit_lint.analysis.http import http_of_request
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.model.policy import Policy
from kube_audit_lint.model.version import Versions

PAIRS = 60
REQUESTS = 100


def decisions(oracle: Oracle, policy: Policy, requests: list[Request]) -> list[Decision]:
    """What kube-apiserver decides of requests as they are sent to it."""
    sent: list[dict[str, Any]] = []
    for one in requests:
        method, url = http_of_request(one)
        sent.append({"method": method, "url": url, "user": one.user, "groups": sorted(one.groups)})
    answer = oracle.decide(document_of(policy), sent)
    assert answer["ok"], answer
    return [
        Decision(each["rule"], each["level"], frozenset(each["omitStages"]), each.get("omitManagedFields") or False)
        for each in answer["decisions"]
    ]


def without_managed_fields(policy: Policy) -> Policy:
    """What every version of kube-apiserver knows."""
    return Policy(tuple(rule._replace(omit_managed_fields=None) for rule in policy.rules), policy.omit_stages)


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_what_changes_is_what_kube_apiserver_does_differently(version: str) -> None:
    minor = int(version.partition(".")[2])
    random = Random(minor)
    try:
        with start(version) as oracle:
            tried = 0
            for seed in range(PAIRS):
                before, after = map(without_managed_fields, random_pair(seed))
                if loads(version, before) and loads(version, after):
                    tried += 1
                    found = difference(before, after, Versions(minor, minor))
                    requests = [one.witness for one in found]
                    requests += [random_request(random, minor) for _ in range(REQUESTS)]
                    ours, theirs = (decisions(oracle, each, requests) for each in (before, after))
                    for request, one, other in zip(requests, ours, theirs, strict=True):
                        what = effect(one, other, traits_of_request(request))
                        changes = {each.change for each in found if each.requests.matches(request) and each.exact}
                        assert changes <= ({what.change} if what is not None else set()), (seed, request)
                        assert what is None or any(each.requests.matches(request) for each in found), (seed, request)
            assert tried > 10
    except OracleUnavailableError as reason:
        pytest.skip(str(reason))
