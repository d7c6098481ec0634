"""Anchors, merges, repeated keys, streams and what is wrong with them: as kube-apiserver sees it."""

from __future__ import annotations

import pytest
from trees import Number, read, root, value

from kube_audit_lint.syntax.nodes import Mapping


def problem(text: str | bytes) -> str:
    document = read(text)[0]
    assert document.problem is not None
    assert document.root is None
    return document.problem.message


def mapping(text: str) -> Mapping:
    node = root(text)
    assert isinstance(node, Mapping)
    return node


@pytest.mark.parametrize(
    ("text", "level", "repeated"),
    [
        ("a: &a {level: None}\nb:\n  level: Metadata\n  <<: *a\n", "None", ["Metadata"]),
        ("a: &a {level: None}\nb:\n  <<: *a\n  level: Metadata\n", "Metadata", ["None"]),
        ("a: &a {level: None}\nb:\n  '<<': *a\n  level: x\n", "x", []),
        ("a: &a {level: None}\nb:\n  ! '<<': *a\n", "None", []),
        ("a: &a {level: 1st}\nc: &c {level: 2nd}\nb: {<<: [*a, *c]}\n", "1st", ["2nd"]),
        ("b:\n  level: a\n  level: b\n  level: c\n", "c", ["a", "b"]),
        ("b: {<<: {level: w}, <<: {level: x}}\n", "x", ["w"]),
    ],
)
def test_merges_and_repeated_keys(text: str, level: str, repeated: list[str]) -> None:
    node = mapping(text).mapping("b")
    assert node is not None
    assert node.string("level") == level
    assert [value(lost.value) for lost, _ in node.duplicates] == repeated
    assert not node.duplicates or node.duplicates[-1][1] is node.entries["level"]


def test_merged_entries_are_marked() -> None:
    node = mapping("a: &a {level: None, x: y}\nb:\n  <<: *a\n  level: Metadata\n").mapping("b")
    assert node is not None
    assert {name: entry.merged for name, entry in node.entries.items()} == {"x": True, "level": False}
    assert node.entries["x"].key.place.start < node.start


def test_an_anchor_can_be_given_again_inside_its_own_node() -> None:
    assert value(root("a: &x [&x b]\nc: *x\n")) == {"a": ["b"], "c": "b"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: *nope\nb: [\n", "yaml: unknown anchor 'nope' referenced"),
        ("a: &a [*a]\n", "yaml: anchor 'a' value contains itself"),
        ("a: &a {<<: *a}\n", "yaml: anchor 'a' value contains itself"),
        ("<<: a\n", "yaml: map merge requires map or sequence of maps as the value"),
        ("a: &a [{b: c}]\n<<: *a\n", "yaml: map merge requires map or sequence of maps as the value"),
        ("? [a]\n: b\n", 'yaml: invalid map key: []interface {}{"a"}'),
        ("~: 1\n", "unsupported map key of type: %!s(<nil>), key: <nil>, value: 1"),
        ("18446744073709551615: a\n", 'unsupported map key of type: uint64, key: 0xffffffffffffffff, value: "a"'),
        ("%YAML 1.2\n---\na: b\n", "yaml: found incompatible YAML document"),
        ("a: b\n\tc: d\n", "yaml: line 2: found a tab character that violates indentation"),
        ("-\ta: b\n", "yaml: found character that cannot start any token"),
        ("a:\n-\tb: c\n", "yaml: line 2: found character that cannot start any token"),
        ("a: b\nc: ['d\n", "yaml: line 3: found unexpected end of stream"),
        ("a: b\nc: [d\ne: f\n", "yaml: line 2: did not find expected ',' or ']'"),
        ("a: b\n{{ range .x }}\n- level: c\n", "yaml: line 3: could not find expected ':'"),
        ("a: b: c\n", "yaml: mapping values are not allowed in this context"),
        ("a: [*]\n", "yaml: did not find expected alphabetic or numeric character"),
        ("a: ['a\0b']\n", "yaml: control characters are not allowed"),
        (b"a: [\xe9]\n", "yaml: invalid trailing UTF-8 octet"),
        (b"# caf\xe9\na: b\n", "yaml: invalid trailing UTF-8 octet"),
        (b"a: \xff\n", "yaml: invalid leading UTF-8 octet"),
        (b"a: \xc0\x80\n", "yaml: invalid length of a UTF-8 sequence"),
        (b"a: \xed\xa0\x80\n", "yaml: invalid Unicode character"),
        (b"a: b\xe2\x82", "yaml: incomplete UTF-8 octet sequence"),
        (b"\xff\xfea\0:\0 \0\0\xdc\n\0", "yaml: unexpected low surrogate area"),
        (b"\xff\xfea\0:\0 \0b\0\n", "yaml: incomplete UTF-16 character"),
    ],
)
def test_problems(text: str | bytes, message: str) -> None:
    assert problem(text) == message


def test_an_earlier_phase_hides_a_later_one() -> None:
    assert problem("a: .inf\n~: 1\n") == "unsupported map key of type: %!s(<nil>), key: <nil>, value: 1"
    assert problem("~: 1\nb: !!int x\n") == "yaml: cannot decode !!str `x` as a !!int"
    assert problem("b: !!int x\nc: *d\n") == "yaml: unknown anchor 'd' referenced"


def test_what_is_overwritten_cannot_fail_any_more() -> None:
    assert value(root("a: .inf\na: b\n")) == {"a": "b"}
    assert value(root("a: {~: b}\na: b\n")) == {"a": "b"}


def test_where_a_problem_is() -> None:
    (document,) = read("a: b\nc: 'd\n e\n")
    found = document.problem
    assert found is not None
    assert found.opened is not None
    assert (found.opened.start, found.opened.text) == (8, "'")
    assert found.place.start == 14
    (document,) = read("a: b\nc:\n- *x\n")
    assert document.problem is not None
    assert document.problem.place.text == "*x"


@pytest.mark.parametrize("garbage", ["---\n\t{{[[ :::\n", "...\n}}}}: [\n", "--- x: y: z\n", "--- *a\n"])
def test_only_the_broken_document_has_a_problem(garbage: str) -> None:
    first, *others = read("a: b\n" + garbage)
    assert (value(first.root), first.problem) == ({"a": "b"}, None)
    assert others[-1].problem is not None


def test_a_second_document_without_a_mark() -> None:
    first, second = read("[a]\n[b]\n")
    assert value(first.root) == ["a"]
    assert second.problem is not None
    assert second.problem.message == "yaml: line 1: did not find expected <document start>"


def test_bad_bytes_far_behind_the_first_document_do_not_matter() -> None:
    # The server decodes pieces of 512 bytes, and no more of them than it needs.
    near, far = b"a: b\n---\n\x01", b"a: b\n---\n" + b"# x\n" * 200 + b"\x01"
    assert problem(near) == "yaml: control characters are not allowed"
    first, second = read(far)
    assert first.problem is None
    assert second.problem is not None


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(codec: str) -> None:
    text = "{a: é}\n"
    document = read(text.encode(codec))[0]
    # A file with a mark is never taken for JSON.
    assert not document.json
    assert value(document.root) == {"a": "é"}
    assert document.source.text == text


def test_two_byte_order_marks() -> None:
    # go-yaml then drops the first character of every line.
    assert value(root("\ufeff\ufeffxa: b\n c: d\n".encode())) == {"xa": "b", "c": "d"}


def test_tag_directives() -> None:
    assert value(root("%TAG !y! tag:yaml.org,2002:\n---\na: !y!int '1'\nb: !<!x> c\n"))["a"] == Number("1")
    assert problem("a: !y!int 1\n") == "yaml: found undefined tag handle"
    assert problem("%TAG !y! a\n%TAG !y! a\n---\n") == "yaml: line 1: found duplicate %TAG directive"
