"""Mounts, volumes and files that are dropped, overwritten or split without a word."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.30.0
    command: [kube-apiserver, --audit-policy-file=/etc/kubernetes/audit-policy.yaml, --audit-log-path=-]
    volumeMounts:
    - name: policy
      mountPath: /etc/kubernetes/audit-policy.yaml
      readOnly: true
  volumes:
  - name: policy
    hostPath: {path: /etc/kubernetes/audit-policy.yaml, type: File}
"""
KUBEADM = """\
apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
kubernetesVersion: v1.30.3
apiServer:
  extraArgs:
    audit-policy-file: /etc/audit/policy.yaml
    audit-log-path: "-"
  extraVolumes:
  - name: policy
    hostPath: /etc/audit/policy.yaml
    mountPath: /etc/audit/policy.yaml
    readOnly: true
    pathType: File
"""
KIND = """\
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
kubeadmConfigPatches:
- |
  kind: ClusterConfiguration
  apiServer:
    extraArgs:
      audit-policy-file: /etc/audit/policy.yaml
      audit-log-path: "-"
    extraVolumes:
    - {name: p, hostPath: /etc/audit/policy.yaml, mountPath: /etc/audit/policy.yaml, readOnly: true, pathType: File}
nodes:
- role: control-plane
  extraMounts:
  - containerPath: /etc/audit/policy.yaml
    hostPath: ./audit-policy.yaml
"""
RKE2 = "kube-apiserver-arg:\n- audit-policy-file=/etc/rancher/rke2/audit-policy.yaml\n- audit-log-path=-\n"
CAPI = """\
apiVersion: controlplane.cluster.x-k8s.io/v1beta1
kind: KubeadmControlPlane
metadata: {name: a}
spec:
  version: v1.30.0
  kubeadmConfigSpec:
    clusterConfiguration:
      apiServer:
        extraArgs: {audit-policy-file: /etc/audit/policy.yaml, audit-log-path: "-"}
    files:
    - path: /etc/audit/policy.yaml
      content: |
        apiVersion: audit.k8s.io/v1
        kind: Policy
        rules:
        - level: Metadata
"""
KOPS = """\
apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
metadata: {name: demo.k8s.local}
spec:
  kubernetesVersion: 1.30.4
  fileAssets:
  - name: audit
    path: /srv/kubernetes/audit/policy.yaml
    content: |
      apiVersion: audit.k8s.io/v1
      kind: Policy
      omitStages: [RequestReceived]
      rules:
      - level: Metadata
  kubeAPIServer:
    auditPolicyFile: /srv/kubernetes/audit/policy.yaml
    auditLogPath: "-"
"""
CLOUD_INIT = """\
#cloud-config
write_files:
- path: /etc/kubernetes/audit-policy.yaml
  owner: root:root
  content: |
    apiVersion: audit.k8s.io/v1
    kind: Policy
    omitStages: [RequestReceived]
    rules:
    - level: Metadata
"""


def found(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
    findings = run(Options(("a.yaml",)), load_config(), shipped()).report.findings
    return [one for one in findings if one.severity != "info"]


@pytest.mark.parametrize("text", [POD, KUBEADM, KOPS, CLOUD_INIT])
def test_what_is_right_is_quiet(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(text, tmp_path, monkeypatch) == []


@pytest.mark.parametrize(
    ("text", "right", "wrong", "rule", "key", "help"),
    [
        (POD, "hostPath:", "hostpath:", "unknown-setting", "hostpath", "`hostPath`"),
        (POD, "hostPath:", "HostPath:", "unknown-setting", "HostPath", "`hostPath`"),
        (POD, "type: File", "pathType: File", "unknown-setting", "pathType", "`type`"),
        (POD, "readOnly:", "readonly:", "policy-mount-writable", "readonly", "`readOnly: true`"),
        (POD, "readOnly: true", "Writable: false", "policy-mount-writable", "Writable", "`readOnly: true`"),
        (KUBEADM, "readOnly:", "readonly:", "unknown-setting", "readonly", "`readOnly: true`"),
        (KUBEADM, "readOnly: true", "writable: false", "unknown-setting", "writable", "`readOnly: true`"),
        (KUBEADM, "    mountPath:", "    mountpath:", "unknown-setting", "mountpath", "`mountPath`"),
        (KUBEADM, "pathType:", "type:", "unknown-setting", "type", "`pathType`"),
        (KIND, "    hostPath:", "    hostpath:", "unknown-setting", "hostpath", "`hostPath`"),
        (POD, "      mountPath:", "    - mountPath:", "wrong-shape", "mountPath", "in front of `mountPath`"),
        (POD, "    hostPath:", "  - hostPath:", "wrong-shape", "hostPath", "in front of `hostPath`"),
        (KUBEADM, "    mountPath:", "  - mountPath:", "wrong-shape", "mountPath", "in front of `mountPath`"),
        (KOPS, "    content:", "  - content:", "wrong-shape", "content", "in front of `content`"),
        (CLOUD_INIT, "  content:", "- content:", "wrong-shape", "content", "in front of `content`"),
    ],
)
def test_one_slip(
    text: str,
    right: str,
    wrong: str,
    rule: str,
    key: str,
    help: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert text.count(right) == 1
    (one,) = found(text.replace(right, wrong), tmp_path, monkeypatch)
    assert (one.rule, one.place.text) == (rule, key)
    assert help in one.help


@pytest.mark.parametrize(
    ("text", "key", "more"),
    [
        (POD, "    volumeMounts:\n", "    volumeMounts: []\n"),
        (POD, "  volumes:\n", "  volumes: []\n"),
        (KUBEADM, "  extraVolumes:\n", "  extraVolumes: []\n"),
        (KUBEADM, "  extraArgs:\n", "  extraArgs: {}\n"),
        (KUBEADM, "    audit-policy-file:", "    audit-policy-file: /elsewhere.yaml\n"),
    ],
)
def test_a_key_that_stands_twice(
    text: str, key: str, more: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = found(text.replace(key, more + key), tmp_path, monkeypatch)
    assert (one.rule, one.place.text) == ("wrong-shape", key.strip().rstrip(":"))


@pytest.mark.parametrize(
    ("text", "more", "key"),
    [
        (KOPS, "  fileAssets: []\n", "fileAssets"),
        (KIND, "  extraMounts: []\n", "extraMounts"),
        (RKE2, "kube-apiserver-arg: [profiling=false]\n", "kube-apiserver-arg"),
        (CAPI, "    files: []\n", "files"),
    ],
)
def test_a_key_that_is_lost_to_another(
    text: str, more: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever form, where what is lost is about auditing."""
    lost = [one for one in found(text + more, tmp_path, monkeypatch) if one.rule == "wrong-shape"]
    assert [one.place.text for one in lost] == [key]
    assert not [
        one for one in found(text + more.replace(key, f"x-{key}"), tmp_path, monkeypatch) if "x-" in one.message
    ]


def test_two_mounts_at_one_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = KUBEADM + "  - {name: other, hostPath: /srv, mountPath: /etc/audit/policy.yaml, pathType: File}\n"
    assert "mount-path-twice" in [one.rule for one in found(more, tmp_path, monkeypatch)]


def test_two_volumes_of_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = KUBEADM + "  - {name: policy, hostPath: /srv, mountPath: /srv, pathType: Directory}\n"
    (first,) = found(more, tmp_path, monkeypatch)
    assert (first.rule, first.place.text) == ("wrong-shape", "policy")


@pytest.mark.parametrize(
    ("text", "setting", "words"),
    [
        (KUBEADM, "  extraVolumes:", "to `apiServer.extraVolumes`"),
        (KOPS, "    auditLogPath:", "has no setting for volumes"),
    ],
)
def test_how_a_form_mounts_a_file(
    text: str, setting: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag = (
        '    audit-webhook-config-file: "/srv/w.yaml"\n' if text is KUBEADM else "    auditWebhookConfigFile: /srv/w\n"
    )
    (one,) = found(text.replace(setting, flag + setting), tmp_path, monkeypatch)
    assert one.rule == "webhook-config-not-mounted"
    assert words in one.help
