"""Long text reports: the same finding in many files, notes without end, the table by rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_audit_lint.cli import main

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n  users: [jane]\n- level: Metadata\n"
SERVER = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.30.0
    command: [kube-apiserver, --audit-policy-file=/etc/kubernetes/nowhere.yaml, --audit-log-path=-]
"""


def report(count: int, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    for number in range(count):
        Path(f"cluster-{number:03}").mkdir(exist_ok=True)
        Path(f"cluster-{number:03}/audit-policy.yaml").write_text(POLICY)
    assert main(["check", *arguments]) == 1
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_few_files_are_shown_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(5, capsys).count("error[blind-spot]") == 5


def test_many_files_are_one_finding_in_text_and_all_count(capsys: pytest.CaptureFixture[str]) -> None:
    text = report(104, capsys)
    assert text.count("error[blind-spot]") == 1
    assert "also: cluster-001/audit-policy.yaml:4:10, " in text
    assert "and in 98 more files; --show-all shows each" in text
    assert "blind-spot  error          104    104" in text
    assert "104 errors in 104 files" in text


def test_show_all_shows_each(capsys: pytest.CaptureFixture[str]) -> None:
    text = report(30, capsys, "--show-all")
    assert text.count("error[blind-spot]") == 30
    assert "also:" not in text


def test_machines_get_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(30, capsys, "--format", "json").count('"rule": "blind-spot"') == 30


def test_the_text_is_printed_beside_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    text = report(1, capsys, "--format", "json", "--output", "report.json")
    assert "error[blind-spot]" in text
    assert text.endswith("\n1 error in 1 file (1 policy)\n")
    assert Path("report.json").read_text().startswith("{")


def test_the_same_note_is_given_once(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(30):
        Path(f"{number}.yaml").write_text(SERVER)
    main(["check"])
    notes = [line for line in capsys.readouterr().err.splitlines() if "note:" in line]
    assert len(notes) == 1
    assert notes[0].endswith("(and in 29 more places)")
    main(["check", "0.yaml", "1.yaml"])
    assert "(and in 1 more place)\n" in capsys.readouterr().err
