"""Templates: read with their placeholders kept as unknown values, so that what is certain can be checked.

Every replacement keeps the length of what it replaces, so that offsets stay true: an
expression becomes a run of `UNKNOWN`, a statement (`{% if %}`, `{{- if }}`, `<% %>`, `%{ if }`) becomes blanks.
Which statements enclose which parts of the text is kept (syntax/statements.py), so that the caller can tell what is
certain from what they decide. A file that is YAML as it stands is whole: its statements belong to its scalars.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.statements import Branch, Part, Span, Statement, of_ytt, paired, part_of
from kube_audit_lint.syntax.unknown import UNKNOWN

if TYPE_CHECKING:
    from kube_audit_lint.syntax.nodes import SyntaxProblem

_SHELL_ENDS = (".tpl", ".tftpl", ".tmpl", ".envsubst", ".template", ".in", ".tf", ".sh")
"""Endings of names in which `${name}` is a placeholder rather than text that a user forgot."""

_BRACES = {"{{": "}}", "{%": "%}", "{#": "#}", "<%": "%>", "%{": "}"}
_BRACE = re.compile(r"\{[{%#]|<%|%\{")
_DOLLAR = re.compile(r"\$\{[^{}\r\n]*(?:\{[^{}\r\n]*\}[^{}\r\n]*)*\}|\\?\$\([^()\r\n]*\)|\\\$\w+")
_GO_STATEMENT = re.compile(
    r"\{\{[-~]?\s*(?:(?:if|else|end|range|with|define|template|block|break|continue)\b|[#^/]|\$\w+\s*:?=)"
)
_CONDITION = re.compile(r"\{%-?\s*(?:if|for)\b|\{\{-?\s*(?:if|range|with)\b")
_CONDITION_ENDS = {
    "{%": re.compile(r"\{%-?\s*end(?:if|for)\s*-?%\}"),
    "{{": re.compile(r"\{\{-?\s*end\s*-?\}\}"),
}
_LINE_END = re.compile(r"[\r\n]|\Z")
_BLANK_REST = re.compile(r"[^\S\r\n]*(?:[\r\n]|\Z)")
_YTT_VALUE = re.compile(r"^[ \t]*(?:-|(?:- )?[^\s#][^\r\n#]*:)[ \t]+(#@[^\r\n]*)(?=[\r\n]|\Z)", re.MULTILINE)
_YTT_STATEMENT = re.compile(r"^[ \t]*(#@[^\r\n]*)", re.MULTILINE)
_BLOCK_HEADER = re.compile(r"[:-][ \t]+[|>][-+0-9]*[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n)")
_BLANK_LINE = re.compile(r"[ \t]+(?:\r\n?|\n)")
_DOLLAR_REST = re.compile(r"\$\{([^}\r\n]*)")
_CLUSTERCTL_NAME = re.compile(r"(?:\A|/)cluster-?template[^/]*\.ya?ml\Z")
_CLUSTERCTL = re.compile(r"^[ \t]+(?:name|namespace):[ \t]*[\"']?\$\{\w|\$\{\w+:=", re.MULTILINE)
_ENVSUBST = re.compile(r"(?<!\$)\$\{[^{}\r\n]*\}")
_EXPRESSION = re.compile(r"\s[?=!&|<>]|[(\[\"]|(?:\A|\$\{)(?:var|local|module|each|data)\.")
_ENDING = r"(?i)\.(?:j2|jinja2?|tpl|tftpl|tmpl|gotmpl|template|erb|epp|mustache|hbs|in|envsubst)\Z"
_FILLED = re.compile(rf"{_ENDING}|(?:\A|/)templates?/")
_FILLED_HEAD = re.compile(r"#!\s*\S*(?:jinja|mako|py)|#\s*jinja2:")


def filled_name(path: str) -> str:
    """What a file is called that a template is filled into: without the ending of the template's language."""
    return re.sub(_ENDING, "", path)


class Neutral(NamedTuple):
    """A template's text with nothing of the template language left in it.

    branches: the blocks of it. insertions: where whole lines are put in, or what belongs to no block is.
    refused: why the text is no YAML as it stands, where that is how it was found to be a template.
    scalars: of a text that is YAML as it stands, where its scalars are: a statement decides only what is in its own.
    """

    text: str
    branches: tuple[Branch, ...] = ()
    insertions: tuple[Span, ...] = ()
    refused: SyntaxProblem | None = None
    scalars: tuple[Span, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether anything decides which parts of the text are there."""
        return bool(self.branches or self.insertions)


def scalar_at(scalars: Sequence[Span], at: int) -> Span | None:
    """The one of some spans, in order, that an offset is in."""
    index = bisect_right(scalars, (at, sys.maxsize)) - 1
    return scalars[index] if index >= 0 and at < scalars[index][1] else None


def is_filled(path: str, text: str) -> bool:
    """Whether a file's name or first line makes it a template, so that statements in its comments act, too.

    Jinja, Helm and the like know no comment of YAML: `# {% if x %}` in a file that they fill is a statement, and
    people write it so that editors take the template for YAML. Elsewhere it is a comment.
    """
    return _FILLED.search(path.replace("\\", "/")) is not None or _FILLED_HEAD.match(text) is not None


def has_expressions(text: str) -> bool:
    """Whether a `${...}` holds more than a name: then Terraform fills the file, whatever it is called."""
    return any(_EXPRESSION.search(found[1]) for found in _DOLLAR_REST.finditer(text))


def of_clusterctl(path: str, text: str) -> bool:
    """Whether clusterctl fills the file: a cluster's template by its name, or by what its objects are called."""
    if "${" not in text or "cluster.x-k8s.io/" not in text:
        return False
    return _CLUSTERCTL_NAME.search(path.replace("\\", "/")) is not None or _CLUSTERCTL.search(text) is not None


def neutralise(
    path: str, text: str, shell: bool = False, scalars: Iterable[Span] | None = None, *, named: bool = False
) -> Neutral | None:
    """The text as it can be read; None when it holds no placeholder at all.

    shell: `${name}` and `$(command)` are placeholders whatever the file's name. named: `${name}` is one. scalars: of a
    file that is YAML as it stands, where its scalars are: nothing outside of one is a placeholder, nor is what reaches
    beyond it.
    """
    work = _Work(text, None if scalars is None else sorted(scalars))
    work.inline()
    work.braces()
    if shell or path.endswith(_SHELL_ENDS) or has_expressions(text):
        work.dollars(_DOLLAR)
    elif named or of_clusterctl(path, text):
        work.dollars(_ENVSUBST)
    work.ytt()
    return work.result()


class _Work:
    """The text on its way. Every step looks at each character a bounded number of times, for every text."""

    def __init__(self, text: str, scalars: list[Span] | None = None) -> None:
        self.original = text
        self.scalars = scalars
        self.text = text
        self.statements: list[Statement] = []

    def _replace(
        self, spans: Iterable[Span], replaced: Callable[[str, Span, bool], str], in_comments: bool = False
    ) -> None:
        """Each span, in order, by what `replaced` makes of its text, its place and whether its lines hold nothing else.

        What is replaced begins and ends with characters that are no blanks.
        """
        text, at = self.text, 0
        parts: list[str] = []
        for start, end in spans:
            if not in_comments and not self._acts(start, end):
                continue
            gap = text[at:start]
            line = max(gap.rfind("\n"), gap.rfind("\r")) + 1
            first = (line > 0 or at == 0) and not gap[line:].strip()
            alone = first and _BLANK_REST.match(text, end) is not None
            parts += (gap, replaced(text[start:end], (start, end), alone))
            at = end
        self.text = "".join([*parts, text[at:]])

    def _acts(self, start: int, end: int) -> bool:
        if self.scalars is None:
            return True
        scalar = scalar_at(self.scalars, start)
        return scalar is not None and end <= scalar[1]

    def inline(self) -> None:
        """A condition within one line, around a value: the value is unknown."""
        self._replace(_conditions(self.text), self._inline)

    def _inline(self, piece: str, span: Span, alone: bool) -> str:
        if alone:
            self._add(piece, span, "inserts")
        return _blank(piece) if alone else _unknown(piece)

    def _add(self, piece: str, span: Span, part: Part) -> None:
        self.statements.append(Statement(span, part, piece[:2]))

    def braces(self) -> None:
        self._replace(_braces(self.text), self._brace)

    def _brace(self, piece: str, span: Span, alone: bool) -> str:
        if (piece.startswith("{{") and not _GO_STATEMENT.match(piece)) or piece.startswith("<%="):
            return self._expression(piece, span, alone)
        if piece.startswith(("{#", "<%#", "{{/*", "{{- /*")):
            return _blank(piece)
        self._add(piece, span, part_of(piece))
        return _blank(piece)

    def _expression(self, piece: str, span: Span, alone: bool) -> str:
        if not alone:
            return _unknown(piece)
        # A whole line, or more, is put in here: what it is, nobody can say.
        self._add(piece, span, "inserts")
        return _blank(piece)

    def dollars(self, pattern: re.Pattern[str]) -> None:
        self._replace((found.span() for found in pattern.finditer(self.text)), self._expression)

    def ytt(self) -> None:
        if "#@" not in self.text:
            return
        for found in _YTT_STATEMENT.finditer(self.text):
            part = of_ytt(found[1])
            if part is not None:
                self._add(found[1], found.span(1), part)
        values = (found.span(1) for found in _YTT_VALUE.finditer(self.text))
        self._replace(values, lambda piece, *_: _unknown(piece), in_comments=True)

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
        if self.text == self.original and not self.statements:
            return None
        self.leading_blanks()
        branches, insertions = paired(self.statements, self.original)
        ytt = any(one.language == "#@" for one in self.statements)
        scalars = () if ytt or self.scalars is None else tuple(self.scalars)
        return Neutral(self.text, tuple(branches), tuple(insertions), scalars=scalars)


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


def _blank(piece: str) -> str:
    return re.sub(r"[^\r\n]", " ", piece)


def _unknown(piece: str) -> str:
    return UNKNOWN * len(piece)
