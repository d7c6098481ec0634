"""kubeadm's patches laid over the manifest that it writes from the configuration beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

CONFIGURATION = """apiVersion: kubeadm.k8s.io/v1beta3
kind: InitConfiguration
patches: {directory: /etc/kubernetes/patches}
---
apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
kubernetesVersion: v1.30.0
apiServer:
  extraArgs:
    audit-policy-file: /etc/audit/policy.yaml
    audit-log-path: /var/log/kubernetes/audit.log
    audit-log-maxage: "30"
    audit-log-maxbackup: "100"
    audit-log-maxsize: "1000"
"""
VOLUMES = """spec:
  containers:
  - name: kube-apiserver
    volumeMounts:
    - {name: audit, mountPath: /etc/audit, readOnly: true}
    - {name: logs, mountPath: /var/log/kubernetes}
  volumes:
  - {name: audit, hostPath: {path: /etc/audit, type: Directory}}
  - {name: logs, hostPath: {path: /var/log/kubernetes, type: DirectoryOrCreate}}
"""
ADD = "- {{op: add, path: /spec/containers/0/command/-, value: {}}}\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (".git", "patches"):
        Path(folder).mkdir()
    Path("kubeadm.yaml").write_text(CONFIGURATION)


def found(*paths: str) -> list[tuple[str, str, str]]:
    findings = run(Options(paths or (".",)), load_config(), shipped()).report.findings
    return [(one.place.source.path, one.rule, one.place.text) for one in findings if one.severity != "info"]


def test_the_manifest_with_patches() -> None:
    Path("patches/kube-apiserver0+strategic.yaml").write_text("metadata: {labels: {a: audit}}\n")
    assert [one[1] for one in found()] == ["policy-not-mounted", "log-directory-not-mounted"]
    Path("patches/kube-apiserver0+strategic.yaml").write_text(VOLUMES)
    assert found() == []
    assert found("kubeadm.yaml") == []
    Path("patches/kube-apiserver1+json.yaml").write_text(ADD.format("--audit-log-maxage=3"))
    assert found() == found("patches/kube-apiserver1+json.yaml")
    places = [("kubeadm.yaml", "repeated-flag"), ("patches/kube-apiserver1+json.yaml", "log-maxage")]
    assert [one[:2] for one in found()] == places


def test_in_the_order_of_the_names() -> None:
    """The last of two flags is the one that counts; a patch without a type in its name is a strategic merge."""
    Path("patches/kube-apiserver.yaml").write_text(VOLUMES)
    Path("patches/kube-apiserver1+json.yaml").write_text(ADD.format("--audit-log-maxage=3"))
    Path("patches/kube-apiserver2+json.yaml").write_text(ADD.format("--audit-log-maxage=30"))
    assert [one[1] for one in found() if one[1] == "log-maxage"] == []
    Path("patches/kube-apiserver3+json.yaml").write_text("- {op: remove, path: /spec/containers/0/volumeMounts}\n")
    assert {one[1] for one in found()} >= {"policy-not-mounted", "log-directory-not-mounted"}


@pytest.mark.parametrize(
    "text",
    [
        ADD.format("--audit-log-maxage=3d").replace("/-,", "/3,"),
        "- {op: test, path: /spec/containers/0/name, value: a}\n" + ADD.format("--audit-log-maxage=3d"),
    ],
)
def test_what_counts_kubeadms_own_words_is_a_part(text: str) -> None:
    Path("patches/kube-apiserver1+json.yaml").write_text(text)
    assert ("patches/kube-apiserver1+json.yaml", "invalid-flag-value", "3d") in found()


def test_of_another_folder_or_of_two_configurations() -> None:
    Path("patches/kube-apiserver0+strategic.yaml").write_text(VOLUMES)
    Path("other.yaml").write_text(CONFIGURATION)
    mounted = {"policy-not-mounted", "log-directory-not-mounted"}
    assert not mounted.intersection(one[1] for one in found())  # which of them it is for is not known
    Path("other.yaml").unlink()
    Path("kubeadm.yaml").write_text(CONFIGURATION.replace("/etc/kubernetes/patches", "/etc/kubernetes/others"))
    assert not mounted.intersection(one[1] for one in found())
