"""The examples: the good ones are good, and the README names every mistake of the others."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from kube_audit_lint.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "examples" / "README.md").read_text("utf-8")


def findings(folder: str, capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, Any]]:
    """What a run from the top of the repository says at the least as a warning."""
    main(["check", *options, "--format", "json", folder])
    report = json.loads(capsys.readouterr().out)
    assert report["errors"] == []
    assert report["files"]["policies"] == 1
    return [finding for finding in report["findings"] if finding["severity"] != "info"]


def promised(folder: str) -> dict[str, set[str]]:
    """The rules that the README names, by the heading that they stand under."""
    section = README.split(f"## The mistakes in `{folder.removeprefix('examples/')}`\n")[1].split("\n## ")[0]
    rules: dict[str, set[str]] = {}
    for part in section.split("\n### ")[1:]:
        heading, _, table = part.partition("\n")
        ids = {id for line in table.splitlines() for id in re.findall(r"`([a-z-]+)`", line.rpartition(" | ")[2])}
        rules[heading.strip()] = ids
    return rules


def found(folder: str, given: list[dict[str, Any]]) -> dict[str, set[str]]:
    """The rules that speak, by the headings of the README: a file, or a folder with `/` at its end."""
    rules: dict[str, set[str]] = defaultdict(set)
    headings = promised(folder)
    for finding in given:
        path = finding["path"].removeprefix(f"{folder}/")
        heading = next((one for one in headings if path == one or (one.endswith("/") and path.startswith(one))), path)
        rules[heading].add(finding["rule"])
    return dict(rules)


EXAMPLES = [("examples/ack", ("--profile", "ack")), ("examples/daocloud", ())]


@pytest.mark.parametrize(("folder", "options"), EXAMPLES)
def test_the_good_ones_are_good(
    folder: str, options: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert findings(f"{folder}/good", capsys, *options) == []


@pytest.mark.parametrize(("folder", "options"), EXAMPLES)
def test_the_readme_names_every_mistake(
    folder: str, options: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    mistakes = f"{folder}/mistakes"
    assert found(mistakes, findings(mistakes, capsys, *options)) == promised(mistakes)
