"""What pipelines are given to copy: workflows, GitLab's component, the image, and the commands of the guide."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kube_audit_lint.commands.parser import parser_for

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: metadata\n"
PLACEHOLDERS = {
    "<owner>": "example", "<commit>": "0" * 40, "<address of this repository>": "example.com/o/kube-audit-lint",
}  # fmt: skip
STEPS = """name: steps
on: pull_request
permissions: {}
jobs:
  steps:
    runs-on: ubuntu-latest
    steps:
"""
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"


def blocks(kinds: str) -> list[tuple[str, str]]:
    """The fenced blocks of these kinds in all pages, each with where it stands, placeholders filled in."""
    found = []
    for page in PAGES:
        for match in re.finditer(rf"^```(?:{kinds})\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
            text = match[1]
            for name, value in PLACEHOLDERS.items():
                text = text.replace(name, value)
            found.append((f"{page.name}-{page.read_text('utf-8')[: match.start()].count(chr(10)) + 2}", text))
    return found


def workflows() -> dict[str, str]:
    """The workflows of GitHub Actions in the pages; steps that stand alone in a workflow around them."""
    found = {}
    for where, text in blocks("yaml"):
        data = yaml.safe_load(text)
        if isinstance(data, dict) and "jobs" in data:
            found[where] = text
        elif isinstance(data, list) and all({"run", "uses"} & set(one) for one in data):
            found[where] = STEPS + "".join(f"    {line}\n" for line in text.splitlines())
    return found


def test_the_workflows_are_found() -> None:
    assert len([where for where in workflows() if where.startswith("ci.md")]) >= 3


def test_actions_are_pinned_to_a_commit_with_its_version() -> None:
    for text in (*workflows().values(), (ROOT / "action.yml").read_text("utf-8")):
        for used in re.findall(r"uses: (\S+@.*)", text):
            assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", used), used


@pytest.fixture(scope="module")
def workflow_files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("repository") / ".github" / "workflows"
    folder.mkdir(parents=True)
    for where, text in workflows().items():
        (folder / f"{where}.yml").write_text(text)
    return [str(path) for path in sorted(folder.iterdir())]


@pytest.mark.slow
def test_actionlint_has_no_objection(workflow_files: list[str]) -> None:
    program = shutil.which("actionlint")
    if program is None and shutil.which("go") is None:
        pytest.skip("needs actionlint, or Go to build it")
    command = [program] if program else ["go", "run", ACTIONLINT]
    # Beside them the action as a workflow of its own repository would use it: its metadata is checked, too.
    folder = Path(workflow_files[0]).parent
    (folder.parents[1] / ".git").mkdir()
    shutil.copy(ROOT / "action.yml", folder.parents[1])
    own = folder / "own-action.yml"
    own.write_text(f"{STEPS}    - uses: ./\n      with: {{paths: examples, sarif-file: a.sarif}}\n")
    done = subprocess.run([*command, "-no-color", *workflow_files, str(own)], capture_output=True, text=True)
    if "dial tcp" in done.stderr:
        pytest.skip("needs a network to build actionlint")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.slow
def test_zizmor_has_no_objection(workflow_files: list[str]) -> None:
    zizmor = shutil.which("zizmor", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if zizmor is None:
        pytest.skip("needs zizmor")
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", "--color=never", "--", *workflow_files, str(ROOT / "action.yml")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No findings to report" in done.stdout


def check_commands() -> list[str]:
    """The calls of the linter in what the pages give to copy, without the shell around them."""
    text = "\n".join(text for _, text in blocks("yaml|groovy|sh"))
    text = text.replace("\\\n", " ").replace('kube-audit-lint" ', "kube-audit-lint ")
    return re.findall(r"kube-audit-lint (?:check|diff|test|explain|init|report|map) [^|#\n'>]*", text)


@pytest.mark.parametrize("command", check_commands())
def test_commands_to_copy_have_options_that_exist(command: str) -> None:
    words = shlex.split(command.rstrip("\\ "))[1:]
    assert parser_for(words).parse_args(words)


class TestGitLab:
    def test_the_component(self, tmp_path: Path) -> None:
        spec, jobs = yaml.safe_load_all((ROOT / "templates" / "kube-audit-lint.yml").read_text("utf-8"))
        given = {name: str((one or {}).get("default", "")) for name, one in spec["spec"]["inputs"].items()}
        given |= {"source": "git+https://example.com/r@v1", "options": "--select load --fail-on error"}
        (job,) = _interpolated(jobs, given).values()
        programs = tmp_path / "bin"
        programs.mkdir()
        _program(programs / "pip", 'printf "%s\\n" "$@" > pip.log')
        _program(programs / "kube-audit-lint", f'exec "{sys.executable}" -m kube_audit_lint "$@"')
        (tmp_path / "audit-policy.yaml").write_text(BAD)
        environment = {**os.environ, **job["variables"], "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        codes = [subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environment).returncode for line in job["script"]]
        assert codes == [0, 1]
        assert (tmp_path / "pip.log").read_text().splitlines() == ["install", "--quiet", "git+https://example.com/r@v1"]
        for report in job["artifacts"]["reports"].values():
            assert "invalid-level" in (tmp_path / report).read_text()


def _interpolated(data: Any, inputs: dict[str, str]) -> Any:
    """The component as GitLab fills it in."""
    if isinstance(data, str):
        return re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda match: inputs[match[1]], data)
    if isinstance(data, dict):
        return {key: _interpolated(value, inputs) for key, value in data.items()}
    return [_interpolated(one, inputs) for one in data] if isinstance(data, list) else data


def _program(path: Path, command: str) -> None:
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)


class TestImage:
    TEXT = (ROOT / "Dockerfile").read_text("utf-8")

    def instructions(self) -> list[tuple[str, str]]:
        """The instructions in their order."""
        lines = re.sub(r"\\\n", " ", self.TEXT).splitlines()
        return [tuple(line.split(" ", 1)) for line in lines if line and not line.startswith("#")]  # type: ignore[misc]

    def test_what_it_promises(self) -> None:
        names = dict(self.instructions())  # the last of each name: that of the image itself
        assert names["USER"] == "65532:65532"
        assert names["ENTRYPOINT"] == '["kube-audit-lint"]'
        assert names["ARG"] == "BASE=python:3.13-slim"
        assert [text.split()[0] for name, text in self.instructions() if name == "FROM"] == ["${BASE}"] * 2

    def test_what_it_copies_is_there_and_not_ignored(self) -> None:
        ignored = (ROOT / ".dockerignore").read_text().splitlines()
        copied = [text.split()[:-1] for name, text in self.instructions() if name == "COPY" and "--from" not in text]
        for path in (path for paths in copied for path in paths):
            assert (ROOT / path).exists()
            assert f"!{path}" in ignored

    @pytest.mark.slow
    def test_hadolint_has_no_objection(self) -> None:
        hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        if hadolint is None:
            pytest.skip("needs hadolint")
        done = subprocess.run([hadolint, "--no-color", str(ROOT / "Dockerfile")], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "")

    @pytest.mark.slow
    def test_its_steps_make_a_command_that_runs_without_a_network(self, tmp_path: Path) -> None:
        """The steps of the build, with a folder in place of the root of an image."""
        source = tmp_path / "source"
        source.mkdir()
        for name, text in self.instructions():
            if name == "COPY" and "--from" not in text:
                *paths, _ = text.split()
                for path in paths:
                    copy = shutil.copytree if (ROOT / path).is_dir() else shutil.copy
                    copy(ROOT / path, source / path)
            elif name == "RUN":
                command = text.replace("/opt/", f"{tmp_path}/opt/").replace(
                    "python -m venv", f"{sys.executable} -m venv"
                )
                subprocess.run(["sh", "-ec", command], cwd=source, check=True, capture_output=True)
        shutil.rmtree(source)
        work = tmp_path / "work"
        work.mkdir()
        (work / "audit-policy.yaml").write_text(BAD)
        command = [str(tmp_path / "opt" / "kube-audit-lint" / "bin" / "kube-audit-lint"), "check", "."]
        alone = ["unshare", "--net", "--map-root-user"]
        if subprocess.run([*alone, "true"], capture_output=True).returncode == 0:
            command = [*alone, *command]
        done = subprocess.run(command, cwd=work, env={}, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (1, "")
        assert "error[invalid-level]" in done.stdout
