"""Splitting systemd's command lines and lists into words, with the exact place of every character.

Source: systemd src/basic/extract-word.c (quotes are removed wherever they are in a word; C-style escapes,
of which unknown ones stay as written) and src/shared/exec-util / replace-var for `$NAME` and `${NAME}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import UNKNOWN, Room

Letter = tuple[str, int, int]
"""A character, and from where to where it is written."""

_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "s": " "}
_SAME = "\\\"'"
_SPACE = " \t\r\n"
_REFERENCE = r"\$(?:\$|\{(\w+)\}|(\w+))"


class Word(NamedTuple):
    """One word. start, end: where it is written, with its quotes."""

    letters: tuple[Letter, ...]
    start: int
    end: int

    @property
    def text(self) -> str:
        """What it reads, without quotes and escapes."""
        return "".join([letter[0] for letter in self.letters])

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where some of its characters are written."""
        if start < end <= len(self.letters):
            return self.letters[start][1], self.letters[end - 1][2]
        if 0 < start <= len(self.letters):
            return self.letters[start - 1][2], self.letters[start - 1][2]
        return self.start, self.end


Variables = Mapping[str, Sequence[Letter]]


def letters(text: str, start: int, end: int) -> list[Letter]:
    """The characters of a text from an offset to another, each where it is."""
    return [(text[at], at, at + 1) for at in range(start, end)]


def split(line: Sequence[Letter]) -> list[Word]:
    """The words of a line."""
    words: list[Word] = []
    at = 0
    while at < len(line):
        if line[at][0] in _SPACE:
            at += 1
        else:
            word, at = _word(line, at)
            words.append(word)
    return words


def _word(line: Sequence[Letter], at: int) -> tuple[Word, int]:
    """The word that starts at an index, and the index behind it."""
    start, quote = at, ""
    found: list[Letter] = []
    while at < len(line) and (quote or line[at][0] not in _SPACE):
        char = line[at][0]
        if char == quote:
            quote = ""
        elif char == "\\" and at + 1 < len(line):
            at = _escape(line, at, found)
        elif not quote and char in "'\"":
            quote = char
        else:
            found.append(line[at])
        at += 1
    return Word(tuple(found), line[start][1], line[at - 1][2]), at


def _escape(line: Sequence[Letter], at: int, found: list[Letter]) -> int:
    """Takes an escape; returns the index of its last character."""
    follows = line[at + 1][0]
    if follows in _SAME or follows in _ESCAPES:
        found.append((_ESCAPES.get(follows, follows), line[at][1], line[at + 1][2]))
        return at + 1
    found.append(line[at])
    return at


def expanded(words: Sequence[Word], variables: Variables, room: Room, *, bare: bool = False) -> list[Word]:
    """Words with `$NAME` (which splits when it is alone) and `${NAME}` filled in, or unknown.

    bare: whether a `$NAME` within a word is filled in too, as Go's os.Expand does and systemd does not.
    """
    result: list[Word] = []
    for word in words:
        text = word.text
        alone = re.fullmatch(r"\$(\w+)", text)
        if alone and alone[1] in variables:
            unknown = [Word(((UNKNOWN, word.start, word.end),), word.start, word.end)]
            value = variables[alone[1]]
            result += split(value) if room.holds(len(value)) else unknown
        elif "$" in text:
            result.append(_filled(word, text, variables, room, bare))
        else:
            result.append(word)
    return result


def _filled(word: Word, text: str, variables: Variables, room: Room, bare: bool) -> Word:
    """The word with its variables."""
    found: list[Letter] = []
    at = 0
    for reference in re.finditer(_REFERENCE, text):
        found += word.letters[at : reference.start()]
        at = reference.end()
        start, end = word.span(reference.start(), at)
        value = variables.get(reference[1] or (bare and reference[2]) or "")
        if reference[0] == "$$":
            filled = "$"
        elif not room.holds(len(value or "")):
            filled = UNKNOWN
        else:
            filled = UNKNOWN * len(reference[0]) if value is None else "".join([letter[0] for letter in value])
        found += [(char, start, end) for char in filled]
    found += word.letters[at:]
    return Word(tuple(found), word.start, word.end)
