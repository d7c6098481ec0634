"""YAML to nodes with positions."""

from __future__ import annotations

import re
from collections.abc import Callable

import yaml
from yaml.cyaml import CParser

from kube_audit_lint.model.source import Place, Source
from kube_audit_lint.reading.decode import text_problem
from kube_audit_lint.reading.nodes import Document, SyntaxProblem
from kube_audit_lint.reading.tree import TreeBuilder

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Translate = Callable[[int], int]


def read_yaml(source: Source, text: str, start: Translate, end: Translate) -> list[Document]:
    """The documents of a YAML stream, up to the first that is broken."""
    bad = _FORBIDDEN.search(text)
    if bad is not None:
        at = bad.start()
        surrogate = "\ud800" <= bad[0] <= "\udfff"
        found = text_problem(text, at).message if surrogate else "yaml: control characters are not allowed"
        return [Document(source, start(0), end(len(text)), None, SyntaxProblem(found, Place(source, start(at), end(at + 1))))]
    parser = CParser(text)
    builder = TreeBuilder(source, start, end)
    docs: list[Document] = []
    first = 0
    opened = False
    try:
        while True:
            event = parser.get_event()
            kind = type(event).__name__
            at, stop = event.start_mark.index, event.end_mark.index
            if kind == "ScalarEvent":
                builder.scalar(at, stop, event.value, event.implicit[0],
                               event.tag, event.anchor, event.style in ("|", ">"))
            elif kind == "AliasEvent":
                builder.alias(at, stop, event.anchor)
            elif kind == "MappingStartEvent":
                builder.open_mapping(at, event.anchor)
            elif kind == "SequenceStartEvent":
                builder.open_sequence(at, event.anchor)
            elif kind.endswith(("MappingEndEvent", "SequenceEndEvent")):
                builder.close(stop if stop > at else None)
            elif kind == "DocumentStartEvent":
                opened = True
                first = at
                builder.reset()
            elif kind == "DocumentEndEvent":
                opened = False
                problem = builder.problem()
                docs.append(Document(source, start(first), end(builder.last_end or stop), None if problem else builder.root, problem))
            elif kind == "StreamEndEvent":
                break
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = mark.index if mark else 0
        line = f"line {mark.line + 1}: " if mark and mark.line else ""
        problem = SyntaxProblem(f"yaml: {line}{getattr(error, 'problem', error)}", Place(source, start(at), end(at)))
        docs.append(Document(source, start(first if opened else at), end(len(text)), None, problem))
    return docs or [Document(source, start(0), end(len(text)), None)]
