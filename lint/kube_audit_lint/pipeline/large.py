"""Large streams: of a bundle of hundreds of documents, only those are parsed that may hold audit configuration.

In a YAML stream `---` at the start of a line always ends a document: no scalar can hold it there. So the pieces
between can be looked at before any of them is parsed.
"""

from __future__ import annotations

import re

from kube_audit_lint.discovery.look import interesting
from kube_audit_lint.syntax.nodes import Document, Mapping
from kube_audit_lint.syntax.reader import check_parts, looks_like_json, read_documents
from kube_audit_lint.syntax.source import OffsetMap, Shifted, Source

_SEPARATOR = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)


def read_large(source: Source) -> list[Document]:
    """The documents of a large source; those that cannot be ours as empty mappings, so that their number is right."""
    text = source.text
    starts = [found.start() for found in _SEPARATOR.finditer(text)]
    if looks_like_json(text) or not starts:
        check_parts(text)
        return read_documents(source)
    if starts[0] > 0:
        starts.insert(0, 0)
    documents: list[Document] = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = text[start:end]
        if not interesting(piece.encode("utf-8", "surrogateescape")):
            documents.append(Document(source, start, end, Mapping(source, start, end, {})))
            continue
        check_parts(piece)
        read = read_documents(source, piece, Shifted(OffsetMap(), start))
        documents += read
        if read and read[-1].problem is not None:
            break
    return documents
