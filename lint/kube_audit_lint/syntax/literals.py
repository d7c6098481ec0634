"""Scanning of plain scalars, and what all scalars share: with where every character of the value comes from.

A value is put together from chunks (text, offset, width): characters as they are in the
file (width = length), or a single one that is written otherwise: an escape, a folded line break.
"""

from __future__ import annotations

from kube_audit_lint.syntax.chars import (
    BLANK_OR_END,
    BREAKS,
    ENDS,
    YamlError,
    break_end,
    compiled,
    document_mark,
    normal_break,
)
from kube_audit_lint.syntax.record import NamedTuple, make
from kube_audit_lint.syntax.source import Chunk


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
        chunks = self.chunks
        return chunks[0][0] if len(chunks) == 1 else "".join([chunk[0] for chunk in chunks])


_SPACES = r"[ \t]*"
_GOES_ON = frozenset(f" \t{BREAKS}")


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


def pass_breaks(text: str, at: int, line: int, indent: int, escaped: bool) -> tuple[_Fold, int, int]:
    """Pass blanks and line breaks; a tab left of `indent` is an error."""
    fold = _Fold()
    broken = escaped
    while True:
        blank = compiled(_SPACES, True).match(text, at)
        stop = blank.end() if blank else at
        if not broken:
            fold.blanks = (text[at:stop], at, stop - at) if stop > at else None
        elif indent > 0 and (tab := text.find("\t", at, min(stop, line + indent))) >= 0:
            raise YamlError("found a tab character that violates indentation", tab)
        end = break_end(text, stop)
        if end == stop:
            return fold, stop, line
        chunk = (normal_break(text[stop:end]), stop, end - stop)
        if broken:
            fold.rest.append(chunk)
        else:
            fold.first = chunk
            broken = True
        at = line = end


# Plain scalars

# What ends a plain scalar's line; searched for, because matching it word by word would keep every
# word in the engine's memory.
_BLOCK_PLAIN_END = rf":(?=[ \t{ENDS}])|(?<=[ \t])#|[{ENDS}]"
_FLOW_PLAIN_END = rf":(?=[ \t{ENDS}])|(?<=[ \t])#|[,?\[\]{{}}{ENDS}]"


def scan_plain(text: str, start: int, line: int, indent: int, flow: bool) -> Scanned:
    """A plain scalar; its further lines are indented by `indent` at least."""
    stop = compiled(_FLOW_PLAIN_END if flow else _BLOCK_PLAIN_END, text.isascii())
    chunks: list[Chunk] = []
    fold: _Fold | None = None
    end = at = start
    while True:
        if (at == line and document_mark(text, at)) or text[at] == "#":
            break
        found = stop.search(text, at)
        content = text[at : found.start() if found else None].rstrip(" \t")
        if not content:
            break
        if fold is not None:
            chunks += fold.chunks()
        chunks.append((content, at, len(content)))
        end = at + len(content)
        if found and found.start() == end and text[end] not in BLANK_OR_END:  # the end of a key, of a flow's item
            return make(Scanned, (chunks, end, end, line, False))
        if text[end] == "\n" and not flow:
            at = line = end + 1
            while at < line + indent and text[at] == " ":
                at += 1
            if at < line + indent and text[at] not in _GOES_ON:  # nearly always: the next line is not a part of it
                return make(Scanned, (chunks, end, at, line, True))
        fold, at, line = pass_breaks(text, end, line, indent, False)
        if at == end or (not flow and at - line < indent):
            break
    return make(Scanned, (chunks, end, at, line, fold is not None and fold.first is not None))
