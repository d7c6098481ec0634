"""Where the characters of a text that is inside a file are in that file.

text, offsets = embedded_text(scalar)            YAML in a block scalar, in quotes, or plain
decoded = embedded_base64(scalar)                the same for base64 in one; None when it is none
documents = read_documents(scalar.source, text, offsets)

Maps are composed: a scalar of a text that is inside a file knows how that text is there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from kube_audit_lint.syntax.nodes import InnerScalar, PiecedScalar, Scalar
from kube_audit_lint.syntax.source import Chunk, OffsetMap


class ChunkMap(OffsetMap):
    """The map of a scalar's value: of chunks that are unchanged, and of characters written otherwise.

    `around` is the map of the text in which the scalar is; `empty` is where in it a value without
    characters would be.
    """

    __slots__ = ("_around", "_inner", "_length", "_raw", "_widths", "empty")

    def __init__(self, chunks: list[Chunk], around: OffsetMap, empty: int) -> None:
        chunks = [chunk for chunk in chunks if chunk[0]]
        lengths = [len(text) for text, _, _ in chunks]
        self._inner = list(accumulate(lengths, initial=0))
        self._raw = [raw for _, raw, _ in chunks]
        # 1: every character is one of the file; otherwise the width of the single character.
        self._widths = [1 if len(text) == width else width for text, _, width in chunks]
        self._length = self._inner.pop()
        self._around = around
        self.empty = empty

    def _span(self, offset: int) -> tuple[int, int]:
        chunk = bisect_right(self._inner, offset) - 1
        start = self._raw[chunk] + (offset - self._inner[chunk])
        return start, start + self._widths[chunk]

    def outer(self, offset: int) -> int:
        if offset < self._length:
            return self._around.outer(self._span(offset)[0])
        return self.outer_end(offset)

    def outer_end(self, offset: int) -> int:
        if not self._length:
            return self._around.outer(self.empty)
        if offset == 0:
            return self.outer(0)
        return self._around.outer_end(self._span(min(offset, self._length) - 1)[1])


class Base64Map(OffsetMap):
    """The map of a text that is in base64: every character has the letters that carry its bytes."""

    __slots__ = ("_around", "_bytes", "_letters", "_text")

    def __init__(self, text: str, skipped: int, packed: str, around: OffsetMap) -> None:
        self._around = around
        self._letters: list[int] | None = None
        if len(packed.split(None, 1)) > 1 or packed[:1].isspace():
            self._letters = [at for at, letter in enumerate(packed) if not letter.isspace()]
        self._text = text
        self._bytes: Sequence[int] = range(skipped, skipped + len(text) + 1)
        if not text.isascii():
            self._bytes = list(accumulate((len(char.encode("utf-8")) for char in text), initial=skipped))

    def _letter(self, bit: int) -> int:
        letter = bit // 6
        return letter if self._letters is None else self._letters[letter]

    def outer(self, offset: int) -> int:
        if offset < len(self._text):
            return self._around.outer(self._letter(self._bytes[offset] * 8))
        return self.outer_end(offset)

    def outer_end(self, offset: int) -> int:
        if offset == 0:
            return self.outer(0) if self._text else self._around.outer(0)
        return self._around.outer_end(self._letter(self._bytes[min(offset, len(self._text))] * 8 - 1) + 1)


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


_SAME = OffsetMap()


def embedded_text(scalar: Scalar) -> tuple[str, OffsetMap]:
    """The text of a string, and where it is in the file."""
    if isinstance(scalar, PiecedScalar):
        return scalar.value, ChunkMap(scalar.chunks, _SAME, scalar.end)
    text, around, start, end = scalar.source.text, _SAME, scalar.start, scalar.end
    if isinstance(scalar, InnerScalar):
        text, around, (start, end) = scalar.inner.text, scalar.inner.offsets, scalar.at
    chunks = _chunks(scalar, text, start, end)
    if chunks is None:
        return scalar.value, WholeMap(scalar.start, scalar.end)
    return scalar.value, ChunkMap(chunks, around, end if scalar.block or scalar.plain else end - 1)


def _chunks(scalar: Scalar, text: str, start: int, end: int) -> list[Chunk] | None:
    """What the scalar's value is put together from; None when it is written in no way we know."""
    if scalar.kind == "string" and text.startswith(scalar.value, start) and end - start == len(scalar.value):
        return [(scalar.value, start, end - start)]
    chunks = _written_chunks(text, start, end, scalar.block, scalar.value)
    if chunks is None and text.startswith('"', start):
        from kube_audit_lint.syntax.json_reader import json_chunks

        chunks = json_chunks(text, start, end)
    if chunks is None or "".join([chunk[0] for chunk in chunks]) != scalar.value:
        return None
    return chunks


def _written_chunks(text: str, start: int, end: int, block: bool, value: str) -> list[Chunk] | None:
    """The chunks of the YAML scalar that is from `start` to `end`; None when that does not give `value`."""
    from kube_audit_lint.syntax.blocks import block_chunks
    from kube_audit_lint.syntax.chars import END, YamlError
    from kube_audit_lint.syntax.literals import scan_plain
    from kube_audit_lint.syntax.quoted import scan_quoted

    try:
        if block:
            return block_chunks(text, start, value)
        # On its own the scalar has no surroundings that could end it early.
        alone = text[start:end] + END
        scanned = scan_quoted(alone, 0, -1) if alone[0] in "\"'" else scan_plain(alone, 0, -1, 0, False)
    except YamlError:
        return None
    chunks = [(chunk, start + at, width) for chunk, at, width in scanned.chunks]
    return chunks if scanned.value == value else None


def embedded_base64(scalar: Scalar) -> tuple[str, OffsetMap] | None:
    """The text that a string holds in base64; None when it holds none in UTF-8 or UTF-16."""
    from kube_audit_lint.syntax.decode import UTF8_MARK, decode, has_mark

    data = decoded_base64(scalar.value)
    if data is None:
        return None
    text, problem = decode(data)
    if problem is not None:
        return None
    if has_mark(data) and not data.startswith(UTF8_MARK):
        return text, WholeMap(scalar.start, scalar.end)
    value, around = embedded_text(scalar)
    return text, Base64Map(text, len(UTF8_MARK) if has_mark(data) else 0, value, around)


def embedded_data_url(scalar: Scalar) -> tuple[str, OffsetMap] | None:
    """The text of a `data:` URL (RFC 2397), in base64 or percent-encoded; None for anything else."""
    head, comma, data = scalar.value.partition(",")
    if not comma or not head.lower().startswith("data:"):
        return None
    around, first = embedded_text(scalar)[1], len(head) + 1
    if not head.lower().endswith(";base64"):
        return _percent_decoded(data, first, around)
    packed = ChunkMap([(data, first, len(data))], around, first)
    bytes_ = decoded_base64(data)
    try:
        text = None if bytes_ is None else bytes_.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if text is None else (text, Base64Map(text, 0, data, packed))


def _percent_decoded(data: str, first: int, around: OffsetMap) -> tuple[str, OffsetMap] | None:
    """A percent-encoded text: the letters of each character's bytes stand for it."""
    import re

    chunks: list[Chunk] = []
    for found in re.finditer(r"(?:%[0-9A-Fa-f]{2})+|[^%]+|%", data):
        if not found[0].startswith("%") or found[0] == "%":
            chunks.append((found[0], first + found.start(), len(found[0])))
            continue
        try:
            text = bytes.fromhex(found[0].replace("%", "")).decode("utf-8")
        except UnicodeDecodeError:
            return None
        at = first + found.start()
        for character in text:
            width = 3 * len(character.encode("utf-8"))
            chunks.append((character, at, width))
            at += width
    return "".join([chunk[0] for chunk in chunks]), ChunkMap(chunks, around, first)


def decoded_base64(text: str) -> bytes | None:
    """The bytes of a base64 text with any white space in it; None when it is not base64."""
    from base64 import b64decode

    packed = "".join(text.split())
    try:
        return b64decode(packed, validate=True) if packed else None
    except ValueError:
        return None
