"""The policies that `init` writes: what detections need, no blind spot by --noise, the loader of kube-apiserver."""

from __future__ import annotations

import importlib.util
import sys
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from starting import DETECTIONS, PROFILES

from kube_audit_lint.analysis.evaluate import evaluate
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.forms import policy as policies
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.kubernetes.loading import load
from kube_audit_lint.model.policy import LEVELS, Policy
from kube_audit_lint.model.version import DEFAULT_FIRST, NEWEST, Versions
from kube_audit_lint.starter.data_files import detections
from kube_audit_lint.starter.policy import kept_out, policy_text, rules_text
from kube_audit_lint.starter.wanted import Wanted
from kube_audit_lint.syntax.reader import read_file

USERS = [
    ("jane", ("system:authenticated",)),
    ("kubernetes-admin", ("system:masters", "system:authenticated")),
    (
        "system:serviceaccount:kube-system:generic-controller",
        ("system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"),
    ),
    ("system:node:worker-1", ("system:nodes", "system:authenticated")),
    ("system:apiserver", ("system:masters",)),
    ("system:kube-controller-manager", ("system:authenticated",)),
    ("system:anonymous", ("system:unauthenticated",)),
]


def wanted(**more: Any) -> Wanted:
    return Wanted(**{"minor": 31, "release": "1.31.0", "form": "kubeadm", **more})


def loaded(text: str, minor: int = 31) -> Policy:
    source, documents = read_file("audit-policy.yaml", text.encode())
    found = policies.read(documents[0], Context(source, tuple(documents), "policy"))
    assert found is not None
    loaded = load(found.policies[0], Versions(minor, minor))
    assert loaded.problems == ()
    assert loaded.policy is not None
    return loaded.policy


def request(user: tuple[str, tuple[str, ...]], verb: str, resource: str) -> Request:
    name, _, group = resource.partition(".")
    name, _, subresource = name.partition("/")
    return Request(
        user=user[0],
        groups=frozenset(user[1]),
        verb=verb,
        group=group,
        resource=name,
        subresource=subresource,
        name="a",
    )


NEEDS = [(source, need) for source in DETECTIONS for need in detections()[source]["needs"]]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("noise", [(), ("kube-system",)])
def test_detections_get_what_they_need(profile: str, noise: tuple[str, ...]) -> None:
    """Of everybody: whatever the control plane is spared, no detection looks at."""
    policy = loaded(policy_text(wanted(profile=profile, noise=noise, detections=DETECTIONS)))
    assert len(NEEDS) > 40
    for source, need in NEEDS:
        for user, verb, resource in product(USERS, need["verbs"], need["resources"]):
            decision = evaluate(policy, request(user, verb, resource))
            enough = LEVELS.index(decision.level) >= LEVELS.index(need["level"])
            assert enough != ("kept-out" in need and profile != "stig"), (source, need["name"], user, verb, resource)
            assert need.get("stage", "ResponseComplete") not in decision.omit_stages


def test_what_is_kept_out_is_told() -> None:
    assert [one.partition(" stays")[0] for one in kept_out(wanted(detections=("falco",)))] == [
        "Falco: `Create/Modify Configmap With Private Credentials`"
    ]
    assert list(kept_out(wanted(detections=("sigma",)))) == []
    assert list(kept_out(wanted(profile="stig", detections=("falco",)))) == []


def test_only_falco_needs_the_bodies_of_services() -> None:
    jane = request(USERS[0], "create", "services")
    assert evaluate(loaded(policy_text(wanted())), jane).level == "Metadata"
    assert evaluate(loaded(policy_text(wanted(detections=("falco",)))), jane).level == "Request"


def test_noise_drops_reads_and_nothing_else() -> None:
    quiet = loaded(policy_text(wanted(noise=("monitoring",))))
    agent = ("system:serviceaccount:monitoring:agent", ("system:serviceaccounts:monitoring", "system:authenticated"))
    levels = {
        (verb, resource): evaluate(quiet, request(agent, verb, resource)).level
        for verb, resource in [("list", "pods"), ("get", "secrets"), ("get", "pods/exec"), ("create", "pods")]
    }
    assert levels == {
        ("list", "pods"): "None",
        ("get", "secrets"): "Metadata",
        ("get", "pods/exec"): "Metadata",
        ("create", "pods"): "Request",
    }
    assert evaluate(loaded(policy_text(wanted())), request(agent, "list", "pods")).level == "Metadata"


@pytest.mark.parametrize("profile", PROFILES)
def test_every_rule_has_a_comment(profile: str) -> None:
    lines = policy_text(wanted(profile=profile, noise=("a",), detections=DETECTIONS)).splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("- level: ")]
    assert heads
    assert all(lines[number - 1].startswith("# ") for number in heads)


def test_rules_alone_say_the_rest_themselves() -> None:
    rules = yaml.safe_load(rules_text(wanted()))
    assert all(
        (rule.get("omitStages"), rule.get("omitManagedFields"))
        == ((None, None) if rule["level"] == "None" else (["RequestReceived"], True))
        for rule in rules
    )


def oracle() -> ModuleType:
    """The tests' way to kube-apiserver's own loader."""
    path = Path(__file__).parents[1] / "conformance" / "go_oracle.py"
    spec = importlib.util.spec_from_file_location("go_oracle_of_init", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.30", "1.36"])
def test_kube_apiserver_loads_them(version: str) -> None:
    go = oracle()
    try:
        with go.start(version) as server:
            for minor, profile in product(range(DEFAULT_FIRST, NEWEST + 1), PROFILES):
                for more in ({}, {"noise": ("kube-system",), "detections": DETECTIONS}):
                    text = policy_text(wanted(minor=minor, profile=profile, **more))
                    answer = server.load(text.encode())
                    assert answer["ok"], answer
                    assert not answer.get("warnings"), answer
    except go.OracleUnavailableError as reason:
        pytest.skip(str(reason))
