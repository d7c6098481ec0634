"""What is installed: the built wheel and the source distribution, as a hook or a user gets them."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RULES = sorted(path.name for path in (ROOT / "rules").glob("*.yaml"))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return folder


def test_the_wheel_holds_one_package_with_rules_and_data(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"kube_audit_lint"}
    assert [
        name.rpartition("/")[2]
        for name in names
        if name.startswith("kube_audit_lint/rules/") and name.count("/") == 2 and name.endswith(".yaml")
    ] == RULES
    for needed in (
        "catalogue/compiled.py",
        "rules/base/kube-apiserver.yaml",
        "rules/profiles/cis.yaml",
        "rules/profiles/detections.yaml",
        "schemas/config.schema.json",
        "py.typed",
        "kubernetes/flag_table.py",
        "kubernetes/resource_table.py",
        "report/data/evaluate.js",
        "report/data/map.css",
        "report/data/map.js",
        "report/data/page.css",
        "schemas/map.schema.json",
        "server/app.py",
        "starter/data/policy.yaml",
        "starter/data/webhook.yaml",
        "starter/data/forms/static-pod.yaml",
    ):
        assert f"kube_audit_lint/{needed}" in names


def test_the_source_distribution_builds_the_same(dist: Path) -> None:
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.split("/", 1)[1] for name in tar.getnames() if "/" in name}
    assert {f"rules/{name}" for name in RULES} <= names
    for needed in (
        "lint/kube_audit_lint/cli.py",
        "tests/test_wheel.py",
        "tests/data/yaml_differences.jsonl",
        "docs/readers.md",
        "editors/vscode/src/extension.ts",
        "scripts/build_docs.py",
        "examples/README.md",
        "CONTRIBUTING.md",
        "LICENSE",
    ):
        assert needed in names
    assert not any("node_modules" in name for name in names)


def test_the_metadata_last(dist: Path) -> None:
    """The licence as an expression: setuptools stops building the old form in 2027."""
    (wheel,) = dist.glob("*.whl")
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    text = archive.read(metadata).decode()
    assert "\nLicense-Expression: Apache-2.0\n" in text
    assert "\nLicense-File: LICENSE\n" in text
    assert {"Requires-Dist: PyYAML>=6.0.1", "Requires-Dist: jsonschema>=4.0"} <= set(text.splitlines())


def test_the_installed_command_runs(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    run = [str(tmp_path / "venv" / "bin" / "python"), "-m", "pip", "install", "-q", str(wheel)]
    subprocess.run(run, check=True)
    command = str(tmp_path / "venv" / "bin" / "kube-audit-lint")
    bad = subprocess.run(
        [command, "check", str(ROOT / "examples" / "ack" / "mistakes")], capture_output=True, text=True, cwd=tmp_path
    )
    assert bad.returncode == 1
    assert "error[secrets-above-metadata]" in bad.stdout
    assert bad.stderr == ""
    good = subprocess.run(
        [command, "check", str(ROOT / "examples" / "ack" / "good")], capture_output=True, text=True, cwd=tmp_path
    )
    assert good.returncode == 0
    init = [command, "init", "--kubernetes-version", "1.31", "--form", "talos", "--webhook", "--detections", "falco"]
    assert subprocess.run([*init, "--output", "new"], capture_output=True, cwd=tmp_path).returncode == 0
    assert "auditPolicy:" in (tmp_path / "new" / "controlplane-patch.yaml").read_text()
    page = subprocess.run([command, "rules", "blind-spot"], capture_output=True, text=True, cwd=tmp_path)
    assert "Example, bad:" in page.stdout
