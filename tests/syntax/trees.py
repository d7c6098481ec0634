"""What the tests of reading share: documents from texts, and trees as plain values."""

from __future__ import annotations

import json
from typing import Any

from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.reader import read_file
from kube_audit_lint.syntax.source import Source


def read(text: str | bytes) -> list[Document]:
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return read_file("policy.yaml", data)[1]


def root(text: str | bytes) -> Node:
    document = read(text)[0]
    assert document.problem is None, document.problem
    assert document.root is not None
    return document.root


def value(node: Node | None) -> Any:
    """The node as the server's JSON has it; numbers as the text that JSON writes."""
    if node is None:
        return None
    if isinstance(node, Sequence):
        return [value(item) for item in node.items]
    if isinstance(node, Mapping):
        return {name: value(entry.value) for name, entry in node.entries.items()}
    if node.kind == "string":
        return node.value
    return json.loads(node.value, parse_int=Number, parse_float=Number)


class Number(str):
    """A number's text, which is no string's."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and str(self) == str(other)

    __hash__ = str.__hash__


def parsed(text: str) -> Any:
    return json.loads(text, parse_int=Number, parse_float=Number)


def every(node: Node | None) -> list[Node]:
    """All nodes, keys too, in the order in which they are written."""
    if node is None:
        return []
    if isinstance(node, Sequence):
        return [node, *(found for item in node.items for found in every(item))]
    if isinstance(node, Mapping):
        entries = node.entries.values()
        return [node, *(found for entry in entries for found in (entry.key, *every(entry.value)))]
    return [node]


def written(node: Node | None) -> str:
    assert node is not None
    return node.place.text


def scalar(node: Node | None) -> Scalar:
    assert isinstance(node, Scalar)
    return node


def source_of(text: str) -> Source:
    return Source("policy.yaml", text)
