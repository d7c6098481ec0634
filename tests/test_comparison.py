"""What docs/comparison.md claims of this linter; the other tools are not needed for that."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from kube_audit_lint.cli import main

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks" / "comparison"
sys.path.insert(0, str(FOLDER))

from compare import GOOD, MISTAKES  # noqa: E402 (benchmarks are no package)


def said(
    kind: str, name: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """What is found in one of the folders, at the least as a warning."""
    shutil.copytree(FOLDER / "good" / "base", place, dirs_exist_ok=True)
    shutil.copytree(FOLDER / kind / name, place, dirs_exist_ok=True)
    monkeypatch.chdir(place)
    main(["check", "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    assert report["files"] == {"read": 2, "policies": 1, "servers": 1, "managed": 0}
    assert report["errors"] == []
    return [f"{one['rule']}: {one['message']}" for one in report["findings"] if one["severity"] != "info"]


def test_every_folder_is_compared() -> None:
    assert {path.name for path in (FOLDER / "bad").iterdir()} == set(MISTAKES)
    assert {path.name for path in (FOLDER / "good").iterdir()} == set(GOOD)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_noticed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    matter = MISTAKES[name][1]
    assert any(re.search(matter, one, re.IGNORECASE) for one in said("bad", name, tmp_path, monkeypatch, capsys))


@pytest.mark.parametrize("name", GOOD)
def test_a_good_one_is_accepted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said("good", name, tmp_path, monkeypatch, capsys) == []
