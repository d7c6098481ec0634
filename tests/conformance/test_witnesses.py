"""Every request that the analysis shows is one that some HTTP request makes: there and back through RequestInfo."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from as_model import policy_of, request_of
from generator import random_policy
from go_oracle import VERSIONS, OracleUnavailableError, start
from vector_files import read_lines
from witness_samples import ROOT, every, of_findings

from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.analysis.difference import difference
from kube_audit_lint.analysis.http import from_http, http_of_request
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.model.policy import LEVELS, GroupResources, Policy, PolicyRule
from kube_audit_lint.model.version import NEWEST, Versions

CORPUS = Path(os.environ.get("KUBE_AUDIT_LINT_CORPUS", ROOT.parent / "shared" / "corpus"))
ANY_POLICY = json.dumps({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]})
VERSIONS_ASKED = Versions(22, NEWEST)
LISTS = ("users", "user_groups", "verbs", "namespaces", "non_resource_urls")

ODD_ENTRIES = (
    GroupResources("x.io", ("*/status", "namespaces/log", "status", "watch", "proxy/scale", "finalize")),
    GroupResources("x.io", ("a", "namespaces"), ("..", "a/b", "a,b=c\\d", "%41", "?", "")),
    GroupResources("*", ("namespaces", "namespaces/*"), ("a/b", "x y")),
)
NO_PATHS = GroupResources("x.io", ("watch", "proxy", "proxy/log"))
ODD = (
    PolicyRule("None", verbs=("list",), namespaces=("",), resources=(NO_PATHS,)),
    PolicyRule("None", verbs=("watch",), namespaces=("",), resources=(NO_PATHS,)),
    PolicyRule("None", namespaces=("",), resources=(NO_PATHS,)),
    PolicyRule("None", namespaces=("a/b", "..", "with space", "ü%41")),
    PolicyRule("None", non_resource_urls=("/healthz?x", "/a b/ü", "/api/v1/x/*", "//api*", "/%2e%2e/*")),
    PolicyRule("None", verbs=("list", "watch", "deletecollection", ""), resources=ODD_ENTRIES),
    PolicyRule("None", resources=ODD_ENTRIES),
)
"""Values that no path or no selector can have, or only escaped."""


def _of_policy(policy: Policy) -> Iterator[Request]:
    """Every request that an analysis of the policy can show."""
    analysis = Analysis(policy, VERSIONS_ASKED)
    for found in analysis.levels():
        yield from map(found.witness_for, found.who)
    for index, rule in enumerate(policy.rules):
        reaches = [analysis.reach(index)]
        reaches += [
            analysis.reach_value(index, field, at) for field in LISTS for at in range(len(getattr(rule, field)))
        ]
        for at, entry in enumerate(rule.resources):
            reaches += [analysis.reach_value(index, "resources", at, sub) for sub in range(len(entry.resources))]
            if entry.resources:
                reaches += [
                    analysis.reach_value(index, "resource_names", at, sub) for sub in range(len(entry.resource_names))
                ]
        for reach in reaches:
            yield from (blocker.witness for blocker in reach.blockers)
            if reach.witness is not None:
                yield reach.witness
    if all(rule.level in LEVELS for rule in policy.rules):  # what no server loads differs from nothing
        for each in difference(policy, policy._replace(rules=policy.rules[1:])):
            yield each.witness


def _of_policies(count: int, seed: int) -> list[Request]:
    random = Random(seed)
    found = {request for one in ODD for request in _of_policy(Policy((one, PolicyRule("Metadata"))))}
    for _ in range(count):
        found.update(_of_policy(policy_of(random_policy(random))))
    return sorted(found, key=repr)


def _differences(requests: list[Request]) -> list[str]:
    wrong = []
    for request in requests:
        method, url = http_of_request(request)
        seen = from_http(method, url, request.user, request.groups)
        if seen._replace(version="") != request:
            wrong.append(f"{request}\n  {method} {url}\n  {seen}")
    return wrong


def test_witnesses_of_random_policies_can_be_sent() -> None:
    requests = _of_policies(20, 7)
    assert len(requests) > 150
    assert not _differences(requests)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[Request]:
    """What findings of the rules' examples and of examples/, `explain` and failures of `test` print."""
    return every(tmp_path_factory.mktemp("witnesses"))


@pytest.mark.slow
def test_what_commands_print_can_be_sent(printed: list[Request]) -> None:
    assert len(printed) > 500
    assert not _differences(printed)


@pytest.mark.slow
def test_recorded_request_info_sees_what_commands_print(printed: list[Request]) -> None:
    recorded = {(one["method"], one["url"]): one for one in read_lines("witnesses")}
    assert not [one for one in recorded.values() if "refused" in one]
    new, wrong = set(), []
    for request in printed:
        sent = http_of_request(request)
        seen = recorded.get(sent)
        if seen is None:
            new.add(sent)
        elif request_of({**seen, "user": request.user, "groups": request.groups}) != request:
            wrong.append((request, seen))
    assert not wrong, wrong[:5]
    # Those of a few new examples may wait for the next recording: record_witnesses.py.
    assert len(new) <= len(recorded) // 20, sorted(new)[:5]


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the published files are not here")
def test_witnesses_of_findings_in_published_files_can_be_sent() -> None:
    requests = of_findings(CORPUS)
    assert requests
    assert not _differences(requests)


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_request_info_sees_the_witnesses(version: str, printed: list[Request]) -> None:
    requests = _of_policies(300, 8) + printed
    asked: list[dict[str, Any]] = []
    for request in requests:
        method, url = http_of_request(request)
        asked.append({"method": method, "url": url, "user": request.user, "groups": sorted(request.groups)})
    try:
        with start(version) as oracle:
            decisions = oracle.decide(ANY_POLICY, asked)["decisions"]
    except OracleUnavailableError as reason:
        pytest.skip(str(reason))
    assert len(decisions) == len(requests)
    wrong = [
        f"{request}\n  {sent}\n  {seen}"
        for request, sent, seen in zip(requests, asked, decisions, strict=True)
        if "refused" in seen or request_of({**sent, **seen}) != request
    ]
    assert not wrong, f"{len(wrong)} of {len(requests)}:\n" + "\n".join(wrong[:5])
