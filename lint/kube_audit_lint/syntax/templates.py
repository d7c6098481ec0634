"""Templates: read with their placeholders kept as unknown values, so that what is certain can be judged.

Every replacement keeps the length of what it replaces, so that offsets stay true: an
expression becomes a run of `UNKNOWN`, a statement (`{% if %}`, `{{- if }}`, `<% %>`, `%{ if }`) becomes blanks.
What a statement leaves in or takes out cannot be known, so the caller treats such a text as a part of a whole.
"""

from __future__ import annotations

import re

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import UNKNOWN

_SHELL_ENDS = (".tpl", ".tftpl", ".tmpl", ".envsubst", ".template", ".in", ".tf", ".sh")
"""Endings of names in which `${name}` is a placeholder rather than text that somebody forgot."""

_BRACES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|<%.*?%>|%\{.*?\}", re.DOTALL)
_DOLLAR = re.compile(r"\$\{[^{}\n]*(?:\{[^{}\n]*\}[^{}\n]*)*\}|\\?\$\([^()\n]*\)|\\\$\w+")
_GO_STATEMENT = re.compile(
    r"\{\{-?\s*(?:(?:if|else|end|range|with|define|template|block|break|continue)\b|/\*|\$\w+\s*:?=)"
)
_INLINE = re.compile(
    r"(\{%-?\s*(?:if|for)\b[^\n]*?\{%-?\s*end(?:if|for)\s*-?%\}|\{\{-?\s*(?:if|range|with)\b[^\n]*?\{\{-?\s*end\s*-?\}\})"
)
_YTT_VALUE = re.compile(r"^[ \t]*(?:- )?[^\s#][^\n#]*:[ \t]+(#@[^\n]*)$", re.MULTILINE)
_YTT_STATEMENT = re.compile(r"^[ \t]*#@[ /]", re.MULTILINE)
_BLOCK_HEADER = re.compile(r"[:-][ \t]+[|>][-+0-9]*[ \t]*(?:#[^\n]*)?\n")
_EXPRESSION = re.compile(r"\$\{(?:[^}\n]*(?:\s[?=!&|<>]|[(\[\"])|(?:var|local|module|each|data)\.)")
_BLANK_LINE = re.compile(r"[ \t]+\n")


class Neutral(NamedTuple):
    """A template's text with nothing of the template language left in it.

    partial: statements or whole inserted blocks decide what is in it. insertions: where these stand, in order.
    """

    text: str
    partial: bool
    insertions: tuple[tuple[int, int], ...] = ()


def has_expressions(text: str) -> bool:
    """Whether a `${...}` holds more than a name: then Terraform fills the file, whatever it is called."""
    return "${" in text and _EXPRESSION.search(text) is not None


def neutralise(path: str, text: str, shell: bool = False) -> Neutral | None:
    """The text as it can be judged; None when it holds no placeholder at all.

    shell: `${name}` and `$(command)` are placeholders whatever the file's name.
    """
    work = _Work(text)
    work.inline()
    work.braces()
    if shell or path.endswith(_SHELL_ENDS) or has_expressions(text):
        work.dollars()
    work.ytt()
    return work.result()


class _Work:
    def __init__(self, text: str) -> None:
        self.original = text
        self.text = text
        self.partial = False
        self.insertions: list[tuple[int, int]] = []

    def inline(self) -> None:
        """A condition within one line, around a value: the value is unknown."""
        self.text = _INLINE.sub(lambda found: self._inline(found), self.text)

    def _inline(self, found: re.Match[str]) -> str:
        if self._alone(found.start(), found.end()):
            self.partial = True
            return _blank(found[0])
        return _unknown(found[0])

    def braces(self) -> None:
        self.text = _BRACES.sub(lambda found: self._brace(found), self.text)

    def _brace(self, found: re.Match[str]) -> str:
        piece = found[0]
        if (piece.startswith("{{") and not _GO_STATEMENT.match(piece)) or piece.startswith("<%="):
            return self._expression(found)
        if piece.startswith(("{#", "<%#", "{{/*", "{{- /*")):
            return _blank(piece)
        if not piece.startswith("{{") or not _assigns(piece):
            self.partial = True
            self.insertions.append((found.start(), found.end()))
        return _blank(piece)

    def _expression(self, found: re.Match[str]) -> str:
        if self._alone(found.start(), found.end()):
            # A whole line, or more, is put in here: what it is, nobody can say.
            self.partial = True
            self.insertions.append((found.start(), found.end()))
            return _blank(found[0])
        return _unknown(found[0])

    def dollars(self) -> None:
        self.text = _DOLLAR.sub(lambda found: self._dollar(found), self.text)

    def _dollar(self, found: re.Match[str]) -> str:
        if self._alone(found.start(), found.end()):
            self.partial = True
            self.insertions.append((found.start(), found.end()))
            return _blank(found[0])
        return _unknown(found[0])

    def ytt(self) -> None:
        if "#@" not in self.text:
            return
        if _YTT_STATEMENT.search(self.text):
            self.partial = True
        self.text = _YTT_VALUE.sub(
            lambda found: found[0][: found.start(1) - found.start()] + _unknown(found[1]), self.text
        )

    def _alone(self, start: int, end: int) -> bool:
        before = self.text[self.text.rfind("\n", 0, start) + 1 : start]
        after_end = self.text.find("\n", end)
        after = self.text[end : len(self.text) if after_end < 0 else after_end]
        return not before.strip() and not after.strip()

    def leading_blanks(self) -> None:
        """Statements in front of a block's first line: as blanks they would be indented deeper than the block."""
        for header in reversed(list(_BLOCK_HEADER.finditer(self.text))):
            start = at = header.end()
            while (blank := _BLANK_LINE.match(self.text, at)) is not None and self.original[at : blank.end()].strip():
                at = blank.end()
            if at > start:
                self.text = self.text[:start] + "\n" * (at - start) + self.text[at:]

    def result(self) -> Neutral | None:
        if self.text == self.original:
            return None
        self.leading_blanks()
        return Neutral(self.text, self.partial, tuple(sorted(self.insertions)))


def _assigns(piece: str) -> bool:
    return re.match(r"\{\{-?\s*\$\w+\s*:?=", piece) is not None


def _blank(piece: str) -> str:
    return re.sub(r"[^\r\n]", " ", piece)


def _unknown(piece: str) -> str:
    return UNKNOWN * len(piece)
