"""YAML to nodes with positions, as kube-apiserver's own library reads it."""

from __future__ import annotations

from collections.abc import Callable

from kube_audit_lint.model.source import Source
from kube_audit_lint.reading.decode import ByteProblem
from kube_audit_lint.reading.nodes import Document
from kube_audit_lint.reading.simple import UNUSUAL, NotSimple, SimpleReader
from kube_audit_lint.reading.tree import TreeBuilder

Translate = Callable[[int], int]


def read_yaml(
    source: Source, text: str, start: Translate, end: Translate, byte_problem: ByteProblem | None = None
) -> list[Document]:
    """The documents of a YAML stream, up to the first that is broken."""
    docs = None
    if byte_problem is None and UNUSUAL.search(text) is None:
        docs = _read_simple(source, text, start, end)
    if docs is None:
        from kube_audit_lint.reading.exact import read_exact

        docs = read_exact(source, text, start, end, byte_problem)
    return docs or [Document(source, start(0), end(len(text)), None)]


def _read_simple(source: Source, text: str, start: Translate, end: Translate) -> list[Document] | None:
    builder = TreeBuilder(source, start, end)
    reader = SimpleReader(text, builder)
    docs: list[Document] = []
    try:
        while reader.next_document():
            docs.append(builder.document(reader.start))
    except NotSimple:
        return None
    return docs
