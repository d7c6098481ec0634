"""Which findings a run reports: those about the files that it was given, with what else they depend on beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kube_audit_lint.cli import main

# An error that names a version (it loads up to 1.23), and one that names none.
POLICY = "apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules:\n- level: Metadata\n- level: metadata\n"
MANIFEST = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: registry.example.com/kube-apiserver:v1.30.4
    command:
    - kube-apiserver
    - --audit-log-path=/var/log/audit.log
    - --audit-log-maxage=a
    - --audit-policy-file=/etc/kubernetes/audit-policy.yaml
    volumeMounts:
    - {name: p, mountPath: /etc/kubernetes/audit-policy.yaml, readOnly: true}
    - {name: l, mountPath: /var/log}
  volumes:
  - {name: p, hostPath: {path: /etc/kubernetes/audit-policy.yaml, type: File}}
  - {name: l, hostPath: {path: /var/log, type: Directory}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory: a repository with a server and its policy."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    Path("audit-policy.yaml").write_text(POLICY)
    Path("kube-apiserver.yaml").write_text(MANIFEST)


def errors(capsys: pytest.CaptureFixture[str], *paths: str) -> dict[tuple[str, str], dict[str, Any]]:
    main(["check", "--format", "json", *paths])
    found = json.loads(capsys.readouterr().out)["findings"]
    return {(one["path"], one["rule"]): one for one in found if one["severity"] == "error"}


OF_POLICY = {("audit-policy.yaml", "invalid-level"), ("audit-policy.yaml", "unsupported-api-version")}
OF_SERVER = {("kube-apiserver.yaml", "invalid-flag-value")}


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ((), OF_POLICY | OF_SERVER),
        (("audit-policy.yaml",), OF_POLICY),
        # With a policy that does not load the server does not start: that is about the manifest too.
        (("kube-apiserver.yaml",), OF_SERVER | OF_POLICY),
        (("kube-apiserver.yaml", "audit-policy.yaml"), OF_POLICY | OF_SERVER),
    ],
)
def test_of_the_files_that_are_named(
    paths: tuple[str, ...], expected: set[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert set(errors(capsys, *paths)) == expected


def test_a_finding_that_names_a_version_shows_where_it_is_from(capsys: pytest.CaptureFixture[str]) -> None:
    found = errors(capsys)
    (related,) = found["audit-policy.yaml", "unsupported-api-version"]["related"]
    assert (related["path"], related["start"]["line"]) == ("kube-apiserver.yaml", 7)
    assert related["message"] == "the version that it is checked by"
    assert found["audit-policy.yaml", "unsupported-api-version"]["kubernetes"] == "1.30"
    (related,) = found["audit-policy.yaml", "invalid-level"]["related"]
    assert related["message"] == "this server is to load it, and does not start"


def test_a_policy_alone_among_static_pods(capsys: pytest.CaptureFixture[str]) -> None:
    """No server stands beside it: the finding about the directory is at the policy."""
    path = Path("etc/kubernetes/manifests/audit.yaml")
    path.parent.mkdir(parents=True)
    path.write_text(POLICY)
    assert (str(path), "policy-in-manifest-directory") in errors(capsys)
    assert ("audit-policy.yaml", "policy-in-manifest-directory") not in errors(capsys)


def test_what_a_form_refuses_holds_for_every_version(capsys: pytest.CaptureFixture[str]) -> None:
    Path("k0s.yaml").write_text(
        "apiVersion: k0s.k0sproject.io/v1beta1\nkind: ClusterConfig\nspec: {api: {extraArg: {audit-log-path: /a}}}\n"
    )
    (found,) = (one for key, one in errors(capsys).items() if key == ("k0s.yaml", "unknown-setting"))
    assert found["kubernetes"] == ""
    assert ("k0s.yaml", "unknown-setting") not in errors(capsys, "audit-policy.yaml")


def test_the_file_that_a_server_loads_need_not_be_linked_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """Two servers of one folder: what is wrong with their policy is reported once."""
    Path("second.yaml").write_text(MANIFEST.replace("1.30.4", "1.31.0"))
    main(["check", "--format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    policies = [one for one in found if one["rule"] == "unsupported-api-version"]
    assert [one["kubernetes"] for one in policies] == ["1.30-1.31"]
    assert {one["path"] for one in policies[0]["related"]} == {"kube-apiserver.yaml", "second.yaml"}


def test_an_early_catch_all_of_none_is_one_finding(capsys: pytest.CaptureFixture[str]) -> None:
    rules = "- level: None\n- level: Metadata\n  resources: [{group: '', resources: [secrets]}]\n"
    Path("early").mkdir()
    Path("early/audit-policy.yaml").write_text(f"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n{rules}")
    (found,) = errors(capsys, "early").values()
    assert found["rule"] == "nothing-recorded"
    assert [one["message"] for one in found["related"]] == ["never reached"]
