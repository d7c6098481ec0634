"""Which findings are shown, and how grave: profiles, the configuration, the command line, lesser cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kube_audit_lint.cli import main

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
# The secrets of rule 2 never come to it; with `Metadata` for both it makes no difference.
HIDDEN = (
    HEAD
    + "- {level: %s, resources: [{group: '', resources: [secrets]}]}\n"
    + "- {level: Metadata, resources: [{group: '', resources: [secrets, configmaps]}]}\n- level: Metadata\n"
)
MANIFEST = """apiVersion: v1
kind: Pod
metadata: {{name: kube-apiserver}}
spec:
  containers:
  - name: kube-apiserver
    image: registry.example.com/kube-apiserver:v1.30.4
    command:
    - kube-apiserver
    - --audit-log-mode=batch
    - --audit-log-mode={}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory: a repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


def shown(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, str]:
    """The severity of each rule that has a finding."""
    main(["check", "--format", "json", *options])
    report = json.loads(capsys.readouterr().out)
    assert report["files"]["read"]
    return {one["rule"]: one["severity"] for one in report["findings"]}


def configure(text: str) -> None:
    Path(".kube-audit-lint.yaml").write_text(text)


class TestPedanticCases:
    """A value that can go without changing anything is a matter of taste: shown only where it is wanted."""

    def test_not_by_default(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("policy.yaml").write_text(HIDDEN % "Metadata")
        assert "unreachable-entry" not in shown(capsys)

    def test_a_difference_is_always_shown(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("policy.yaml").write_text(HIDDEN % "None")
        assert "unreachable-entry" in shown(capsys)

    def test_where_it_is_wanted(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("policy.yaml").write_text(HIDDEN % "Metadata")
        assert shown(capsys, "--pedantic")["unreachable-entry"] == "info"
        assert shown(capsys, "--select", "unreachable-entry") == {"unreachable-entry": "info"}
        configure("pedantic: true\n")
        assert "unreachable-entry" in shown(capsys)
        configure("rules: {unreachable-entry: on}\n")
        assert "unreachable-entry" in shown(capsys)

    def test_not_where_its_category_is_selected(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("policy.yaml").write_text(HIDDEN % "Metadata")
        assert shown(capsys, "--select", "first-match") == {}


class TestALesserCase:
    """The same flag twice is a warning; with one value both times it changes nothing, and is an info."""

    def test_by_itself(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("kube.yaml").write_text(MANIFEST.format("blocking"))
        assert shown(capsys)["repeated-flag"] == "warning"
        Path("kube.yaml").write_text(MANIFEST.format("batch"))
        assert shown(capsys)["repeated-flag"] == "info"

    @pytest.mark.parametrize(
        ("setting", "grave", "lesser"), [("error", "error", "info"), ("warning", "warning", "info"), ("info",) * 3]
    )
    def test_a_configured_severity_does_not_raise_it(
        self, setting: str, grave: str, lesser: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        configure(f"rules: {{repeated-flag: {setting}}}\n")
        Path("kube.yaml").write_text(MANIFEST.format("blocking"))
        assert shown(capsys)["repeated-flag"] == grave
        Path("kube.yaml").write_text(MANIFEST.format("batch"))
        assert shown(capsys)["repeated-flag"] == lesser


class TestWhatIsSelected:
    def test_off_by_the_configuration(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("kube.yaml").write_text(MANIFEST.format("blocking"))
        for off in ("off", "false", "'off'", "{severity: 'off'}"):
            configure(f"rules: {{repeated-flag: {off}}}\n")
            assert "repeated-flag" not in shown(capsys)

    def test_the_command_line_goes_before_the_configuration(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("kube.yaml").write_text(MANIFEST.format("blocking"))
        configure("rules: {repeated-flag: off}\n")
        assert shown(capsys, "--select", "repeated-flag") == {"repeated-flag": "warning"}

    def test_to_ignore_goes_before_to_select(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("kube.yaml").write_text(MANIFEST.format("blocking"))
        assert shown(capsys, "--select", "repeated-flag", "--ignore", "repeated-flag") == {}
