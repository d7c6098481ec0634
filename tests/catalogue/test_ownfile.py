"""The linter's own files: what a mistake in each of them says, as a user meets it, and hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from sampling import diagonal

from kube_audit_lint.catalogue.ownfile import read_own_file
from kube_audit_lint.cli import main
from kube_audit_lint.errors import OwnFileError

RULE = """id: own-rule
title: Something
severity: error
subject: policy
check: level
params: {what: things, requests: [{resources: [pods]}], at-most: Metadata}
"""
CONFIG = ".kube-audit-lint.yaml"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("audit-policy.yaml").write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n")
    Path("own/profiles").mkdir(parents=True)
    return tmp_path


def _data(text: str) -> object:
    Path("x.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
    return read_own_file("x.yaml").data


class TestData:
    @pytest.mark.parametrize(
        ("text", "data"),
        [
            ("", None),
            ("\ufeffa: 1\n", {"a": 1}),
            ("a: off\nb: 'off'\nc: 1.5\nd: ~\n", {"a": False, "b": "off", "c": 1.5, "d": None}),
            ("on: 1\n1: 2\n", {"on": 1, "1": 2}),
            ("a: 2024-05-01\nb: .inf\nc: !vault x\n", {"a": "2024-05-01", "b": ".inf", "c": "x"}),
            ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n", {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}),
            ("a: &x {b: 1}\nd: {<<: [*x, {b: 2, c: 2}]}\n", {"a": {"b": 1}, "d": {"b": 1, "c": 2}}),
        ],
    )
    def test_is_what_its_author_wrote(self, text: str, data: object) -> None:
        assert _data(text) == data

    @pytest.mark.parametrize(
        ("text", "error"),
        [
            ("a: {b: 1, c: 2, b: 3}\n", "1:17: a.b: stands twice in one mapping"),
            ("a: [\n", "2:1: cannot be read as YAML: expected the node content, but found '<stream end>'"),
            ("a:\n\t- b\n", "2:1: cannot be read as YAML: found character '\\t' that cannot start any token"),
            ("a: *b\n", "1:4: cannot be read as YAML: found undefined alias 'b'"),
            ("a: b\x07\n", "1:5: cannot be read as YAML: special characters are not allowed"),
            ("é: \udcff\n", "1:4: yaml: invalid leading UTF-8 octet"),
            ("? [a]\n: b\n", "1:3: a key must be a text"),
            ("a: {<<: b}\n", "1:9: a.<<: must be a mapping"),
            ("a: 1\n---\nb: 2\n", "2:1: holds more than one document"),
            ("a: !!int b\n", "1:4: a: b is no int"),
        ],
    )
    def test_names_the_place_of_a_mistake(self, text: str, error: str) -> None:
        with pytest.raises(OwnFileError) as caught:
            _data(text)
        assert str(caught.value) == f"x.yaml:{error}"


def _bomb(levels: int = 12) -> str:
    lines = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, levels)]
    return "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]", *lines, ""])


HOSTILE = {
    "flow": "[" * 50_000,
    "mappings": "{a: " * 5_000,
    "block": "".join(" " * depth + "a:\n" for depth in range(1_500)),
    "cycle": "rules: &a\n  b: *a\n",
    "bomb": _bomb(),
}


@pytest.mark.parametrize(("kind", "command"), diagonal(HOSTILE, ["config", "rule", "profile", "test"]))
def test_hostile_files_end_the_run_in_one_line(kind: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"config": CONFIG, "rule": "own/own-rule.yaml", "profile": "own/profiles/p.yaml", "test": "a.test.yaml"}
    Path(CONFIG).write_text("rules: own\n")
    Path(files[command]).write_text(HOSTILE[kind])
    assert main(["test", "a.test.yaml"] if command == "test" else ["check", "."]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert f"{Path(files[command]).name}" in captured.err


def _check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    Path(CONFIG).write_text("rule-directories: own\n")
    code = main(["check", *arguments, "."])
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("severity: error", "severity: fatal", "3:11: severity: must be one of error, warning, info, not fatal"),
        ("severity", "severty", "3:1: severty: unknown key; did you mean severity?"),
        ("check: level", "check: levle", "5:8: check: there is no check 'levle'; did you mean level?"),
        ("check: level", "check: _subject", "5:8: check: must be the name of a check, not _subject"),
        ("subject: policy", "subject: server", "4:10: subject: the check level is for a policy"),
        ("at-most: Metadata", "at-most: Metdata", "6:66: params.at-most: must be one of None, Metadata,"),
        ("at-most", "atmost", "6:57: params.atmost: unknown key; did you mean at-most?"),
        ("id: own-rule", "id: other", "1:5: id: must be the file's name, own-rule"),
        ("title: Something\n", "", "1:1: lacks title"),
    ],
)
def test_a_rule_file(old: str, new: str, error: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("own/own-rule.yaml").write_text(RULE)
    assert _check(capsys) == (0, "")
    assert old in RULE
    Path("own/own-rule.yaml").write_text(RULE.replace(old, new))
    code, said = _check(capsys)
    assert code == 2
    assert f"own/own-rule.yaml:{error}" in said


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        ("{own-rule: off, no-catch-all: error, log-maxage: {at-least: 365}}", ""),
        ("{own-rul: off}", "2:9: rules.own-rul: there is no rule own-rul; did you mean own-rule?"),
        ("{log-maxage: {atleast: 365}}", "2:22: rules.log-maxage.atleast: unknown key; did you mean at-least?"),
        ("{log-maxage: {at-least: many}}", "2:32: rules.log-maxage.at-least: must be a whole number, not many"),
        ("{log-maxage: {severity: fatal}}", "2:32: rules.log-maxage.severity: must be one of error,"),
        ("{internal-error: {a: 1}}", "2:26: rules.internal-error.a: unknown key"),
        ("[a]", "2:8: rules: must be a mapping of rule ids to settings, not a list"),
        ("{}\ncolour: red", "3:1: colour: unknown key"),
    ],
)
def test_a_profile(rules: str, error: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its rules may be shipped ones, and those of the same folder."""
    Path("own/own-rule.yaml").write_text(RULE)
    Path("own/profiles/p.yaml").write_text(f"id: p\nrules: {rules}\n")
    code, said = _check(capsys, "--profile", "p")
    assert (code == 2) == bool(error)
    assert said == "" if not error else f"own/profiles/p.yaml:{error}" in said


@pytest.mark.parametrize(
    ("test", "error"),
    [
        ("{request: {url: /}, requests: [{url: /}], expect: None}", "3:3: tests.0: takes exactly one of: request,"),
        ("{request: {verb: get}, expect: None}", "3:13: tests.0.request: takes exactly one of: resource and verb, url"),
        ("{request: {url: /}, expect: Metdata}", "3:31: tests.0.expect: must be one of None, Metadata, Request,"),
        ("{request: {url: /}, expect: {at-last: None}}", "3:32: tests.0.expect.at-last: unknown key; did you mean at-"),
        ("{request: {url: /, users: a}, expect: None}", "3:22: tests.0.request.users: unknown key; did you mean user?"),
    ],
)
def test_a_policy_test(test: str, error: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.test.yaml").write_text(f"policy: audit-policy.yaml\ntests:\n- {test}\n")
    assert main(["test", "a.test.yaml"]) == 2
    assert f"a.test.yaml:{error}" in capsys.readouterr().err
