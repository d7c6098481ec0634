"""The extension of VS Code, as far as Python sees it; `.ci/run` builds and packs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "editors" / "vscode"
PACKAGE = json.loads((FOLDER / "package.json").read_text("utf-8"))


def test_its_dependencies_are_exact_versions() -> None:
    """There is no lock file: it would name the host of a registry."""
    versions = {**PACKAGE["dependencies"], **PACKAGE["devDependencies"]}
    assert len(versions) >= 5
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert "package-lock=false" in (FOLDER / ".npmrc").read_text("utf-8")
    assert not (FOLDER / "package-lock.json").exists()


def test_it_starts_the_server_by_a_setting_that_it_has() -> None:
    settings = PACKAGE["contributes"]["configuration"]["properties"]
    assert settings["kube-audit-lint.command"]["default"] == ["kube-audit-lint", "server"]
    code = (FOLDER / "src" / "extension.ts").read_text("utf-8")
    assert 'SECTION = "kube-audit-lint"' in code
    assert 'get<string[]>("command")' in code
    assert PACKAGE["contributes"]["commands"][0]["command"] == "kube-audit-lint.restart"
