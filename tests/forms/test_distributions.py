"""The forms of distributions: the same mistakes get the same findings, and advice in the form's own words."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [Nope]
rules:
- level: Metdata
  user: [bob]
- level: Metadata
  verbs: [GET]
"""
FLAGS = {
    "audit-policy-file": "/etc/kubernetes/audit/policy.yaml",
    "audit-log-path": "/var/log/kube-audit/audit.log",
    "audit-log-maxage": "5",
    "audit-log-maxbackup": "ten",
    "audit-log-maxsize": "100",
    "audit-log-format": "legacy",
    "audit-log-mode": "block",
    "audit-log-max-size": "100",
}
ITEMS = "kube-apiserver-arg:\n" + "".join(f"- {name}={value}\n" for name, value in FLAGS.items())
PAIRS = "".join(f'{name}: "{value}"\n' for name, value in FLAGS.items())
HOST = "/etc/kubernetes/audit"


def pod() -> str:
    words = "".join(f"    - --{name}={value}\n" for name, value in FLAGS.items())
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver, namespace: kube-system}\nspec:\n  containers:\n"
        "  - name: kube-apiserver\n    image: registry.k8s.io/kube-apiserver:v1.30.1\n    command:\n"
        f"    - kube-apiserver\n{words}    volumeMounts:\n    - {{name: audit, mountPath: {HOST}, readOnly: true}}\n"
        "    - {name: log, mountPath: /var/log/kube-audit}\n  volumes:\n"
        f"  - {{name: audit, hostPath: {{path: {HOST}, type: Directory}}}}\n"
        "  - {name: log, hostPath: {path: /var/log/kube-audit, type: Directory}}\n"
    )


RANCHER = (
    "apiVersion: provisioning.cattle.io/v1\nkind: Cluster\nspec:\n  kubernetesVersion: v1.30.1+rke2r1\n"
    "  rkeConfig:\n    machineGlobalConfig:\n" + indent(ITEMS, "      ")
)
RKE1 = (
    "nodes: []\nkubernetes_version: v1.30.1-rancher1-1\nservices:\n  kube-api:\n"
    f"    extra_binds: ['{HOST}:{HOST}:ro']\n    extra_args:\n" + indent(PAIRS, "      ")
)
KUBESPRAY = (
    "kubernetes_audit: false\nkube_version: 1.30.1\n"
    f"apiserver_extra_volumes:\n- {{name: a, hostPath: {HOST}, mountPath: {HOST}}}\n"
    "- {name: b, hostPath: /var/log/kube-audit, mountPath: /var/log/kube-audit, writable: true}\n"
    "kube_kubeadm_apiserver_extra_args:\n" + indent(PAIRS, "  ")
)
FORMS = {"rke2": "token: a\n" + ITEMS, "rancher": RANCHER, "rke1": RKE1, "kubespray": KUBESPRAY}


def findings(files: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    monkeypatch.chdir(folder)
    report = run(Options((".",)), load_config(), shipped()).report
    assert report.errors == ()
    return report.findings if isinstance(report.findings, list) else list(report.findings)


def shown(found: list[Finding]) -> list[tuple[str, str, str]]:
    """Rule, severity, and what is underlined: a value, or a name without what stands beside it."""
    return sorted(
        (one.rule, one.severity, one.place.text.removeprefix("--").partition("=")[0].strip("\"'")) for one in found
    )


@pytest.mark.parametrize("form", FORMS)
def test_the_same_findings(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = findings({"kube-apiserver.yaml": pod(), "policy.yaml": POLICY}, tmp_path / "pod", monkeypatch)
    found = findings({"a.yaml": FORMS[form], "policy.yaml": POLICY}, tmp_path / "form", monkeypatch)
    assert len(expected) > 8
    assert shown(found) == shown(expected)


KOPS = (
    "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nspec:\n  kubeAPIServer: {auditLogPath: /a/b, auditLogMaxAge: 5}\n"
)
ADVICE = {
    "kops": (KOPS, "`auditLogMaxAge: 30`", "`auditLogMaxSize: 100`"),
    "rke1": (
        "rke_config:\n  services:\n    kube-api:\n      audit_log:\n        enabled: true\n        configuration:\n"
        "          {path: /var/log/kube-audit/a, max_age: 5, format: json}\n",
        "`max_age: 30`",
        "`max_backup: 10`",
    ),
    "rke2": (
        "token: a\nkube-apiserver-arg: [audit-log-path=/a/b, audit-log-maxage=5]\n",
        "`- audit-log-maxage=30`",
        "`- audit-log-maxsize=100`",
    ),
    "kubespray": (
        "kubernetes_audit: true\naudit_log_maxage: 5\naudit_log_maxbackups: 1\n",
        "`audit_log_maxage: 30`",
        "`audit_log_maxbackups: 10`",
    ),
}


@pytest.mark.parametrize("form", ADVICE)
def test_advice_in_the_words_of_the_form(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, *expected = ADVICE[form]
    advice = " ".join(one.help for one in findings({"a.yaml": text}, tmp_path / "form", monkeypatch))
    assert all(words in advice for words in expected), advice
    assert "`--audit" not in advice
