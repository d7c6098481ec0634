"""SARIF reports under Microsoft's validator, with its rules for GitHub's code scanning (GHAS)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from report_samples import hostile, written

from kube_audit_lint.report.pages import VARIABLE

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "@microsoft/sarif-multitool-linux@5.7.0"
PROGRAM = Path("node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool")

OPTIONS = ("--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note", "--log", "ForceOverwrite")
ADVICE = {
    "SARIF2002",  # messages by id and arguments: each of ours is made for its finding
    "SARIF2003",  # the revision of the repository, which code scanning knows
    "SARIF2006",  # whether addresses answer, and a test needs no network for that
    "SARIF2009",  # ids such as CS2001: ours are words, which people use in comments and configurations
}
"""Notes of the validator that are no fault of a report."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The validator: as it is installed, or from npm."""
    if program := shutil.which("sarif") or shutil.which("Sarif.Multitool"):
        return program
    folder = tmp_path_factory.mktemp("npm")
    npm = shutil.which("npm")
    if npm is None or sys.platform != "linux":
        pytest.skip("needs Microsoft's sarif-multitool, or npm to get it")
    done = subprocess.run(
        [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", PACKAGE], cwd=folder, capture_output=True
    )
    if done.returncode:
        pytest.skip("needs a network to get Microsoft's sarif-multitool")
    (folder / PROGRAM).chmod(0o755)
    return str(folder / PROGRAM)


def objections(validator: str, log: Path) -> set[tuple[str, str]]:
    """What the validator has against a log: levels and rules, without its advice."""
    done = subprocess.run(
        [validator, "validate", str(log), *OPTIONS, "--output", str(log.with_suffix(".out"))],
        capture_output=True,
        text=True,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
    )
    assert "Analysis completed successfully" in done.stdout, done.stdout + done.stderr
    found = set(re.findall(r": (note|warning|error) ([A-Z]+\d+)", done.stdout))
    return {one for one in found if one[1] not in ADVICE}


def test_examples(validator: str, tmp_path: Path) -> None:
    log = tmp_path / "examples.sarif"
    subprocess.run(
        [sys.executable, "-m", "kube_audit_lint", "check", "--pedantic", f"--output=sarif={log}", "examples"],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, VARIABLE: "https://example.com/docs/rules"},
    )
    assert objections(validator, log) == set()


def test_hostile_texts(validator: str, tmp_path: Path) -> None:
    log = tmp_path / "hostile.sarif"
    log.write_text(written("sarif", hostile()))
    # Without an address of the pages the links to them are missing; files of one line have no lines around it.
    assert objections(validator, log) == {("note", "SARIF2012"), ("warning", "SARIF2005"), ("note", "SARIF2011")}


def test_the_validator_sees_a_fault(validator: str, tmp_path: Path) -> None:
    log = tmp_path / "broken.sarif"
    log.write_text(written("sarif", hostile()).replace('"startLine": 2', '"startLine": 0'))
    assert {level for level, _ in objections(validator, log)} >= {"error"}
