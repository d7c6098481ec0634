"""Files that are full of the words of auditing and say themselves that they are something else."""

from __future__ import annotations

import json

import pytest

from kube_audit_lint.discovery.look import interesting

CRD = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  schema:
    properties:
      auditPolicy: {description: the policy of kube-apiserver, example: --audit-log-path}
      kind: {type: string}
"""
POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n"
RULES = "# an audit-policy without its kind\nrules: [{level: Metadata}]\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {labels: {audit-log: collected}}\n"


@pytest.mark.parametrize("text", [CRD, f"---\n{CRD}---\n{SERVICE}", SERVICE, CRD.replace("kind: C", 'kind: "C')])
def test_other_objects_are_put_aside(text: str) -> None:
    assert not interesting(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        POLICY,
        f"{CRD}---\n{POLICY}",
        f"---\n{CRD}---\n{RULES}",
        CRD.replace("CustomResourceDefinition", "ConfigMap"),
        CRD.replace("CustomResourceDefinition", "{{ .Kind }}"),
        CRD.replace("kind: CustomResourceDefinition\n", ""),
        SERVICE.replace("v1", "serving.knative.dev/v1"),  # holds a pod template
    ],
)
def test_what_may_hold_settings_is_not(text: str) -> None:
    assert interesting(text.encode())


def test_a_large_json_needs_a_setting() -> None:
    items = [{"kind": "Thing", "auditLog": "x"}] * 10_000
    assert not interesting(json.dumps(items).encode())
    assert interesting(json.dumps(items[:10]).encode())
    assert interesting(json.dumps([*items, {"apiVersion": "audit.k8s.io/v1", "kind": "Policy"}]).encode())
    assert interesting(json.dumps([*items, {"command": ["x", "--audit-log-path=-"]}]).encode())
