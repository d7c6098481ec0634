"""The extension of VS Code: what its package states, and the built one over a stand-in of the editor."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from buffers import POLICY

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


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension, built and packed beside the checkout."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("there is no Node")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().lstrip("v").split(".")[0]) < 20:
        pytest.skip(f"Node 20 or later builds it, and this is {version}")
    folder = tmp_path_factory.mktemp("extension") / "vscode"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("node_modules", "out", "*.vsix"))
    install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    if subprocess.run(install, cwd=folder, capture_output=True, check=False).returncode:
        pytest.skip("npm cannot install what it is built with")
    packed = subprocess.run([npm, "run", "package"], cwd=folder, capture_output=True, text=True, check=False)
    assert packed.returncode == 0, packed.stdout + packed.stderr
    assert (folder / "kube-audit-lint.vsix").stat().st_size > 100_000
    return folder


def _handshake(built: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    (folder / "audit-policy.yaml").write_text(POLICY)
    words = ["node", "test/handshake.js", str(folder), *command]
    return subprocess.run(words, cwd=built, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.slow
def test_it_starts_the_server_and_shows_what_is_found(built: Path, tmp_path: Path) -> None:
    pytest.importorskip("pygls", reason="the extra [lsp] is not installed: pip install -e '.[lsp]'")
    ran = _handshake(built, tmp_path, sys.executable, "-m", "kube_audit_lint", "server")
    assert ran.returncode == 0, ran.stderr
    assert {"secrets-above-metadata", "unreachable-rule"} <= set(ran.stdout.split())


@pytest.mark.slow
def test_it_tells_when_there_is_no_server(built: Path, tmp_path: Path) -> None:
    ran = _handshake(built, tmp_path, str(tmp_path / "nowhere"), "server")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "couldn't create connection to server" in ran.stderr
