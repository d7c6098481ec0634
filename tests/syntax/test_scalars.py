"""Scalars mean what go-yaml v2 takes them for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from trees import read, root, scalar

from kube_audit_lint.syntax.nodes import Mapping, Scalar, Sequence

TABLE = json.loads((Path(__file__).parents[1] / "data" / "plain_scalars.json").read_text("utf-8"))
UNTELLABLE = {
    # The table was taken from a list of strings, in which null and an empty string look alike,
    "!": ("string", ""),
    "|": ("string", ""),
    # and where the failure may be the list's.
    "-": ("list", ""),
}


@pytest.mark.parametrize(("text", "kind"), TABLE.items())
def test_plain_scalars(text: str, kind: str) -> None:
    (document,) = read(f"users:\n- {text}\n")
    if text in UNTELLABLE:
        assert document.mapping is not None
        item = document.mapping.items("users")[0]
        found = ("list", "") if isinstance(item, Sequence) else (scalar(item).kind, scalar(item).value)
        assert found == UNTELLABLE[text]
    elif kind == "error":
        assert document.problem is not None
    else:
        assert document.mapping is not None
        node = scalar(document.mapping.items("users")[0])
        assert {"int": "number", "float": "number"}.get(node.kind, node.kind) == kind


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("0777", "int", "511"),
        ("0o17", "int", "15"),
        ("-0x1F", "int", "-31"),
        ("0b-101", "int", "-5"),
        ("1_000", "int", "1000"),
        ("1__0", "int", "10"),
        ("18446744073709551615", "int", "18446744073709551615"),
        ("18446744073709551616", "float", "18446744073709552000"),
        ("+18446744073709551615", "float", "18446744073709552000"),
        ("08", "float", "8"),
        ("12e03", "float", "12000"),
        ("1e21", "float", "1e+21"),
        ("1e-7", "float", "1e-7"),
        ("-0.0", "float", "-0"),
        ("-0", "int", "0"),
        ("5.", "float", "5"),
        (".5_0", "float", "0.5"),
        ("._5", "string", "._5"),
        ("1e400", "string", "1e400"),
        ("y", "bool", "true"),
        ("NO", "bool", "false"),
        ("Null", "null", "null"),
        ("yEs", "string", "yEs"),
        ("!!float 1", "float", "1"),
        ("!!str 1", "string", "1"),
        ("! 1", "string", "1"),
        ("!x 1", "string", "1"),
        ("!!int '1'", "int", "1"),
        ("!!bool 'on'", "bool", "true"),
        ("!!null ''", "null", "null"),
        ("!!binary |\n  aGVs\n  bG8=", "string", "hello"),
        ("!!binary gA==", "string", "\ufffd"),
        ("!!timestamp 2001-12-14", "string", "2001-12-14"),
        ("!<tag:yaml.org,2002:int> 7", "int", "7"),
        ("!!merge x", "string", "x"),
    ],
)
def test_values(text: str, kind: str, expected: str) -> None:
    (node,) = root(f"- {text}\n").items  # type: ignore[union-attr]
    assert isinstance(node, Scalar)
    assert (node.kind, node.value) == (kind, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("!!int x", "yaml: cannot decode !!str `x` as a !!int"),
        ("!!int ''", "yaml: cannot decode !!null `` as a !!int"),
        ("!!bool 1", "yaml: cannot decode !!int `1` as a !!bool"),
        ("!!timestamp 2001-02-30", "yaml: cannot decode !!str `2001-02-30` as a !!timestamp"),
        ("!!float 18446744073709551615", "yaml: cannot decode !!int `18446744073709551615` as a !!float"),
        ("!!binary x", "yaml: !!binary value contains invalid base64 data"),
        (".inf", "json: unsupported value: +Inf"),
        ("{.nan: .nan}", "json: unsupported value: NaN"),
    ],
)
def test_what_cannot_be(text: str, message: str) -> None:
    (document,) = read(f"- {text}\n")
    assert document.root is None
    assert document.problem is not None
    assert document.problem.message == message


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("on", "true"),
        ("1", "1"),
        ("0x1F", "31"),
        ("1.5", "1.5"),
        ("1e6", "1e+06"),
        ("100000.0", "100000"),
        ("1234567.5", "1.2345675e+06"),
        ("0.1", "0.1"),
        ("1e-7", "1e-07"),
        ("1e300", ".inf"),
        ("-.inf", "-.inf"),
        ("'1'", "1"),
        ("2001-12-14", "2001-12-14"),
    ],
)
def test_keys(key: str, expected: str) -> None:
    node = root(f"{key}: x\n")
    assert isinstance(node, Mapping)
    assert list(node.entries) == [expected]
    assert node.entries[expected].key.place.text == key
