"""Every node stands at exactly its characters."""

from __future__ import annotations

import pytest
from trees import read, root, written

from kube_audit_lint.syntax.nodes import Mapping, Sequence, locate

POLICY = """\
# Policy of the cluster
apiVersion: audit.k8s.io/v1   # stable
kind: "Policy"
rules:
  # first
  - level: None
    users: ["system:kube-proxy", 'it''s',  b ]  # three
    nonResourceURLs:
    - /healthz*
    -
    - '*'

  - level: Metadata
    omitStages: [ ]
    verbs:
# end
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("exact", [False, True])
def test_a_policy(end: str, exact: bool) -> None:
    # A tag that means nothing sends the text the exact way.
    text = POLICY.replace('"Policy"', '! "Policy"' if exact else '"Policy"').replace("\n", end)
    node = root(text)
    assert isinstance(node, Mapping)
    assert (written(node)[:10], written(node)[-6:]) == ("apiVersion", "verbs:")
    assert written(node.get("apiVersion")) == "audit.k8s.io/v1"
    assert written(node.get("kind")) == '"Policy"'
    assert written(node.key("rules")) == "rules"
    assert written(node.get("rules")).startswith("- level: None")
    rule = locate(node, "rules", 0)
    assert written(rule).startswith("level: None")
    assert written(rule).endswith("- '*'")
    assert written(locate(node, "rules", 0, "users")) == "[\"system:kube-proxy\", 'it''s',  b ]"
    assert [written(locate(node, "rules", 0, "users", at)) for at in range(3)] == [
        '"system:kube-proxy"',
        "'it''s'",
        "b",
    ]
    urls = locate(node, "rules", 0, "nonResourceURLs")
    assert isinstance(urls, Sequence)
    assert [written(item) for item in urls.items] == ["/healthz*", "", "'*'"]
    assert urls.source.text[urls.items[1].start - 1] == "-"
    assert written(locate(node, "rules", 1, "omitStages")) == "[ ]"
    empty = locate(node, "rules", 1, "verbs")
    assert (written(empty), empty.source.text[: empty.start].endswith("verbs:")) == ("", True)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("a: b c # d\n", ("a",), "b c"),
        ("a: b\n  c\n\n  d # e\nf: g\n", ("a",), "b\n  c\n\n  d"),
        ("a: |\n  b\n  c\n\n\nd: e\n", ("a",), "|\n  b\n  c"),
        ("a: >- # x\n   b\n    c\n# y\nd: e\n", ("a",), ">- # x\n   b\n    c"),
        ("a: |+\n\n\nb: c\n", ("a",), "|+"),
        ("- |2\n    x\n", (0,), "|2\n    x"),
        ('a: "b\n  c\\\n  d"\n', ("a",), '"b\n  c\\\n  d"'),
        ("a: 'b\n\n  c' # d\n", ("a",), "'b\n\n  c'"),
        ("a: &x b\n", ("a",), "b"),
        ("a: !!str &x 'b'\n", ("a",), "'b'"),
        ("a: &x\nb: c\n", ("a",), ""),
        ("a: !t\n  b: c\n\n# d\n", ("a",), "b: c"),
        ("a: &x {b: c}\nd: *x\n", ("d",), "{b: c}"),
        ("a: {b: , c}\n", ("a", "b"), ""),
        ("a: {b: , c}\n", ("a", "c"), ""),
        ("a: [b: c, d]\n", ("a", 0), "b: c"),
        ("a: [b, [c], {d: e}]\n", ("a",), "[b, [c], {d: e}]"),
        ("a: [b,\n # c\n d\n ]\n", ("a", 1), "d"),
        ("? a\n: - b\n  - c\n", ("a",), "- b\n  - c"),
        ("? a\n? b\n", ("b",), ""),
        ("- - a\n  - b\n- c\n", (0,), "- a\n  - b"),
        ("-   a: b\n    c: d  \n", (0,), "a: b\n    c: d"),
        ("é: \U0001f600 x\n", ("é",), "\U0001f600 x"),
        ("\ufeffa: b\n", ("a",), "b"),
        ("--- # x\na: b\n...\n", (), "a: b"),
        ("--- text\n", (), "text"),
        ('{"a": [1, "b\\u00e9", {"c": null}] }', ("a",), '[1, "b\\u00e9", {"c": null}]'),
        ('{"a": [1, "b\\u00e9", {"c": null}] }', ("a", 1), '"b\\u00e9"'),
        ('{"a": [1, "b\\u00e9", {"c": null}] }', ("a", 2, "c"), "null"),
        (' {"a": true }\n', (), '{"a": true }'),
    ],
)
def test_constructs(text: str, path: tuple[str | int, ...], expected: str) -> None:
    assert written(locate(root(text), *path)) == expected


def test_keys() -> None:
    node = root("a : b\n'c': d\n? e f\n: g\n")
    assert isinstance(node, Mapping)
    assert [written(entry.key) for entry in node.entries.values()] == ["a", "'c'", "e f"]


def test_an_alias_knows_where_it_is_written() -> None:
    node = root("a: &x b\nc: *x\n")
    assert isinstance(node, Mapping)
    alias = node.entries["c"].alias
    assert alias is not None
    assert alias.text == "*x"


def test_documents() -> None:
    text = "# a\n---\nb: c\n\n# d\n--- # e\n- f\n...\n# g\n---\n"
    documents = read(text)
    assert [text[one.start : one.end] for one in documents] == ["---\nb: c", "--- # e\n- f\n...", "---"]
    assert documents[2].root is None


@pytest.mark.parametrize("text", ["", "\n  \n", "# only\n", "---\n", "---\n---\na: b\n", "\ufeff", "# a\n--- # b\n"])
def test_empty_documents(text: str) -> None:
    first = read(text)[0]
    assert (first.root, first.problem) == (None, None)
