"""kubeadm's folders of patches: the names of files, their types, and lists that they replace."""

from __future__ import annotations

from pathlib import Path

import pytest
from form_samples import found_in

from kube_audit_lint.forms.common.kubeadm_patches import patch_name

STRATEGIC = "spec:\n  containers:\n  - name: kube-apiserver\n    args:\n    - --audit-log-maxage=30\n"
JSON = "- op: add\n  path: /spec/containers/0/command/-\n  value: --audit-log-maxage=30\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("patches").mkdir()


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("kube-apiserver.yaml", ("kube-apiserver", "strategic")),
        ("kube-apiserver.json", ("kube-apiserver", "strategic")),
        ("kube-apiserver0+json.yaml", ("kube-apiserver", "json")),
        ("kube-apiserver-audit+merge.json", ("kube-apiserver", "merge")),
        ("kube-apiserver+strategic-audit.yaml", ("kube-apiserver", "strategic")),
        ("kube-apiserver.json.yaml", ("kube-apiserver", "strategic")),
        ("etcd+json.yaml", ("etcd", "json")),
        ("kube-apiserver+json.yml", None),
        ("kube-apiserver+json.yaml.bak", None),
        ("kube-apiserver+.yaml", None),
        ("kube-apiserver+JSON.yaml", None),
        ("kubeapiserver+json.yaml", None),
        ("00-kube-apiserver+json.yaml", None),
    ],
)
def test_names(name: str, taken: tuple[str, str] | None) -> None:
    """As parseFilename of kubeadm takes them."""
    assert patch_name(name) == taken


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("kube-apiserver+strategic.yaml", STRATEGIC, ""),
        ("kube-apiserver0+json.yaml", JSON, ""),
        ("kube-apiserver0+strategic.yml", STRATEGIC, "the file extension must be one of [json yaml]"),
        ("apiserver0+strategic.yaml", STRATEGIC, "unknown target"),
        ("kube-api-server+json.yaml", JSON, "unknown target"),
        ("kube-apiserver+jsn.yaml", JSON, "unknown or missing patch type after '+'"),
        ("kube-apiserver1.yaml", JSON, "This is a JSON patch, a list of operations."),
        ("kube-apiserver1-json.yaml", JSON, 'type "application/strategic-merge-patch+json"'),
        ("kube-apiserver1+json.yaml", STRATEGIC, "This is no list of operations."),
        ("kube-apiserver1+merge.yaml", STRATEGIC, "spec.containers[0].image: Required value"),
        ("kube-apiserver1+strategic.yaml", STRATEGIC.replace("args", "command"), "--etcd-servers must be specified"),
    ],
)
def test_what_kubeadm_does(name: str, text: str, told: str) -> None:
    Path("patches/etcd+json.yaml").write_text("[]\n")
    found = found_in(text, f"patches/{name}")
    assert [told in one.message for one in found.misshapes] == [True] * bool(told)
    assert found.servers[0].partial


def test_a_folder_of_other_patches() -> None:
    """Without a name with a type in it, the folder may as well be kustomize's."""
    assert found_in(JSON, "patches/apiserver.yaml").misshapes == ()
    assert found_in(JSON, "patches/kube-apiserver.yaml").misshapes == ()
    Path("patches/kube-scheduler+json.yaml").write_text("[]\n")
    assert len(found_in(JSON, "patches/apiserver.yaml").misshapes) == 1
