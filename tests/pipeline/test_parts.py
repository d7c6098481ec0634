"""Parts of policies: bare lists of rules, and bases that tools make policies from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kube_audit_lint.cli import main

RULES = "# comment\n- level: None\n  users: [jane]\n  resources: [{group: apps, resources: [deployment]}]\n"
POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n  verbs: [get]\n"
SERVER = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.30.0
    command: [kube-apiserver, --audit-policy-file=/etc/kubernetes/NAME, --audit-log-path=-]
    volumeMounts: [{name: k, mountPath: /etc/kubernetes, readOnly: true}]
  volumes: [{name: k, hostPath: {path: /etc/kubernetes, type: Directory}}]
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rules_found(capsys: pytest.CaptureFixture[str], *paths: str) -> set[tuple[str, str]]:
    """The findings of a run, by file and rule."""
    assert main(["check", "--format", "json", *(paths or (".",))]) in (0, 1)
    report = json.loads(capsys.readouterr().out)
    return {(one["path"], one["rule"]) for one in report["findings"]}


@pytest.mark.parametrize("name", ["write-rules.yaml", "none.rules.yml", "rules.yaml"])
def test_a_bare_list_of_rules_is_a_part(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its rules are checked; what the whole policy records is not known."""
    Path(name).write_text(RULES)
    assert rules_found(capsys) == {(name, "unknown-resource")}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("alert-rules.yaml", "- alert: down\n  level: warning\n"),
        ("alert-rules.yaml", "- level: Metadata\n- alert: down\n"),
        ("things.yaml", RULES),
    ],
)
def test_other_lists_are_none(name: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(name).write_text(text)
    assert rules_found(capsys) == set()


@pytest.mark.parametrize("name", ["base-policy.yaml", "audit-policy.base.yaml"])
def test_a_base_is_a_part(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(name).write_text(POLICY.replace("verbs: [get]", "verb: [get]"))
    assert rules_found(capsys) == {(name, "unknown-field")}


@pytest.mark.parametrize("name", ["audit-rules.yaml", "extra-audit-rules.yaml", "audit-base.yaml", "base-policy.yaml"])
@pytest.mark.parametrize("rule", ["{level: None, userss: [a]}", "level: None\n  userss: [a]"])
def test_rules_without_a_head_are_a_part(name: str, rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(name).write_text(f"omitStages: [RequestReceived]\nrules:\n- {rule}\n")
    assert rules_found(capsys) == {(name, "unknown-field")}
    Path(name).write_text('rules:\n- level: None\n  resources: [{group: "", resources: [events]}]\n')
    assert rules_found(capsys) == set()


def test_rules_with_a_head_are_a_policy(capsys: pytest.CaptureFixture[str]) -> None:
    Path("audit-rules.yaml").write_text(POLICY)
    assert ("audit-rules.yaml", "nothing-recorded") in rules_found(capsys)


def test_rules_without_a_head_that_a_server_loads_are_a_policy(capsys: pytest.CaptureFixture[str]) -> None:
    Path("audit-rules.yaml").write_text("rules:\n- level: None\n  verbs: [get]\n")
    Path("kube-apiserver.yaml").write_text(SERVER.replace("NAME", "audit-rules.yaml"))
    assert ("audit-rules.yaml", "unsupported-api-version") in rules_found(capsys)


def test_a_base_that_a_server_loads_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    Path("base-policy.yaml").write_text(POLICY)
    Path("kube-apiserver.yaml").write_text(SERVER.replace("NAME", "base-policy.yaml"))
    assert ("base-policy.yaml", "nothing-recorded") in rules_found(capsys)
    assert ("base-policy.yaml", "nothing-recorded") in rules_found(capsys, "base-policy.yaml")


def test_the_base_of_a_folder_is_a_whole_policy(capsys: pytest.CaptureFixture[str]) -> None:
    """`base` as a folder is kustomize's."""
    Path("base").mkdir()
    Path("base/policy.yaml").write_text(POLICY)
    assert ("base/policy.yaml", "nothing-recorded") in rules_found(capsys)


def test_a_master_config_means_openshift_3(capsys: pytest.CaptureFixture[str]) -> None:
    """Its kube-apiserver is 1.11 or older, which loads v1beta1 and refuses v1."""
    config = "apiVersion: v1\nkind: MasterConfig\nauditConfig: {enabled: true, policyFile: /etc/origin/adv-audit.yaml}"
    policy = "apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules: [{level: Metadata}]\n"
    Path("master-config.yaml").write_text(config + "\n")
    Path("adv-audit.yaml").write_text(policy)
    assert ("adv-audit.yaml", "unsupported-api-version") not in rules_found(capsys)
    Path("adv-audit.yaml").write_text(policy.replace("v1beta1", "v1"))
    assert ("adv-audit.yaml", "unsupported-api-version") in rules_found(capsys)
