"""Nothing is hidden unseen: what keeps findings out of a report is counted by every output that counts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from running import run_here
from sampling import one_in

BAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: metadata\n"
IGNORE = " " * 300 + "# kube-audit-lint: ignore-file[invalid-level] generated"
UNIT = """[Unit]
Description=Kubernetes API Server
[Service]
{}
ExecStart=/usr/bin/kube-apiserver --etcd-servers=x --audit-policy-file=/p --audit-log-maxage=-4 --audit-log-path=/l
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_here(["check", *arguments], folder)


def data(folder: Path, *arguments: str, format: str = "json") -> Any:
    return json.loads(run(folder, "--format", format, *arguments).stdout)


def write(folder: Path, text: str = BAD, config: str = "") -> None:
    (folder / "audit-policy.yaml").write_text(text)
    if config:
        (folder / ".kube-audit-lint.yaml").write_text(config)


@pytest.mark.parametrize(
    ("text", "config", "says", "counts"),
    [
        (BAD.rstrip() + IGNORE + "\n", "", "1 finding by comments", (1, 0, 0, False)),
        (BAD, 'exclude: ["*"]\n', "1 path by exclude", (0, 0, 1, False)),
        (BAD, "rules: {invalid-level: off}\n", "1 finding by the configuration, 1 rule off", (0, 1, 0, False)),
        (BAD, "fail-on: never\n", "every failure by fail-on: never", (0, 0, 0, True)),
        (
            BAD,
            "overrides: [{paths: [audit-policy.yaml], rules: {invalid-level: off}}]\n",
            "1 finding by the configuration, 1 rule off",
            (0, 1, 0, False),
        ),
    ],
    ids=["comment far to the right", "exclude", "rule off", "fail-on", "override"],
)
def test_each_cause_is_counted(
    text: str, config: str, says: str, counts: tuple[int, int, int, bool], tmp_path: Path
) -> None:
    write(tmp_path, text, config)
    ended = run(tmp_path, ".")
    assert ended.returncode == 0
    assert ended.stdout.rstrip().endswith(f"; hidden: {says}")
    hidden = data(tmp_path)["hidden"]
    names = ("by-comments", "by-configuration", "excluded-paths", "never-fails")
    assert tuple(hidden[name] for name in names) == counts
    assert [one["finding"]["rule"] for one in hidden["findings"]] == ["invalid-level"] * (counts[0] + counts[1])


def test_sarif_says_how_a_result_is_suppressed(tmp_path: Path) -> None:
    write(tmp_path, BAD.rstrip() + IGNORE + "\n")
    (result,) = data(tmp_path, format="sarif")["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "inSource", "justification": "generated"}]
    write(tmp_path, BAD, "rules: {invalid-level: off}\n")
    (result,) = data(tmp_path, format="sarif")["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "external"}]


def test_a_rule_that_the_command_leaves_out_is_not_hidden(tmp_path: Path) -> None:
    write(tmp_path)
    assert "hidden" not in run(tmp_path, "--ignore", "invalid-level").stdout


def test_the_gate_lets_nothing_through(tmp_path: Path) -> None:
    config = 'exclude: ["*"]\nfail-on: never\nrules: {invalid-level: off}\n'
    write(tmp_path, BAD.rstrip() + IGNORE + "\n", config)
    assert run(tmp_path, ".").returncode == 0
    ended = run(tmp_path, "--no-config", "--no-ignores", "--fail-on", "warning", ".")
    assert ended.returncode == 1
    assert "error[invalid-level]" in ended.stdout
    assert "hidden" not in ended.stdout


def test_no_config_and_a_config_do_not_go_together(tmp_path: Path) -> None:
    write(tmp_path, config="fail-on: never\n")
    ended = run(tmp_path, "--no-config", "--config", ".kube-audit-lint.yaml", ".")
    assert ended.returncode == 2


def test_a_whole_file_is_not_ignored_without_a_reason(tmp_path: Path) -> None:
    write(tmp_path, BAD + "# kube-audit-lint: ignore-file[invalid-level]\n")
    ended = run(tmp_path, ".")
    assert ended.returncode == 1
    assert "audit-policy.yaml:6:1: warning[suppression-without-reason]" in ended.stdout


@pytest.mark.parametrize("rule", ["undecided", "unused-suppression", "internal-error", "suppression-without-reason"])
def test_what_comments_cannot_suppress(rule: str, tmp_path: Path) -> None:
    text = f"# kube-audit-lint: ignore-file[{rule}] no\n{BAD.replace('metadata', 'Metadata')}"
    write(tmp_path, f"{text}# kube-audit-lint: ignore[log-maxage] no\n")
    found = data(tmp_path)["findings"]
    assert ("invalid-suppression", 1) in [(one["rule"], one["start"]["line"]) for one in found]
    assert "unused-suppression" in [one["rule"] for one in found]


@pytest.mark.parametrize(
    "line",
    [
        'Environment="X= # kube-audit-lint: ignore-file[invalid-flag-value] no"',
        "Environment=X # kube-audit-lint: ignore-file[invalid-flag-value] no",
    ],
)
def test_the_value_of_a_unit_is_no_comment(line: str, tmp_path: Path) -> None:
    (tmp_path / "kube-apiserver.service").write_text(UNIT.format(line))
    assert "invalid-flag-value" in run(tmp_path, ".").stdout


def test_a_line_of_a_unit_is_one(tmp_path: Path) -> None:
    (tmp_path / "kube-apiserver.service").write_text(
        UNIT.format("# kube-audit-lint: ignore-file[invalid-flag-value] it is an example")
    )
    ended = run(tmp_path, ".")
    assert "error[invalid-flag-value]" not in ended.stdout
    assert "1 finding by comments" in ended.stdout


def test_a_quoted_value_of_several_lines_is_no_comment(tmp_path: Path) -> None:
    (tmp_path / "kube-apiserver.env").write_text(
        'A="x\n# kube-audit-lint: ignore-file[invalid-flag-value] no\n"\n'
        'KUBE_API_ARGS="--etcd-servers=x --audit-policy-file=/p --audit-log-maxage=-4 --audit-log-path=/l"\n'
    )
    assert "invalid-flag-value" in run(tmp_path, ".").stdout


COMMENT = "# kube-audit-lint: ignore-file[invalid-level] an example"
SCRIPT = "#!/bin/sh\n{}\ncat > audit-policy.yaml <<EOF\n{}EOF\n"
PAGE = "# Title\n\n{}\n\n```yaml\n{}```\n"
MODULE = 'resource "x" "y" {{\n  {}\n  policy = <<EOT\n{}EOT\n}}\n'


@pytest.mark.parametrize(
    ("name", "around", "before", "hides"),
    [
        ("x.sh", SCRIPT, COMMENT, True),
        ("x.sh", SCRIPT, f"echo 'x\n{COMMENT}\n'", False),
        ("x.sh", SCRIPT, f'echo "$(echo "{COMMENT}")"', False),
        ("x.sh", SCRIPT, f"cat <<A\n{COMMENT}\nA", False),
        ("x.md", PAGE, COMMENT, False),
        ("x.md", PAGE, f"text {COMMENT}", False),
        ("x.md", PAGE, f"```\n{COMMENT}\n```", False),
        ("x.md", PAGE, f"    {COMMENT}", False),
        ("x.md", PAGE, f"<!-- {COMMENT} -->", True),
        ("x.tf", MODULE, COMMENT, True),
        ("x.tf", MODULE, f'description = "x {COMMENT}"', False),
        ("x.tf", MODULE, f"other = <<X\n{COMMENT}\nX", False),
    ],
)
def test_what_is_a_comment_around_an_embedded_policy(
    name: str, around: str, before: str, hides: bool, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(around.format(before, BAD))
    assert ("error[invalid-level]" in run(tmp_path, "--embedded", ".").stdout) is not hides
    (tmp_path / name).write_text(around.format("", f"{COMMENT}\n{BAD}"))
    assert "1 finding by comments" in run(tmp_path, "--embedded", ".").stdout


def test_own_rules_do_not_take_the_place_of_shipped_ones(tmp_path: Path) -> None:
    write(tmp_path, config="rule-directories: [lint]\n")
    (tmp_path / "lint" / "profiles").mkdir(parents=True)
    rule = tmp_path / "lint" / "invalid-level.yaml"
    rule.write_text(
        "id: invalid-level\ntitle: Nothing\nseverity: info\nsubject: policy\ncheck: level\n"
        "params: {what: things, requests: [{group: example.com}], at-most: Metadata}\n"
    )
    ended = run(tmp_path, ".")
    assert ended.returncode == 2
    assert "invalid-level" in ended.stderr
    rule.unlink()
    (tmp_path / "lint" / "profiles" / "default.yaml").write_text(
        "id: default\ntitle: Nothing\nrules: {invalid-level: off}\n"
    )
    ended = run(tmp_path, ".")
    assert ended.returncode == 2
    assert "default" in ended.stderr


def test_a_profile_of_ones_own_hides_nothing_unseen(tmp_path: Path) -> None:
    write(tmp_path, config="rule-directories: [lint]\nprofile: quiet\n")
    (tmp_path / "lint" / "profiles").mkdir(parents=True)
    (tmp_path / "lint" / "profiles" / "quiet.yaml").write_text(
        "id: quiet\ntitle: Nothing\nrules: {invalid-level: off}\n"
    )
    assert "1 finding by the configuration" in run(tmp_path, ".").stdout


@pytest.mark.parametrize("pile", one_in(2, ["above one rule", "each above a rule", "behind lines", "unknown"]))
def test_thousands_of_comments_cost_little(pile: str, tmp_path: Path) -> None:
    """8,000 comments took 25 seconds when each looked for what it covers by itself."""
    head, rule = (
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n",
        "- level: Metadata\n",
    )
    comment = "# kube-audit-lint: ignore[invalid-level] because\n"
    texts = {
        "above one rule": head + comment * 8000 + rule,
        "each above a rule": head + (comment + "- {level: metadata}\n") * 1500,
        "behind lines": head + f"- {{level: metadata}} {comment}" * 1500,
        "unknown": head + rule + "".join(f"# kube-audit-lint: ignore[no-rule-{at}] because\n" for at in range(8000)),
    }
    write(tmp_path, texts[pile])
    started = time.process_time()
    ended = run(tmp_path, "--select", "invalid-level,unknown-suppression", "--format", "json")
    assert time.process_time() - started < 20
    report = json.loads(ended.stdout)
    found = sum(one.get("more", 1) for one in report["findings"]) + report["hidden"]["by-comments"]
    assert found == {"above one rule": 0, "each above a rule": 1500, "behind lines": 1500, "unknown": 8000}[pile]


GATE = "## A gate that a change request cannot open"


def gate() -> list[str]:
    """The commands of the gate, as docs/ci.md has them: the one line, and the steps with the base branch."""
    text = (Path(__file__).parents[2] / "docs" / "ci.md").read_text("utf-8")
    section = text.split(GATE)[1].split("\n## ")[0]
    plain, steps = re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)[:2]
    return [plain.strip(), "\n".join(line.removeprefix("- run: ") for line in steps.strip().splitlines())]


@pytest.mark.skipif(sys.platform == "win32", reason="commands of a shell")
@pytest.mark.parametrize("recipe", [0, 1], ids=["no configuration", "that of the base branch"])
@pytest.mark.parametrize("good", [False, True])
def test_the_gate_of_the_documentation(recipe: int, good: bool, tmp_path: Path) -> None:
    """In a clone of a repository, on a change request that turns everything off that it can turn off."""
    base, clone, temporary = tmp_path / "base", tmp_path / "clone", tmp_path / "temporary"
    temporary.mkdir()
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "kube-audit-lint"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m kube_audit_lint "$@"\n')
    command.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "GITHUB_BASE_REF": "main",
        "RUNNER_TEMP": str(temporary),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }

    def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-ec", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
        )

    base.mkdir()
    write(base, BAD.replace("metadata", "Metadata"), "fail-on: error\nrequire-reason: true\n")
    identity = "-c user.name=n -c user.email=e"
    made = shell(f"git init -qb main . && git add . && git {identity} commit -qm base && git clone -q . {clone}", base)
    assert made.returncode == 0, made.stderr
    hiding = 'exclude: ["*"]\nfail-on: never\nrules: {invalid-level: off}\n'
    text = BAD.replace("metadata", "Metadata") if good else BAD.rstrip() + IGNORE + "\n"
    write(clone, text, hiding)
    assert shell("kube-audit-lint check .", clone).returncode == 0
    ended = shell(gate()[recipe], clone)
    assert ended.returncode == (0 if good else 1), ended.stderr
    assert ("error[invalid-level]" in ended.stdout) is not good
    assert "hidden" not in ended.stdout


def test_gitignore_hides_nothing_that_git_tracks(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    write(tmp_path / "m")
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("m/\n")
    (tmp_path / "m" / "other.yaml").write_text(BAD)
    found = data(tmp_path, "--no-config", "--no-ignores", ".")
    assert [(one["path"], one["rule"]) for one in found["findings"]] == [("m/audit-policy.yaml", "invalid-level")]


def test_some_files_may_fail_and_others_never(tmp_path: Path) -> None:
    write(tmp_path, config="fail-on: never\n")
    (tmp_path / "t").mkdir()
    write(tmp_path / "t", config="fail-on: error\n")
    ended = run(tmp_path, ".")
    assert ended.returncode == 1
    assert "hidden: failures of 1 file by fail-on: never" in ended.stdout
    assert data(tmp_path, ".")["hidden"]["never-fails"] is True
    assert "hidden: every failure by fail-on: never" in run(tmp_path, "audit-policy.yaml").stdout


def test_a_note_about_an_option_is_there_once_and_of_no_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, BAD.replace("metadata", "Metadata"))
    words = ("--kubernetes-version", "1.99", ".")
    (note,) = data(tmp_path, *words)["notes"]
    assert (note["path"], note["message"].partition(": ")[0]) == ("", "--kubernetes-version")
    told = run(tmp_path, *words).stderr
    assert told.startswith("note: --kubernetes-version: ")
    assert told.count("\n") == 1
    (invocation,) = data(tmp_path, *words, format="sarif")["runs"][0]["invocations"]
    assert [list(one) for one in invocation["toolExecutionNotifications"]] == [["descriptor", "level", "message"]]
