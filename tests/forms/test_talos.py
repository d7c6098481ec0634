"""Talos: inline policies, its own defaults and mounts, the newer documents, patches."""

from __future__ import annotations

from textwrap import indent

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, mounts, server_in

SECTION = """image: registry.k8s.io/kube-apiserver:v1.31.2
extraArgs:
  audit-log-maxage: 7
  audit-log-mode: batch
extraVolumes:
- hostPath: /var/audit
  mountPath: /etc/audit
  readonly: true
auditPolicy:
  apiVersion: audit.k8s.io/v1
  kind: Policy
  rules:
  - level: Metadata
"""


def machine(section: str = SECTION, kind: str = "controlplane") -> str:
    return f"version: v1alpha1\nmachine:\n  type: {kind}\ncluster:\n  apiServer:\n" + indent(section, "    ")


def test_a_machine_configuration() -> None:
    found = found_in(machine())
    (server,), (policy,) = found.servers, found.policies
    assert flags(server) == {"audit-log-maxage": "7", "audit-log-mode": "batch"}
    assert server.value("audit-log-maxbackup") == "10"
    assert server.value("audit-log-path") == "/var/log/audit/kube/kube-apiserver.log"
    assert server.policy is policy
    assert policy.embedded
    assert policy.place.text == "auditPolicy"
    assert policy.at("rules", 0, "level").text == "Metadata"
    assert str(server.versions) == "1.31"
    assert mounts(server) == {"/etc/audit": "/var/audit"}
    assert server.place.text == "apiServer"
    assert not server.partial
    assert not found.misshapes


def test_talos_sets_a_policy_itself() -> None:
    server = server_in(machine("certSANs: [a]\n"))
    assert server.policy is None
    assert server.value("audit-policy-file")
    assert linked(("a.yaml", machine("certSANs: [a]\n")), ("auditpolicy.yaml", POLICY)) is None


def test_a_policy_that_a_patch_takes_out() -> None:
    assert not found_in("cluster:\n  apiServer:\n    auditPolicy:\n      $patch: delete\n").policies


def test_a_policy_that_is_not_loaded_because_of_a_flag() -> None:
    server = server_in(machine(SECTION.replace("extraArgs:", "extraArgs:\n  audit-policy-file: /etc/audit/x.yaml")))
    assert server.policy is None


def test_a_list_of_values_is_a_flag_for_each() -> None:
    server = server_in(machine("extraArgs:\n  audit-log-maxage: ['7', '8']\n"))
    assert [flag.value for flag in server.flags] == ["7", "8"]


NEW = """apiVersion: v1alpha1
kind: KubeAPIServerConfig
image: registry.k8s.io/kube-apiserver:v1.37.0
extraArgs:
  audit-log-maxage: "7"
---
apiVersion: v1alpha1
kind: KubeAuditPolicyConfig
configuration:
  apiVersion: audit.k8s.io/v1
  kind: Policy
  rules: []
"""


def test_the_newer_documents() -> None:
    found = found_in(NEW)
    (server,), (policy,) = found.servers, found.policies
    assert server.policy is policy
    assert str(server.versions) == "1.37"
    assert policy.place.text == "configuration"
    first, _, second = NEW.partition("---\n")
    assert len(found_in(second).policies) == 1
    assert found_in(first).servers[0].policy is None
    beside = machine("certSANs: [a]\n") + "---\n" + second
    assert found_in(beside).servers[0].policy is found_in(beside).policies[0] or len(found_in(beside).policies) == 1


@pytest.mark.parametrize("patch", ["cluster:\n  apiServer:\n" + indent(SECTION, "    ")])
def test_a_patch_is_a_part(patch: str) -> None:
    assert server_in(patch).partial


def test_a_json_patch() -> None:
    text = (
        "- op: add\n  path: /cluster/apiServer/auditPolicy\n  value:\n    apiVersion: audit.k8s.io/v1\n"
        "    kind: Policy\n    rules: [{level: Metadata}]\n"
        "- op: add\n  path: /cluster/apiServer/extraArgs/audit-log-maxage\n  value: '7'\n"
    )
    server = server_in(text)
    assert flags(server) == {"audit-log-maxage": "7"}
    assert server.policy is not None


@pytest.mark.parametrize(
    ("section", "rule", "text"),
    [
        ("auditpolicy: {}\n", "unknown-setting", "auditpolicy"),
        ("auditPolicyFile: a\n", "unknown-setting", "auditPolicyFile"),
        ("auditPolicy: |\n  kind: Policy\n", "wrong-shape", "auditPolicy"),
        ("extraArgs:\n- name: a\n  value: b\n", "wrong-shape", "name"),
        ("extraArgs:\n  --audit-log-maxage: '7'\n", "wrong-shape", "--audit-log-maxage"),
        ("extraVolumes:\n- {hostPath: /a, mountPath: /b, readOnly: true}\n", "unknown-setting", "readOnly"),
    ],
)
def test_wrong_shapes(section: str, rule: str, text: str) -> None:
    assert misshapes(machine(section)) == [(rule, text)]


@pytest.mark.parametrize(
    "text",
    [
        machine("extraArgs: {audit-log-maxage: '7'}\n", kind="worker"),
        "cluster:\n  apiServer:\n    host: example.com\n",
        "cluster:\n  apiServer: {extraArgs: {a: b}}\nother: 1\n",
        "apiVersion: v1alpha1\nkind: HostnameConfig\nauditPolicy: {}\n",
        "- op: add\n  path: /machine/install\n  value: {}\n",
    ],
)
def test_passed_over(text: str) -> None:
    assert not found_in(text)


@pytest.mark.parametrize("kind", ["worker", "join"])
def test_workers_run_no_api_server(kind: str) -> None:
    """`join` is what Talos called them first, and still takes."""
    assert not found_in(machine(kind=kind)).servers


@pytest.mark.parametrize("kind", ["controlplane", "init"])
def test_control_planes_run_one(kind: str) -> None:
    assert server_in(machine(kind=kind)).value("audit-log-maxage") == "7"
