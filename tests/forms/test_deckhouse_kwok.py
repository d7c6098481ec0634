"""Deckhouse's module settings and kwok's test clusters."""

from __future__ import annotations

from base64 import b64encode
from textwrap import indent

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, server_in

MODULE = "apiVersion: deckhouse.io/v1alpha1\nkind: ModuleConfig\nmetadata: {name: control-plane-manager}\nspec:\n"


def module(apiserver: str) -> str:
    return MODULE + "  settings:\n    apiserver:\n" + indent(apiserver, "      ")


SECRET = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: audit-policy, namespace: kube-system}\ndata:\n  audit-policy.yaml: "
    + b64encode(POLICY.encode()).decode()
    + "\n"
)


def test_a_module() -> None:
    text = module("auditPolicyEnabled: true\n")
    server = server_in(text)
    assert server.place.text == "auditPolicyEnabled"
    assert server.flags_fixed
    assert not misshapes(text)
    assert linked(("module.yaml", text), ("secret.yaml", SECRET)) is not None
    assert linked(("module.yaml", module("basicAuditPolicyEnabled: true\n")), ("secret.yaml", SECRET)) is None


def test_the_older_config_map() -> None:
    inner = "controlPlaneManager: |\n  apiserver:\n    auditPolicyEnabled: true\n"
    assert server_in(inner).place.text == "auditPolicyEnabled"
    assert server_in("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: deckhouse}\ndata:\n" + indent(inner, "  "))


@pytest.mark.parametrize(
    ("apiserver", "rule", "text"),
    [
        ("auditPolicyEnabled: false\nbasicAuditPolicyEnabled: false\n", "no-audit-policy", "false"),
        ("basicAuditPolicyEnabled: false\n", "no-audit-policy", "false"),
        ("auditPolicyEnable: true\n", "unknown-setting", "auditPolicyEnable"),
        ("auditPolicyEnabled: 'true'\n", "wrong-shape", "'true'"),
        ("auditLog: {output: Stdin}\n", "wrong-shape", "Stdin"),
    ],
)
def test_wrong_modules(apiserver: str, rule: str, text: str) -> None:
    assert misshapes(module(apiserver)) == [(rule, text)]


KWOK = """apiVersion: config.kwok.x-k8s.io/v1alpha1
kind: KwokctlConfiguration
options:
  kubeVersion: v1.30.0
componentsPatches:
- name: kube-apiserver
  extraArgs:
  - key: audit-policy-file
    value: /etc/assets/audit-policy.yaml
  - {key: audit-log-maxage, value: "7"}
  extraVolumes:
  - {name: a, hostPath: ., mountPath: /etc/assets}
- name: etcd
  extraArgs: [{key: audit-log-maxage, value: "9"}]
"""


def test_patches_of_kwok() -> None:
    server = server_in(KWOK)
    assert flags(server) == {"audit-policy-file": "/etc/assets/audit-policy.yaml", "audit-log-maxage": "7"}
    assert str(server.versions) == "1.30"
    assert server.partial
    assert linked(("hack/kwok.yaml", KWOK), ("hack/audit-policy.yaml", POLICY)) is not None


def test_a_policy_of_kwok() -> None:
    text = KWOK.partition("componentsPatches")[0] + "  kubeAuditPolicy: ./policies/audit.yaml\n"
    assert server_in(text).place.text == "kubeAuditPolicy"
    assert linked(("kwok.yaml", text), ("policies/audit.yaml", POLICY)) is not None
    assert misshapes(text.replace("kubeAuditPolicy", "kubeauditPolicy")) == [("unknown-setting", "kubeauditPolicy")]
    assert misshapes(KWOK.replace("- {key: audit-log-maxage", "- {name: audit-log-maxage")) == []


@pytest.mark.parametrize(
    "text",
    [
        MODULE + "  settings: {}\n# audit-log\n",
        module("auditPolicyEnabled: true\n").replace("control-plane-manager", "other"),
        KWOK.replace("kube-apiserver", "kube-scheduler"),
        KWOK.replace("KwokctlConfiguration", "KwokConfiguration"),
    ],
)
def test_passed_over(text: str) -> None:
    assert not found_in(text)
