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


LABELLED = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {component: audit-log}}\ndata: {a: b}\n"
ADDON = "kind: Deployment\nmetadata:\n  labels: {addon.kops.k8s.io/name: x, kops.k8s.io/instancegroup: nodes}\n"


@pytest.mark.parametrize(
    "text",
    [
        LABELLED,
        LABELLED + "---\n" + SERVICE,
        "---\n" + SERVICE + "---\n" + LABELLED,
        ADDON,
        ADDON + "spec:\n  image: example.com/openshift-apiserver:v1\n  name: openshift-apiserver:v1\n",
        '{"kind": "Fixture", "audit": {"enabled": true}, "steps": ["restart kube-apiserver 1"]}',
    ],
)
def test_what_others_are_called_is_no_setting(text: str) -> None:
    assert not interesting(text.encode())
    assert not interesting(text.replace("\n", "\r\n").encode())


@pytest.mark.parametrize(
    "text",
    [
        LABELLED.replace("a: b", "audit-log-path: b"),
        SERVICE + "---\n" + LABELLED.replace("a: b", "audit-log: b"),
        "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\n",
        '{"apiVersion":"kops.k8s.io/v1alpha2"}',
        "apiVersion: kops/v1alpha2\nkind: Cluster\n",
        "apiServer:\n  certSANs: [a]\n",
        "  kubeAPIServer:\n    maxRequestsInflight: 1\n",
        "kind: x\nspec: {audit: {profile: None}}\napiVersion: config.openshift.io/v1\n",
        # Of a script, what follows the object is no part of it.
        "cat <<END\nkind: Namespace\n---\nkind: Service\nEND\nkube-apiserver --audit-log-path=-\n---\n",
    ],
)
def test_what_is_a_setting_is_seen(text: str) -> None:
    assert interesting(text.encode())
    assert interesting((text + "# more\n" * 3_000).encode())  # large files are looked at in another order


def test_a_large_json_needs_a_setting() -> None:
    items = [{"kind": "Thing", "auditLog": "x"}] * 10_000
    assert not interesting(json.dumps(items).encode())
    assert interesting(json.dumps(items[:10]).encode())
    assert interesting(json.dumps([*items, {"apiVersion": "audit.k8s.io/v1", "kind": "Policy"}]).encode())
    assert interesting(json.dumps([*items, {"command": ["x", "--audit-log-path=-"]}]).encode())
