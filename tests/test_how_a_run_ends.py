"""Whatever happens, a run ends with one line and exit code 2, never with a traceback and never with 1."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n"
COMMAND = [sys.executable, "-m", "kube_audit_lint"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shells, /dev and signals of POSIX")


def shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A line of shell in which $K is the command."""
    return subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env={**os.environ, "K": f"{sys.executable} -m kube_audit_lint", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "audit-policy.yaml").write_text(POLICY)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("$K check . > /dev/full", "standard output: No space left on device"),
        ("$K check --format sarif . > /dev/full", "standard output: No space left on device"),
        ("$K rules > /dev/full", "standard output: No space left on device"),
        ("$K --help > /dev/full", "standard output: No space left on device"),
        ("$K check . >&-", "standard output is closed, and the report goes there"),
        ("$K check - <&-", "standard input is closed"),
        ("mkdir gone && cd gone && rmdir ../gone && $K check .", "the working directory: No such file or directory"),
    ],
)
def test_one_line_and_exit_code_2(line: str, says: str, folder: Path) -> None:
    if "/dev/full" in line and not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    ended = shell(line, folder, PYTHONPATH=os.pathsep.join(sys.path))
    assert ended.stderr == f"kube-audit-lint: {says}\n"
    assert ended.returncode == 2


@pytest.mark.parametrize("option", ["--output", "--config", "--profile", "--select", "--ignore"])
def test_an_empty_value_switches_nothing_off(option: str, folder: Path) -> None:
    """`--config "$UNSET"`: an option that is given counts."""
    ended = shell(f"$K check {option} '' .", folder)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert f"kube-audit-lint check: error: argument {option}: the value is empty; see " in ended.stderr


def test_requests_come_through_a_pipe_as_well(folder: Path) -> None:
    """As docs/security.md has it: a shell's `<(...)` is one."""
    os.mkfifo(folder / "pipe")
    event = '{"verb":"get","user":{"username":"a"},"objectRef":{"resource":"pods","apiVersion":"v1"}}'
    ended = shell(f"echo '{event}' > pipe & $K explain --requests pipe audit-policy.yaml; wait", folder)
    assert (ended.returncode, ended.stdout) == (0, "1\tMetadata\n")
    ended = shell("$K explain --url /x pipe", folder)
    assert (ended.returncode, ended.stderr) == (2, "kube-audit-lint: pipe: is a named pipe, not a file\n")


def test_an_endless_line_is_read_in_pieces(folder: Path) -> None:
    if not os.path.exists("/dev/zero"):
        pytest.skip("no /dev/zero")
    ended = shell("head -c 100000000 /dev/zero | (ulimit -v 400000; $K explain --requests - audit-policy.yaml)", folder)
    assert ended.returncode == 2
    assert "line 1 is longer than 64 MiB: 32.9 MB of it were not read" in ended.stderr
    assert "1 line is not an audit event" in ended.stderr


def test_a_closed_standard_error_puts_nothing_into_the_report(folder: Path) -> None:
    ended = shell("$K check --format json . gone.yaml 2>&-", folder)
    assert ended.returncode == 2
    assert ended.stdout.startswith("{")
    assert ended.stdout.endswith("}\n")


@pytest.mark.parametrize("environment", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "POSIX"}])
def test_a_locale_that_cannot_say_it(environment: dict[str, str], folder: Path) -> None:
    (folder / "audit-policy.yaml").write_text(POLICY.replace("Metadata", "Métadonnées"))
    (folder / "gräßlich.yaml").write_text(POLICY.replace("Metadata", "☃"))
    for line in ("$K check .", "$K explain audit-policy.yaml --user jürgen --url /é", "$K rules é", "$K check é.yaml"):
        ended = shell(line, folder, **environment)
        assert "Traceback" not in ended.stderr
        assert ended.returncode in (1, 2)


def test_what_nobody_foresaw(folder: Path) -> None:
    program = (
        "import sys; from kube_audit_lint import cli; from kube_audit_lint.commands import check\n"
        "def run(arguments): raise LookupError('\\x1b[31m\\n::error::x')\n"
        "check.run = run; sys.exit(cli.main(['check', '.']))"
    )
    process = [sys.executable, "-c", program]
    ended = subprocess.run(process, cwd=folder, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith(
        r"kube-audit-lint: internal error: LookupError: \x1b[31m\n::error::x. This is a fault"
    )
    assert "please report it" in ended.stderr
    told = subprocess.run(
        process,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "KUBE_AUDIT_LINT_TRACEBACK": "1"},
    )
    assert "Traceback (most recent call last)" in told.stderr
    assert told.returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize("milliseconds", [0, 1, 2, 3, 5, *range(10, 100, 10)])
def test_an_interrupt_has_no_traceback(milliseconds: int, folder: Path) -> None:
    """From the moment at which Python runs our code; what comes before is the interpreter's own."""
    program = "import kube_audit_lint.__main__ as own; print(flush=True); own.entry()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "check", "."], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(milliseconds / 1000)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert b"Traceback" not in said
    assert said.count(b"\n") <= 1
    assert process.returncode in (130, 2, 0)


class TestOutput:
    def test_a_cut_report_does_not_stay(self, folder: Path) -> None:
        (folder / "report.json").write_text("the report before\n")
        program = (
            "import sys; from kube_audit_lint import cli, report\n"
            "def write(format, given, stream, rules, style=None): stream.write('{'); raise OSError(28, 'No space')\n"
            "report.write = write; sys.exit(cli.main(['check', '--output', 'report.json', '.']))"
        )
        process = [sys.executable, "-c", program]
        ended = subprocess.run(process, cwd=folder, capture_output=True, text=True, timeout=60)
        assert (ended.returncode, ended.stderr) == (2, "kube-audit-lint: --output report.json: No space\n")
        assert (folder / "report.json").read_text() == "the report before\n"
        assert {path.name for path in folder.iterdir()} == {"audit-policy.yaml", "report.json"}

    def test_a_link_in_its_place_is_replaced_not_followed(self, folder: Path) -> None:
        (folder / "precious").write_text("keep\n")
        (folder / "report.txt").symlink_to("precious")
        assert shell("$K check --output report.txt .", folder).returncode == 0
        assert (folder / "precious").read_text() == "keep\n"
        assert not (folder / "report.txt").is_symlink()
        assert "no findings" in (folder / "report.txt").read_text()

    def test_pipes_and_devices_are_written_to(self, folder: Path) -> None:
        ended = shell("$K check --output /dev/stdout . | cat; $K check --output /dev/null .", folder)
        assert ended.stdout.count("no findings in 1 file (1 policy)\n") == 3
        assert os.path.exists("/dev/null")
        os.mkfifo(folder / "pipe")
        assert "no findings" in shell("cat pipe & $K check --output pipe audit-policy.yaml; wait", folder).stdout

    def test_the_permissions_stay(self, folder: Path) -> None:
        (folder / "report.txt").write_text("before\n")
        (folder / "report.txt").chmod(0o600)
        shell("$K check --output report.txt .", folder)
        assert (folder / "report.txt").stat().st_mode & 0o777 == 0o600


def test_a_path_that_no_file_can_have(folder: Path) -> None:
    (folder / ".kube-audit-lint.yaml").write_text('rule-directories: ["a\\ud800"]\n')
    ended = shell("$K check .", folder)
    assert ended.returncode == 2
    assert ended.stderr.endswith("a\\ud800': no file can have this name\n")
    assert ended.stderr.count("\n") == 1
