"""Every character of a text inside a text is found where it is written."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import every, value

from kube_audit_lint.syntax.nodes import InnerScalar, Mapping, Scalar
from kube_audit_lint.syntax.offsets import embedded_base64, embedded_text
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import OffsetMap, Source

CONTENT = st.text(st.sampled_from("ab: -#'é€\U0001f600\n\n"), max_size=60)
INNER = "rules:\n- level: 'None' # é\n  users: [a,\n    \U0001f600]\n- level: Metadata\n"


def only(text: str) -> Scalar:
    (document,) = read_documents(Source("a.yaml", text))
    node = document.mapping.get("data") if document.mapping else None
    assert isinstance(node, Scalar), document.problem
    return node


def indented(text: str, indent: int) -> str:
    return "".join(" " * indent + line if line.strip("\n") else line for line in text.splitlines(keepends=True))


@settings(max_examples=150, deadline=None)
@given(
    CONTENT, st.sampled_from("|>"), st.sampled_from(["", "-", "+"]), st.integers(1, 5), st.sampled_from(["\n", "\r\n"])
)
def test_blocks(content: str, style: str, chomp: str, indent: int, end: str) -> None:
    text = f"x:\n  data: {style}{indent}{chomp}\n{indented(content, indent + 2)}".replace("\n", end)
    (document,) = read_documents(Source("a.yaml", text))
    assert document.mapping is not None
    holder = document.mapping.mapping("x")
    assert holder is not None
    node = holder.get("data")
    assert isinstance(node, Scalar)
    inner, offsets = embedded_text(node)
    assert inner == node.value
    for at, char in enumerate(inner):
        outer = text[offsets.outer(at) : offsets.outer_end(at + 1)]
        assert outer == char or (char in "\n " and outer in ("\n", "\r\n"))


@settings(max_examples=150, deadline=None)
@given(CONTENT)
def test_single_quotes(content: str) -> None:
    text = "data: '" + content.replace("'", "''").replace("\n", "\n\n ") + "'\n"
    inner, offsets = embedded_text(only(text))
    for at, char in enumerate(inner):
        outer = text[offsets.outer(at) : offsets.outer_end(at + 1)]
        assert outer == (char if char != "'" else "''")


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.booleans())
def test_escapes(content: str, json: bool) -> None:
    import json as library

    written = library.dumps(content) if json else '"' + "".join(f"\\U{ord(char):08x}" for char in content) + '"'
    text = '{"data": ' + written + "}" if json else "data: " + written
    inner, offsets = embedded_text(only(text))
    assert inner == content
    for at, char in enumerate(inner):
        outer = text[offsets.outer(at) : offsets.outer_end(at + 1)]
        assert library.loads(f'"{outer}"') == char if json else outer == f"\\U{ord(char):08x}"


@settings(max_examples=150, deadline=None)
@given(CONTENT.filter(bool), st.integers(5, 80), st.sampled_from(["|", "'", "plain"]))
def test_base64(content: str, width: int, style: str) -> None:
    packed = b64encode(content.encode()).decode()
    lines = [packed[at : at + width] for at in range(0, len(packed), width)]
    body = {"|": "|\n  {}", "'": "'{}'", "plain": "{}"}[style].format("\n  ".join(lines))
    text = f"data: {body}\nmore: x\n"
    found = embedded_base64(only(text))
    assert found is not None
    inner, offsets = found
    assert inner == content
    done = 0
    for at, char in enumerate(inner):
        letters = "".join(text[offsets.outer(at) : offsets.outer_end(at + 1)].split())
        size = len(char.encode())
        assert letters == packed[done * 8 // 6 : ((done + size) * 8 + 5) // 6]
        padded = "A" * (done * 8 // 6 % 4) + letters
        assert char.encode() in b64decode(padded + "A" * (-len(padded) % 4))
        done += size


def test_a_mark_inside_base64_is_no_character() -> None:
    scalar = only("data: " + b64encode("\ufeffkind: a\n".encode()).decode() + "\n")
    found = embedded_base64(scalar)
    assert found is not None
    assert found[0] == "kind: a\n"
    (document,) = read_documents(scalar.source, *found)
    assert document.mapping is not None
    key = document.mapping.key("kind")
    assert key is not None
    letters = key.place.text
    assert b64decode(letters + "A" * (-len(letters) % 4)).startswith(b"kind")


def wrapped(text: str, way: str) -> str:
    if way == "base64":
        return "data: " + b64encode(text.encode()).decode() + "\n"
    if way == "json":
        import json as library

        return '{"data": ' + library.dumps(text) + "}"
    if way == "escapes":
        return 'data: "' + "\\\n ".join(f"\\U{ord(char):08x}" for char in text) + '"\n'
    return "x: y\ndata: |\n" + indented(text, 3) + ("" if text.endswith("\n") else "\n") + "z: 1\n"


@pytest.mark.parametrize(
    "ways",
    [
        ("block", "base64"),
        ("base64", "block"),
        ("base64", "base64"),
        ("block", "block", "base64", "block"),
        ("block", "block", "block"),
        ("json", "block"),
        ("escapes", "json", "base64"),
        ("json", "json"),
    ],
)
def test_texts_in_texts_in_texts(ways: tuple[str, ...]) -> None:
    """The policy's nodes are found in the outermost text, whatever is wrapped around it."""
    text = INNER
    for way in ways:
        text = wrapped(text, way)
    source = Source("a.yaml", text)
    inner, offsets = text, OffsetMap()
    for way in reversed(ways):
        (document,) = read_documents(source, inner, offsets)
        assert isinstance(document.root, Mapping)
        node = document.root.get("data")
        assert isinstance(node, Scalar)
        found = embedded_base64(node) if way == "base64" else embedded_text(node)
        assert found is not None
        inner, offsets = found
    assert inner.rstrip("\n") == INNER.rstrip("\n")
    (document,) = read_documents(source, inner, offsets)
    (plain,) = read_documents(Source("b.yaml", INNER))
    assert value(document.root) == value(plain.root)
    for one, other in zip(every(document.root), every(plain.root), strict=True):
        assert (one.start, one.end) == (offsets.outer(other.start), offsets.outer_end(other.end))
        assert 0 < one.start < one.end < len(text)
        if isinstance(one, Scalar):
            assert isinstance(one, InnerScalar)
        if set(ways) == {"block"} and "\n" not in other.place.text:
            assert one.place.text == other.place.text
