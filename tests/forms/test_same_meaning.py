"""A setting means the same in every form: one configuration with mistakes, written in each, gets the same findings."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from textwrap import indent

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestRecieved]
rules:
- level: Metdata
  user: [bob]
  resources:
  - group: apps/v1
    resources: [deployment]
- level: Metadata
  verbs: [GET]
"""
FLAGS = {
    "audit-policy-file": "/etc/kubernetes/audit/policy.yaml",
    "audit-log-path": "/var/log/kubernetes/audit.log",
    "audit-log-maxage": "5",
    "audit-log-maxbackup": "ten",
    "audit-log-max-size": "100",
    "audit-log-format": "legacy",
    "audit-log-mode": "block",
}
HOST, PLACE = "/etc/kubernetes/audit", "/etc/kubernetes/audit"
VOLUMES = f"extraVolumes:\n- {{name: audit, hostPath: {HOST}, mountPath: {PLACE}, pathType: FileOrCreate}}\n"

Files = dict[str, str]


def as_map() -> str:
    return "extraArgs:\n" + "".join(f'  {name}: "{value}"\n' for name, value in FLAGS.items()) + VOLUMES


def as_list() -> str:
    return (
        "extraArgs:\n" + "".join(f'- {{name: {name}, value: "{value}"}}\n' for name, value in FLAGS.items()) + VOLUMES
    )


def pod() -> str:
    words = "".join(f"    - --{name}={value}\n" for name, value in FLAGS.items())
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver, namespace: kube-system}\nspec:\n  containers:\n"
        "  - name: kube-apiserver\n    image: registry.k8s.io/kube-apiserver:v1.30.1\n    command:\n"
        f"    - kube-apiserver\n{words}"
        f"    volumeMounts:\n    - {{name: audit, mountPath: {PLACE}}}\n"
        f"  volumes:\n  - {{name: audit, hostPath: {{path: {HOST}, type: FileOrCreate}}}}\n"
    )


def kubeadm(version: str = "v1beta3") -> str:
    section = as_map() if version == "v1beta3" else as_list()
    head = f"apiVersion: kubeadm.k8s.io/{version}\nkind: ClusterConfiguration\nkubernetesVersion: v1.30.1\napiServer:\n"
    return head + indent(section, "  ")


def kind() -> str:
    patch = "kind: ClusterConfiguration\napiServer:\n" + indent(as_map(), "  ")
    return (
        "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n"
        "  image: kindest/node:v1.30.1\n"
        f"  extraMounts:\n  - {{hostPath: ./policy.yaml, containerPath: {HOST}/policy.yaml}}\n"
        "  kubeadmConfigPatches:\n  - |\n" + indent(patch, "    ")
    )


def control_plane(version: str, encoding: str = "") -> str:
    section = as_map() if version == "v1beta1" else as_list()
    content = "  content: |\n" + indent(POLICY, "    ")
    if encoding:
        content = f"  encoding: base64\n  content: {b64encode(POLICY.encode()).decode()}\n"
    spec = "clusterConfiguration:\n  apiServer:\n" + indent(section, "    ")
    spec += f"files:\n- path: {HOST}/policy.yaml\n" + content
    head = (
        f"apiVersion: controlplane.cluster.x-k8s.io/{version}\nkind: KubeadmControlPlane\nspec:\n  version: v1.30.1\n"
    )
    return head + "  kubeadmConfigSpec:\n" + indent(spec, "    ")


def user_data(text: str) -> str:
    return (
        "#cloud-config\nwrite_files:\n- path: /etc/kubernetes/x.yaml\n  content: |\n"
        + indent(text, "    ")
        + f"- path: {HOST}/policy.yaml\n  content: |\n"
        + indent(POLICY, "    ")
    )


def config_map(text: str) -> str:
    return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n" + indent(text, "    ")


FORMS: dict[str, Files] = {
    "kubeadm-v1beta3": {"a.yaml": kubeadm(), "policy.yaml": POLICY},
    "kubeadm-v1beta4": {"a.yaml": kubeadm("v1beta4"), "policy.yaml": POLICY},
    "kind": {"a.yaml": kind(), "policy.yaml": POLICY},
    "capi-v1beta1": {"a.yaml": control_plane("v1beta1")},
    "capi-v1beta2": {"a.yaml": control_plane("v1beta2")},
    "capi-base64": {"a.yaml": control_plane("v1beta2", "base64")},
    "cloud-init-pod": {"a.yaml": user_data(pod())},
    "cloud-init-kubeadm": {"a.yaml": user_data(kubeadm())},
    "config-map": {"a.yaml": config_map(kubeadm()), "policy.yaml": POLICY},
}


def findings(files: Files, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    monkeypatch.chdir(folder)
    report = run(Options((".",)), load_config(), shipped()).report
    assert report.errors == ()
    return sorted((one.rule, one.severity, one.place.text.removeprefix("--").strip("\"'")) for one in report.findings)


WHOLE = {"log-maxsize", "no-log-path"}
"""Rules that underline the section of arguments, which is called otherwise in every form."""


@pytest.mark.parametrize("form", FORMS)
def test_the_same_findings(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pod").mkdir()
    (tmp_path / "form").mkdir()
    expected = findings({"kube-apiserver.yaml": pod(), "policy.yaml": POLICY}, tmp_path / "pod", monkeypatch)
    found = findings(FORMS[form], tmp_path / "form", monkeypatch)
    assert len(expected) > 10
    if form == "capi-base64":  # what is underlined is base64
        assert [one[:2] for one in found] == [one[:2] for one in expected]
    else:
        assert [_shown(one) for one in found] == [_shown(one) for one in expected]


def _shown(finding: tuple[str, str, str]) -> tuple[str, str, str]:
    rule, severity, text = finding
    # A pod has `--name=value` in one word, the other forms have the two apart.
    return rule, severity, "" if rule in WHOLE else text.partition("=")[0]
