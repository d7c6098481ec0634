"""Input made to hurt: a clear answer for each, and all else still checked. Run as a user would, on one folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"


def _bomb() -> str:
    levels = "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12))
    return f"{HEAD}a: &a [x,x,x,x,x,x,x,x,x]\n{levels}rules:\n- level: Metadata\n"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("hostile")
    texts = {
        "bomb.yaml": _bomb(),
        "deep.yaml": f"{HEAD}rules: {'[' * 100_000}{']' * 100_000}\n",
        "deep-block.yaml": HEAD + "rules:\n" + "".join(" " * i + "- \n" for i in range(2000)),
        "deep.json": '{"apiVersion":"audit.k8s.io/v1","kind":"Policy","rules":' + "[" * 100_000 + "]" * 100_000 + "}",
        "many-rules.yaml": HEAD + "omitStages: [RequestReceived]\nrules:\n" + "- level: Metadata\n" * 4000,
        "nul.yaml": f"{HEAD}rules:\n- level: Metadata\n  users: ['a\0b']\n",
        "\x1b[31m::error::x.yaml": f"{HEAD}rules:\n- level: metadata\n",
        "ok.yaml": f"{HEAD}omitStages: [RequestReceived]\nrules:\n- level: Metadata\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "latin.yaml").write_bytes(f"{HEAD}# caf".encode() + b"\xe9\nrules:\n- level: Metadata\n")
    with (folder / "huge.yaml").open("wb") as file:
        file.write(HEAD.encode())
        file.truncate(200_000_000)
    os.mkfifo(folder / "pipe.yaml")
    (folder / "loop").symlink_to(".")
    (folder / "dangling.yaml").symlink_to("nowhere")
    run = [sys.executable, "-m", "kube_audit_lint", "check", ".", "--format", "json"]
    result = subprocess.run(run, cwd=folder, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in result.stderr
    data: dict[str, Any] = json.loads(result.stdout)
    return data


def _rules(report: dict[str, Any], path: str) -> set[str]:
    return {finding["rule"] for finding in report["findings"] if finding["path"] == path}


@pytest.mark.parametrize(
    ("path", "rules"),
    [
        ("bomb.yaml", {"policy-unreadable"}),
        ("deep.yaml", {"policy-unreadable"}),
        ("deep-block.yaml", {"wrong-type"}),
        ("deep.json", {"policy-unreadable"}),
        ("many-rules.yaml", {"undecided"}),
        ("nul.yaml", {"policy-unreadable"}),
        ("latin.yaml", {"policy-unreadable"}),
        ("\x1b[31m::error::x.yaml", {"invalid-level"}),
        ("ok.yaml", set()),
    ],
)
def test_each_gets_its_answer(report: dict[str, Any], path: str, rules: set[str]) -> None:
    assert _rules(report, path) - {"request-received-recorded"} == rules


def test_nothing_else_is_said(report: dict[str, Any]) -> None:
    assert not any(finding["rule"] == "internal-error" for finding in report["findings"])
    assert {Path(error["path"]).name for error in report["errors"]} <= {"dangling.yaml", "pipe.yaml"}
