"""Flags as pflag reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kube_audit_lint.forms.common.arguments import flags_of, setting
from kube_audit_lint.kubernetes import flags
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.source import Source


def values(*words: str) -> list[Value]:
    source = Source("x", "\n".join(words))
    at, found = 0, []
    for word in words:
        text = word[1:-1] if word[:1] in ("'", '"') else word
        found.append(Value(text, source.place(at, at + len(word))))
        at += len(word) + 1
    return found


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--audit-log-maxage=30"], [("audit-log-maxage", "30")]),
        (["--audit-log-maxage", "30"], [("audit-log-maxage", "30")]),
        (["--audit_log_maxage=30"], [("audit-log-maxage", "30")]),
        (["--audit-log-maxage"], [("audit-log-maxage", None)]),
        (["--audit-log-path="], [("audit-log-path", "")]),
        (["--audit-log-path=a=b"], [("audit-log-path", "a=b")]),
        (["--audit-log-maxage", "--audit-log-path=-"], [("audit-log-maxage", "--audit-log-path=-")]),
        (["--audit-log-path", "-"], [("audit-log-path", "-")]),
        (
            ["--audit-log-compress", "false"],
            [("audit-log-compress", "true"), (" audit-log-compress false", None)],
        ),
        (["--audit-log-compress=false"], [("audit-log-compress", "false")]),
        (["--audit-log-maxage 30"], [("audit-log-maxage 30", None)]),
        (["-audit-log-maxage=1"], [("-audit-log-maxage", "1")]),
        (["---audit-log-maxage=1"], [("---audit-log-maxage", "1")]),
        (["--audit-log-maxage=30", "--", "--audit-log-maxage=1"], [("audit-log-maxage", "30")]),
        (["word", "--audit-log-maxage=30"], [("audit-log-maxage", "30")]),
        (["--profiling", "--audit-log-maxage=30"], [("profiling", None), ("audit-log-maxage", "30")]),
        (["--etcd-servers", "http://x", "-v", "2"], [("etcd-servers", "http://x"), ("v", "2")]),
        (["-", "", "--v=2"], [("v", "2")]),
    ],
)
def test_flags(words: list[str], expected: list[tuple[str, str | None]]) -> None:
    assert [(flag.name, flag.value) for flag in flags_of(values(*words))] == expected


@pytest.mark.parametrize(
    ("words", "place", "value_place"),
    [
        (["--audit-log-maxage=30d"], "--audit-log-maxage=30d", "30d"),
        (["'--audit-log-maxage=30d'"], "--audit-log-maxage=30d", "30d"),
        (["--audit-log-maxage", '"30d"'], "--audit-log-maxage", "30d"),
        (["--audit-log-path="], "--audit-log-path=", ""),
        (["--audit-log-maxage"], "--audit-log-maxage", "--audit-log-maxage"),
    ],
)
def test_places(words: list[str], place: str, value_place: str) -> None:
    (flag,) = flags_of(values(*words))
    assert (flag.place.text, flag.value_place.text) == (place, value_place)


def test_quotes_of_a_shell_word_are_not_part_of_the_value() -> None:
    source = Source("x", '--audit-log-path="/a b"')
    (flag,) = flags_of([Value("--audit-log-path=/a b", source.place(0, len(source.text)))])
    assert flag.value_place.text == "/a b"


def test_a_setting_is_a_flag() -> None:
    source = Source("x", 'audit_log_path: "/a"')
    flag = setting(Value("audit_log_path", source.place(0, 14)), Value("/a", source.place(16, 20)))
    assert (flag.name, flag.value) == ("audit-log-path", "/a")
    assert (flag.place.text, flag.value_place.text) == ('audit_log_path: "/a"', "/a")


RECORDED = json.loads((Path(__file__).parents[1] / "data" / "pflag_arguments.json").read_text("utf-8"))["cases"]


@pytest.mark.parametrize("part", range(10))
def test_as_pflag_itself(part: int) -> None:
    assert len(RECORDED) >= 300
    for case in RECORDED[part::10]:
        assert_as_pflag(case)


def assert_as_pflag(case: dict[str, Any]) -> None:
    found = [flag for flag in flags_of(values(*case["args"])) if flags.spec(flag.name) is not None]
    expected = [tuple(one) for one in case["set"] if one[0] not in ("v", "etcd-servers")]
    if case["error"].startswith("flag needs an argument: --"):
        name = case["error"].partition("--")[2].replace("_", "-")
        assert (found.pop().name, name) == (name, name)
    assert [(flag.name, flag.value) for flag in found] == expected, case["args"]
    assert all(flag.value_place.text == flag.value for flag in found if flags.takes_value(flag.name))
