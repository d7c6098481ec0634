"""JSON that does not stand in lines: arrays, batches of a webhook and printed objects → one event a line."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from kube_audit_lint.auditlog.sizes import compact

_LONGEST = 16 << 20
"""Characters of one value; a longer one is no event."""

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
        return error.pos < len(text) and not error.msg.startswith("Unterminated string")
    except RecursionError:
        return True
    return True


def split(first: bytes, rest: BinaryIO) -> Iterator[bytes]:
    """The events of arrays and batches, a line each; what is no JSON is a line as well, up to where its line ends."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    text, at, wanted, ended = decoder.decode(first), 0, _READ, False
    while True:
        at = _start(text, at)
        found = _value(text, at) if at < len(text) else None
        if found is not None:
            yield found[0].encode("utf-8", "surrogateescape") + b"\n"
            at, wanted = found[1], _READ
        elif not ended and len(text) - at < _LONGEST:
            more = rest.read(wanted)
            text, at, ended = text[at:] + decoder.decode(more, not more), 0, not more
            wanted = min(2 * wanted, _LONGEST)
        elif at < len(text):
            end = text.find("\n", at) + 1 or len(text)
            yield text[at:end].strip().encode("utf-8", "surrogateescape") + b"\n"
            at = end
        else:
            return


def _start(text: str, at: int) -> int:
    """Where the next value begins: behind what stands between two, and behind what opens a list."""
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
