"""action.yml, its steps run as a runner runs them: inputs in the environment, outputs and summary in files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
BAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: metadata\n"
GOOD = BAD.replace("metadata", "Metadata").replace("rules:", "omitStages: [RequestReceived]\nrules:")
BASH = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the action's steps are for bash")


class Runner:
    """A machine that runs the steps of the action on a checkout; what they set is in `outputs`."""

    def __init__(self, folder: Path, action: Path = ROOT, **github: str) -> None:
        self.workspace, self.temp, self.action = folder / "checkout", folder / "temp", action
        self.contexts = {"github": github, "runner": {"temp": str(self.temp)}, "steps": {}}
        for path in (self.workspace, self.temp):
            path.mkdir()
        (self.workspace / ".git").mkdir()
        self.log = ""

    def use_checkout(self) -> None:
        """Puts the linter of this checkout where the first step installs it, for that needs a network."""
        (self.temp / "kube-audit-lint").symlink_to(ROOT / "lint")
        (self.temp / "rules").symlink_to(ROOT / "rules")

    def run(self, *names: str, **inputs: str) -> int:
        """Runs the steps of these names, or all; returns the code of the last."""
        given = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
        assert set(inputs) <= {name.replace("-", "_") for name in given}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        self.contexts["inputs"] = given
        code = 0
        for step in ACTION["runs"]["steps"]:
            if not names or step["name"] in names:
                code = self._step(step)
        return code

    def _step(self, step: dict[str, Any]) -> int:
        files = {name: self.temp / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            path.touch()
        # What a step gets on top of the machine's own environment, in which Python is as the tests have it.
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("INPUT_", "KUBE_AUDIT_LINT"))},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_SERVER_URL": "https://github.example",
            **{name: str(path) for name, path in files.items()},
            **{name: self.evaluated(text) for name, text in step.get("env", {}).items()},
        }
        folder = self.evaluated(step["working-directory"]) if "working-directory" in step else self.workspace
        done = subprocess.run(
            [*BASH, step["run"]],
            cwd=folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.log += done.stdout
        self.summary = files["GITHUB_STEP_SUMMARY"].read_text("utf-8")
        self.contexts["steps"] = {step.get("id"): {"outputs": _outputs(files["GITHUB_OUTPUT"].read_text("utf-8"))}}
        return done.returncode

    def evaluated(self, text: str) -> str:
        """A text with its expressions replaced; a context that is not there is empty."""

        def value(match: re.Match[str]) -> str:
            found: Any = self.contexts
            for part in match[1].split("."):
                found = found.get(part, "")
            return str(found)

        return re.sub(r"\$\{\{ ([a-z_.-]+) \}\}", value, text)

    def outputs(self) -> dict[str, str]:
        """The outputs of the action."""
        return {name: self.evaluated(one["value"]) for name, one in ACTION["outputs"].items()}


def _outputs(text: str) -> dict[str, str]:
    """The file of outputs as the runner reads it."""
    found = re.fullmatch(r"((\S+)<<(\S+)\n[\s\S]*?\n\3\n)*", text)
    assert found is not None
    return {one[1]: one[3] for one in re.finditer(r"(\S+)<<(\S+)\n([\s\S]*?)\n\2\n", text)}


def test_the_guide_has_every_input_and_output() -> None:
    text = (ROOT / "docs" / "ci.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([\w-]+)` \|", text.split("| input |")[1].split("\n\n")[0], re.M)) == set(
        ACTION["inputs"]
    )
    assert all(f"`{name}`" in text.split("Its outputs are")[1].split("\n\n")[0] for name in ACTION["outputs"])


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    made = Runner(tmp_path)
    made.use_checkout()
    return made


def write(runner: Runner, text: str) -> None:
    (runner.workspace / "audit-policy.yaml").write_text(text)


def test_findings(runner: Runner) -> None:
    write(runner, BAD)
    assert runner.run("Check") == 1
    assert "::error file=audit-policy.yaml,line=4," in runner.log
    assert runner.outputs() == {"findings": "1", "sarif-file": str(runner.temp / "kube-audit-lint.sarif")}
    assert json.loads(Path(runner.outputs()["sarif-file"]).read_text())["runs"][0]["results"]
    assert runner.summary.startswith("### ❌ kube-audit-lint: 1 error in 1 file (1 policy)\n")
    assert [path.name for path in runner.workspace.iterdir() if path.name != ".git"] == ["audit-policy.yaml"]


def test_none(runner: Runner) -> None:
    write(runner, GOOD)
    assert runner.run("Check") == 0
    assert runner.outputs()["findings"] == "0"
    assert "✅" in runner.summary


def test_inputs(runner: Runner) -> None:
    write(runner, BAD)
    (runner.workspace / "a b").mkdir()
    (runner.workspace / "a b" / "audit-policy.yaml").write_text(BAD)
    code = runner.run(
        "Check",
        paths="a b\n\n",
        arguments="--select load\n--kubernetes-version '1.30'",
        fail_on="never",
        annotations="false",
        summary="false",
        sarif_file="out.sarif",
    )
    assert code == 0
    assert "::error" not in runner.log
    assert "a b/audit-policy.yaml:4:10: error[invalid-level]" in runner.log
    assert "1 error in 1 file" in runner.log
    assert runner.summary == ""
    assert runner.outputs() == {"findings": "1", "sarif-file": "out.sarif"}
    assert (runner.workspace / "out.sarif").exists()


def test_a_mistake_in_the_inputs_fails_and_gives_no_count(runner: Runner) -> None:
    write(runner, BAD)
    assert runner.run("Check", fail_on="eror") == 2
    assert "did you mean error?" in runner.log
    assert runner.outputs() == {"findings": "", "sarif-file": ""}


def test_arguments_are_read_as_a_shell_reads_them(runner: Runner) -> None:
    """Comments end with their line, and not those in quotes; a quote may hold the end of a line."""
    write(runner, BAD)
    (runner.workspace / "a #b").mkdir()
    (runner.workspace / "a #b" / "c\nd.yaml").write_text(BAD)
    arguments = "# the words\n--quiet # 'no\n--select\\\n load 'a #b/c\nd.yaml'  # a file"
    assert runner.run("Check", arguments=arguments, annotations="false") == 1
    assert "No such file" not in runner.log
    assert runner.outputs()["findings"] == "2"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"arguments": "--select 'load"}, "arguments: No closing quotation"),
        ({"summary": "yes"}, "summary: 'yes' is neither true nor false"),
        ({"annotations": "::error::x\n"}, "annotations: '::error::x' is neither true nor false"),
        ({"sarif_file": "audit-policy.yaml/x"}, "File exists"),
    ],
)
def test_an_input_that_means_nothing_is_one_line(runner: Runner, inputs: dict[str, str], message: str) -> None:
    write(runner, BAD)
    assert runner.run("Check", **inputs) == 2
    assert runner.log.startswith("kube-audit-lint: ")
    assert message in runner.log
    assert runner.log.count("\n") == 1
    assert runner.outputs()["findings"] == ""


def test_a_word_among_the_arguments_is_a_path(runner: Runner) -> None:
    write(runner, GOOD)
    assert runner.run("Check", arguments="nowhere --quiet") == 2
    assert "nowhere: error: No such file" in runner.log or "nowhere: No such file" in runner.log, runner.log


def test_a_path_is_no_option(runner: Runner) -> None:
    write(runner, BAD)
    assert runner.run("Check", paths="--fix\n--unsafe-fixes\naudit-policy.yaml") == 2
    assert (runner.workspace / "audit-policy.yaml").read_text() == BAD


def test_the_folder_of_the_report_is_made(runner: Runner) -> None:
    write(runner, BAD)
    assert runner.run("Check", sarif_file="new/folder/out.sarif", summary="FALSE") == 1
    assert (runner.workspace / "new" / "folder" / "out.sarif").exists()
    assert runner.summary == ""


def test_inputs_are_no_code(runner: Runner) -> None:
    write(runner, BAD)
    code = "$(touch hacked) `touch hacked` \"; touch hacked; ' && touch hacked #"
    runner.run("Check", paths=code, fail_on=code, annotations=code, summary=code, sarif_file=code)
    runner.run("Check", arguments="--quiet", sarif_file="x\nfindings=7")
    assert not list(runner.workspace.rglob("hacked"))
    assert runner.outputs()["findings"] == "1"
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_the_checkout_brings_no_code(runner: Runner) -> None:
    write(runner, BAD)
    for module in ("json", "kube_audit_lint", "sitecustomize", "argparse", "yaml"):
        (runner.workspace / f"{module}.py").write_text("open('hacked', 'w').close()\n")
    assert runner.run("Check") == 1
    assert not (runner.workspace / "hacked").exists()


def test_rules_are_linked_at_the_revision_of_the_action(tmp_path: Path) -> None:
    runner = Runner(tmp_path, action_repository="o/kube-audit-lint", action_ref="v1")
    runner.use_checkout()
    write(runner, BAD)
    runner.run("Check")
    assert "https://github.example/o/kube-audit-lint/blob/v1/docs/rules/invalid-level.md" in runner.summary


@pytest.mark.slow
def test_all_steps_with_what_they_install(tmp_path: Path) -> None:
    action = tmp_path / "action"
    action.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, action)
    for name in ("lint", "rules", "scripts"):
        shutil.copytree(ROOT / name, action / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    runner = Runner(tmp_path, action)
    write(runner, BAD)
    (runner.workspace / "pip.py").write_text("open('hacked', 'w').close()\n")
    assert runner.run() == 1, runner.log
    assert runner.outputs()["findings"] == "1"
    assert (runner.temp / "kube-audit-lint" / "kube_audit_lint" / "cli.py").exists()
    assert not list(runner.workspace.rglob("hacked"))
