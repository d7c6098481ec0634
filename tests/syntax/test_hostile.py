"""Texts made to hurt: bounded time, and never a crash. The server's verdict where it has one."""

from __future__ import annotations

import time

import pytest
from trees import read

DEEP = 100_000
LONG = 200_000
TOO_DEEP = "yaml: exceeded max depth of 10000"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcdefghijkl", "bcdefghijklm", strict=True)
)
KEYS = ",".join(f"k{number}: 1" for number in range(1000))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * DEEP, TOO_DEEP),
        ("[" * DEEP + "]" * DEEP, TOO_DEEP),
        ("- " * DEEP, TOO_DEEP),
        ("? " * DEEP, TOO_DEEP),
        ("a: [" + "{b: " * DEEP, TOO_DEEP),
        ("- " * 10_001 + "x", TOO_DEEP),
        ("- " * 9_000 + "[" * 9_000 + "]" * 9_000, "invalid character '[' exceeded max depth"),
        ('{"a":' * DEEP, "invalid character '{' exceeded max depth"),
        (BOMB, "yaml: document contains excessive aliasing"),
        (f"a: &a {{{KEYS}}}\nb: {{<<: [{','.join(['*a'] * 20_000)}]}}\n", "yaml: document contains excessive aliasing"),
        ("a: '" + "x" * LONG, "yaml: found unexpected end of stream"),
        ("*" * DEEP, "yaml: did not find expected alphabetic or numeric character"),
    ],
)
def test_refused(text: str, message: str) -> None:
    document = read(text)[0]
    assert document.problem is not None
    assert message.removeprefix("yaml: ") in document.problem.message


@pytest.mark.parametrize(
    "text",
    [
        "[" * 9_999 + "]" * 9_999,
        "- " * 9_999 + "x",
        "".join(" " * depth + "a:\n" for depth in range(2_000)),
        '{"a":' + "[" * 9_000 + "]" * 9_000 + ',"a":' + "[" * 9_000 + "]" * 9_000 + "}",
        "{" + ",".join(f'"a":{{"k{number}":1}}' for number in range(10_000)) + "}",
        "a: " + "x" * LONG,
        "a: " + "x " * LONG,
        "a: " + ":x" * LONG,
        "a: b" + " " * LONG,
        "a: b" + "\n" * LONG,
        'a: "' + "\\n" * 50_000 + '"',
        "a: '" + "''" * 50_000 + "'",
        '{"a":"' + "\\n" * 50_000 + '"}',
        "#" * LONG,
        "# x\n" * 50_000,
        "a: |\n" + "  x\n" * 50_000,
        "a: b\n" + "  c\n" * 50_000,
        "!" + "%41" * 50_000 + " x",
        "a: &a b\nc: [" + "*a," * 50_000 + "]",
        "&a " * DEEP,
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_bounded(text: str) -> None:
    start = time.process_time()
    read(text)
    assert time.process_time() - start < 2.5
