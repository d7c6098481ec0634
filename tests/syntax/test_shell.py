"""Splitting shell texts: words, their places, and what only a running shell knows."""

from __future__ import annotations

import pytest

from kube_audit_lint.syntax.shell import commands
from kube_audit_lint.syntax.unknown import UNKNOWN, is_unknown


def texts(text: str) -> list[list[str]]:
    return [[word.text for word in command] for command in commands(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b  c", [["a", "b", "c"]]),
        ("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]),
        ("a --x=\"1 2\"'3'4", [["a", "--x=1 234"]]),
        ("a \\\n  b \\\r\n c", [["a", "b", "c"]]),
        ("a b\\\nc", [["a", "bc"]]),
        ("a; b && c || d | e & f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("a\nb\r\nc", [["a"], ["b"], ["c"]]),
        ("a 1>>/var/log/x 2>&1 b", [["a", "b"]]),
        ("a &>> /var/log/x b >/dev/null<in", [["a", "b"]]),
        ("a --x=1>y", [["a", "--x=1"]]),
        ("a # b\nc a#b", [["a"], ["c", "a#b"]]),
        ("(cd /x; a b)", [["cd", "/x"], ["a", "b"]]),
        ("cat <<EOF >/x\nkube-apiserver --v=1\nEOF\na b", [["cat"], ["a", "b"]]),
        ("cat <<-'E F'\n\tx\n\tE F\na", [["cat"], ["a"]]),
        ('a "b\\$c\\"d\\e"', [["a", 'b$c"d\\e']]),
        ("a '' \"\"", [["a", "", ""]]),
        ("a $ $'b c'", [["a", "$", "b c"]]),
        ("a 'never closed", [["a", "never closed"]]),
        ("", []),
        ("a \\", [["a", "\\"]]),
    ],
)
def test_words(text: str, expected: list[list[str]]) -> None:
    assert texts(text) == expected


def test_every_word_says_where_it_stands() -> None:
    text = "exec  kube-apiserver --audit-log-path='/a b' \\\n --v=2 1>>/x"
    assert [text[word.start : word.end] for word in commands(text)[0]] == [
        "exec",
        "kube-apiserver",
        "--audit-log-path='/a b'",
        "--v=2",
    ]


@pytest.mark.parametrize(
    ("text", "splits", "variable"),
    [
        ("$FLAGS", True, "FLAGS"),
        ("${FLAGS}", True, "FLAGS"),
        ('"$FLAGS"', False, "FLAGS"),
        ('"$@"', True, "@"),
        ("--a=$AGE", True, ""),
        ('--a="${AGE:-30 days}"', False, ""),
        ("$(hostname -i | cut -d')' -f1)", True, "(hostname -i | cut -d')' -f1)"),
        ("`hostname -i`", True, "`hostname -i`"),
    ],
)
def test_an_expansion_is_unknown(text: str, splits: bool, variable: str) -> None:
    ((word,),) = commands(text)
    assert is_unknown(word.text)
    assert word.splits is splits
    assert word.variable == variable


def test_an_unknown_part_keeps_its_length() -> None:
    ((word,),) = commands("--a=${AGE}x")
    assert word.text == "--a=" + UNKNOWN * len("${AGE}") + "x"
