"""Too many findings: the first are shown, the others counted, and the exit code is the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kube_audit_lint import cli
from kube_audit_lint.kubernetes.problems import MOST
from kube_audit_lint.pipeline.limiting import SHOWN

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"


def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, *options: str) -> tuple[int, dict]:
    path = tmp_path / "audit-policy.yaml"
    path.write_text(text)
    code = cli.main(["check", str(path), "--format", "json", *options])
    return code, json.loads(capsys.readouterr().out)


def of(report: dict, rule: str) -> list[dict]:
    return [one for one in report["findings"] if one["rule"] == rule]


def test_others_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = run(tmp_path, capsys, HEAD + "- level: X\n" * 333)
    found = of(report, "invalid-level")
    assert code == 1
    assert [one["start"]["line"] for one in found] == list(range(4, 4 + SHOWN + 1))
    assert "more" not in found[0]
    assert found[-1]["more"] == 333 - SHOWN
    assert found[-1]["message"] == "And 233 more findings of this rule in this file."


def test_one_more_is_shown_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, report = run(tmp_path, capsys, HEAD + "- level: X\n" * (SHOWN + 1))
    assert all("more" not in one for one in of(report, "invalid-level"))


def test_the_rest_of_very_many_is_not_looked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = run(tmp_path, capsys, HEAD + "- \n" * (MOST + 500))
    found = of(report, "no-rules")
    assert code == 1
    assert len(found) == SHOWN + 1
    assert found[-1]["message"] == f"And more than {MOST - SHOWN:,} more findings of this rule in this file."
    assert found[-1]["severity"] == "error"


def test_suppressed_ones_are_not_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = "- level: Metadata\n  verbs: [gett] # kube-audit-lint: ignore[unknown-verb] ours\n"
    _, report = run(tmp_path, capsys, HEAD + rules * 150 + "- level: Metadata\n  verbs: [gett]\n" * 3)
    assert [one.get("more") for one in of(report, "unknown-verb")] == [None] * 3
    hidden = [one for one in report["hidden"]["findings"] if one["finding"]["rule"] == "unknown-verb"]
    assert len(hidden) == 150


def test_no_comment_at_a_line_hides_what_was_not_looked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = "- level: Metadata\n  verbs: [gett] # kube-audit-lint: ignore[unknown-verb] ours\n"
    code, report = run(tmp_path, capsys, HEAD + rules * (MOST + 5), "--select", "unknown-verb")
    assert code == 1
    assert len(of(report, "unknown-verb")) == 1
    whole = "# kube-audit-lint: ignore-file[unknown-verb] ours\n"
    code, report = run(tmp_path, capsys, whole + HEAD + rules * (MOST + 5), "--select", "unknown-verb")
    assert (code, report["findings"]) == (0, [])


def test_the_summary_counts_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "audit-policy.yaml"
    path.write_text(HEAD + "- level: X\n" * 333)
    cli.main(["check", str(path), "--select", "invalid-level"])
    assert "333 errors in 1 file" in capsys.readouterr().out
