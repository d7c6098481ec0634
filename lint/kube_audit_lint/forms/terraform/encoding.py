"""`jsonencode` and `yamlencode`: a value as JSON, which is YAML, too, each character where it is in the file."""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps

from kube_audit_lint.syntax.nodes import QUOTED, Mapping, Node, PiecedScalar, Scalar
from kube_audit_lint.syntax.source import Chunk
from kube_audit_lint.syntax.unknown import UNKNOWN, is_unknown


def encoded(node: Node) -> Iterator[Chunk]:
    """The chunks of a value in JSON. What is unknown is an unknown string, for nobody can tell what it is."""
    if isinstance(node, Scalar):
        yield from _scalar(node)
        return
    opening, closing = "{}" if isinstance(node, Mapping) else "[]"
    yield opening, node.start, 1
    if isinstance(node, Mapping):
        for number, entry in enumerate(node.entries.values()):
            if number:
                yield ",", entry.key.start, 0
            yield from _string(entry.key)
            yield ":", entry.value.start, 0
            yield from encoded(entry.value)
    else:
        for number, item in enumerate(node.items):
            if number:
                yield ",", item.start, 0
            yield from encoded(item)
    yield closing, max(node.end - 1, node.start), 1


def _scalar(node: Scalar) -> Iterator[Chunk]:
    if node.kind == "string":
        yield from _string(node)
    else:
        text = node.value if node.value[:1] not in (".", "+") else "0"
        yield from ((letter, node.start, node.end - node.start) for letter in text)


def _string(node: Scalar) -> Iterator[Chunk]:
    """A string in quotes; as far as it stands so in the file, each character for itself."""
    start, end = node.start, node.end
    width = end - start
    if is_unknown(node.value) and not isinstance(node, PiecedScalar):
        yield from (('"', start, 0), (UNKNOWN, start, width), ('"', end, 0))
        return
    yield '"', start, 0 if node.style != QUOTED else 1
    if isinstance(node, PiecedScalar):
        for chunk in node.chunks:
            yield from _escaped(*chunk)
    elif len(node.value) == width - 2 and node.style == QUOTED:
        yield from _escaped(node.value, start + 1, len(node.value))
    elif len(node.value) == width:
        yield from _escaped(node.value, start, width)
    else:
        yield from ((letter, start, width) for one in node.value for letter in dumps(one, ensure_ascii=False)[1:-1])
    yield '"', max(end - 1, start), 1


def _escaped(text: str, at: int, width: int) -> Iterator[Chunk]:
    """A chunk with the escapes of JSON: all letters of one stand for the character."""
    if dumps(text, ensure_ascii=False)[1:-1] == text:
        yield text, at, width
        return
    each = 1 if len(text) == width else width
    for number, character in enumerate(text):
        place = at + number if each == 1 else at
        yield from ((letter, place, each) for letter in dumps(character, ensure_ascii=False)[1:-1])
