"""What `map`, `report`, `replay` and `explain` take as a policy, all alike, and which files they do not write over."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from kube_audit_lint.cli import main

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n"
BETA = POLICY.replace("v1", "v1beta1", 1)
TEMPLATE = POLICY.replace("rules:\n", "rules:\n{{- if .Values.x }}\n- level: None\n  users: [a]\n{{- end }}\n")
EVENT = {
    "level": "Metadata",
    "stage": "ResponseComplete",
    "requestURI": "/version",
    "verb": "get",
    "user": {"username": "jane", "groups": ["system:authenticated"]},
    "stageTimestamp": "2026-03-02T06:00:00.000000Z",
}
COMMANDS = {
    "map": "map {}",
    "html": "map {} --format html",
    "replay": "replay {} audit.log",
    "decisions": "replay {} audit.log --decisions",
    "explain": "explain {} --verb get --url /version",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the commands are given."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"p": POLICY, "beta": BETA, "open": TEMPLATE, "two": f"{POLICY}---\n{POLICY}"}.items():
        Path(f"{name}.yaml").write_text(text)
    Path("audit.log").write_text(json.dumps(EVENT) + "\n")


def ran(words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    return main(words.split()), capsys.readouterr()


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy on standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(POLICY.encode())))


@pytest.mark.usefixtures("stdin")
@pytest.mark.parametrize("command", COMMANDS)
def test_standard_input(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = ran(COMMANDS[command].format("-"), capsys)
    assert (code, shown.err) == (0, "")
    named = ran(COMMANDS[command].format("p.yaml"), capsys)[1].out
    out = shown.out
    for spelling in ("<stdin>", "&lt;stdin&gt;", "\\u003cstdin>", "\\u003cstdin\\u003e"):
        out = out.replace(spelling, "p.yaml")
    assert out == named


@pytest.mark.usefixtures("stdin")
def test_a_report_of_standard_input(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = ran("report - --standard cis --format json", capsys)
    assert code == 0
    assert {row["status"] for row in json.loads(shown.out)["controls"]} >= {"passed"}
    assert json.loads(shown.out)["paths"] == ["<stdin>"]


@pytest.mark.parametrize("command", COMMANDS)
def test_documents_that_no_server_reads_are_told(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = ran(COMMANDS[command].format("two.yaml"), capsys)
    assert code == 0
    assert "two.yaml: kube-apiserver reads only the first document, and so does this: line 5 and what" in shown.err
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_version_that_does_not_load_it(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    for version in ("", " --kubernetes-version 1.30"):
        code, shown = ran(COMMANDS[command].format("beta.yaml") + version, capsys)
        assert (code, shown.out) == (2, "")
        assert "beta.yaml:1:13: kube-apiserver does not load this policy: `audit.k8s.io/v1beta1`" in shown.err
        assert "up to Kubernetes 1.23 only" in shown.err
    assert ran(COMMANDS[command].format("beta.yaml") + " --kubernetes-version 1.22", capsys)[0] == 0


@pytest.mark.parametrize("command", ["map", "replay"])
def test_rules_that_a_template_decides(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = ran(COMMANDS[command].format("open.yaml"), capsys)
    assert (code, shown.out) == (2, "")
    assert "open.yaml: a template decides which rules this policy has: name the file that it renders to" in shown.err
    assert "`helm template`" in shown.err


@pytest.mark.parametrize(
    "words",
    [
        "map p.yaml --output ./p.yaml",
        "map p.yaml two.yaml --output p.yaml",
        "report p.yaml --standard cis --output p.yaml",
        "report . --standard cis --format json --output beta.yaml",
        "replay p.yaml audit.log --output audit.log --format json",
        "replay p.yaml . --output audit.log --format json",
        "replay p.yaml audit.log --compare two.yaml --output two.yaml --format text",
        "replay p.yaml audit.log --propose-noise p.yaml",
        "replay p.yaml audit.log --propose-noise x.md --output x.md",
    ],
)
def test_no_input_is_written_over(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_text() for path in Path().iterdir()}
    code, shown = ran(words, capsys)
    assert (code, shown.out) == (2, "")
    assert "would replace a file that this run reads or writes" in shown.err
    assert {path.name: path.read_text() for path in Path().iterdir()} == before
