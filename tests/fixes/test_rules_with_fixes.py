"""Each rule with a fix shows what becomes of an example; nothing else changes, and nothing is left to do."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import jsonschema
import pytest
from fixing import CASES, FIXABLE, RULES, Case, after, run, write

from kube_audit_lint.model.finding import Finding

PACKAGE = Path(__file__).resolve().parents[2] / "lint" / "kube_audit_lint" / "fixes"
KINDS = sorted(path.stem.replace("_", "-") for path in PACKAGE.glob("*.py") if path.stem[0] != "_")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory is an empty repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


def test_there_are_such_rules() -> None:
    assert len(FIXABLE) > 20
    assert {data["fix"]["kind"] for data in FIXABLE.values()} == set(KINDS)


@pytest.mark.parametrize("id", FIXABLE)
def test_a_rule_with_a_fix_is_whole(id: str) -> None:
    fix = dict(FIXABLE[id]["fix"])
    kind = import_module(f"kube_audit_lint.fixes.{fix.pop('kind').replace('-', '_')}")
    fix.pop("safe", None)
    jsonschema.validate(fix, kind.PARAMS, jsonschema.Draft202012Validator)
    assert kind.PARAMS["additionalProperties"] is False
    shown = [example for example in RULES[id]["examples"] if "fixed" in example]
    assert shown
    if not RULES[id]["fix"].get("safe", True):
        assert all(example.get("unsafe") for example in shown)


def test_only_rules_with_fixes_show_fixed_files() -> None:
    assert {id for id, data in RULES.items() if any("fixed" in one for one in data["examples"])} == set(FIXABLE)


def _of_rule(case: Case, findings: list[Finding]) -> int:
    return sum(1 for one in findings if one.rule == case.rule)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_becomes_of_an_example(case: Case) -> None:
    bad, wanted = case.example["bad"].encode(), case.example["fixed"].encode()
    assert after(case, bad) == wanted
    assert after(case, wanted) == wanted
    assert _of_rule(case, list(run(case).outcome.report.findings)) == 0


@pytest.mark.parametrize("case", [case for case in CASES if case.unsafe], ids=str)
def test_what_is_unsafe_is_not_done_without_being_asked_for(case: Case) -> None:
    write(case, case.example["bad"].encode())
    found = run(case, unsafe=False)
    assert found.changes == ()
    assert case.rule in {one.finding.rule for one in found.waiting}
