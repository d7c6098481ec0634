"""YAML to nodes with positions, as kube-apiserver's own library reads it, with its messages."""

from __future__ import annotations

import re

from kube_audit_lint.syntax.chars import BREAK, YamlError
from kube_audit_lint.syntax.decode import ByteProblem, chunk_start, text_problem
from kube_audit_lint.syntax.nodes import Document, SyntaxProblem
from kube_audit_lint.syntax.parser import Parser
from kube_audit_lint.syntax.source import OffsetMap, Source
from kube_audit_lint.syntax.tree import TreeBuilder

_FORBIDDEN = "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]"
_FORBIDDEN_ASCII = "[\0-\x08\x0b\x0c\x0e-\x1f\x7f]"


def read_yaml(
    source: Source, text: str, offsets: OffsetMap, byte_problem: ByteProblem | None = None, marked: bool = False
) -> list[Document]:
    """The documents of a YAML stream, up to the first that is broken."""
    unreadable = _unreadable(text, byte_problem)
    limit = len(text) if unreadable is None else chunk_start(text, unreadable.start)
    builder = TreeBuilder(source, text, offsets)
    parser = Parser(text[:limit], builder, marked)
    docs: list[Document] = []
    problem: SyntaxProblem | None = None
    reached = 0
    try:
        while parser.next_document():
            if unreadable is not None and parser.scanner.at >= limit:
                break
            docs.append(builder.document(parser.start))
    except YamlError as error:
        problem = _problem(text, error, parser.scanner.forced_line, builder)
        reached = error.at
    if unreadable is not None and max(reached, parser.scanner.at) >= limit:
        problem = SyntaxProblem(unreadable.message, builder.place(unreadable.start, unreadable.end))
    if problem is not None:
        docs.append(Document(source, offsets.outer(parser.start), offsets.outer_end(len(text)), None, problem))
    return docs or [Document(source, offsets.outer(0), offsets.outer_end(len(text)), None)]


def _unreadable(text: str, byte_problem: ByteProblem | None) -> ByteProblem | None:
    """The first character, or byte, that the server's reader refuses."""
    ascii = text.isascii()
    if ascii and text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
        return byte_problem  # nearly all, without a pattern to compile
    bad = re.search(_FORBIDDEN_ASCII if ascii else _FORBIDDEN, text)
    if bad is None or (byte_problem is not None and byte_problem.start <= bad.start()):
        return byte_problem
    if "\ud800" <= bad[0] <= "\udfff":
        return text_problem(text, bad.start())
    return ByteProblem("yaml: control characters are not allowed", bad.start(), bad.end())


def _problem(text: str, error: YamlError, forced_line: bool, builder: TreeBuilder) -> SyntaxProblem:
    """An error with the line that go-yaml names: none for the first one."""
    if error.stop is not None:
        return SyntaxProblem(f"yaml: {error.message}", builder.place(error.at, error.stop))
    line = len(re.findall(BREAK, text[: error.at]))
    if error.at >= len(text) and forced_line:
        line += 1
    if line and not error.parser:
        line += 1
    where = f"line {line}: " if line else ""
    opened = None if error.opened is None else builder.place(error.opened, error.opened + 1)
    place = builder.place(error.at, min(error.at + 1, len(text)))
    return SyntaxProblem(f"yaml: {where}{error.message}", place, opened)
