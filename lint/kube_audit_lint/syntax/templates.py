"""Templates: read with their placeholders kept as unknown values, so that what is certain can be judged.

Every replacement keeps the length of what it replaces, so that offsets stay true: an
expression becomes a run of `UNKNOWN`, a statement (`{% if %}`, `{{- if }}`, `<% %>`, `%{ if }`) becomes blanks.
What a statement leaves in or takes out cannot be known, so the caller treats such a text as a part of a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import UNKNOWN

if TYPE_CHECKING:
    from kube_audit_lint.syntax.nodes import SyntaxProblem

_SHELL_ENDS = (".tpl", ".tftpl", ".tmpl", ".envsubst", ".template", ".in", ".tf", ".sh")
"""Endings of names in which `${name}` is a placeholder rather than text that somebody forgot."""

_BRACES = {"{{": "}}", "{%": "%}", "{#": "#}", "<%": "%>", "%{": "}"}
_BRACE = re.compile(r"\{[{%#]|<%|%\{")
_DOLLAR = re.compile(r"\$\{[^{}\r\n]*(?:\{[^{}\r\n]*\}[^{}\r\n]*)*\}|\\?\$\([^()\r\n]*\)|\\\$\w+")
_GO_STATEMENT = re.compile(
    r"\{\{-?\s*(?:(?:if|else|end|range|with|define|template|block|break|continue)\b|/\*|\$\w+\s*:?=)"
)
_CONDITION = re.compile(r"\{%-?\s*(?:if|for)\b|\{\{-?\s*(?:if|range|with)\b")
_CONDITION_ENDS = {
    "{%": re.compile(r"\{%-?\s*end(?:if|for)\s*-?%\}"),
    "{{": re.compile(r"\{\{-?\s*end\s*-?\}\}"),
}
_LINE_END = re.compile(r"[\r\n]|\Z")
_BLANK_REST = re.compile(r"[^\S\r\n]*(?:[\r\n]|\Z)")
_YTT_VALUE = re.compile(r"^[ \t]*(?:- )?[^\s#][^\r\n#]*:[ \t]+(#@[^\r\n]*)(?=[\r\n]|\Z)", re.MULTILINE)
_YTT_STATEMENT = re.compile(r"^[ \t]*#@[ /]", re.MULTILINE)
_BLOCK_HEADER = re.compile(r"[:-][ \t]+[|>][-+0-9]*[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n)")
_BLANK_LINE = re.compile(r"[ \t]+(?:\r\n?|\n)")
_DOLLAR_REST = re.compile(r"\$\{([^}\r\n]*)")
_EXPRESSION = re.compile(r"\s[?=!&|<>]|[(\[\"]|(?:\A|\$\{)(?:var|local|module|each|data)\.")

Span = tuple[int, int]


class Neutral(NamedTuple):
    """A template's text with nothing of the template language left in it.

    partial: statements or whole inserted blocks decide what is in it. insertions: where these stand, in order.
    refused: why the text is no YAML as it stands, where that is how it was found to be a template.
    """

    text: str
    partial: bool
    insertions: tuple[Span, ...] = ()
    refused: SyntaxProblem | None = None


def has_expressions(text: str) -> bool:
    """Whether a `${...}` holds more than a name: then Terraform fills the file, whatever it is called."""
    return any(_EXPRESSION.search(found[1]) for found in _DOLLAR_REST.finditer(text))


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
    """The text on its way. Every step looks at each character a bounded number of times, whatever the text holds."""

    def __init__(self, text: str) -> None:
        self.original = text
        self.text = text
        self.partial = False
        self.insertions: list[Span] = []

    def _replace(self, spans: Iterable[Span], replaced: Callable[[str, Span, bool], str]) -> None:
        """Each span, in order, by what `replaced` makes of its text, its place and whether its lines hold nothing else.

        What is replaced begins and ends with characters that are no blanks.
        """
        text, at = self.text, 0
        parts: list[str] = []
        for start, end in spans:
            gap = text[at:start]
            line = max(gap.rfind("\n"), gap.rfind("\r")) + 1
            first = (line > 0 or at == 0) and not gap[line:].strip()
            alone = first and _BLANK_REST.match(text, end) is not None
            parts += (gap, replaced(text[start:end], (start, end), alone))
            at = end
        self.text = "".join([*parts, text[at:]])

    def inline(self) -> None:
        """A condition within one line, around a value: the value is unknown."""
        self._replace(_conditions(self.text), self._inline)

    def _inline(self, piece: str, span: Span, alone: bool) -> str:
        self.partial = self.partial or alone
        return _blank(piece) if alone else _unknown(piece)

    def braces(self) -> None:
        self._replace(_braces(self.text), self._brace)

    def _brace(self, piece: str, span: Span, alone: bool) -> str:
        if (piece.startswith("{{") and not _GO_STATEMENT.match(piece)) or piece.startswith("<%="):
            return self._expression(piece, span, alone)
        if piece.startswith(("{#", "<%#", "{{/*", "{{- /*")):
            return _blank(piece)
        if not piece.startswith("{{") or not _assigns(piece):
            self.partial = True
            self.insertions.append(span)
        return _blank(piece)

    def _expression(self, piece: str, span: Span, alone: bool) -> str:
        if not alone:
            return _unknown(piece)
        # A whole line, or more, is put in here: what it is, nobody can say.
        self.partial = True
        self.insertions.append(span)
        return _blank(piece)

    def dollars(self) -> None:
        self._replace((found.span() for found in _DOLLAR.finditer(self.text)), self._expression)

    def ytt(self) -> None:
        if "#@" not in self.text:
            return
        if _YTT_STATEMENT.search(self.text):
            self.partial = True
        self._replace((found.span(1) for found in _YTT_VALUE.finditer(self.text)), lambda piece, *_: _unknown(piece))

    def leading_blanks(self) -> None:
        """Statements in front of a block's first line: as blanks they would be indented deeper than the block."""
        text, done = self.text, 0
        parts: list[str] = []
        for header in _BLOCK_HEADER.finditer(text):
            start = at = header.end()
            while (blank := _BLANK_LINE.match(text, at)) is not None and self.original[at : blank.end()].strip():
                at = blank.end()
            if at > start:
                parts += (text[done:start], "\n" * (at - start))
                done = at
        self.text = "".join([*parts, text[done:]])

    def result(self) -> Neutral | None:
        if self.text == self.original:
            return None
        self.leading_blanks()
        return Neutral(self.text, self.partial, tuple(sorted(self.insertions)))


def _conditions(text: str) -> Iterator[Span]:
    """Conditions that begin and end in one line, from the first that opens to the first that ends."""
    ends: dict[str, Span] = {}
    at = line_end = 0
    while (found := _CONDITION.search(text, at)) is not None:
        kind, at = found[0][:2], found.end()
        if line_end < at:
            line_end = _start(_LINE_END, text, at)
        if ends.get(kind, (-1, 0))[0] < at:
            end = _CONDITION_ENDS[kind].search(text, at)
            ends[kind] = end.span() if end else (len(text) + 1, 0)
        if ends[kind][0] <= line_end:
            at = ends[kind][1]
            yield found.start(), at


def _braces(text: str) -> Iterator[Span]:
    """Pieces in braces. What closes none is looked for once only."""
    unclosed: set[str] = set()
    at = 0
    while (found := _BRACE.search(text, at)) is not None:
        closer = _BRACES[found[0]]
        end = -1 if closer in unclosed else text.find(closer, found.end())
        if end < 0:
            unclosed.add(closer)
            at = found.start() + 1
        else:
            at = end + len(closer)
            yield found.start(), at


def _start(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.search(text, at)
    return len(text) if found is None else found.start()


def _assigns(piece: str) -> bool:
    return re.match(r"\{\{-?\s*\$\w+\s*:?=", piece) is not None


def _blank(piece: str) -> str:
    return re.sub(r"[^\r\n]", " ", piece)


def _unknown(piece: str) -> str:
    return UNKNOWN * len(piece)
