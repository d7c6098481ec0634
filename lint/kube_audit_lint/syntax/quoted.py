"""Scanning of quoted scalars; imported where one is more than characters between two quotes."""

from __future__ import annotations

import re

from kube_audit_lint.syntax.chars import ENDS, YamlError, break_end, compiled, document_mark
from kube_audit_lint.syntax.literals import Scanned, pass_breaks
from kube_audit_lint.syntax.source import Chunk
from kube_audit_lint.syntax.unknown import from_outside

_SINGLE_RUN = rf"[^' \t{ENDS}]+"
_DOUBLE_RUN = rf'[^"\\ \t{ENDS}]+'
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
        fold, at, line = pass_breaks(text, at, line, 0, escaped)
        chunks += fold.chunks(escaped)


def _single_words(text: str, at: int, chunks: list[Chunk]) -> int:
    run = compiled(_SINGLE_RUN, text.isascii())
    while True:
        match = run.match(text, at)
        if match:
            chunks.append((match[0], at, match.end() - at))
            at = match.end()
        if not text.startswith("''", at):
            return at
        chunks.append(("'", at, 2))
        at += 2


def _double_words(text: str, at: int, start: int, chunks: list[Chunk]) -> tuple[int, bool]:
    """Characters up to a blank, a line break or the quote; whether the line break was escaped."""
    run = compiled(_DOUBLE_RUN, text.isascii())
    while True:
        match = run.match(text, at)
        if match:
            chunks.append((match[0], at, match.end() - at))
            at = match.end()
        if text[at] != "\\":
            return at, False
        end = break_end(text, at + 1)
        if end > at + 1:
            return end, True
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
