"""What published detections need: off unless chosen, one finding a detection, silent for the policies that serve it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run
from kube_audit_lint.starter.data_files import detections
from kube_audit_lint.starter.policy import policy_text
from kube_audit_lint.starter.wanted import Wanted

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
NAMES = [need["name"] for source in detections().values() for need in source["needs"]]
RULE = "detection-not-served"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(text: str, **options: object) -> list[Finding]:
    Path("audit-policy.yaml").write_text(text)
    report = run(Options(("audit-policy.yaml",), **options), load_config(), shipped()).report  # type: ignore[arg-type]
    return [one for one in report.findings if one.rule == RULE]


def test_off_unless_it_is_chosen() -> None:
    text = HEAD + "- level: None\n  resources: [{group: '', resources: [pods]}]\n- level: Metadata\n"
    assert found(text) == found(text, pedantic=True) == found(text, profile="cis") == []
    chosen = found(text, profile="detections")
    assert len(chosen) == 19  # 10 about new pods, 9 that read bodies which the second rule does not record
    for select in ("detections", RULE):
        assert [one.message for one in found(text, select=(select,))] == [one.message for one in chosen]
    Path(".kube-audit-lint.yaml").write_text(f"rules:\n  {RULE}: {{from: [sigma]}}\n")
    assert {one.message.partition("'")[0] for one in found(text)} == {"Sigma"}


def test_a_finding_for_each_with_a_request() -> None:
    every = found(HEAD + "- level: None\n  users: [jane]\n- level: Metadata\n  users: [joe]\n", profile="detections")
    assert sorted(one.message.split("`")[1] for one in every) == sorted(NAMES)
    assert all(one.proof and one.witness for one in every)


def test_a_stage_counts() -> None:
    text = (
        HEAD
        + "- level: Request\n  resources: [{group: '', resources: [pods/exec]}]\n  omitStages: [%s]\n- level: Request\n"
    )
    assert [one.message.split("`")[1] for one in found(text % "ResponseStarted", profile="detections")] == [
        "Attach/Exec Pod",
        "Potential Remote Command Execution In Pod Container",
    ]
    assert found(text % "Panic", profile="detections") == []


@pytest.mark.parametrize("profile", ["default", "cis"])
def test_what_init_writes_serves_them(profile: str) -> None:
    text = policy_text(Wanted(33, "1.33.0", "policy", profile, detections=tuple(detections())))
    assert [one.severity for one in found(text, profile="detections")] == ["info"]  # what standards keep out
