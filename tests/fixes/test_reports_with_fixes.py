"""JSON and SARIF carry the fix of each finding that has one: its edits by themselves put the finding right."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fixing import CASES, RULES, Case, write
from sampling import one_in

from kube_audit_lint.cli import main

SCHEMA = json.loads((files("kube_audit_lint") / "schemas" / "report.schema.json").read_text("utf-8"))
SARIF = json.loads((Path(__file__).parents[1] / "data" / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory is an empty repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


def report(case: Case, format: str, capsys: pytest.CaptureFixture[str]) -> Any:
    select = [] if RULES[case.rule]["category"] == "meta" else ["--select", case.rule]
    versions = ["--kubernetes-version", case.example["kubernetes"]] if "kubernetes" in case.example else []
    profile = ["--profile", case.example["profile"]] if "profile" in case.example else []
    main(["check", "--format", format, *select, *versions, *profile, case.name])
    return json.loads(capsys.readouterr().out)


def applied(text: str, edits: list[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


SINGLE = [case for case in CASES if len(case.example["expect"]) == 1]


@pytest.mark.parametrize("case", one_in(4, SINGLE), ids=str)
def test_edits_of_json(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    write(case, case.example["bad"].encode())
    data = report(case, "json", capsys)
    jsonschema.validate(data, SCHEMA, jsonschema.Draft202012Validator)
    fixes = [one["fix"] for one in data["findings"] if one["rule"] == case.rule]
    assert fixes[0]["safety"] == ("unsafe" if case.unsafe else "safe")
    edits = [(one["start"]["offset"], one["end"]["offset"], one["text"]) for one in fixes[0]["edits"]]
    assert applied(case.example["bad"], edits) == case.example["fixed"]
    for one in fixes[0]["edits"]:
        before = case.example["bad"][: one["start"]["offset"]]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        assert (one["start"]["line"], one["start"]["column"]) == (line, column)


@pytest.mark.parametrize("case", one_in(4, SINGLE, 2), ids=str)
def test_replacements_of_sarif(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    write(case, case.example["bad"].encode())
    data = report(case, "sarif", capsys)
    jsonschema.validate(data, SARIF)
    results = [one for one in data["runs"][0]["results"] if one["ruleId"] == case.rule]
    (fix,) = results[0]["fixes"]
    assert fix["properties"]["safety"] == ("unsafe" if case.unsafe else "safe")
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"]["uri"] == case.name
    starts = [0]
    for line in case.example["bad"].split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    edits = []
    for one in change["replacements"]:
        region = one["deletedRegion"]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        edits.append((start, end, one.get("insertedContent", {}).get("text", "")))
    assert applied(case.example["bad"], edits) == case.example["fixed"]


def test_a_finding_without_a_fix_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    Path("audit-policy.yaml").write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []\n")
    main(["check", "--format", "json", "audit-policy.yaml"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["rule"] == "no-rules"
    assert "fix" not in finding


def test_columns_of_sarif_count_utf16(capsys: pytest.CaptureFixture[str]) -> None:
    text = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n\nrules: [{users: ["\U0001f600"], level: metadata}]\n'
    Path("audit-policy.yaml").write_text(text, "utf-8")
    main(["check", "--format", "sarif", "--select", "invalid-level", "audit-policy.yaml"])
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    region = result["fixes"][0]["artifactChanges"][0]["replacements"][0]["deletedRegion"]
    line = text.split("\n")[3]
    at = len(line[: line.index("metadata")].encode("utf-16-le")) // 2 + 1
    assert (region["startColumn"], region["endColumn"]) == (at, at + len("metadata"))
