"""JSON that is not in lines: arrays, batches of a webhook and printed objects → one event a line."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from kube_audit_lint.auditlog.sizes import compact
from kube_audit_lint.syntax.record import NamedTuple

LONGEST = 64 << 20
"""Bytes of a line, or of a value that is neither an array nor an EventList.

etcd takes objects of 1.5 MB, and an event holds one or two, but CloudWatch's and Loki's answers hold many events."""

_READ = 1 << 20
_BETWEEN = re.compile(r"[\s,\]}]*")
_OPENING = re.compile(
    r'\[|\{\s*(?:"(?:kind|apiVersion|metadata)"\s*:\s*(?:"[^"]*"|\{[^{}]*\}|null)\s*,\s*)*"items"\s*:\s*\['
)
"""Where a list of events begins: an array, or an EventList with its `items`."""

_DECODER = json.JSONDecoder()


def stands_in_lines(first: bytes) -> bool:
    """Whether a log has a value in each line, from its first one: a value that goes on in the next line is none."""
    text = first.decode("utf-8", "replace").strip()
    if text.startswith("["):
        return False
    if not text.startswith("{"):
        return True
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return not text.startswith("{", error.pos)  # one object behind another: there may be no line end at all
        return error.pos < len(text) and not error.msg.startswith("Unterminated string")
    except (ValueError, RecursionError):
        return True  # a number of too many digits, or lists in lists: no more than this line is wrong
    return True


class TooLong(NamedTuple):
    """A line that begins with a value longer than LONGEST: its number, and the bytes that are left out."""

    line: int
    size: int


def split(first: bytes, rest: BinaryIO) -> Iterator[tuple[int, bytes] | TooLong]:
    """The events of arrays and batches, each as a line, with the number of the line where it begins.

    What is no JSON is a line as well, up to where its line ends.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    text, at, wanted, ended, number = decoder.decode(first), 0, _READ, False, 1
    while True:
        begin = at
        at = _start(text, at)
        number += text.count("\n", begin, at)
        found = _value(text, at) if at < len(text) else None
        if found is not None:
            yield number, _line(found[0])
            number += text.count("\n", at, found[1])
            at, wanted = found[1], _READ
        elif not ended and len(text) - at < LONGEST:
            more = rest.read(wanted)
            text, at, ended = text[at:] + decoder.decode(more, not more), 0, not more
            wanted = min(2 * wanted, LONGEST)
        elif at == len(text):
            return
        elif ended or text.find("\n", at) >= 0:
            end = text.find("\n", at) + 1 or len(text)
            yield number, _line(text[at:end].strip())
            number, at = number + 1, end
        else:
            size = len(_line(text[at:])) - 1
            while (more := rest.readline(_READ)) and not more.endswith(b"\n"):
                size += len(more)
            yield TooLong(number, size + len(more.rstrip(b"\n")))
            decoder.reset()
            text, at, number, wanted = "", 0, number + 1, _READ


def _line(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape") + b"\n"


def _start(text: str, at: int) -> int:
    """Where the next value begins: behind what is between two, and behind what opens a list."""
    while True:
        between = _BETWEEN.match(text, at)
        at = between.end() if between else at
        opening = _OPENING.match(text, at)
        if opening is None:
            return at
        at = opening.end()


def _value(text: str, at: int) -> tuple[str, int] | None:
    """The value that begins at a place, in one line, and where it ends; None where it is no JSON, or not all there."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None
    written = text[at:end]
    return compact(value) if "\n" in written else written, end
