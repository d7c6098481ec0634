"""Scanning of scalars: quoted, plain and block ones, with where every character of the value comes from.

A value is put together from chunks (text, offset, width): characters that stand as they are in the
file (width = length), or a single one that is written otherwise: an escape, a folded line break.
"""

from __future__ import annotations

import re

from kube_audit_lint.syntax.chars import BREAK, END, ENDS, YamlError, document_mark, normal_break
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Chunk
from kube_audit_lint.syntax.unknown import from_outside


class Scanned(NamedTuple):
    """A scalar: its value's chunks, the end of its characters, and where scanning goes on.

    `line` is the offset at which the line of `after` begins; `broke` whether a line break was
    passed behind the scalar.
    """

    chunks: list[Chunk]
    end: int
    after: int
    line: int
    broke: bool = False

    @property
    def value(self) -> str:
        """The scalar's value."""
        return "".join([chunk[0] for chunk in self.chunks])


_BREAK = re.compile(BREAK)
_SPACES = re.compile(r"[ \t]*")


class _Fold:
    """Blanks and line breaks between two pieces of a flow scalar, and what they become."""

    __slots__ = ("blanks", "first", "rest")

    def __init__(self) -> None:
        self.blanks: Chunk | None = None
        self.first: Chunk | None = None
        self.rest: list[Chunk] = []

    def chunks(self, escaped: bool = False) -> list[Chunk]:
        """What stands for them in the value; `escaped` is a line break that a backslash removed."""
        if self.first is None and not escaped:
            return [self.blanks] if self.blanks else []
        if self.first is None or self.first[0] != "\n":
            return ([self.first] if self.first else []) + self.rest
        return self.rest or [(" ", self.first[1], self.first[2])]


def _fold(text: str, at: int, line: int, indent: int, escaped: bool) -> tuple[_Fold, int, int]:
    """Pass blanks and line breaks; a tab left of `indent` is an error."""
    fold = _Fold()
    broken = escaped
    while True:
        blank = _SPACES.match(text, at)
        stop = blank.end() if blank else at
        if not broken:
            fold.blanks = (text[at:stop], at, stop - at) if stop > at else None
        elif indent > 0 and (tab := text.find("\t", at, min(stop, line + indent))) >= 0:
            raise YamlError("found a tab character that violates indentation", tab)
        found = _BREAK.match(text, stop)
        if found is None:
            return fold, stop, line
        chunk = (normal_break(found[0]), stop, found.end() - stop)
        if broken:
            fold.rest.append(chunk)
        else:
            fold.first = chunk
            broken = True
        at = line = found.end()


# Quoted scalars

_SINGLE_RUN = re.compile(rf"[^' \t{ENDS}]+")
_DOUBLE_RUN = re.compile(rf'[^"\\ \t{ENDS}]+')
_NAMED = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "e": "\x1b", " ": " ", '"': '"', "'": "'", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_HEX_LENGTHS = {"x": 2, "u": 4, "U": 8}
_HEX = re.compile("[0-9a-fA-F]*")


def scan_quoted(text: str, start: int, line: int) -> Scanned:
    """A quoted scalar that begins at `start`, on the line that begins at `line`."""
    quote = text[start]
    chunks: list[Chunk] = []
    at = start + 1
    while True:
        if at == line and document_mark(text, at):
            raise YamlError("found unexpected document indicator", at, start)
        if text[at] == "\0":
            raise YamlError("found unexpected end of stream", at, start)
        if quote == "'":
            at, escaped = _single_words(text, at, chunks), False
        else:
            at, escaped = _double_words(text, at, start, chunks)
        if escaped:
            line = at
        if text[at] == quote:
            return Scanned(chunks, at + 1, at + 1, line)
        fold, at, line = _fold(text, at, line, 0, escaped)
        chunks += fold.chunks(escaped)


def _single_words(text: str, at: int, chunks: list[Chunk]) -> int:
    while True:
        match = _SINGLE_RUN.match(text, at)
        if match:
            chunks.append((match[0], at, match.end() - at))
            at = match.end()
        if not text.startswith("''", at):
            return at
        chunks.append(("'", at, 2))
        at += 2


def _double_words(text: str, at: int, start: int, chunks: list[Chunk]) -> tuple[int, bool]:
    """Characters up to a blank, a line break or the quote; whether the line break was escaped."""
    while True:
        match = _DOUBLE_RUN.match(text, at)
        if match:
            chunks.append((match[0], at, match.end() - at))
            at = match.end()
        if text[at] != "\\":
            return at, False
        found = _BREAK.match(text, at + 1)
        if found:
            return found.end(), True
        char, width = _escape(text, at, start)
        chunks.append((char, at, width))
        at += width


def _escape(text: str, at: int, start: int) -> tuple[str, int]:
    letter = text[at + 1]
    if letter in _NAMED:
        return _NAMED[letter], 2
    length = _HEX_LENGTHS.get(letter)
    if length is None:
        raise YamlError("found unknown escape character", at, start)
    digits = _HEX.match(text, at + 2, at + 2 + length)
    if digits is None or len(digits[0]) < length:
        raise YamlError("did not find expected hexdecimal number", at + 2, start)
    code = int(digits[0], 16)
    if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        raise YamlError("found invalid Unicode character escape code", at + 2, start)
    return from_outside(chr(code)), 2 + length


# Plain scalars


# What ends a plain scalar's line; searched for, because matching it word by word would keep every
# word in the engine's memory.
_BLOCK_PLAIN_END = re.compile(rf":(?=[ \t{ENDS}])|(?<=[ \t])#|[{ENDS}]")
_FLOW_PLAIN_END = re.compile(rf":(?=[ \t{ENDS}])|(?<=[ \t])#|[,?\[\]{{}}{ENDS}]")


def scan_plain(text: str, start: int, line: int, indent: int, flow: bool) -> Scanned:
    """A plain scalar; its further lines are indented by `indent` at least."""
    stop = _FLOW_PLAIN_END if flow else _BLOCK_PLAIN_END
    chunks: list[Chunk] = []
    fold = _Fold()
    end = at = start
    while True:
        if (at == line and document_mark(text, at)) or text[at] == "#":
            break
        found = stop.search(text, at)
        content = text[at : found.start() if found else None].rstrip(" \t")
        if not content:
            break
        chunks += fold.chunks()
        chunks.append((content, at, len(content)))
        end = at + len(content)
        fold, at, line = _fold(text, end, line, indent, False)
        if at == end or (not flow and at - line < indent):
            break
    return Scanned(chunks, end, at, line, fold.first is not None)


# Block scalars

_HEADER = re.compile(r"[|>](?:([+-])([0-9]?)|([0-9])([+-]?))?")
_HEADER_REST = re.compile(rf"[ \t]*(?:#[^{ENDS}]*)?")
_CONTENT = re.compile(f"[^{ENDS}]*")


class _Block:
    """The state of scanning a block scalar."""

    __slots__ = ("at", "breaks", "indent", "line", "parent", "text")

    def __init__(self, text: str, at: int, line: int, indent: int, parent: int) -> None:
        self.text = text
        self.at = at
        self.line = line
        self.indent = indent
        self.parent = parent
        self.breaks: list[Chunk] = []

    def take_break(self) -> Chunk | None:
        """The line break at which we stand."""
        found = _BREAK.match(self.text, self.at)
        if found is None:
            return None
        chunk = (normal_break(found[0]), self.at, found.end() - self.at)
        self.at = self.line = found.end()
        return chunk

    def take_breaks(self) -> None:
        """Pass empty lines and the next one's indentation; find the indentation if it is not known."""
        deepest = 0
        while True:
            limit = self.line + self.indent if self.indent else len(self.text)
            while self.at < limit and self.text[self.at] == " ":
                self.at += 1
            deepest = max(deepest, self.at - self.line)
            if self.at < limit and self.text[self.at] == "\t":
                raise YamlError("found a tab character where an indentation space is expected", self.at)
            chunk = self.take_break()
            if chunk is None:
                break
            self.breaks.append(chunk)
        if not self.indent:
            self.indent = max(deepest, self.parent + 1, 1)


def scan_block(text: str, start: int, line: int, parent: int) -> Scanned:
    """A literal or folded scalar; `parent` is the indentation of the node that holds it, or -1."""
    chomp, increment, at = _block_header(text, start)
    indent = max(parent, 0) + increment if increment else 0
    block = _Block(text, at, line, indent, parent)
    block.take_break()
    end = at
    block.take_breaks()
    literal = text[start] == "|"
    chunks: list[Chunk] = []
    last: Chunk | None = None
    was_blank = False
    while block.at - block.line == block.indent and text[block.at] != "\0":
        blank = text[block.at] in " \t"
        if last is not None:
            if literal or was_blank or blank or last[0] != "\n":
                chunks.append(last)
            elif not block.breaks:
                chunks.append((" ", last[1], last[2]))
        chunks += block.breaks
        block.breaks = []
        was_blank = blank
        match = _CONTENT.match(text, block.at)
        end = match.end() if match else block.at
        chunks.append((text[block.at : end], block.at, end - block.at))
        block.at = end
        last = block.take_break()
        block.take_breaks()
    if chomp != "-" and last is not None:
        chunks.append(last)
    if chomp == "+":
        chunks += block.breaks
    return Scanned(chunks, end, block.at, block.line)


def _block_header(text: str, start: int) -> tuple[str, int, int]:
    """The chomping indicator, the indentation indicator, and the end of the header's line."""
    header = _HEADER.match(text, start)
    assert header is not None
    digit = header[2] or header[3]
    if digit == "0":
        raise YamlError("found an indentation indicator equal to 0", header.start(2 if header[2] else 3), start)
    rest = _HEADER_REST.match(text, header.end())
    at = rest.end() if rest else header.end()
    if text[at] not in ENDS:
        raise YamlError("did not find expected comment or line break", at, start)
    return header[1] or header[4] or "", int(digit or 0), at


def written_chunks(text: str, start: int, end: int, block: bool, value: str) -> list[Chunk] | None:
    """The chunks of the YAML scalar that stands from `start` to `end`; None when that does not give `value`."""
    try:
        if block:
            return _block_chunks(text, start, value)
        # On its own the scalar has no surroundings that could end it early.
        alone = text[start:end] + END
        scanned = scan_quoted(alone, 0, -1) if alone[0] in "\"'" else scan_plain(alone, 0, -1, 0, False)
    except YamlError:
        return None
    chunks = [(chunk, start + at, width) for chunk, at, width in scanned.chunks]
    return chunks if scanned.value == value else None


def _block_chunks(text: str, start: int, value: str) -> list[Chunk] | None:
    """A block's chunks; how far its parent is indented is found by trying, it matters only beside `|2`."""
    ended = text + END
    for parent in range(-1, 200):
        scanned = scan_block(ended, start, start, parent)
        if scanned.value == value:
            return scanned.chunks
    return None
