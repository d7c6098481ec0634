"""YAML to nodes with positions, as kube-apiserver's own library reads it."""

from __future__ import annotations

from kube_audit_lint.syntax.decode import ByteProblem
from kube_audit_lint.syntax.nodes import Document
from kube_audit_lint.syntax.simple import NotSimpleError, SimpleReader, is_unusual
from kube_audit_lint.syntax.source import OffsetMap, Source
from kube_audit_lint.syntax.tree import TreeBuilder


def read_yaml(
    source: Source, text: str, offsets: OffsetMap, byte_problem: ByteProblem | None = None, marked: bool = False
) -> list[Document]:
    """The documents of a YAML stream, up to the first that is broken."""
    docs = read_simple(source, text, offsets) if byte_problem is None else None
    if docs is None:
        from kube_audit_lint.syntax.exact import read_exact

        docs = read_exact(source, text, offsets, byte_problem, marked)
    return docs or [Document(source, offsets.outer(0), offsets.outer_end(len(text)), None)]


def read_simple(source: Source, text: str, offsets: OffsetMap) -> list[Document] | None:
    """The same by lines; None when the text needs more than that."""
    # A blank before a line's end means nothing, except in block scalars.
    lines = text.replace("\r\n", " \n") if "\r" in text else text
    if is_unusual(lines):
        return None
    builder = TreeBuilder(source, text, offsets)
    reader = SimpleReader(text, lines, builder)
    docs: list[Document] = []
    try:
        while reader.next_document():
            docs.append(builder.document(reader.start))
    except NotSimpleError:
        return None
    return docs
