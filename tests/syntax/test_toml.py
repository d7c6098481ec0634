"""TOML with positions: what tomllib reads is read alike, and what is not read is refused as a whole."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.toml import read_toml

TEXTS = [
    "",
    "# only a comment",
    "a = 1\nb = 'x'\nc = \"y\" # z\n",
    "[a.b]\nc = true\n[a.d]\ne = [1, 2,\n  3, # four\n]\n",
    "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = []\n",
    'a.b."c.d" = {e = 1, "f" = [{g = \'h\'}]}\n',
    "a = -1\nb = 1.5\r\n[ t . u ]\nv = 'w'",
]
REFUSED = [
    "a",
    "a = ",
    'a = """b"""',
    "a = 1979-05-27",
    'a = "\\n"',
    "a = 1 b = 2",
    "a = [1 2]",
    "[a",
    "a = " + "[" * 5000,
    "a = 1\n[a.b]\n",
]


def plain(node: Node) -> Any:
    if isinstance(node, Mapping):
        return {name: plain(entry.value) for name, entry in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.value if node.kind == "string" else json.loads(node.value)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
@pytest.mark.parametrize("text", TEXTS)
def test_as_tomllib_reads_it(text: str) -> None:
    import tomllib

    root = read_toml(Source("a.toml", text))
    assert root is not None
    assert plain(root) == tomllib.loads(text)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_read(text: str) -> None:
    assert read_toml(Source("a.toml", text)) is None


def test_places() -> None:
    root = read_toml(Source("a.toml", "[a]\nb = 'c'\n"))
    node = root and root.mapping("a")
    value = node and node.get("b")
    assert isinstance(value, Scalar)
    assert value.place.text == "'c'"
