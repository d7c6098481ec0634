"""Where a part of a scalar's text stands in the file: `--a=1` in a folded scalar, in quotes, in a block.

Folding changes only white space, so the other characters of the text and of the file are the same ones in
the same order. That holds for words; a part that starts or ends with white space is given without it.
"""

from __future__ import annotations

import re

from kube_audit_lint.model.source import Place
from kube_audit_lint.reading.nodes import Scalar

_ESCAPE = re.compile(
    r"""\\(?:(?P<blank>\r?\n|[tnvfr _NLP\t])|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})
    |U(?P<U>[0-9a-fA-F]{8})|(?P<char>.))""",
    re.VERBOSE,
)
_CONTROL = {"0": "\0", "a": "\a", "b": "\b", "e": "\x1b"}


def part_of(node: Scalar, start: int, end: int) -> Place:
    """The place of the characters from `start` to `end` of a scalar's value; of the whole when in doubt."""
    place = node.place
    raw = place.text
    if raw[start:end] == node.value[start:end] and raw.startswith(node.value):
        return Place(place.source, place.start + start, place.start + end)
    solid = solid_characters(node, raw)
    before = _count(node.value, start)
    inside = _count(node.value, end) - before
    if "".join(char for _, _, char in solid) != "".join(node.value.split()) or not inside:
        return place
    first, last = solid[before], solid[before + inside - 1]
    return Place(place.source, place.start + first[0], place.start + last[1])


def _count(text: str, end: int) -> int:
    return sum(not char.isspace() for char in text[:end])


def solid_characters(node: Scalar, raw: str) -> list[tuple[int, int, str]]:
    """Every character but white space, as (start, end, character)."""
    if node.block:
        header = raw.find("\n") + 1 if raw[:1] in "|>" else 0
        return _plain(raw, header, len(raw))
    if raw[:1] == '"':
        return _double_quoted(raw)
    if raw[:1] == "'":
        return _single_quoted(raw)
    return _plain(raw, 0, len(raw))


def _plain(raw: str, start: int, end: int) -> list[tuple[int, int, str]]:
    return [(at, at + 1, raw[at]) for at in range(start, end) if not raw[at].isspace()]


def _single_quoted(raw: str) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    at = 1
    while at < len(raw) - 1:
        width = 2 if raw.startswith("''", at) else 1
        if not raw[at].isspace():
            found.append((at, at + width, raw[at]))
        at += width
    return found


def _double_quoted(raw: str) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    at = 1
    while at < len(raw) - 1:
        escape = _ESCAPE.match(raw, at)
        end = escape.end() if escape else at + 1
        char = _escaped(escape) if escape else raw[at]
        if char and not char.isspace():
            found.append((at, end, char))
        at = end
    return found


def _escaped(escape: re.Match[str]) -> str:
    code = escape["x"] or escape["u"] or escape["U"]
    if code:
        return chr(min(int(code, 16), 0x10FFFF))
    return _CONTROL.get(escape["char"], escape["char"]) if escape["char"] else ""
