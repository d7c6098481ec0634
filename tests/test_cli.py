"""The command as users run it: real files, what it prints where, and how it ends; of each kind one in a process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from running import run_here

ROOT = Path(__file__).resolve().parents[1]

GOOD = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
"""
BAD = GOOD.replace("Metadata", "metadata")
WARNED = GOOD.replace("[RequestReceived]", "[RequestReceived, RequestReceived, Panic]")
ADVISED = GOOD.replace("rules:\n", "rules:\n- {level: Request, resources: [{group: '', resources: [configmaps]}]}\n")
LINE = re.compile(r"^[^\s:]+:\d+:\d+: (?:error|warning|info)\[[a-z-]+\]: .")


def run(
    *arguments: str,
    folder: Path,
    code: int | None = None,
    stdin: str | None = None,
    process: bool = False,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """A run in the folder; `code` is how it has to end. process: in one of its own."""
    ended = in_process(arguments, folder, stdin, environment) if process else run_here(arguments, folder, stdin)
    assert "Traceback" not in ended.stderr, ended.stderr
    assert "internal error" not in ended.stderr, ended.stderr
    if code is not None:
        assert ended.returncode == code, ended.stdout + ended.stderr
    return ended


def in_process(
    arguments: Sequence[str], folder: Path, stdin: str | None, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """A run in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "kube_audit_lint", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env={**{key: value for key, value in os.environ.items() if key != "NO_COLOR"}, **environment},
        timeout=120,
    )


def check(
    *arguments: str, folder: Path, code: int, stdin: str | None = None, process: bool = False, **environment: str
) -> str:
    """What `check` prints; nothing else than that may be said."""
    ended = run("check", *arguments, folder=folder, code=code, stdin=stdin, process=process, **environment)
    assert ended.stderr == ""
    return ended.stdout


def refused(*arguments: str, folder: Path, process: bool = False) -> str:
    """What is said of a run that cannot be: one line, not on standard output, and exit code 2."""
    ended = run(*arguments, folder=folder, code=2, process=process)
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("kube-audit-lint: ")
    return ended.stderr.removeprefix("kube-audit-lint: ").rstrip("\n")


def report(*arguments: str, folder: Path, code: int) -> Any:
    """The JSON report."""
    return json.loads(run("check", "--format", "json", *arguments, folder=folder, code=code).stdout)


def ids(data: Any) -> list[str]:
    """The rules that spoke."""
    return [finding["rule"] for finding in data["findings"]]


def write(folder: Path, **files: str) -> None:
    """Files by their names, `_` for the dot."""
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, "utf-8")


class TestExitCode:
    def test_nothing_found(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=GOOD)
        assert check("a.yaml", folder=tmp_path, code=0, process=True) == "no findings in 1 file (1 policy)\n"

    def test_an_error(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=BAD)
        output = check("a.yaml", folder=tmp_path, code=1, process=True)
        assert output.startswith("a.yaml:5:10: error[invalid-level]: ")
        assert "\n5 | - level: metadata\n  |          ^^^^^^^^\n" in output
        assert output.endswith("\n1 error in 1 file (1 policy)\n")

    def test_advice_alone_does_not_fail_a_run(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=ADVISED)
        assert "info[configmaps-above-metadata]" in check("a.yaml", folder=tmp_path, code=0)

    @pytest.mark.parametrize(
        ("text", "codes"),
        [(BAD, (1, 1, 1, 0)), (WARNED, (0, 1, 1, 0)), (ADVISED, (0, 0, 1, 0)), (GOOD, (0, 0, 0, 0))],
        ids=["error", "warning", "info", "nothing"],
    )
    def test_fail_on(self, text: str, codes: tuple[int, ...], tmp_path: Path) -> None:
        write(tmp_path, a_yaml=text)
        for least, code in zip(("error", "warning", "info", "never"), codes, strict=True):
            check("--fail-on", least, "a.yaml", folder=tmp_path, code=code)

    def test_the_command_line_goes_before_the_configuration(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=BAD)
        (tmp_path / ".kube-audit-lint.yaml").write_text("fail-on: never\n")
        check("a.yaml", folder=tmp_path, code=0)
        check("--fail-on", "error", "a.yaml", folder=tmp_path, code=1)

    def test_a_missing_path_is_told_and_the_others_are_linted(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=BAD)
        output = check("gone.yaml", "a.yaml", folder=tmp_path, code=2, process=True)
        assert "a.yaml:5:10: error[invalid-level]" in output
        assert re.search(r"^gone\.yaml: error: .*no such file", output, re.M | re.I)
        assert output.endswith("1 error in 1 file (1 policy); 1 path could not be dealt with\n")

    def test_fail_on_never_does_not_hide_a_run_that_failed(self, tmp_path: Path) -> None:
        check("--fail-on", "never", "gone.yaml", folder=tmp_path, code=2)

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
    def test_an_unreadable_file(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=BAD, b_yaml=GOOD)
        (tmp_path / "b.yaml").chmod(0)
        output = check(".", folder=tmp_path, code=2)
        assert "a.yaml:5:10: error[invalid-level]" in output
        assert "b.yaml: error: Permission denied" in output

    @pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="a file whose reading fails, for root too")
    def test_a_file_whose_reading_fails(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=BAD)
        (tmp_path / "b.yaml").symlink_to("/proc/self/mem")
        output = check(".", "b.yaml", folder=tmp_path, code=2)
        assert "a.yaml:5:10: error[invalid-level]" in output
        assert "b.yaml: error: Input/output error" in output

    def test_a_path_below_a_file(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=BAD)
        output = check("a.yaml/b.yaml", "a.yaml", folder=tmp_path, code=2)
        assert "error[invalid-level]" in output
        assert "a.yaml/b.yaml: error: " in output

    def test_nothing_of_ours(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml="kind: ConfigMap\n")
        assert check(folder=tmp_path, code=0) == "no findings in 1 file (no audit policy, no API server)\n"

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        assert check(folder=tmp_path, code=0) == "no findings in 0 files (no audit policy, no API server)\n"


class TestRefused:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--select", "secrets-above-metdata"), "--select: .*'secrets-above-metdata'; did you mean secrets-above"),
            (("--ignore", "no-rules,nonsense-thing"), "--ignore: .*'nonsense-thing'; `kube-audit-lint rules` lists"),
            (("--kubernetes-version", "latest"), "--kubernetes-version takes a version such as 1.30 .*'latest'"),
            (("--kubernetes-version", "1.34-1.29"), "--kubernetes-version takes"),
            (("--stdin-filename", "b.yaml"), "--stdin-filename goes with -"),
            (("--profile", "pci"), "there is no profile 'pci'; there are ack, cis, default, detections, stig"),
            (("--config", "gone.yaml"), "gone.yaml: No such file"),
            (("--output", "a.yaml/report.txt"), "--output a.yaml/report.txt: Not a directory"),
        ],
    )
    def test_options(self, arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=GOOD)
        assert re.search(said, refused("check", *arguments, "a.yaml", folder=tmp_path))

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("profil: cis\n", "c.yaml:1:1: .*profil.*profile"),
            ("profile: [cis]\n", "c.yaml:1:10: profile"),
            ("profile: cos\n", "c.yaml:1:10: profile: there is no profile cos; did you mean cis"),
            ("rules:\n  no-rule: off\n", "c.yaml:2:3: rules.no-rule: there is no rule no-rule; did you mean no-rules"),
            ("rules: [\n", "c.yaml:2:1: "),
        ],
    )
    def test_a_configuration(self, text: str, said: str, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=GOOD, c_yaml=text)
        assert re.search(said, refused("check", "--config", "c.yaml", "a.yaml", folder=tmp_path))

    @pytest.mark.parametrize("arguments", [("check", "--formt", "json"), ("check", "--format", "xml"), ("lint",), ()])
    def test_what_argparse_refuses(self, arguments: tuple[str, ...], tmp_path: Path) -> None:
        ended = run(*arguments, folder=tmp_path, code=2, process=not arguments)
        assert ended.stdout == ""
        assert re.fullmatch(r"kube-audit-lint( check)?: error: .*(\?|--help)\n", ended.stderr)


class TestOutput:
    def test_nothing_but_results(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=BAD)
        process = run("check", "--format", "github", folder=tmp_path, code=1)
        assert process.stderr == ""
        assert process.stdout.startswith("::error file=a.yaml,line=5,")

    @pytest.mark.parametrize("format", ["json", "sarif", "gitlab", "rdjson"])
    def test_a_report_for_a_machine_is_that_and_nothing_else(self, format: str, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=BAD)
        process = run(
            "check", "--format", format, "a.yaml", "gone.yaml", folder=tmp_path, code=2, process=format == "json"
        )
        json.loads(process.stdout)
        assert re.fullmatch(r"gone\.yaml: error: .+\n", process.stderr)

    def test_what_was_not_judged_is_said_aside(self, tmp_path: Path) -> None:
        ranged = "rules:\n{{ range .Values.quiet }}\n- level: None\n  users: [{{ . }}]\n{{ end }}\n"
        write(tmp_path, a_yaml=GOOD.replace("rules:\n", ranged))
        process = run("check", folder=tmp_path, code=0, process=True)
        assert process.stdout == "no findings in 1 file (1 policy)\n"
        assert re.fullmatch(r"a\.yaml:\d+:\d+: note: .+\n", process.stderr)

    @pytest.mark.parametrize("format", ["text", "json", "sarif", "github", "gitlab"])
    def test_to_a_file_and_as_text(self, format: str, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=BAD)
        printed = run("check", "--format", format, "a.yaml", folder=tmp_path, code=1).stdout
        output = check("--format", format, "--output", "report", "a.yaml", folder=tmp_path, code=1)
        assert output == run("check", "a.yaml", folder=tmp_path, code=1).stdout
        assert (tmp_path / "report").read_text("utf-8") == printed

    def test_a_report_in_a_file_does_not_hide_errors(self, tmp_path: Path) -> None:
        process = run("check", "--output", "report", "gone.yaml", folder=tmp_path, code=2, process=True)
        assert process.stdout.startswith("gone.yaml: error: ")
        assert process.stdout.endswith("1 path could not be dealt with\n")

    def test_no_colours_where_nobody_sees_them(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=BAD)
        assert "\x1b" not in check(folder=tmp_path, code=1, process=True)
        assert "\x1b[1;31merror[invalid-level]\x1b[0m" in check("--color", "always", folder=tmp_path, code=1)

    def test_a_file_never_gets_colours(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=BAD)
        check("--color", "always", "--output", "report", folder=tmp_path, code=1)
        assert "\x1b" not in (tmp_path / "report").read_text("utf-8")

    @pytest.mark.skipif(sys.platform == "win32", reason="pty is of POSIX")
    @pytest.mark.parametrize(
        ("environment", "arguments", "colored"),
        [
            ({}, (), True),
            ({"NO_COLOR": "1"}, (), False),
            ({"NO_COLOR": ""}, (), True),
            ({"TERM": "dumb"}, (), False),
            ({}, ("--color", "never"), False),
            ({"NO_COLOR": "1"}, ("--color", "always"), True),
        ],
    )
    def test_colours_on_a_terminal(
        self, environment: dict[str, str], arguments: tuple[str, ...], colored: bool, tmp_path: Path
    ) -> None:
        write(tmp_path, a_yaml=BAD)
        assert ("\x1b[" in on_terminal(tmp_path, environment, *arguments)) == colored

    def test_a_reader_that_goes_away(self, tmp_path: Path) -> None:
        for number in range(300):
            (tmp_path / f"{number}.yaml").write_text(BAD)
        process = subprocess.Popen(
            [sys.executable, "-m", "kube_audit_lint", "check", "--show-all", "."],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        assert LINE.match(process.stdout.readline().decode())
        process.stdout.close()
        said = process.stderr.read()
        process.stderr.close()
        assert process.wait(60) == 141
        assert said == b""

    def test_an_output_that_cannot_say_everything(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=GOOD.replace("Metadata", "Métadonnées"))
        assert "Métadonnées" in check(folder=tmp_path, code=1, process=True, PYTHONIOENCODING="ascii")


def on_terminal(folder: Path, environment: dict[str, str], *arguments: str) -> str:
    """What `check` prints on a terminal."""
    import pty

    ours, theirs = pty.openpty()
    kept = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "kube_audit_lint", "check", *arguments],
        cwd=folder,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={**kept, "TERM": "xterm", **environment},
    )
    os.close(theirs)
    pieces = []
    try:
        while piece := os.read(ours, 4096):
            pieces.append(piece)
    except OSError:  # how Linux tells the end of a terminal
        pass
    finally:
        os.close(ours)
    assert process.wait(60) == 1
    return b"".join(pieces).decode()


class TestStandardInput:
    def test_it_has_the_name_it_is_given(self, tmp_path: Path) -> None:
        output = check("-", "--stdin-filename", "audit/p.yaml", folder=tmp_path, code=1, stdin=BAD)
        assert output.startswith("audit/p.yaml:5:10: error[invalid-level]: ")

    def test_without_a_name(self, tmp_path: Path) -> None:
        assert check("-", folder=tmp_path, code=1, stdin=BAD, process=True).startswith("<stdin>:5:10: ")

    def test_beside_files(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=BAD)
        output = check("-", "a.yaml", folder=tmp_path, code=1, stdin=BAD)
        assert output.endswith("2 errors in 2 files (2 policies)\n")

    def test_nothing(self, tmp_path: Path) -> None:
        assert "1 file" in check("-", folder=tmp_path, code=0, stdin="")

    def test_the_configuration_knows_it_by_its_name(self, tmp_path: Path) -> None:
        (tmp_path / ".kube-audit-lint.yaml").write_text(
            "overrides:\n- paths: [old/]\n  kubernetes-version: '1.20'\n- paths: [new/]\n  kubernetes-version: '1.30'\n"
        )
        old = GOOD.replace("/v1", "/v1beta1")
        check("-", "--stdin-filename", "old/p.yaml", folder=tmp_path, code=0, stdin=old)
        output = check("-", "--stdin-filename", "new/p.yaml", folder=tmp_path, code=1, stdin=old)
        assert "error[unsupported-api-version]" in output


class TestChoice:
    MANY = GOOD.replace("[RequestReceived]", "[Nonsense]").replace("- level: Metadata", "- level: metadata")

    def test_select(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=self.MANY)
        assert {"invalid-stage", "invalid-level"} <= set(ids(report(folder=tmp_path, code=1)))
        assert ids(report("--select", "invalid-stage", folder=tmp_path, code=1)) == ["invalid-stage"]
        both = report("--select", "invalid-stage, invalid-level", folder=tmp_path, code=1)
        assert set(ids(both)) == {"invalid-stage", "invalid-level"}
        assert both == report("--select", "invalid-stage", "--select", "invalid-level", folder=tmp_path, code=1)

    def test_a_category(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=self.MANY)
        assert {"invalid-stage", "invalid-level"} == set(ids(report("--select", "load", folder=tmp_path, code=1)))
        assert not {"invalid-stage", "invalid-level"} & set(ids(report("--ignore", "load", folder=tmp_path, code=0)))

    def test_ignore(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=self.MANY)
        assert "invalid-stage" not in ids(report("--ignore", "invalid-stage", folder=tmp_path, code=1))

    def test_pedantic(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=GOOD.replace("- level", "- omitStages: [RequestReceived]\n  level"))
        assert ids(report(folder=tmp_path, code=0)) == []
        assert ids(report("--pedantic", folder=tmp_path, code=0)) == ["redundant-omit-stages"]

    def test_a_profile(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=GOOD)
        assert "stig-everything-requestresponse" in ids(report("--profile", "stig", folder=tmp_path, code=1))

    def test_comments(self, tmp_path: Path) -> None:
        write(tmp_path, a_yaml=BAD.replace("metadata", "metadata  # kube-audit-lint: ignore[invalid-level] not yet"))
        assert ids(report(folder=tmp_path, code=0)) == []
        assert ids(report("--no-ignores", folder=tmp_path, code=1)) == ["invalid-level"]


class TestRules:
    def test_the_catalogue(self, tmp_path: Path) -> None:
        process = run("rules", folder=tmp_path, code=0, process=True)
        assert process.stderr == ""
        assert re.search(r"^The policy does not load \(load\)\n  invalid-group +error +\S", process.stdout, re.M)
        listed = set(re.findall(r"^  ([a-z-]+) +(?:error|warning|info)", process.stdout, re.M))
        assert listed == {path.stem for path in (ROOT / "rules").glob("*.yaml")}

    def test_one_page(self, tmp_path: Path) -> None:
        page = run("rules", "no-rules", folder=tmp_path, code=0).stdout
        assert page.startswith("no-rules")
        assert "loaded illegal policy with 0 rules" in page

    def test_an_unknown_one(self, tmp_path: Path) -> None:
        assert (
            refused("rules", "no-rule", folder=tmp_path, process=True)
            == "there is no rule or profile 'no-rule'; did you mean no-rules?"
        )

    def test_your_own(self, tmp_path: Path) -> None:
        (tmp_path / "lint").mkdir()
        (tmp_path / "lint" / "own-rule.yaml").write_text(
            "id: own-rule\ntitle: Own\nseverity: error\nsubject: policy\ncheck: level\n"
            "params: {what: things, requests: [{group: example.com}], at-most: Metadata}\n"
        )
        (tmp_path / "c.yaml").write_text("rule-directories: [lint]\n")
        assert "own-rule" in run("rules", "--config", "c.yaml", folder=tmp_path, code=0).stdout
        assert run("rules", "own-rule", "--config", "c.yaml", folder=tmp_path, code=0).stdout.startswith("own-rule")


class TestHelp:
    def test_the_version(self, tmp_path: Path) -> None:
        assert re.fullmatch(
            r"kube-audit-lint \d+\.\d+\.\d+\n", run("--version", folder=tmp_path, code=0, process=True).stdout
        )

    @pytest.mark.parametrize("command", ["check", "rules", "explain", "init", "test"])
    def test_every_command_has_some(self, command: str, tmp_path: Path) -> None:
        assert command in run("--help", folder=tmp_path, code=0).stdout
        assert f"usage: kube-audit-lint {command}" in run(command, "--help", folder=tmp_path, code=0).stdout
