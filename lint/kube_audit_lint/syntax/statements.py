"""Statements of template languages: which of them belong together, and what they leave open.

A statement that opens a block (`{{- if }}`, `{% for %}`, `<% if %>`, `%{ if }`, `#@ if x:`) and the one that ends it
make a `Branch`; every other that puts something in, and one without its counterpart, is an insertion: nobody can
say what is there. A branch that encloses a text as a whole leaves what is inside certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal

from kube_audit_lint.syntax.record import NamedTuple

Span = tuple[int, int]
Part = Literal["opens", "else", "middle", "ends", "inserts", "nothing"]
"""What a statement does. else: the last part of a branch, for all other cases. middle: `elif`."""


class Statement(NamedTuple):
    """One statement. language: the first characters of it; only those of one language belong together."""

    span: Span
    part: Part
    language: str


class Branch(NamedTuple):
    """A block of a template. arms: its parts, of which one is there, or none when it is `optional`.

    function: the block is a function of ytt, whose content becomes a part of what calls it.
    """

    start: int
    end: int
    arms: tuple[Span, ...]
    optional: bool
    function: bool = False

    def holds(self, start: int, end: int) -> bool:
        """Whether one arm encloses the whole span."""
        return any(first <= start and end <= last for first, last in self.arms)


_GO = re.compile(r"\{\{[-~]?\s*(?:(\w+)\b(\s+if\b)?|([#^/])|\$\w+\s*(:?=))")
_JINJA = re.compile(r"\{%[-+]?\s*(\w+)")
_TERRAFORM = re.compile(r"%\{~?\s*(\w+)")
_ERB = re.compile(r"<%[-_]?\s*(\}?)\s*(\w*)")
_ERB_OPENS = re.compile(r"(?:\bdo|\bdo\s*\|[^|]*\||\{|\{\s*\|[^|]*\||\|[^|]*\|\s*\{)\s*[-_]?%>\Z")
_YTT = re.compile(r"#@[ \t]*(?:(if|elif|else|for|while|def)\b[^\r\n]*:[ \t]*(?:#[^\r\n]*)?\Z|(end)\b|(\w[\w./]*)\b)?")
_YTT_INLINE = re.compile(r"#@[ \t]*(?:if|for)/end\b|#@[ \t]*template\.(?:replace|value)")
_FUNCTION = re.compile(r"#@[ \t]*def\b")
_GO_OPENS = ("if", "with", "range", "define", "block")
_JINJA_OPENS = ("if", "for", "block", "macro", "call", "ifchanged", "unless", "case", "capture", "comment")
_JINJA_NOTHING = ("import", "from", "do", "raw", "endraw", "filter", "endfilter", "with", "endwith", "autoescape",
                  "endautoescape", "trans", "endtrans", "assign", "load", "debug")  # fmt: skip


def part_of(piece: str) -> Part:
    """What a statement in braces does."""
    if piece.startswith("{{"):
        return _go(piece)
    if piece.startswith("<%"):
        return _erb(piece)
    found = (_JINJA if piece.startswith("{%") else _TERRAFORM).match(piece)
    word = found[1] if found else ""
    if word == "set":
        return "nothing" if "=" in piece else "opens"
    if word in _JINJA_NOTHING:
        return "nothing"
    return _by_word(word, _JINJA_OPENS)


def _by_word(word: str, opening: tuple[str, ...]) -> Part:
    if word in opening:
        return "opens"
    if word in ("elif", "elsif", "elseif", "when"):
        return "middle"
    if word == "else":
        return "else"
    return "ends" if word.startswith("end") else "inserts"


def _go(piece: str) -> Part:
    found = _GO.match(piece)
    if found is None:
        return "inserts"
    if found[4]:
        return "nothing"
    if found[3]:
        return "ends" if found[3] == "/" else "opens"
    return "middle" if found[1] == "else" and found[2] else _by_word(found[1], _GO_OPENS)


def _erb(piece: str) -> Part:
    found = _ERB.match(piece)
    closes, word = (found[1], found[2]) if found else ("", "")
    opens = _ERB_OPENS.search(piece) is not None
    if closes:
        return ("else" if word == "else" else "middle") if opens else "ends"
    if opens:
        return "opens"
    part = _by_word(word, ("if", "unless", "for", "while", "until", "case", "begin"))
    return "nothing" if part == "inserts" else part


def of_ytt(line: str) -> Part | None:
    """What a comment that begins with `#@` does; None when it is prose."""
    if _YTT_INLINE.match(line):
        return "inserts"
    found = _YTT.match(line)
    if found is None:
        return None
    if found[1]:
        return _by_word(found[1], ("if", "for", "while", "def"))
    if found[2]:
        return "ends"
    word = found[3] or ""
    known = re.match(r"#@[ \t]*(?:\w[\w.]*\s*(?:=[^=]|\()|load\b|return\b)", line) or re.match(r"#@[a-z]+/\w", line)
    return "nothing" if known and word else None


def paired(statements: Iterable[Statement], text: str) -> tuple[list[Branch], list[Span]]:
    """The branches of a text, by their beginning, and what is put in besides."""
    waiting: dict[str, list[list[Statement]]] = {}
    branches: list[Branch] = []
    insertions: list[Span] = []
    for one in sorted(statements):
        stack = waiting.setdefault(one.language, [])
        if one.part == "opens":
            stack.append([one])
        elif one.part in ("else", "middle", "ends") and stack:
            stack[-1].append(one)
            if one.part == "ends":
                branches.append(_branch(stack.pop(), text))
        elif one.part != "nothing":
            insertions.append(one.span)
    left = [one for stack in waiting.values() for parts in stack for one in parts]
    insertions += [one.span for one in left if not _in_comment(one, text)]
    return sorted(branches), sorted(insertions)


def _in_comment(one: Statement, text: str) -> bool:
    """Whether a statement without an end stands in a comment: the language refuses such a template, so that the file is
    none, or nothing comes of it."""
    line = text[text.rfind("\n", 0, one.span[0]) + 1 : one.span[0]]
    return one.language != "#@" and line.lstrip().startswith("#")


def _branch(parts: list[Statement], text: str) -> Branch:
    arms = tuple((one.span[1], after.span[0]) for one, after in pairwise(parts))
    whole = any(one.part == "else" for one in parts)
    start, end = parts[0].span[0], parts[-1].span[1]
    return Branch(start, end, arms, not whole, _FUNCTION.match(text, start) is not None)
