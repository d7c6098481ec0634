"""Completion in real shells, and the manual page: both are made from the parser."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kube_audit_lint.cli import main
from kube_audit_lint.commands._words import command_words
from kube_audit_lint.commands.parser import COMMANDS

MANUAL = Path(__file__).parents[2] / "docs" / "kube-audit-lint.1"

CASES = [
    (("ch",), {"check"}),
    (("completion", ""), {"bash", "zsh", "fish"}),
    (("check", "--stat"), {"--statistics"}),
    (("check", "--format", "ju"), {"junit"}),
    (("check", "--select", "log-maxb"), {"log-maxbackup"}),
    (("check", "--select", "log-maxage,log-maxb"), {"log-maxage,log-maxbackup"}),
    (("check", "--profile", "st"), {"stig"}),
    (("rules", "no-ru"), {"no-rules"}),
    (("init", "--form", "kubes"), {"kubespray"}),
    (("report", "--standard", "ni"), {"nist"}),
]


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "completion"
    cases = [
        *CASES,
        (("check", "--format", "=", "ju"), {"junit"}),
        (("check", "x"), set()),
        (("--ver",), {"--version"}),
    ]
    calls = "".join(f"complete_it {' '.join(map(repr, words))}\n" for words, _ in cases)
    path.write_text(
        script("bash", capsys) + 'complete_it() {\n  COMP_WORDS=(kube-audit-lint "$@"); COMP_CWORD=$#\n'
        f'  _kube_audit_lint\n  echo "${{COMPREPLY[*]}}"\n}}\n{calls}'
    )
    found = [set(line.split()) for line in run("bash", "--norc", str(path)).split("\n")[:-1]]
    assert found == [words for _, words in cases]


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "completion"
    path.write_text(script("fish", capsys))
    for words, expected in CASES:
        line = " ".join(("kube-audit-lint", *words))
        found = run("fish", "--no-config", "-c", f"source {path}; complete -C '{line}'")
        assert {one.split("\t")[0] for one in found.splitlines()} == expected


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh_can_read_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "completion"
    path.write_text(script("zsh", capsys))
    loaded = f"autoload -Uz compinit; compinit -u -D; source {path}; print $_comps[kube-audit-lint]"
    assert run("zsh", "-f", "-c", loaded) == "_kube_audit_lint\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_option_of_every_command_is_completed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = script(shell, capsys)
    assert [command.name for command in command_words()] == list(COMMANDS)
    for command in command_words():
        assert command.name in text
        for name in (name for option in command.options for name in option.names):
            assert (f"-l {name[2:]}" if shell == "fish" and name.startswith("--") else name[1:]) in text


def test_the_manual_has_every_command_and_option() -> None:
    text = MANUAL.read_text("utf-8").replace("\\-", "-")
    for command in command_words():
        section = text.split(f".SS kube-audit-lint {command.name} ")[1].split("\n.S")[0]
        for option in command.options:
            assert all(rf"\fB{name}\fR" in section for name in option.names)
            assert option.help in section.replace("\\e", "\\")


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_troff_has_no_objection_to_the_manual() -> None:
    done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", str(MANUAL)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("chek",), "did you mean check?"),
        (("check", "--selct", "x"), "unrecognized arguments: --selct; did you mean --select?"),
        (("check", "--kubernets-version=1.30"), "did you mean --kubernetes-version?"),
        (("check", "--format", "srif"), "did you mean sarif?"),
        (("check", "--fail-on", "eror"), "did you mean error?"),
        (("check", "--profile", "sitg"), "there is no profile 'sitg'; did you mean stig?"),
        (("check", "--profile", "nothing-like-it"), "; there are ack, cis, default, "),
        (("check", "--select", "no-rule"), "did you mean no-rules?"),
        (("check", "audit-polcy.yaml"), "did you mean audit-policy.yaml?"),
        (("check", "sub/audit-polcy.yaml"), "did you mean sub/audit-policy.yaml?"),
        (("explain", "audit-polcy.yaml", "--url", "/", "--verb", "get"), "did you mean audit-policy.yaml?"),
        (("diff", "audit-policy.yaml", "audit-polcy.yaml"), "did you mean audit-policy.yaml?"),
    ],
)
def test_a_mistake_is_told_with_what_was_meant(
    words: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sub").mkdir()
    for path in ("audit-policy.yaml", "sub/audit-policy.yaml"):
        Path(path).write_text("")
    assert main(list(words)) == 2
    assert message in "".join(capsys.readouterr())


@pytest.mark.parametrize("words", [("check", "--nothing-like-it"), ("check", "no/such/folder/at-all.yaml")])
def test_a_mistake_that_is_near_to_nothing(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(list(words)) == 2
    assert "did you mean" not in "".join(capsys.readouterr())


def test_help_is_as_wide_as_columns(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    widths = []
    for columns in ("80", "160"):
        monkeypatch.setenv("COLUMNS", columns)
        assert main(["check", "--help"]) == 0
        widths.append(max(map(len, capsys.readouterr().out.splitlines())))
    assert 60 < widths[0] <= 80
    assert 120 < widths[1] <= 160


def test_it_runs_as_a_module() -> None:
    assert run(sys.executable, "-m", "kube_audit_lint", "--version").startswith("kube-audit-lint ")
