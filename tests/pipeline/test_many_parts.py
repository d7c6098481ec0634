"""Texts of more lines and values than anybody writes: they end soon, with an error or a note, never in silence."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from kube_audit_lint.cli import main

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
PILES = {
    "null rules": HEAD + "- \n" * 100_000,
    "levels": HEAD + "- level: X\n" * 50_000,
    "values": f"{HEAD}- level: Metadata\n  users: [{'a,' * 100_000}b]\n",
    "keys with CRLF": "a:\r\n" * 100_000,
}
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: audit}\n"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("pile", PILES)
def test_a_policy_by_name_is_an_error_and_the_rest_is_checked(pile: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("audit-policy.yaml").write_bytes(PILES[pile].encode())
    Path("other.yaml").write_text(HEAD + "- level: metadata\n")
    assert main(["check", "."]) == 2
    text = capsys.readouterr().out
    assert "audit-policy.yaml: error: more than 40,000 lines and values: not checked" in text
    assert "other.yaml:4:10: error[invalid-level]" in text


def test_of_a_file_that_only_holds_the_words_it_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    Path("dump.yaml").write_text("# audit.k8s.io\n" + PILES["keys with CRLF"])
    assert main(["check", "."]) == 0
    assert "dump.yaml:1:1: note: more than 40,000 lines and values: not checked" in capsys.readouterr().err


def test_of_a_text_in_a_config_map_it_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    packed = base64.b64encode(PILES["null rules"].encode()).decode()
    Path("map.yaml").write_text(f"{CONFIG_MAP}binaryData: {{audit-policy.yaml: {packed}}}\n")
    assert main(["check", "."]) == 0
    assert "audit-policy.yaml: more than 40,000 lines and values: not checked" in capsys.readouterr().err


def test_a_policy_just_below_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    Path("audit-policy.yaml").write_text(f"{HEAD}- level: metadata\n  users: [{'a,' * 30_000}b]\n")
    assert main(["check", "."]) == 1
    assert "error[invalid-level]" in capsys.readouterr().out
