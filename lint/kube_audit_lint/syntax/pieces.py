"""Texts inside scripts and documentation: heredocs of shell and Terraform, its strings, fenced blocks of Markdown.

Each piece is what it becomes when it is written to a file: without the indentation that `<<-` or the fence takes
away, with escapes undone, and with `UNKNOWN` characters for what only the running script knows. `chunks` say where
every character is, as offsets.ChunkMap takes them.

Sources: IEEE Std 1003.1, Shell Command Language, 2.7.4 Here-Document; Terraform's language reference, Strings and
Templates (`<<-` takes the common indentation away, `$${` is `${`); CommonMark 0.31, 4.5 Fenced code blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Chunk
from kube_audit_lint.syntax.unknown import UNKNOWN, from_outside

_HEREDOC = re.compile(r"(?<!<)<<([-~]?)[ \t]*(\\|'|\"|)([A-Za-z_][\w.-]*)(?:'|\"|)(?![\w<])")
_WORD = r"(\"[^\"\n]+\"|'[^'\n]+'|[^\s<>|&;'\"()]+)"
_TEE = re.compile(rf"\btee[ \t]+(?:-\S+[ \t]+)*{_WORD}")
_REDIRECTED = re.compile(rf"(?<![0-9&<>-])>{{1,2}}\|?[ \t]*{_WORD}")
_FENCE = re.compile(r"(?m)^([ \t]*)(`{3,}(?!`)|~{3,}(?!~))[^`\n]*$")
_LAST = re.compile(r"""(?m)^[ \t]*[A-Za-z_][\w.-]*['"]?[ \t]*\r*$""")
_SHELL = re.compile(r"\\(?:\r?\n|[\\$`])|\$\{|\$\(|\$\w+|\$[@*#?!$-]|`[^`]*`")
_TERRAFORM = re.compile(r"\$\$\{|%%\{|\$\{")
_RUN = re.compile(r'[^"\\\n]*')
_GROUP = re.compile(r"\baudit\.k8s\.io/")
_IN_STRING = re.compile(r"\\u[0-9A-Fa-f]{4}|\\.|\$\$\{|%%\{|\$\{")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_CLOSING = {"{": "}", "(": ")"}


class Piece(NamedTuple):
    """A text inside another. start, end: where it is there. name: the path it is written to; "" when unknown.

    open: whether something unknown is in it.
    """

    text: str
    chunks: list[Chunk]
    start: int
    end: int
    name: str = ""
    open: bool = False


def heredocs(text: str, terraform: bool = False) -> Iterator[Piece]:
    """The heredocs of a script, in order."""
    at = 0
    last = _last_lines(text)
    while (found := _HEREDOC.search(text, at)) is not None:
        at = found.end()
        line_end = text.find("\n", at)
        if line_end < 0:
            return
        body = _body(text, line_end + 1, found, terraform, last)
        if body is None:
            continue
        lines, at = body
        quoted = bool(found[2]) and not terraform
        chunks = [chunk for line in lines for chunk in _expanded(*line, text, quoted, terraform)]
        joined = "".join([chunk[0] for chunk in chunks])
        yield Piece(joined, chunks, line_end + 1, at, _target(text, found, line_end), UNKNOWN in joined)


def strings(text: str) -> Iterator[Piece]:
    """The strings of a Terraform file in which a policy is."""
    for start, end in _strings(text):
        chunks: list[Chunk] = []
        at = start
        while (special := _IN_STRING.search(text, at, end)) is not None:
            chunks.append((text[at : special.start()], at, special.start() - at))
            chunks += _unescaped(text, special.start(), special[0], end)
            at = special.end() if special[0] != "${" else min(_closed(text, special.end(), "{"), end)
        chunks.append((text[at:end], at, end - at))
        joined = "".join([chunk[0] for chunk in chunks])
        yield Piece(joined, chunks, start, end, "", UNKNOWN in joined)


def _strings(text: str) -> Iterator[tuple[int, int]]:
    """What is between quotes, on one line, and names the group."""
    at = text.find('"')
    while at >= 0:
        start = end = at + 1
        while (run := _RUN.match(text, end)) and text[run.end() : run.end() + 1] == "\\":
            end = run.end() + 2
            if text[end - 1 : end] in ("", "\n"):
                break
        else:
            end = run.end() if run else end
            if text[end : end + 1] == '"':
                if _GROUP.search(text, start, end):
                    yield start, end
                end += 1
        at = text.find('"', end)


def _unescaped(text: str, at: int, piece: str, end: int) -> Iterator[Chunk]:
    if piece == "${":
        width = min(_closed(text, at + 2, "{"), end) - at
        yield UNKNOWN * width, at, width
    elif piece in ("$${", "%%{"):
        yield piece[0], at, 2
        yield "{", at + 2, 1
    elif piece[1] == "u":
        yield from_outside(chr(int(piece[2:], 16))), at, len(piece)
    else:
        yield _ESCAPES.get(piece[1], piece[1]), at, len(piece)


def _last_lines(text: str) -> dict[tuple[bool, str], int]:
    """Where each line that may end a heredoc is last: by (loose, line), loose without the blanks around it."""
    if "<<" not in text:
        return {}
    last: dict[tuple[bool, str], int] = {}
    for found in _LAST.finditer(text):
        line = found[0].rstrip("\r\n")
        last[False, line] = last[True, line.strip()] = found.start()
    return last


def _body(
    text: str, start: int, found: re.Match[str], terraform: bool, last: dict[tuple[bool, str], int]
) -> tuple[list[tuple[int, int]], int] | None:
    """The spans of a heredoc's lines without their indentation, and where it ends; None when it is not ended."""
    loose = bool(found[1]) or terraform
    ends = (found[3], found[3] + "'", found[3] + '"')  # a quote: sh -c 'cat <<EOF ... EOF'
    if max(last.get((loose, end), -1) for end in ends) < start:
        return None
    lines: list[tuple[int, int]] = []
    at = start
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end + 1
        line = text[at:end].rstrip("\r\n")
        if line in ends or (loose and line.strip() in ends):
            return _unindented(text, lines, found[1], terraform), end
        lines.append((at, end))
        at = end
    return None


def _unindented(text: str, lines: list[tuple[int, int]], dash: str, terraform: bool) -> list[tuple[int, int]]:
    if not dash:
        return lines
    if dash == "-" and not terraform:
        return [(end - len(text[at:end].lstrip("\t")), end) for at, end in lines]
    indents = [len(line) - len(line.lstrip(" \t")) for at, end in lines if (line := text[at:end]).strip()]
    cut = min(indents, default=0)
    return [(min(at + cut, end - len(text[at:end].lstrip(" \t"))), end) for at, end in lines]


def _expanded(at: int, end: int, text: str, quoted: bool, terraform: bool) -> Iterator[Chunk]:
    """A line with its escapes undone and its expansions unknown."""
    while not quoted and at < end:
        found = (_TERRAFORM if terraform else _SHELL).search(text, at, end)
        if found is None:
            break
        yield text[at : found.start()], at, found.start() - at
        piece, at = found[0], found.end()
        if piece in ("$${", "%%{"):
            yield piece[0], found.start(), 2
            yield "{", found.start() + 2, 1
        elif piece[0] == "\\":
            if not piece.endswith("\n"):
                yield piece[1], found.start(), 2
        else:
            at = _closed(text, at, piece[-1]) if piece[-1] in _CLOSING else at
            yield UNKNOWN * (min(at, end) - found.start()), found.start(), min(at, end) - found.start()
    if at < end:
        yield text[at:end], at, end - at


def _closed(text: str, at: int, opening: str) -> int:
    """The offset behind the bracket that closes one, on the same line."""
    depth = 1
    while at < len(text) and text[at] not in "\r\n":
        depth += (text[at] == opening) - (text[at] == _CLOSING[opening])
        at += 1
        if depth == 0:
            break
    return at


def _target(text: str, found: re.Match[str], line_end: int) -> str:
    """The file that the command of a heredoc writes to."""
    start = text.rfind("\n", 0, found.start()) + 1
    while start > 1 and text[max(0, start - 3) : start].rstrip("\r\n").endswith("\\"):
        start = text.rfind("\n", 0, start - 1) + 1
    command = text[start : found.start()] + " " * len(found[0]) + text[found.end() : line_end]
    named = _TEE.search(command) or _REDIRECTED.search(command)
    return named[1].strip("\"'") if named and not named[1].startswith("/dev/") else ""


def fences(text: str) -> Iterator[Piece]:
    """The fenced blocks of a Markdown text, in order."""
    at = 0
    while (found := _FENCE.search(text, at)) is not None:
        start = min(found.end() + 1, len(text))
        closing = re.compile(rf"(?m)^[ \t]*{re.escape(found[2][0])}{{{len(found[2])},}}[ \t]*\r?$").search(text, start)
        end = len(text) if closing is None else closing.start()
        at = len(text) if closing is None else closing.end()
        chunks: list[Chunk] = []
        line = start
        while line < end:
            stop = text.find("\n", line, end)
            stop = end if stop < 0 else stop + 1
            inner = line
            while inner < stop and inner - line < len(found[1]) and text[inner] in " \t":
                inner += 1
            chunks.append((text[inner:stop], inner, stop - inner))
            line = stop
        yield Piece("".join([chunk[0] for chunk in chunks]), chunks, start, end)
