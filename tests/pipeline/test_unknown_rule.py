"""A rule id, or a kind of what is wrong, that code misspells: a finding about the mistake, and none is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.checks import _files
from kube_audit_lint.cli import main
from kube_audit_lint.forms import kubeadm
from kube_audit_lint.kubernetes import validation
from kube_audit_lint.kubernetes.problems import Refusal
from kube_audit_lint.model.found import Misshape, MisshapeKind
from kube_audit_lint.pipeline import suppressing
from kube_audit_lint.syntax.typed import get_args

POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: metadata
  verbs: [gets]
"""
KUBEADM = """apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
apiServer:
  extraArg: {}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lint(capsys: pytest.CaptureFixture[str]) -> str:
    """The output of a run that fails."""
    assert main(["check"]) == 1
    return capsys.readouterr().out


@pytest.mark.parametrize("id", ["invalid-lavel", "no-catch-all"])  # no rule; a rule that is not about loading
def test_of_what_is_refused(
    id: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fatal = validation.fatal

    def misspelt(rule: Any, *values: Any, **named: Any) -> Any:
        return fatal(id if rule == "invalid-level" else rule, *values, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(validation, "fatal", misspelt)
    (folder / "policy.yaml").write_text(POLICY)
    out = lint(capsys)
    assert f"policy.yaml:4:10: error[internal-error]: There is no rule {id} that reports: `metadata`" in out
    assert "unknown-verb" in out


def test_of_a_form(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def misspelt(section: Any, known: Any, reader: Any, help: str) -> Any:
        yield Misshape("unknown-kye", section.place, "A key.", help)  # type: ignore[arg-type]

    monkeypatch.setattr(kubeadm, "unknown_keys", misspelt)
    (folder / "kubeadm.yaml").write_text(KUBEADM)
    (folder / "policy.yaml").write_text(POLICY)
    out = lint(capsys)
    assert "kubeadm.yaml:4:3: error[internal-error]: There is no rule unknown-kye that reports: A key." in out
    assert "invalid-level" in out


def test_of_a_check(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(_files.RULES, "unknown-key", "unknown-seting")
    (folder / "kubeadm.yaml").write_text(KUBEADM)
    assert "error[internal-error]: There is no rule unknown-seting that reports: " in lint(capsys)


def test_every_id_that_code_names_is_a_rule() -> None:
    rules = shipped().rules
    assert get_args(_files.FileRule)
    assert {rules[id].check for id in get_args(Refusal)} == {"loading"}
    assert set(get_args(_files.FileRule)) | suppressing.OWN <= rules.keys()
    assert rules.keys() >= suppressing.ALWAYS_SHOWN
    assert _files.RULES.keys() == set(get_args(MisshapeKind))
