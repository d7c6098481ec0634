"""Policies that tools write, on the host, where the kubelet looks for pods or a distribution for objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n"
INDENTED = "    " + POLICY.replace("\n", "\n    ")
PODS, OBJECT = "policy-in-manifest-directory", "policy-applied-as-object"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rules(files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    report = run(Options((".",)), load_config(), shipped()).report
    return [one.rule for one in report.findings if one.severity == "error"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/kubernetes/manifests/audit-policy.yaml", [PODS]),
        ("/etc/kubernetes/manifests/policy", [PODS]),
        ("/etc/kubernetes/manifests/.audit-policy.yaml", []),
        ("/etc/kubernetes/manifests/audit/policy.yaml", []),
        ("/var/lib/rancher/k3s/agent/pod-manifests/audit.yaml", [PODS]),
        ("/var/lib/rancher/rke2/server/manifests/audit-policy.yaml", [OBJECT]),
        ("/var/lib/k0s/manifests/audit/policy.yaml", [OBJECT]),
        ("/etc/rancher/rke2/audit-policy.yaml", []),
    ],
)
def test_files_of_cloud_init(path: str, expected: list[str]) -> None:
    assert rules({"user-data": f"#cloud-config\nwrite_files:\n- path: {path}\n  content: |\n{INDENTED}"}) == expected


def test_an_object_that_holds_a_policy_may_be_applied() -> None:
    held = "    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n    data:\n      policy.yaml: |\n"
    held += "        " + POLICY.replace("\n", "\n        ")
    path = "/var/lib/rancher/rke2/server/manifests/audit.yaml"
    assert rules({"user-data": f"#cloud-config\nwrite_files:\n- path: {path}\n  content: |\n{held}"}) == []


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("template: {src: audit-policy.yaml.j2, dest: /var/lib/rancher/k3s/server/manifests/a.yaml}", [OBJECT]),
        ("ansible.builtin.copy: src=files/audit-policy.yaml dest=/etc/kubernetes/manifests/audit.yaml", [PODS]),
        ('copy: src=files/audit-policy.yaml dest="{{ kube_manifest_dir }}/" mode=0600', [PODS]),
        ("copy: src=files/audit-policy.yaml dest=/etc/kubernetes/audit/", []),
        ("copy: {src: audit-policy.yaml, dest: /etc/kubernetes/manifests/}", [PODS]),
        ("copy: {src: audit-policy.yaml, dest: /etc/kubernetes/manifests}", [PODS]),
        ("copy: {src: kube-apiserver.yaml, dest: /etc/kubernetes/manifests/}", []),
        ("file: {path: /etc/kubernetes/manifests/audit-policy.yaml, state: absent}", []),
        ("stat: {path: /etc/kubernetes/manifests/audit-policy.yaml}", []),
        ("kubernetes.core.k8s: {src: files/audit-policy.yaml}", [OBJECT]),
        ("kubernetes.core.k8s: {template: audit-policy.yaml.j2, state: present}", [OBJECT]),
        ("kubernetes.core.k8s: {src: files/audit-policy.yaml, state: absent}", []),
    ],
)
def test_tasks_of_ansible(task: str, expected: list[str]) -> None:
    assert rules({"tasks/main.yml": f"- name: audit policy\n  {task}\n"}) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [(POLICY, [OBJECT]), ("apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: a}\n", [])],
)
def test_the_file_itself_decides_where_it_is_seen(text: str, expected: list[str]) -> None:
    task = "- name: audit\n  k8s: {src: audit-policy.yaml}\n  vars: {log: audit-policy}\n"
    assert [one for one in rules({"a/tasks/main.yml": task, "a/files/audit-policy.yaml": text}) if one == OBJECT] == (
        expected
    )
