"""YAML to nodes with positions, as kube-apiserver's own library reads it."""

from __future__ import annotations

import re
from collections.abc import Callable

from kube_audit_lint.model.source import Place, Source
from kube_audit_lint.reading.chars import BREAK, YamlError
from kube_audit_lint.reading.decode import text_problem
from kube_audit_lint.reading.nodes import Document, SyntaxProblem
from kube_audit_lint.reading.parser import Parser
from kube_audit_lint.reading.tree import TreeBuilder

Translate = Callable[[int], int]

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_yaml(source: Source, text: str, start: Translate, end: Translate) -> list[Document]:
    """The documents of a YAML stream, up to the first that is broken."""
    bad = _FORBIDDEN.search(text)
    if bad is not None:
        at = bad.start()
        surrogate = "\ud800" <= bad[0] <= "\udfff"
        found = text_problem(text, at).message if surrogate else "yaml: control characters are not allowed"
        problem = SyntaxProblem(found, Place(source, start(at), end(at + 1)))
        return [Document(source, start(0), end(len(text)), None, problem)]
    builder = TreeBuilder(source, start, end)
    parser = Parser(text, builder)
    docs: list[Document] = []
    try:
        while parser.next_document():
            found_problem = builder.problem()
            docs.append(
                Document(
                    source,
                    start(parser.start),
                    end(builder.last_end),
                    None if found_problem else builder.root,
                    found_problem,
                )
            )
    except YamlError as error:
        docs.append(
            Document(
                source,
                start(parser.start),
                end(len(text)),
                None,
                builder.parse_problem or _problem(source, text, error, parser, start, end),
            )
        )
    return docs or [Document(source, start(0), end(len(text)), None)]


def _problem(
    source: Source, text: str, error: YamlError, parser: Parser, start: Translate, end: Translate
) -> SyntaxProblem:
    line = len(re.findall(BREAK, text[: error.at]))
    if error.at >= len(text) and parser.scanner.forced_line:
        line += 1
    if line and not error.parser:
        line += 1
    where = f"line {line}: " if line else ""
    stop = min(error.at + 1, len(text))
    return SyntaxProblem(f"yaml: {where}{error.message}", Place(source, start(error.at), end(stop)))
