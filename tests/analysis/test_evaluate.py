"""The plain reference against kube-apiserver's own answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from policies import policy_of, rule_of

from kube_audit_lint.analysis.evaluate import NO_RULE, evaluate, explain, failed_condition
from kube_audit_lint.analysis.request import Request

RECORDED = Path(__file__).parents[1] / "conformance" / "recorded" / "policy_matching_cases.json"
CASES: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))


def _request(data: dict[str, Any]) -> Request:
    user = data["User"]
    name, groups = (user["Name"], frozenset(user["Groups"])) if user else (None, frozenset())
    if not data["IsResource"]:
        return Request(name, groups, data["Verb"], url=data["Path"])
    keys = ("Group", "Resource", "Subresource", "Namespace", "Name")
    group, resource, subresource, namespace, object_name = (data[key] for key in keys)
    return Request(name, groups, data["Verb"], group, resource, subresource, namespace, object_name)


def _verdicts() -> list[Any]:
    return [
        pytest.param(case["rule"], matched["result"], id=case["rule"].replace("\n", " ") + matched["versions"][0])
        for case in CASES["rules"]
        for matched in case["matches"]
        if set(matched["result"]) <= {"0", "1"}
    ]


@pytest.mark.parametrize(("text", "verdict"), _verdicts())
def test_matches_as_the_api_server_does(text: str, verdict: str) -> None:
    rule = rule_of(yaml.safe_load("  " + text) or {})
    matched = [failed_condition(rule, _request(request)) is None for request in CASES["requests"]]
    assert "".join("01"[each] for each in matched) == verdict


def test_first_match_decides_and_stages_are_united() -> None:
    policy = policy_of("""
        omitStages: [RequestReceived]
        omitManagedFields: true
        rules:
        - {level: None, users: [kube-proxy]}
        - {level: Request, omitStages: [Panic], omitManagedFields: false}
        - {level: Metadata}
    """)
    decision = evaluate(policy, Request("jane", frozenset(), "get", resource="pods"))
    assert decision == (1, "Request", frozenset({"RequestReceived", "Panic"}), False)


def test_no_match_is_none_with_the_policys_own_stages() -> None:
    policy = policy_of("{omitStages: [Panic], rules: [{level: Request, users: [jane]}]}")
    decision = evaluate(policy, Request("bob", frozenset(), "get", resource="pods"))
    assert decision == (NO_RULE, "None", frozenset({"Panic"}), False)


def test_explains_why_earlier_rules_did_not_match() -> None:
    policy = policy_of("""
        - {level: None, users: [kube-proxy]}
        - {level: None, userGroups: [admins]}
        - {level: None, verbs: [list]}
        - {level: None, namespaces: [shop]}
        - {level: None, resources: [{group: apps}]}
        - {level: None, nonResourceURLs: [/healthz]}
        - {level: Metadata}
    """)
    request = Request("jane", frozenset(), "get", "", "pods", "", "payments", "web")
    failed = [condition for _, condition in explain(policy, request)]
    assert failed == ["users", "user_groups", "verbs", "namespaces", "resources", "non_resource_urls"]


def test_all_stages_omitted_is_as_good_as_none() -> None:
    stages = "[RequestReceived, ResponseStarted, ResponseComplete, Panic]"
    policy = policy_of(f"- {{level: Request, omitStages: {stages}}}")
    decision = evaluate(policy, Request("jane", frozenset(), "get", resource="pods"))
    assert not decision.records
    assert decision.outcome == ("None", frozenset(), False)
