"""GitHub annotations and GitLab Code Quality."""

from __future__ import annotations

import json
from typing import Any

from report_samples import EMOJI, at, found, hostile, report, written

from kube_audit_lint.model.finding import FileError
from kube_audit_lint.syntax.source import Source

SOURCE = Source("./etc/a b,c:d%.yaml", f"kind: Policy\n# {EMOJI} level\nrules: []\n")


def is_command(line: str) -> bool:
    """Whether the runner of GitHub Actions takes the line for a command."""
    return line.lstrip().startswith("::") or "##[" in line


def parse(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command read as the runner reads it."""
    command, data = line[2:].split("::", 1)
    level, properties = command.split(" ", 1)
    pairs = dict(pair.split("=", 1) for pair in properties.split(","))
    return level, {name: _unescaped(value) for name, value in pairs.items()}, _unescaped(data)


def _unescaped(text: str) -> str:
    for escape, character in [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")]:
        text = text.replace(escape, character)
    return text


def test_commands_then_the_same_as_a_list() -> None:
    empty = found(at(SOURCE, "rules: []"), message="empty", help="Add 100%.", proof="Look:\nso")
    warning = empty._replace(severity="warning")
    info = found(SOURCE.place(0, SOURCE.text.index("rules")), severity="info")
    given = written("github", report([info, warning, found(at(SOURCE, "level"))], [FileError("x", "gone")]))
    assert given == (
        "::error file=x,title=kube-audit-lint%3A could not be dealt with::gone\n"
        "::error file=etc/a b%2Cc%3Ad%25.yaml,line=2,endLine=2,col=5,endColumn=10,"
        "title=kube-audit-lint%3A no-rules::it is wrong\n"
        "::warning file=etc/a b%2Cc%3Ad%25.yaml,line=3,endLine=3,col=1,endColumn=10,"
        "title=kube-audit-lint%3A no-rules::empty%0ALook:%0Aso%0AAdd 100%25.\n"
        "::notice file=etc/a b%2Cc%3Ad%25.yaml,line=1,endLine=2,"
        "title=kube-audit-lint%3A no-rules::it is wrong\n"
        "./etc/a b,c:d%.yaml:1:1: info[no-rules]: it is wrong\n"
        "./etc/a b,c:d%.yaml:3:1: warning[no-rules]: empty\n"
        "./etc/a b,c:d%.yaml:2:5: error[no-rules]: it is wrong\n"
        "x: error: gone\n"
        "1 error, 1 warning, 1 info in 3 files (1 policy, 1 API server); 1 path could not be dealt with\n"
    )


def test_more_than_github_shows_are_counted() -> None:
    errors = [found(SOURCE.place(), message=str(number)) for number in range(12)]
    infos = [found(SOURCE.place(), severity="info") for _ in range(11)]
    lines = written("github", report([*infos, *errors])).splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert sum(line.startswith("::notice ") for line in lines) == 10
    assert lines[0].endswith("::0")
    assert lines[-3:] == [
        "2 errors more than the 10 that GitHub shows as annotations: see the list above",
        "1 notice more than the 10 that GitHub shows as annotations: see the list above",
        "12 errors, 11 info in 3 files (1 policy, 1 API server)",
    ]
    assert sum(": error[no-rules]: " in line for line in lines) == 12


def test_a_clean_run_annotates_nothing() -> None:
    assert written("github", report()) == "no findings in 3 files (1 policy, 1 API server)\n"


def test_hostile_names_and_texts_are_no_commands() -> None:
    lines = written("github", hostile()).split("\n")[:-1]
    commands = [line for line in lines if is_command(line)]
    assert len(commands) == 4
    assert all(line.startswith(("::error file=", "::warning file=", "::notice file=")) for line in commands)
    level, properties, data = parse(next(line for line in commands if "100%25" in line))
    assert level == "error"
    assert properties["file"] == r"a b/100%,x:y\n::error::\x1b[31mred\u202egnp.exe\x80.yaml"
    assert properties["title"] == "kube-audit-lint: no-rules"
    assert data.split("\n")[0].startswith(r"::error::50% [x](http://a) #\x23[error] \x1b[31mred")


def test_a_path_like_a_command_is_listed_harmlessly() -> None:
    source = Source("  ::error::a.yaml", "##[group]")
    lines = written("github", report([found(source.place(), message="##[endgroup]")])).split("\n")
    assert lines[1] == "./  ::error::a.yaml:1:1: error[no-rules]: #\\x23[endgroup]"


def gitlab(given: Any) -> Any:
    return json.loads(written("gitlab", given))


def test_gitlab() -> None:
    (issue,) = gitlab(report([found(Source("a.yaml", "a\nb\n").place(2, 3))]))
    assert issue["fingerprint"]
    del issue["fingerprint"]
    assert issue == {
        "description": "it is wrong",
        "check_name": "no-rules",
        "severity": "critical",
        "location": {"path": "a.yaml", "lines": {"begin": 2, "end": 2}},
    }


def test_gitlab_gets_unique_fingerprints_and_an_array_always() -> None:
    issues = gitlab(report([found(SOURCE.place())] * 3, [FileError("a", "b"), FileError("b", "a")]))
    assert len({issue["fingerprint"] for issue in issues}) == 5
    assert {issue["severity"] for issue in issues} <= {"info", "minor", "major", "critical", "blocker"}
    assert gitlab(report()) == []


def test_gitlab_paths_are_without_a_dot() -> None:
    (issue,) = gitlab(report([found(SOURCE.place())]))
    assert issue["location"]["path"] == "etc/a b,c:d%.yaml"
