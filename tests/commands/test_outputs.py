"""Where the reports of `check` go, and how they look: several outputs, statistics, quiet, widths, colours, links."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kube_audit_lint.cli import main
from kube_audit_lint.commands import _outputs
from kube_audit_lint.report import FORMATS, pages

BAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: metadata\n"
PAGES = "https://example.com/docs/rules"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", pages.VARIABLE):
        monkeypatch.delenv(name, raising=False)
    pages._folder.cache_clear()
    Path("audit-policy.yaml").write_text(BAD)


class Ran:
    """What a run printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 1) -> None:
        assert main(["check", *arguments]) == code
        self.out, self.err = capsys.readouterr()


class TestOutputs:
    def test_several_while_the_text_goes_to_the_log(self, capsys: pytest.CaptureFixture[str]) -> None:
        ran = Ran(capsys, "--output", "sarif=audit.sarif", "--output", "junit=j.xml", "--output=rdjson=r.json")
        assert ran.out.startswith("audit-policy.yaml:4:10: error[invalid-level]: ")
        assert json.loads(Path("audit.sarif").read_text())["version"] == "2.1.0"
        assert ElementTree.parse("j.xml").getroot().tag == "testsuites"
        assert json.loads(Path("r.json").read_text())["diagnostics"]

    def test_the_log_has_the_format_that_no_file_has(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert Ran(capsys, "--format", "github", "--output", "json=x").out.startswith("::error file=")
        assert Path("x").read_text().startswith("{")

    def test_a_file_without_a_format_has_that_of_the_run(self, capsys: pytest.CaptureFixture[str]) -> None:
        ran = Ran(capsys, "--format", "json", "--output", "x", "--output", "gitlab=y")
        assert ran.out.startswith("audit-policy.yaml:4:10: error")
        assert Path("x").read_text().startswith("{")
        assert Path("y").read_text().startswith("[")

    @pytest.mark.parametrize("arguments", [("--format", "json", "--output", "-"), ("--output", "json=-")])
    def test_standard_output(self, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
        ran = Ran(capsys, *arguments, "--output", "sarif=audit.sarif")
        assert json.loads(ran.out)["findings"]
        assert Path("audit.sarif").exists()

    def test_missing_folders_are_made(self, capsys: pytest.CaptureFixture[str]) -> None:
        Ran(capsys, "--output", "json=reports/of/today/a.json", "--output", "reports/a.txt")
        assert json.loads(Path("reports/of/today/a.json").read_text())["findings"]
        assert "error[" in Path("reports/a.txt").read_text()

    def test_a_file_with_a_name_like_an_output(self, capsys: pytest.CaptureFixture[str]) -> None:
        Ran(capsys, "--format", "json", "--output", "./sarif=x")
        assert Path("sarif=x").read_text().startswith("{")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("sraif=x",), "'sraif' is not a format; did you mean sarif? (a file of that name is ./sraif=x)"),
            (("xml=x",), "'xml' is not a format, which are text, json, sarif, github"),
            (("json=",), "json= names no file"),
            (("json=-", "sarif=-"), "two reports go to '-'"),
            (("a", "json=a"), "two reports go to 'a'"),
            (("json=a", "sarif=./no/../a"), "two reports go to './no/../a'"),
            (("json=audit-policy.yaml",), "--output audit-policy.yaml: the report would replace a file"),
            (("json=.kube-audit-lint.yaml",), "--output .kube-audit-lint.yaml: the report would replace a file"),
            (("json=audit-policy.yaml/x",), "--output audit-policy.yaml/x: "),
            (("json=own",), "--output own: Is a directory"),
        ],
    )
    def test_what_is_refused(
        self, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Path(".kube-audit-lint.yaml").write_text("fail-on: info\n")
        Path("own").mkdir()
        ran = Ran(capsys, *(word for one in arguments for word in ("--output", one)), code=2)
        assert message in ran.err
        assert ran.out == ""

    def test_fixes_are_in_a_file_that_shows_them(self, capsys: pytest.CaptureFixture[str]) -> None:
        Ran(capsys, "--output", "json=x")
        (finding,) = json.loads(Path("x").read_text())["findings"]
        assert [one["text"] for one in finding["fix"]["edits"]] == ["Metadata"]

    @pytest.mark.parametrize("format", FORMATS)
    def test_a_report_replaces_the_one_of_the_last_run(self, format: str, capsys: pytest.CaptureFixture[str]) -> None:
        """In a folder that is checked, under a name that is read."""
        for _ in range(2):
            Ran(capsys, "--output", f"{format}=report.json", "--output", "json=report.yaml", ".")

    def test_a_link_is_replaced_and_may_lead_to_what_is_checked(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("x.txt").symlink_to("audit-policy.yaml")
        Ran(capsys, "--output", "x.txt", "audit-policy.yaml")
        assert Path("audit-policy.yaml").read_text() == BAD
        assert not Path("x.txt").is_symlink()

    def test_the_files_of_other_options(self, capsys: pytest.CaptureFixture[str]) -> None:
        Ran(capsys, "--write-baseline", "b.json", "--output", "./b.json", code=2)
        assert not Path("b.json").exists()
        Ran(capsys, "--write-baseline", "b.json", code=0)
        written = Path("b.json").read_text()
        Ran(capsys, "--baseline", "b.json", "--output", "b.json", code=2)
        assert Path("b.json").read_text() == written

    @pytest.mark.parametrize("option", ["--config", "--baseline", "--write-baseline", "--api-resources"])
    def test_a_file_that_must_be_none(self, option: str, capsys: pytest.CaptureFixture[str]) -> None:
        ran = Ran(capsys, option, "-", code=2)
        assert f"argument {option}: must be a file, and - is a stream (a file of that name is ./-)" in ran.err
        assert not Path("-").exists()


class TestWords:
    def test_paths_on_both_sides_of_an_option(self, capsys: pytest.CaptureFixture[str]) -> None:
        for name in ("a.yaml", "b.yaml", "-c.yaml", "d.yaml"):
            Path(name).write_text(BAD)
        ran = Ran(capsys, "a.yaml", "--format", "concise", "b.yaml", "-q", "d.yaml", "--", "-c.yaml", "a.yaml")
        found = [row.split(":")[0] for row in ran.out.splitlines()]
        assert found == ["-c.yaml", "a.yaml", "b.yaml", "d.yaml"]

    @pytest.mark.parametrize("words", [("a", "-q", "b", "--fi"), ("a", "--select", "load", "--nothing", "b")])
    def test_what_is_no_option_is_refused_still(
        self, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert "unrecognized arguments: " in Ran(capsys, *words, "--bogus", code=2).err

    @pytest.mark.parametrize(("word", "meant"), [("warn", "warning"), ("err", "error"), ("nver", "never")])
    def test_a_value_that_was_meant(self, word: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert f"did you mean {meant}?" in Ran(capsys, "--fail-on", word, code=2).err


class TestQuietAndStatistics:
    def test_quiet(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("template.yaml").write_text(
            BAD.replace("metadata", "Metadata") + "{{ range .x }}\n- level: Request\n{{ end }}\n"
        )
        loud, quiet = Ran(capsys), Ran(capsys, "-q")
        assert "note: " in loud.err
        assert quiet.err == ""
        assert loud.out.startswith(quiet.out)
        assert "error[invalid-level]" in quiet.out
        assert "1 error in" not in quiet.out

    def test_statistics(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert Ran(capsys, "--statistics").out == (
            "rule           severity  findings  files\n"
            "invalid-level  error            1      1\n"
            "1 error in 1 file (1 policy)\n"
        )

    def test_quiet_statistics_are_the_table_alone(self, capsys: pytest.CaptureFixture[str]) -> None:
        expected = "rule           severity  findings  files\ninvalid-level  error            1      1\n"
        assert Ran(capsys, "--statistics", "-q").out == expected
        Path("audit-policy.yaml").write_text(
            BAD.replace("metadata", "Metadata").replace("rules", "omitStages: [RequestReceived]\nrules")
        )
        assert Ran(capsys, "--statistics", "-q", code=0).out == ""

    def test_statistics_of_what_has_none(self, capsys: pytest.CaptureFixture[str]) -> None:
        ran = Ran(capsys, "--statistics", "--format", "json", code=2)
        assert "--statistics goes with --format text or concise" in ran.err


class TestWidth:
    @pytest.mark.parametrize("columns", [40, 60, 200])
    def test_columns_is_the_width(
        self, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Path("audit-policy.yaml").write_text(BAD.replace("level: metadata", f"level: metadata # {'x' * 300}"))
        monkeypatch.setenv("COLUMNS", str(columns))
        _, *rest = Ran(capsys).out.splitlines()
        source = next(line for line in rest if line.startswith("4 |"))
        assert columns - 3 <= len(source) <= columns
        assert all(len(line) <= columns for line in rest)

    @pytest.mark.parametrize("columns", ["", "0", "-5", "wide", "9" * 5000, "²"])
    def test_what_is_no_width_counts_nothing(
        self, columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        expected = Ran(capsys).out
        monkeypatch.setenv("COLUMNS", columns)
        assert Ran(capsys).out == expected


class TestPages:
    def test_the_text_ends_with_them(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setenv(pages.VARIABLE, f"{PAGES}/")
        assert Ran(capsys).out.endswith(f"\n\nsee {PAGES}/invalid-level.md\n\n1 error in 1 file (1 policy)\n")

    def test_in_json_and_sarif(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setenv(pages.VARIABLE, PAGES)
        assert json.loads(Ran(capsys, "--format", "json").out)["findings"][0]["page"] == f"{PAGES}/invalid-level.md"
        driver = json.loads(Ran(capsys, "--format", "sarif").out)["runs"][0]["tool"]["driver"]
        assert driver["informationUri"] == f"{PAGES}/README.md"
        assert driver["rules"][0]["helpUri"] == f"{PAGES}/invalid-level.md"

    @pytest.mark.parametrize(
        "address", ["", "javascript:alert(1)", "https://a b", "https://a/\x1b[2J", "https://a/(x)"]
    )
    def test_what_is_no_address_is_noted_and_counts_nothing(
        self, address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv(pages.VARIABLE, address)
        ran = Ran(capsys, "--format", "sarif")
        assert "helpUri" not in ran.out
        assert ran.err.startswith(f"note: {pages.VARIABLE}: ") == bool(address)
        assert "\x1b" not in ran.err
        assert Ran(capsys, "--quiet").err == ""

    def test_a_format_is_not_the_name_of_a_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        refused = Ran(capsys, "--output", "sarif", code=2)
        assert "--output: sarif is a format: write sarif=FILE (a file of that name is ./sarif)" in refused.err
        assert not Path("sarif").exists()
        Ran(capsys, "--output", "./sarif")
        assert Path("sarif").read_text().endswith("1 error in 1 file (1 policy)\n")

    @pytest.mark.parametrize(
        ("origin", "folder"),
        [
            (
                {"url": "https://me:secret@example.com/o/r.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
                "https://example.com/o/r/blob/abc/docs/rules",
            ),
            ({"url": "file:///home/me/r", "dir_info": {}}, ""),
            ({"url": "ssh://git@example.com/o/r", "vcs_info": {"vcs": "git", "commit_id": "abc"}}, ""),
            ([], ""),
        ],
    )
    def test_pip_knows_where_it_installed_from(
        self, origin: object, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installed = tmp_path / "site-packages"
        record = installed / f"kube_audit_lint-{pages.__version__}.dist-info"
        record.mkdir(parents=True)
        (record / "direct_url.json").write_text(json.dumps(origin))
        monkeypatch.setattr(pages, "__file__", str(installed / "kube_audit_lint" / "report" / "pages.py"))
        assert pages._folder() == folder

    def test_the_repository_stands_in_for_an_origin_that_is_not_known(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pages, "__file__", str(tmp_path / "a" / "b" / "pages.py"))
        monkeypatch.setattr(pages, "REPOSITORY", "https://example.com/o/r")
        assert pages._folder() == f"https://example.com/o/r/blob/v{pages.__version__}/docs/rules"

    def test_own_rules_have_none(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setenv(pages.VARIABLE, PAGES)
        Path("lint").mkdir()
        Path("lint/own-rule.yaml").write_text(
            "id: own-rule\ntitle: Own\nseverity: error\nsubject: policy\ncheck: level\n"
            "params: {what: pods, requests: [{resources: [pods]}], at-most: None}\n"
        )
        Path(".kube-audit-lint.yaml").write_text("rule-directories: [lint]\n")
        Path("audit-policy.yaml").write_text(BAD.replace("metadata", "Metadata"))
        (finding,) = [
            one
            for one in json.loads(Ran(capsys, "--format", "json").out)["findings"]
            if one["rule"] == "own-rule"
        ]  # fmt: skip
        assert finding["page"] == ""


@pytest.mark.parametrize(
    ("terminal", "environment", "wish", "color", "links"),
    [
        (True, {}, "auto", True, True),
        (False, {}, "auto", False, False),
        (False, {"FORCE_COLOR": "1"}, "auto", True, False),
        (False, {"FORCE_COLOR": ""}, "auto", False, False),
        (False, {"FORCE_COLOR": "0"}, "auto", False, False),
        (True, {"FORCE_COLOR": "0"}, "auto", False, False),
        (True, {"FORCE_COLOR": "false"}, "auto", False, False),
        (False, {"FORCE_COLOR": "3"}, "auto", True, False),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, "auto", False, False),
        (False, {"FORCE_COLOR": "1"}, "never", False, False),
        (True, {"FORCE_COLOR": "1", "TERM": "dumb"}, "auto", True, False),
        (True, {"TERM": "dumb"}, "auto", False, False),
        (False, {"NO_COLOR": "1"}, "always", True, False),
    ],
)
def test_colours_and_links(
    terminal: bool, environment: dict[str, str], wish: str, color: bool, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TERM", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(_outputs.sys.stdout, "isatty", lambda: terminal, raising=False)
    style = _outputs.style_of(wish)
    assert (style.color, style.links) == (color, links)


@pytest.mark.skipif(sys.platform == "win32", reason="pty is of POSIX")
@pytest.mark.parametrize("known", [True, False])
def test_a_terminal_gets_hyperlinks_and_its_own_width(known: bool) -> None:
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    environment = {**os.environ, "TERM": "xterm", pages.VARIABLE: PAGES if known else ""}
    command = [sys.executable, "-m", "kube_audit_lint", "check"]
    process = subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, env=environment)
    os.close(theirs)
    pieces = []
    try:
        while piece := os.read(ours, 4096):
            pieces.append(piece)
    except OSError:  # how Linux tells the end of a terminal
        pass
    os.close(ours)
    assert process.wait(60) == 1
    text = b"".join(pieces).decode()
    link = f"\x1b]8;;{PAGES}/invalid-level.md\x1b\\"
    shown = "\x1b[1;31merror[invalid-level]\x1b[0m"
    assert (f"{link}{shown}\x1b]8;;\x1b\\" in text) == known
    assert shown in text
    assert ("`kube-audit-lint rules invalid-level` explains a rule" in text) != known
    assert "see https" not in text
    wrapped = [line for line in text.replace("\r", "").split("\n")[1:] if not re.search("\x1b|explains", line)]
    assert len(wrapped) > 1
    assert all(len(line) <= 50 for line in wrapped)
