"""Texts inside files: what is found in them stands at the right characters of the outer file."""

from __future__ import annotations

from base64 import b64encode
from textwrap import indent

import pytest

from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.offsets import decoded_base64, embedded_base64, embedded_text
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.templates import neutralise

INNER = 'kind: Policy  # é\nrules:\n- level: "None"\n  users: [ä, b]\n\n- level: Metadata\n'


def scalar_at(text: str, key: str = "data") -> Scalar:
    (document,) = read_documents(Source("outer.yaml", text))
    assert document.mapping is not None
    node = document.mapping.get(key)
    assert isinstance(node, Scalar)
    return node


def inner_document(scalar: Scalar) -> Document:
    text, offsets = embedded_text(scalar)
    (document,) = read_documents(scalar.source, text, offsets)
    return document


def scalars(node: Node | None) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    if isinstance(node, Sequence):
        return [found for item in node.items for found in scalars(item)]
    assert isinstance(node, Mapping)
    return [found for entry in node.entries.values() for found in (entry.key, *scalars(entry.value))]


def texts(document: Document) -> list[str]:
    return [scalar.place.text.strip("'\"") for scalar in scalars(document.root)]


WORDS = ["kind", "Policy", "rules", "level", "None", "users", "ä", "b", "level", "Metadata"]


@pytest.mark.parametrize(
    "outer",
    [
        "data: |\n" + indent(INNER, "  ") + "more: 1\n",
        "a: 1\ndata: |4-\n" + indent(INNER, "    ") + "more: 1\n",
        ("data: |\n" + indent(INNER, "   ")).replace("\n", "\r\n"),
        "data: |+ # comment\n\n" + indent(INNER, " ") + "\n\nmore: 1\n",
        'data: "' + INNER.replace('"', '\\"').replace("\n", "\\n").replace("ä", "\\u00e4") + '"\n',
        '{"data": "' + INNER.replace('"', '\\"').replace("\n", "\\n") + '"}',
    ],
)
def test_what_stands_in_a_string(outer: str) -> None:
    found = texts(inner_document(scalar_at(outer)))
    assert [word.replace("\\u00e4", "ä").strip("\\\"'") for word in found] == WORDS


def test_folded_flow() -> None:
    scalar = scalar_at("data: >-\n  - {kind: Policy,\n  rules: [{level: None}]}\n")
    assert texts(inner_document(scalar)) == ["kind", "Policy", "rules", "level", "None"]


def test_a_block_in_a_block() -> None:
    middle = "files:\n- content: |\n" + indent(INNER, "    ")
    scalar = scalar_at("data: |\n" + indent(middle, "  "))
    inside = inner_document(scalar).mapping
    assert inside is not None
    (file,) = inside.items("files")
    assert isinstance(file, Mapping)
    content = file.get("content")
    assert isinstance(content, Scalar)
    assert texts(inner_document(content)) == WORDS


def test_a_template_keeps_its_places() -> None:
    text = (
        "data: |\n  kind: Policy\n  {{- if (ge (atoi .minor) 31) }}\n  name: {{ .name }}\n  {{- end }}\n  level: None\n"
    )
    source = Source("a.tpl", text)
    template = neutralise("a.tpl", text)
    assert template is not None
    (document,) = read_documents(source, template.text)
    assert document.mapping is not None
    node = document.mapping.get("data")
    assert isinstance(node, Scalar)
    assert texts(inner_document(node)) == ["kind", "Policy", "name", "{{ .name }}", "level", "None"]


@pytest.mark.parametrize("width", [1000, 20])
def test_base64(width: int) -> None:
    packed = b64encode(INNER.encode()).decode()
    lines = [packed[at : at + width] for at in range(0, len(packed), width)]
    scalar = scalar_at("data: |\n" + indent("\n".join(lines), "  ") + "\nmore: 1\n")
    found = embedded_base64(scalar)
    assert found is not None
    text, offsets = found
    assert text == INNER
    (document,) = read_documents(scalar.source, text, offsets)
    for node, word in zip(scalars(document.root), WORDS, strict=True):
        letters = "".join(node.place.text.split())
        start = packed.index(letters) % 4
        padded = "A" * start + letters
        decoded = decoded_base64(padded + "A" * (-len(padded) % 4))
        assert decoded is not None
        assert word.encode() in decoded


def test_what_is_no_base64() -> None:
    assert embedded_base64(scalar_at("data: 'kind: Policy'\n")) is None
    assert embedded_base64(scalar_at("data: /////w==\n")) is None
    assert embedded_base64(scalar_at("data: ''\n")) is None
