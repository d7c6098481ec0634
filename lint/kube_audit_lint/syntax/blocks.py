"""Scanning of block scalars, `|` and `>`; imported where one is."""

from __future__ import annotations

import re

from kube_audit_lint.syntax.chars import COMMENT, END, ENDS, YamlError, break_end, compiled, normal_break
from kube_audit_lint.syntax.literals import Scanned
from kube_audit_lint.syntax.source import Chunk

_HEADER = re.compile(r"[|>](?:([+-])([0-9]?)|([0-9])([+-]?))?")
_CONTENT = f"[^{ENDS}]*"


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
        """The line break at which we are."""
        start, end = self.at, break_end(self.text, self.at)
        if end == start:
            return None
        chunk = (normal_break(self.text[start:end]), start, end - start)
        self.at = self.line = end
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
    ascii = text.isascii()
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
        match = compiled(_CONTENT, ascii).match(text, block.at)
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
    rest = compiled(COMMENT, text.isascii()).match(text, header.end())
    at = rest.end() if rest else header.end()
    if text[at] not in ENDS:
        raise YamlError("did not find expected comment or line break", at, start)
    return header[1] or header[4] or "", int(digit or 0), at


def block_chunks(text: str, start: int, value: str) -> list[Chunk] | None:
    """A block's chunks; how far its parent is indented is found by trying, it matters only beside `|2`."""
    ended = text + END
    for parent in range(-1, 200):
        scanned = scan_block(ended, start, start, parent)
        if scanned.value == value:
            return scanned.chunks
    return None
