"""Where the characters of a text that lies inside a file stand in that file.

text, offsets = embedded_text(scalar)            YAML in a block scalar, in quotes, or plain
decoded = embedded_base64(scalar)                the same for base64 in one; None when it is none
documents = read_documents(scalar.source, text, offsets)
"""

from __future__ import annotations

import re
from base64 import b64decode
from bisect import bisect_right

from kube_audit_lint.model.unknown import UNKNOWN
from kube_audit_lint.reading.nodes import Scalar

_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


class OffsetMap:
    """The map of a text that is the file itself."""

    __slots__ = ()

    def outer(self, offset: int) -> int:
        """The offset in the file of the character at `offset`, or of the text's end."""
        return offset

    def outer_end(self, offset: int) -> int:
        """The offset in the file just behind the character before `offset`."""
        return offset


class RunMap(OffsetMap):
    """The map of a text that stands in the file in runs: lines without their indentation, say.

    runs: where each begins in the text, and where in the file, both ascending; the characters of a run stand
    side by side in both. `end` is where the last one ends in the file.
    """

    __slots__ = ("_end", "_inner", "_outer")

    def __init__(self, runs: list[tuple[int, int]], end: int) -> None:
        self._inner = [inner for inner, _ in runs] or [0]
        self._outer = [outer for _, outer in runs] or [end]
        self._end = end

    def outer(self, offset: int) -> int:
        run = bisect_right(self._inner, offset) - 1
        return min(self._outer[run] + offset - self._inner[run], self._end)

    def outer_end(self, offset: int) -> int:
        return min(self.outer(offset - 1) + 1, self._end) if offset else self._outer[0]


class SpanMap(OffsetMap):
    """The map of a text whose characters are written each in its own way: by escapes, in base64."""

    __slots__ = ("_end", "_spans")

    def __init__(self, spans: list[tuple[int, int]], end: int) -> None:
        self._spans = spans
        self._end = end

    def outer(self, offset: int) -> int:
        return self._spans[offset][0] if offset < len(self._spans) else self._end

    def outer_end(self, offset: int) -> int:
        if offset:
            return self._spans[min(offset, len(self._spans)) - 1][1] if self._spans else self._end
        return self.outer(0)


class WholeMap(OffsetMap):
    """The map of a text whose characters cannot be told apart in the file: all of it stands for each."""

    __slots__ = ("_end", "_start")

    def __init__(self, start: int, end: int) -> None:
        self._start = start
        self._end = end

    def outer(self, offset: int) -> int:
        return self._start

    def outer_end(self, offset: int) -> int:
        return self._end


def embedded_text(scalar: Scalar) -> tuple[str, OffsetMap]:
    """The text of a string, and where it stands in the file."""
    raw = scalar.place.text
    if scalar.block:
        runs = _lines(raw, scalar.value, scalar.start)
        if runs is not None:
            return scalar.value, RunMap(runs, scalar.end)
    elif _same(raw, scalar.value):
        return scalar.value, RunMap([(0, scalar.start)], scalar.end)
    elif _same(raw[1:-1], scalar.value):
        return scalar.value, RunMap([(0, scalar.start + 1)], scalar.end - 1)
    spans = _characters(scalar, raw)
    if spans is None:
        return scalar.value, WholeMap(scalar.start, scalar.end)
    return scalar.value, SpanMap(spans, spans[-1][1] if spans else scalar.end)


def embedded_base64(scalar: Scalar) -> tuple[str, OffsetMap] | None:
    """The text that a string holds in base64; None when it holds none in UTF-8."""
    data = decoded_base64(scalar.value)
    try:
        text = None if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if text is None:
        return None
    raw = scalar.place.text
    header = raw.find("\n") + 1 if scalar.block and raw[:1] in "|>" else 0
    letters = [scalar.start + at for at in range(header, len(raw)) if not _NOT_BASE64.match(raw[at])]
    if len(letters) != len(_NOT_BASE64.sub("", scalar.value)):
        return text, WholeMap(scalar.start, scalar.end)
    return text, SpanMap(_base64_spans(text, letters), letters[-1] + 1 if letters else scalar.end)


def decoded_base64(text: str) -> bytes | None:
    """The bytes of a base64 text, whatever white space is in it; None when it is not base64."""
    packed = "".join(text.split())
    try:
        return b64decode(packed, validate=True) if packed else None
    except ValueError:
        return None


def _base64_spans(text: str, letters: list[int]) -> list[tuple[int, int]]:
    """The letters of base64 that each character of the text is written with."""
    spans: list[tuple[int, int]] = []
    at = 0
    for char in text:
        width = len(char.encode("utf-8"))
        spans.append((letters[at * 8 // 6], letters[((at + width) * 8 - 1) // 6] + 1))
        at += width
    return spans


def _lines(raw: str, value: str, start: int) -> list[tuple[int, int]] | None:
    """The runs of a literal block: each line of the text ends a line of the file. None for a folded one."""
    if not raw.startswith("|"):
        return None
    runs: list[tuple[int, int]] = []
    at = raw.find("\n") + 1
    inner = 0
    for line in value.split("\n"):
        stop = raw.find("\n", at)
        stop = len(raw) if stop < 0 else stop
        end = stop - 1 if raw[stop - 1 : stop] == "\r" and stop > at else stop
        if at <= len(raw) and _same(raw[max(end - len(line), at) : end], line):
            runs.append((inner, start + end - len(line)))
        elif line:
            return None
        inner += len(line) + 1
        at = stop + 1
    return runs


def _same(raw: str, text: str) -> bool:
    """Whether the file has this text; where a template's placeholder or statement stood, whatever it has there."""
    if raw == text:
        return True
    if len(raw) != len(text) or (UNKNOWN not in text and "{" not in raw and "<%" not in raw):
        return False
    return all(written == read or read in (UNKNOWN, " ") for written, read in zip(raw, text, strict=True))


def _characters(scalar: Scalar, raw: str) -> list[tuple[int, int]] | None:
    """The place of each character of a folded or quoted text; white space stands between its neighbours."""
    from kube_audit_lint.reading.parts import solid_characters

    solid = solid_characters(scalar, raw)
    if "".join(char for _, _, char in solid) != "".join(scalar.value.split()):
        return None
    spans: list[tuple[int, int]] = []
    first = scalar.start
    rest = iter(solid)
    for char in scalar.value:
        if char.isspace():
            spans.append((first, first))
        else:
            start, end, _ = next(rest)
            first = scalar.start + end
            spans.append((scalar.start + start, first))
    return spans
