"""Small things that a user of `check` would notice when they went wrong, each in one run of the command."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from writing import write

from kube_audit_lint.checks import Hit, unknown_verb
from kube_audit_lint.cli import main
from kube_audit_lint.kubernetes.problems import MOST

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
GOOD = f"{HEAD}- level: Metadata\n"
BAD = f"{HEAD}- {{level: None, verbs: [gets]}}\n- level: Metadata\n"
OLD = GOOD.replace("/v1", "/v1beta1")
MANIFEST = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: registry.example.com/kube-apiserver:v1.30.4
    command: [kube-apiserver, --audit-log-path=-, --audit-policy-file=/etc/kubernetes/audit/policy.yaml]
    volumeMounts: [{name: policy, readOnly: true, mountPath: /etc/kubernetes/audit}]
  volumes: [{name: policy, hostPath: {path: /etc/kubernetes/audit, type: Directory}}]
"""
NOT_THERE = "the policy /etc/kubernetes/audit/policy.yaml is in no file of this run"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[dict[str, Any], str]:
    """The report as JSON, and the notes."""
    main(["check", "--format", "json", *words])
    out, notes = capsys.readouterr()
    return json.loads(out), notes


def rules(report: dict[str, Any]) -> list[str]:
    return [one["rule"] for one in report["findings"]]


class TestManyHits:
    @pytest.fixture(params=[MOST, MOST + 1])
    def hits(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
        """A check that has so many hits, and fails when it is called for more than one beyond the most."""
        count: int = request.param

        def find(subject: Any, params: Any) -> Iterator[Hit]:
            for number in range(count):
                yield Hit(subject.document.place, f"Hit {number}.")
            if count > MOST:
                raise AssertionError("more than one beyond the most")

        monkeypatch.setattr(unknown_verb, "check", find)
        return count

    def test_are_cut(self, hits: int, capsys: pytest.CaptureFixture[str]) -> None:
        write({"audit-policy.yaml": GOOD})
        report, _ = check(capsys)
        assert set(rules(report)) == {"unknown-verb"}
        more = "more than " if hits > MOST else ""
        assert report["findings"][-1]["message"].startswith(f"And {more}{MOST - 100:,} more findings of this rule")


def test_many_clusters_with_one_good_policy_cost_one_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    called: list[ModuleType] = []

    def find(subject: Any, params: Any) -> Iterator[Hit]:
        called.append(unknown_verb)
        return iter(())

    monkeypatch.setattr(unknown_verb, "check", find)
    write({f"{name}/audit-policy.yaml": GOOD for name in "abcd"})
    assert rules(check(capsys)[0]) == []
    assert len(called) == 1


def test_what_the_configuration_turns_off_is_counted_as_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    write({"audit-policy.yaml": BAD, ".kube-audit-lint.yaml": "rules: {unknown-verb: off}\n"})
    report, _ = check(capsys)
    assert rules(report) == []
    assert report["hidden"]["by-configuration"] == 1


def test_the_policy_of_a_server_deeper_down_is_not_that_of_one_above(capsys: pytest.CaptureFixture[str]) -> None:
    write({"a/kube-apiserver.yaml": MANIFEST, "a/b/kube-apiserver.yaml": MANIFEST, "a/b/policy.yaml": GOOD})
    _, notes = check(capsys)
    assert f"a/kube-apiserver.yaml:8:71: note: {NOT_THERE}" in notes
    assert "a/b/kube-apiserver.yaml" not in notes


def test_a_file_that_a_form_writes_elsewhere_is_not_the_policy(capsys: pytest.CaptureFixture[str]) -> None:
    lines = "".join(f"    {line}\n" for line in GOOD.splitlines())
    for path, there in (("/srv/other/policy.yaml", False), ("/etc/kubernetes/audit/policy.yaml", True)):
        data = f"#cloud-config\nwrite_files:\n- path: {path}\n  content: |\n{lines}"
        write({"kube-apiserver.yaml": MANIFEST, "user-data.yaml": data})
        assert (NOT_THERE in check(capsys)[1]) is not there


def test_two_that_fit_equally_well_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    write({"m/kube-apiserver.yaml": MANIFEST, "a/policy.yaml": GOOD, "b/policy.yaml": GOOD})
    _, notes = check(capsys)
    assert "m/kube-apiserver.yaml:8:71: note: a/policy.yaml and b/policy.yaml fit" in notes
    assert "/etc/kubernetes/audit/policy.yaml equally well" in notes
    assert "`links: {PATH OF THIS FILE: a/policy.yaml}`" in notes
    assert NOT_THERE not in notes
    assert "equally well" in check(capsys, "b/policy.yaml")[1]  # whose versions would be that server's
    write({".kube-audit-lint.yaml": "links: {m/kube-apiserver.yaml: a/policy.yaml}\n"})
    assert "equally well" not in check(capsys)[1]


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("kube-apiserver:v1.99.0", "1.99: the newest known version is 1.37, checked by that"),
        ("kube-apiserver:v2.0.0", "2.0: the newest known version is 1.37, checked by that"),
        ("kube-apiserver-amd64:v1.5.7", "1.5 is older than 1.10, the oldest version that is known: not checked"),
        ("kube-apiserver:v0.19.3", "0.19 is older than 1.10, the oldest version that is known: not checked"),
        ("kube-apiserver:latest", ""),
        ("kube-apiserver@sha256:0123", ""),
        ("kube-apiserver:v1.30.1-eks-abc", ""),
        ("kube-apiserver-operator:v2.3.0", ""),  # has versions of its own
    ],
)
def test_an_image_outside_of_the_known_versions_is_noted_there(
    image: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write({"kube-apiserver.yaml": MANIFEST.replace("kube-apiserver:v1.30.4", image), "policy.yaml": GOOD})
    notes = check(capsys)[1].splitlines()
    assert notes == ([f"kube-apiserver.yaml:7:12: note: {told}"] if told else [])


def test_a_configured_version_that_is_newer_is_noted_where_it_is_configured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    over = "overrides:\n- paths: [b/]\n  kubernetes-version: 1.41\n"
    write({".kube-audit-lint.yaml": over, "a/policy.yaml": GOOD, "b/audit-policy.yaml": GOOD, "b/c/policy.yaml": GOOD})
    told = "1.41: the newest known version is 1.37, checked by that"
    assert check(capsys)[1].splitlines() == [f".kube-audit-lint.yaml:3:23: note: {told}"]
    assert check(capsys, "a/policy.yaml")[1] == ""
    assert check(capsys, "b/c/policy.yaml")[1].splitlines() == [f".kube-audit-lint.yaml:3:23: note: {told}"]
    told = told.replace("1.41", "--kubernetes-version: 1.99")
    assert check(capsys, ".", "--kubernetes-version", "1.99")[1].splitlines() == [f"note: {told}"]


def test_servers_that_are_too_old_do_not_count_beside_others(capsys: pytest.CaptureFixture[str]) -> None:
    ancient = MANIFEST.replace("v1.30.4", "v1.5.1")
    write({"a/kube-apiserver.yaml": MANIFEST, "b/kube-apiserver.yaml": ancient, "policy.yaml": OLD})
    report, _ = check(capsys)
    assert [one["kubernetes"] for one in report["findings"] if one["rule"] == "unsupported-api-version"] == ["1.30"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_counterpart_is_found_in_each_encoding(encoding: str, capsys: pytest.CaptureFixture[str]) -> None:
    write({"kube-apiserver.yaml": MANIFEST.encode(encoding), "policy.yaml": OLD.encode(encoding)})
    for name in ("kube-apiserver.yaml", "policy.yaml"):
        report, notes = check(capsys, name)
        assert NOT_THERE not in notes
        found = [one["kubernetes"] for one in report["findings"] if one["rule"] == "unsupported-api-version"]
        assert found == ["1.30"]


@pytest.mark.parametrize(
    ("words", "read", "found"),
    [((".",), 0, []), (("README.md",), 1, []), (("--embedded", "."), 1, ["unknown-verb"])],
)
def test_documentation_is_only_read_where_it_is_wanted(
    words: tuple[str, ...], read: int, found: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write({"README.md": f"# Audit\n\n```yaml\n{BAD}```\n"})
    report, notes = check(capsys, *words)
    assert (report["files"]["read"], rules(report)) == (read, found)
    assert ("README.md" in notes) is not bool(found)


def test_lists_hold_managed_fields_too(capsys: pytest.CaptureFixture[str]) -> None:
    for verb, bodies in (("list", True), ("get", True), ("delete", False)):
        write({"audit-policy.yaml": f"{HEAD}- {{level: RequestResponse, verbs: [{verb}]}}\n- level: Metadata\n"})
        report, _ = check(capsys, "--select", "managed-fields-recorded")
        assert (rules(report) != []) is bodies, verb


def test_a_flag_without_a_successor_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    flags = "--audit-dynamic-configuration, --audit-webhook-batch-initial-backoff=1s, "
    write({"kube-apiserver.yaml": MANIFEST.replace("[kube-apiserver, ", f"[kube-apiserver, {flags}")})
    report, _ = check(capsys)
    helps = [one["help"] for one in report["findings"] if one["rule"] == "flag-not-in-version"]
    assert len(helps) == 1
    assert "Use --" not in helps[0]


@pytest.mark.parametrize(("line", "joined"), [("# secrets", True), ("omitStages: []", False)])
def test_what_folding_does_to_comments(line: str, joined: bool, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "".join(f"    {one}\n" for one in GOOD.replace("rules:", f"{line}\nrules:", 1).splitlines())
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  audit-policy.yaml: >\n"
    write({"cm.yaml": head + lines})
    (message,) = [one["message"] for one in check(capsys)[0]["findings"] if one["rule"] == "wrong-shape"]
    assert ("What is joined to a comment is a part of it." in message) is joined


def test_a_continued_command_begins_on_its_own_first_line(capsys: pytest.CaptureFixture[str]) -> None:
    command = "k3s server \\\n  --cluster-init \\\n  --kube-apiserver-arg=audit-log-maxage=x\n"
    write({"install.sh": f"#!/bin/sh\necho k3s\n{command}"})
    report, _ = check(capsys, "--embedded", "install.sh")
    assert "invalid-flag-value" in rules(report)


@pytest.mark.parametrize("head", ["apiVersion: example.com/v1\n", "kind: Shoot\n"])
def test_objects_of_others_are_none_of_gardener(head: str, capsys: pytest.CaptureFixture[str]) -> None:
    part = "spec: {kubernetes: {kubeAPIServer: {auditConfig: {auditPolicy: {}}}}}\n"
    write({"shoot.yaml": head + part})
    assert check(capsys)[0]["files"]["servers"] == 0
    write({"shoot.yaml": part})
    assert check(capsys)[0]["files"]["servers"] == 1


def test_kops_mounts_the_log_itself(capsys: pytest.CaptureFixture[str]) -> None:
    head = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: example.com}\n"
    path = "/srv/kubernetes/kube-apiserver/audit-policy.yaml"
    write({"kops.yaml": f"{head}spec: {{kubeAPIServer: {{auditPolicyFile: {path}}}}}\n"})
    write({"kube-apiserver.yaml": MANIFEST.replace("--audit-log-path=-, ", "")})
    helps = {one["path"]: one["help"] for one in check(capsys, "--select", "no-audit-backend")[0]["findings"]}
    assert "mount its directory" not in helps["kops.yaml"]
    assert "mount its directory" in helps["kube-apiserver.yaml"]


def test_a_server_on_the_host_mounts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    write({"kube-apiserver.service": "[Service]\nExecStart=/usr/bin/kube-apiserver --etcd-servers=http://x\n"})
    (found,) = check(capsys, "--select", "no-audit-policy")[0]["findings"]
    assert "mount" not in found["help"]
    assert "--audit-log-path" in found["help"]


def test_a_value_that_is_not_known_hides_no_other_that_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    flags = '"--audit-log-mode={{ .Values.mode }}", --audit-log-format=xml, --audit-log-maxage=-1, '
    write({"kube-apiserver.yaml": MANIFEST.replace("--audit-log-path=-", f"{flags}--audit-log-path=-")})
    report, _ = check(capsys, "--select", "invalid-flag-value")
    named = [one["message"] for one in report["findings"]]
    assert len(named) == 2
    assert any("audit log format xml" in one for one in named)
    assert any("--audit-log-maxage -1" in one for one in named)


@pytest.mark.parametrize(
    ("image", "port", "expected"),
    [
        ("v1.18.3", "", True),  # 8080 is open
        ("v1.19.16", ", --insecure-port=8080", True),
        ("v1.19.16", ", --insecure-port=0", False),
        ("v1.20.1", "", False),  # gone: a name that nobody has
        ("v1.30.4", "", False),
    ],
)
def test_what_is_hidden_of_the_insecure_port(
    image: str, port: str, expected: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = f"{HEAD}- {{level: None, users: ['system:unsecured']}}\n- level: Metadata\n"
    manifest = MANIFEST.replace("v1.30.4", image).replace("policy.yaml]", f"policy.yaml{port}]")
    write({"kube-apiserver.yaml": manifest, "policy.yaml": policy})
    # A copy about which there is nothing to be found comes first.
    closed = manifest.replace("]\n    volumeMounts", ", --insecure-port=0]\n    volumeMounts")
    write({"a/kube-apiserver.yaml": closed, "a/policy.yaml": policy})
    found = [one["path"] for one in check(capsys)[0]["findings"] if one["rule"] == "blind-spot"]
    assert found == (["policy.yaml"] if expected else [])


def test_the_insecure_port_is_closed_where_an_installer_configures_the_server(
    capsys: pytest.CaptureFixture[str],
) -> None:
    policy = f"{HEAD}- {{level: None, users: ['system:unsecured']}}\n- level: Metadata\n"
    cluster = (
        "apiVersion: kubeadm.k8s.io/v1beta2\nkind: ClusterConfiguration\nkubernetesVersion: v1.18.3\napiServer:\n"
        "  extraArgs: {audit-policy-file: /etc/kubernetes/audit/policy.yaml, audit-log-path: '-'%s}\n"
        "  extraVolumes: [{name: p, hostPath: /etc/kubernetes/audit, mountPath: /etc/kubernetes/audit}]\n"
    )
    for more, expected in (("", []), (", insecure-port: '8080'", ["blind-spot"])):
        write({"kubeadm.yaml": cluster % more, "policy.yaml": policy})
        assert [one["rule"] for one in check(capsys)[0]["findings"] if one["rule"] == "blind-spot"] == expected


@pytest.mark.parametrize("version", ["1.10", "1.11", "1.12", "1.30"])
@pytest.mark.parametrize("text", ["", "# to do\n", "to do\n", "- level: Metadata\n"])
def test_the_advice_about_what_is_no_policy_makes_it_one(
    text: str, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write({"audit-policy.yaml": text})
    (found,) = check(capsys, "--kubernetes-version", version, "audit-policy.yaml")[0]["findings"]
    written = re.findall(r"`([^`]+)`", found["help"])
    rule = "" if text.startswith("-") else f"{written.pop()}\n"
    write({"audit-policy.yaml": "\n".join(written) + f"\n{rule or text}"})
    report = check(capsys, "--kubernetes-version", version, "audit-policy.yaml")[0]
    assert not [one for one in report["findings"] if one["severity"] != "info"]


def test_the_advice_about_no_rules_names_no_flag_where_none_names_the_policy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    policy = "    apiVersion: audit.k8s.io/v1alpha1\n    kind: Policy\n    rules: []\n"
    head = "apiVersion: v1\nkind: MasterConfig\nauditConfig:\n  enabled: true\n  auditFilePath: /var/log/a.log\n"
    write({"master-config.yaml": f"{head}  policyConfiguration:\n{policy}"})
    (found,) = (one for one in check(capsys)[0]["findings"] if one["rule"] == "no-rules")
    assert found["help"] == "Give the policy at least one rule, such as `- level: Metadata`."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("profile: cis\naudit-policy-file: /etc/rancher/rke2/audit.yaml\n", True),
        ("kube-apiserver-arg: [audit-policy-file=/etc/rancher/rke2/audit.yaml]\n", False),
    ],
)
def test_what_rke2_does_without_its_policy(text: str, told: bool, capsys: pytest.CaptureFixture[str]) -> None:
    Path("etc/rancher/rke2").mkdir(parents=True)
    Path("etc/rancher/rke2/config.yaml").write_text(text)
    _, notes = check(capsys)
    assert "is in no file of this run: what it records was not checked" in notes
    assert ("RKE2 writes a policy there that records nothing" in notes) is told
