"""At which stages events are left, against kube-apiserver's own audit filters: recorded, and live for whole classes.

`every` of a file of tests, own rules with a stage, and the rules about stages all rest on events.by_stages: its
answers are attacked here with requests that go through the real filters.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
from go_oracle import VERSIONS, OracleUnavailableError, start
from vector_files import read_lines

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "analysis"))

from policies import random_policy
from served import is_served, kind_of
from stage_samples import any_request, random_query

from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.analysis.evaluate import evaluate, failed_condition
from kube_audit_lint.analysis.events import Course, by_stages
from kube_audit_lint.analysis.http import from_http, http_of_request
from kube_audit_lint.analysis.query import Query
from kube_audit_lint.analysis.request import Request, RequestURLError
from kube_audit_lint.analysis.stages import possible, stages_of, written
from kube_audit_lint.model.policy import Policy, PolicyRule
from kube_audit_lint.model.version import Versions

CLASSES = int(os.environ.get("KUBE_AUDIT_LINT_CLASSES", "6"))
REQUESTS = int(os.environ.get("KUBE_AUDIT_LINT_REQUESTS", "20000"))
SEED = int(os.environ.get("KUBE_AUDIT_LINT_SEED", "15"))
"""How many answers are attacked in each version, with how many requests each."""


def test_stages_are_those_that_the_filters_write() -> None:
    seen, wrong = 0, []
    for recorded in read_lines("stages"):
        try:
            request = from_http(recorded["method"], recorded["url"], recorded["user"], recorded["groups"])
        except RequestURLError:
            assert recorded["stages"] is None, recorded
            continue
        if recorded["stages"] is not None:
            seen += 1
            stages = list(stages_of(request))
            if recorded["panic"] and request.user is not None:
                stages = ["RequestReceived", "Panic"]
                assert "Panic" in possible(stages_of(request))
            if recorded["stages"] != stages:
                wrong.append(recorded)
    assert seen > 3000
    assert not wrong, wrong[:5]


def http_of(request: Request) -> dict[str, Any]:
    """An HTTP request of which the server makes this one."""
    method, url = http_of_request(request)
    return {"method": method, "url": url, "user": request.user, "groups": sorted(request.groups)}


def document_of(policy: Policy) -> str:
    """The policy as a file."""
    names = {
        "level": "level",
        "users": "users",
        "user_groups": "userGroups",
        "verbs": "verbs",
        "omit_stages": "omitStages",
    }
    names |= {"namespaces": "namespaces", "non_resource_urls": "nonResourceURLs"}

    def rule_of(rule: PolicyRule) -> dict[str, Any]:
        entries = [
            {"group": one.group, "resources": list(one.resources), "resourceNames": list(one.resource_names)}
            for one in rule.resources
        ]
        return {key: getattr(rule, field) for field, key in names.items()} | {"resources": entries}

    rules = [rule_of(rule) for rule in policy.rules]
    data = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": policy.omit_stages, "rules": rules}
    return json.dumps(data)


def asked(query: Query, request: Request) -> bool:
    return kind_of(request) in query.who and any(failed_condition(each, request) is None for each in query.rules())


def targeted(random: Random, query: Query, minor: int, courses: list[Course], pool: list[Request]) -> Iterator[Request]:
    """Served requests of a class: from everywhere, and with parts of its witnesses in place of their own."""
    witnesses = [found.witness_for(kind) for _, found in courses for kind in found.who]
    while True:
        request = random.choice(pool)
        near = random.choice(witnesses)
        fields = [field for field in Request._fields if field != "version" and random.random() < 0.5]
        if request.url is None and near.url is None and random.random() < 0.8:
            request = request._replace(**{field: getattr(near, field) for field in fields if field != "url"})
        elif random.random() < 0.7:
            request = near._replace(user=request.user, groups=request.groups)
        if asked(query, request) and is_served(request, minor):
            yield request


def loads(version: str, policy: Policy) -> bool:
    """Before 1.36 a group `*` is refused."""
    return version == "1.36" or all(entry.group != "*" for rule in policy.rules for entry in rule.resources)


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_no_request_of_a_class_contradicts_the_answer(version: str) -> None:
    try:
        with start(version) as oracle:
            minor = int(version.partition(".")[2])
            random = Random(SEED)
            pool = [any_request(random, minor) for _ in range(4000)]
            done = tried = 0
            while done < CLASSES:
                policy, query = random_policy(random), random_query(random)
                courses = by_stages(Analysis(policy, Versions(minor, minor)), query) if loads(version, policy) else []
                if not courses:
                    continue
                done += 1
                requests = list(islice(targeted(random, query, minor, courses, pool), REQUESTS))
                requests += (found.witness_for(kind) for _, found in courses for kind in found.who)
                tried += attack(oracle, policy, courses, requests)
            print(f"{version}: {done} answers, {tried} requests, 0 disagreements")
    except OracleUnavailableError as reason:
        pytest.skip(str(reason))


def seen_as(data: dict[str, Any]) -> tuple[Any, ...]:
    """What a policy sees, of a decision's attributes and of a request."""
    if data.get("isResource") is False or "url" in data:
        return data["verb"], data.get("url", data.get("path"))
    group = data.get("group", data.get("apiGroup"))
    return data["verb"], group, *(data.get(key, "") for key in ("resource", "subresource", "namespace", "name"))


def attack(oracle: Any, policy: Policy, courses: list[Course], requests: list[Request]) -> int:
    """How many requests were sent; fails at the first that the answer does not hold for."""
    text = document_of(policy)
    sent = [http_of(request) for request in requests]
    decided = oracle.decide(text, sent)
    assert decided["ok"], decided
    events = oracle.ask({"op": "events", "policy": text, "requests": sent})["events"]
    claimed = {(found.rule, stages) for stages, found in courses}
    for request, decision, stages in zip(requests, decided["decisions"], events, strict=True):
        assert seen_as(decision["attributes"]) == seen_as(request.to_json()), request
        # A stage that is written is one of the course, and one of the course is written unless it is omitted.
        course = stages_of(request)
        assert (decision["rule"], course) in claimed, request
        kept = [] if decision["level"] == "None" else [one for one in course if one not in decision["omitStages"]]
        assert stages == kept, (request, stages, kept)
        assert stages == list(written(request, evaluate(policy, request)).stages), request
    return len(requests)
