"""Volumes and mounts of the API server's pod in patches, in extraVolumes and in static pods that need the API."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

PATCH = """apiVersion: v1
kind: Pod
metadata:
  name: kube-apiserver
spec:
  containers:
  - name: kube-apiserver
    volumeMounts:
    - name: audit
      mountPath: /etc/kubernetes/audit
      readOnly: true
    - name: audit-log
      mountPath: /var/log/kubernetes/audit
  volumes:
  - name: audit
    hostPath:
      path: /etc/kubernetes/audit
      type: Directory
  - name: audit-log
    hostPath: {path: /var/log/kubernetes/audit, type: DirectoryOrCreate}
"""
MOUNTS = "    volumeMounts:\n" + PATCH.partition("    volumeMounts:\n")[2].partition("  volumes:\n")[0]
VOLUMES = "  volumes:\n" + PATCH.partition("  volumes:\n")[2]
JSON = """- op: add
  path: /spec/containers/0/volumeMounts/-
  value: {name: audit, mountPath: /etc/kubernetes/audit, readOnly: true}
- op: add
  path: /spec/volumes/-
  value: {name: audit, hostPath: {path: /etc/kubernetes/audit, type: Directory}}
- op: add
  path: /spec/containers/0/command/-
  value: --audit-policy-file=/etc/kubernetes/audit/policy.yaml
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(path: str, text: str) -> list[tuple[str, str]]:
    """Rule and underlined text of all that is reported of a file."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)
    report = run(Options((path,)), load_config(), shipped()).report
    assert report.errors == ()
    return [(one.rule, one.place.text) for one in report.findings]


def outwards(text: str) -> str:
    return "".join(line[2:] for line in text.splitlines(keepends=True))


@pytest.mark.parametrize(
    ("was", "now", "reported"),
    [
        ("", "", []),
        ("type: Directory\n", "type: directory\n", [("pod-refused", "directory")]),
        ("readOnly", "readonly", [("unknown-setting", "readonly")]),
        ("    hostPath:\n", "    hostpath:\n", [("unknown-setting", "hostpath")]),
        ("mountPath: /var/log/", "mountPath: /etc/", [("wrong-shape", "/etc/kubernetes/audit")]),
        ("- name: audit-log\n    h", "- name: audit\n    h", [("wrong-shape", "audit")]),
        ("  - name: audit\n    h", "  - name: Audit\n    h", [("pod-refused", "Audit")]),
        ("      mountPath: /etc/kubernetes/audit\n", "", [("pod-refused", "name")]),
        (VOLUMES, outwards(VOLUMES), [("unknown-setting", "volumes")]),
        (
            MOUNTS,
            outwards(MOUNTS),
            [("unknown-setting", "volumeMounts")],
        ),
    ],
)
def test_mounts_that_a_patch_of_kubeadm_brings(was: str, now: str, reported: list[tuple[str, str]]) -> None:
    assert was in PATCH
    assert found("patches/kube-apiserver+strategic.yaml", PATCH.replace(was, now, 1)) == reported


def test_items_that_a_merge_patch_has_twice_are_two() -> None:
    """It replaces the list, and the pod with both is refused."""
    text = PATCH.replace("mountPath: /var/log/", "mountPath: /etc/").replace(
        "- name: kube-apiserver\n", "- name: kube-apiserver\n    image: a\n"
    )
    assert found("patches/kube-apiserver+merge.yaml", text) == [
        ("mount-path-twice", "/etc/kubernetes/audit"),
        ("wrong-shape", "volumes"),
    ]


@pytest.mark.parametrize(
    ("was", "now", "reported"),
    [
        ("", "", []),
        ("type: Directory", "type: directory", [("pod-refused", "directory")]),
        ("readOnly", "readonly", [("unknown-setting", "readonly")]),
        ("0/command/-", "0/args/-", [("wrong-shape", "/spec/containers/0/args/-")]),
        ("/spec/containers/0/volumeMounts/-", "/spec/volumeMounts/-", [("wrong-shape", "/spec/volumeMounts/-")]),
        ("/spec/volumes/-", "spec/volumes/-", [("wrong-shape", "spec/volumes/-")]),
        ("/spec/volumes/-", "/spec/template/spec/volumes/-", [("wrong-shape", "/spec/template/spec/volumes/-")]),
        (
            "0/command/-\n  value: ",
            "0/args\n  value: [--v=2]\n- op: add\n  path: /spec/containers/0/args/-\n  value: ",
            [],
        ),
    ],
)
def test_json_patches(was: str, now: str, reported: list[tuple[str, str]]) -> None:
    assert was in JSON
    assert found("patches/kube-apiserver+json.yaml", JSON.replace(was, now, 1)) == reported


POLICY = "/etc/kubernetes/audit/policy.yaml"
KUBEADM = """apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
kubernetesVersion: v1.30.0
apiServer:
  extraArgs: {audit-policy-file: /etc/kubernetes/audit/policy.yaml, audit-log-path: "-"}
  extraVolumes:
  - name: audit
    hostPath: /etc/kubernetes/audit
    mountPath: /etc/kubernetes/audit
    readOnly: true
    pathType: Directory
"""


@pytest.mark.parametrize(
    ("was", "now", "reported"),
    [
        ("", "", []),
        ("- name: audit\n", "- name: Audit_Policy\n", [("pod-refused", "Audit_Policy")]),
        ("- name: audit\n    ", "- ", [("pod-refused", "hostPath")]),
        (
            "    mountPath: /etc/kubernetes/audit\n",
            "",
            [("policy-not-mounted", "/etc/kubernetes/audit/policy.yaml"), ("pod-refused", "name")],
        ),
    ],
)
def test_extra_volumes(was: str, now: str, reported: list[tuple[str, str]]) -> None:
    assert found("kubeadm.yaml", KUBEADM.replace(was, now, 1)) == reported


STATIC = """apiVersion: v1
kind: {kind}
metadata: {{name: kube-apiserver, namespace: kube-system}}
spec:
  hostNetwork: {network}
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.{minor}.1
    command:
    - kube-apiserver
    - --audit-policy-file=/etc/kubernetes/audit/policy.yaml
    - --audit-log-path=-
    volumeMounts:
    - {{name: audit, mountPath: /etc/kubernetes/audit, readOnly: true}}
  volumes:
  - {{name: audit, {audit}}}
  - {{name: other, {other}}}
"""
CONFIG, HOST, TOKEN = (
    "configMap: {name: a}",
    "hostPath: {path: /etc/a}",
    "projected: {sources: [{serviceAccountToken: {path: t}}]}",
)
FIELDS = (
    "projected: {sources: [{downwardAPI: {items: [{path: policy.yaml, fieldRef: {fieldPath: metadata.annotations}}]}}]}"
)


@pytest.mark.parametrize(
    ("minor", "audit", "other", "words"),
    [
        (30, CONFIG, HOST, "waits for an object"),
        (34, CONFIG, HOST, "static pods may not reference configmaps"),
        (34, "secret: {secretName: a}", HOST, "static pods may not reference secrets"),
        (34, "persistentVolumeClaim: {claimName: a}", HOST, "may not reference persistentvolumeclaims"),
        (34, TOKEN, HOST, "serviceaccounts (via projected volumes)"),
        (34, HOST, CONFIG, "static pods may not reference configmaps"),
        (30, HOST, CONFIG, ""),
        (34, HOST, "emptyDir: {}", ""),
        (34, FIELDS, "downwardAPI: {items: []}", ""),
    ],
)
def test_static_pods_that_need_the_api(minor: int, audit: str, other: str, words: str) -> None:
    text = STATIC.format(kind="Pod", network="true", minor=minor, audit=audit, other=other)
    Path("pod.yaml").write_text(text)
    report = run(Options(("pod.yaml",), None, "", ("static-pod-references",)), load_config(), shipped()).report
    assert [words in one.message for one in report.findings] == [True] * bool(words)


@pytest.mark.parametrize(
    ("path", "network", "static"),
    [
        ("etc/kubernetes/manifests/kube-apiserver.yaml", "false", True),
        ("agent/pod-manifests/kube-apiserver.yaml", "false", True),
        ("hosted/pod.yaml", "false", False),
    ],
)
def test_which_pods_are_static(path: str, network: str, static: bool) -> None:
    text = STATIC.format(kind="Pod", network=network, minor=34, audit=CONFIG, other=HOST)
    assert found(path, text) == [("static-pod-references", "audit")] * static


def test_workloads_are_not_static() -> None:
    text = STATIC.format(kind="Pod", network="true", minor=34, audit=CONFIG, other=HOST).partition("spec:\n")[2]
    inner = "".join(f"    {line}" for line in text.splitlines(keepends=True))
    head = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: kube-apiserver}\nspec:\n  selector: {}\n  template:\n"
    )
    assert found("deployment.yaml", f"{head}    spec:\n{inner}") == []


def test_a_configuration_with_its_patches() -> None:
    """What kubeadm writes of both is a static pod: its volumes count wherever they are written."""
    head = "apiVersion: kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\npatches: {directory: patches}\n---\n"
    Path("kubeadm.yaml").write_text(head + KUBEADM.partition("  extraVolumes:")[0])
    assert found("patches/kube-apiserver+strategic.yaml", PATCH) == []
    claimed = PATCH.replace(
        "    hostPath:\n      path: /etc/kubernetes/audit\n      type: Directory\n", f"    {CONFIG}\n"
    )
    Path("patches/kube-apiserver+strategic.yaml").write_text(claimed)
    report = run(Options((".",)), load_config(), shipped()).report
    assert [(one.rule, one.place.text) for one in report.findings] == [("static-pod-references", "audit")]


@pytest.mark.parametrize(
    ("file", "reported"),
    [
        ("kube-apiserver0+strategic.yaml", []),
        ("kube-scheduler0+strategic.yaml", [("policy-not-mounted", POLICY)]),
    ],
)
def test_patches_that_cluster_api_brings(file: str, reported: list[tuple[str, str]]) -> None:
    """kubeadm lays them over the manifest, so that nothing is known of the mounts."""
    patch = "".join(f"        {line}" for line in PATCH.splitlines(keepends=True))
    text = (
        "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: KubeadmControlPlane\nspec:\n  version: v1.30.0\n"
        "  kubeadmConfigSpec:\n    initConfiguration: {patches: {directory: /etc/kubernetes/patches}}\n"
        "    clusterConfiguration:\n      apiServer:\n"
        f'        extraArgs: {{audit-policy-file: {POLICY}, audit-log-path: "-"}}\n'
        "    files:\n"
        f"    - path: {POLICY}\n      content: 'apiVersion: audit.k8s.io/v1'\n"
        f"    - path: /etc/kubernetes/patches/{file}\n      content: |\n{patch}"
    )
    wanted = ("policy-not-mounted", "pod-refused", "policy-file-missing")
    assert [one for one in found("kcp.yaml", text) if one[0] in wanted] == reported
