"""JSON as Go's encoding/json reads it into kube-apiserver's structures."""

from __future__ import annotations

import pytest
from trees import parsed, read, root, value

from kube_audit_lint.syntax.nodes import Mapping


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}}', "invalid character '}' after top-level value"),
        ('{"a": 1}\n{"b": 2}', "invalid character '{' after top-level value"),
        ("{a: b}", "invalid character 'a' looking for beginning of object key string"),
        ('{"a": [1,]}', "invalid character ']' looking for beginning of value"),
        ('{"a": 1,}', "invalid character '}' looking for beginning of object key string"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a": 1 "b"}', "invalid character '\"' after object key:value pair"),
        ('{"a": [1 2]}', "invalid character '2' after array element"),
        ('{"a": tru}', "invalid character '}' in literal true (expecting 'e')"),
        ('{"a": nul', "unexpected end of JSON input"),
        ('{"a": "b', "unexpected end of JSON input"),
        ('{"a": "b\n"}', "invalid character '\\n' in string literal"),
        ('{"a": "\\x"}', "invalid character 'x' in string escape code"),
        ('{"a": "\\u12G"}', "invalid character 'G' in \\u hexadecimal character escape"),
        ('{"a": 01}', "invalid character '1' after object key:value pair"),
        ('{"a": 1.}', "invalid character '}' after decimal point in numeric literal"),
        ('{"a": 1e+}', "invalid character '}' in exponent of numeric literal"),
        ('{"a": -}', "invalid character '}' in numeric literal"),
        ('{"a": NaN}', "invalid character 'N' looking for beginning of value"),
        ("{'a': 1}", "invalid character '\\'' looking for beginning of object key string"),
        ("{é", "invalid character 'Ã' looking for beginning of object key string"),
        ("\u00a0{}", "invalid character 'Â' looking for beginning of value"),
        ('{"a": \u2028}', "invalid character 'â' looking for beginning of value"),
    ],
)
def test_problems(text: str, message: str) -> None:
    (document,) = read(text)
    assert document.json
    assert document.root is None
    assert document.problem is not None
    assert document.problem.message == message


MAP, OTHER = '{"kind": "ConfigMap"}', '{"kind": "Pod", "a": [1]}'


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (f"{MAP}\n---\n{OTHER}\n", [parsed(MAP), parsed(OTHER)]),
        (f"{MAP}\r\n--- \t\r\n\r\n  {OTHER}", [parsed(MAP), parsed(OTHER)]),
        (f"{MAP}\n---\n{OTHER}\n---\n{MAP}\n---", [parsed(MAP), parsed(OTHER), parsed(MAP)]),
        (f"{MAP}\n---\n\n---\n", [parsed(MAP)]),
        (f"{MAP}\n---\nkind: Pod\na: [1]\n---\n{MAP}\n", [parsed(MAP), parsed(OTHER), parsed(MAP)]),
        (f"{MAP}\n--- {OTHER}\n", None),
        (f"{MAP} ---\n{OTHER}\n", None),
        (f"{MAP}\n----\n{OTHER}\n", None),
    ],
)
def test_documents_with_lines_between_them(text: str, values: list[object] | None) -> None:
    documents = read(text)
    if values is None:
        assert [one.problem is None for one in documents] == [False]
        return
    assert [one.problem for one in documents] == [None] * len(values)
    assert [value(one.root) for one in documents if one.root is not None] == values
    pieces = [one.root.place.text for one in documents if one.root is not None]
    assert [text.find(piece) >= 0 for piece in pieces] == [True] * len(values)


def test_what_is_broken_behind_a_line_is_told_where_it_is() -> None:
    text = f"{MAP}\n---\n" + '{"a": tru}'
    good, broken = read(text)
    assert good.problem is None
    assert broken.problem is not None
    assert broken.problem.message == "invalid character '}' in literal true (expecting 'e')"
    assert broken.problem.place.start == len(text) - 1


def test_a_policy_with_a_document_behind_it_is_one_that_no_server_loads() -> None:
    policy = '{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": []}'
    first, second = read(f"{policy}\n---\n{OTHER}")
    assert first.root is None
    assert first.problem is not None
    assert first.problem.message == "invalid character '-' after top-level value"
    assert value(second.root) == parsed(OTHER)
    assert [one.problem for one in read(f"{MAP}\n---\n{policy}")] == [None, None]


def test_values() -> None:
    text = ' {"a": [1, -2.50e3, true, false, null, ""], "b\\n\\u00e9\\ud83d\\ude00\\/": {"c": {}, "d": []}}\n'
    assert value(root(text)) == parsed(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a": "\xe9\xe2\x82"}', "\ufffd\ufffd\ufffd"),
        (b'{"a": "\\ud83d"}', "\ufffd"),
        (b'{"a": "\\ud83d\\u0041"}', "\ufffdA"),
        (b'{"a": "\\ude00\\ud83d"}', "\ufffd\ufffd"),
    ],
)
def test_what_is_no_text(text: bytes, expected: str) -> None:
    assert value(root(text)) == {"a": expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"rules": [{"level": "None", "users": ["a"]}], "rules": [{"level": "Metadata"}]}',
            {"rules": [{"users": ["a"], "level": "Metadata"}]},
        ),
        ('{"a": [{"b": "1"}, {"b": "2"}], "a": [{"c": "3"}]}', {"a": [{"b": "1", "c": "3"}]}),
        ('{"a": ["x", "y"], "a": [null, "z", "w"]}', {"a": ["x", "z", "w"]}),
        ('{"a": "x", "a": null}', {"a": "x"}),
        ('{"a": ["x"], "a": null}', {"a": None}),
        (
            '{"a": {"b": {"c": "1"}}, "a": {"b": {"d": "2"}}, "a": {"e": "3"}}',
            {"a": {"b": {"c": "1", "d": "2"}, "e": "3"}},
        ),
    ],
)
def test_a_repeated_key_is_decoded_over_the_first(text: str, expected: object) -> None:
    node = root(text)
    assert value(node) == expected
    assert isinstance(node, Mapping)
    assert node.duplicates
    assert node.duplicates[-1][1] in node.entries.values()
