"""The fast reader reads what it accepts exactly as the exact one does."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from trees import every

from kube_audit_lint.syntax.exact import read_exact
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import OffsetMap, Source
from kube_audit_lint.syntax.yaml_reader import read_simple

PIECES = [
    "apiVersion: audit.k8s.io/v1", "kind: Policy", "rules:", "- level: None", "level: Metadata", "users:", "- a",
    "-", "- - b", "- ", "k:", "k: ", 'k: "v"', "'k': v", "k: v # c", "# c", "", "[a, 'b', \"c\"]", "k: [a,", "b]",
    "k: {a: b, c: [d]}", "- {a: b}", "k: |", "k: >-", "- |+", "k: |2", "---", "--- # c", "--- a", "...", "a b",
    "a:b", "a#b", "k: a: b", "?", "k: &a", "k: *", "k: y", "1: 2", "k: ~", "k: .inf", "k: é", "-x", "k: -x", "k: - x",
    "k: http://a/b", "'it''s'", '"\\n"', "k: %", "k: []", "k: {}", "] ", "\t", "<<: a",
]  # fmt: skip

LINE = st.tuples(
    st.sampled_from(["", "", "  ", "    ", " ", "- "]), st.sampled_from(PIECES), st.sampled_from(["", " "])
)
TEXT = st.tuples(st.lists(LINE, max_size=9), st.sampled_from(["\n", "\n", "\r\n"]), st.booleans()).map(
    lambda parts: parts[1].join("".join(line) for line in parts[0]) + (parts[1] if parts[2] else "")
)


def dump(node: Node | None) -> list[object]:
    return [
        (type(one).__name__, one.start, one.end)
        + ((one.kind, one.value, one.plain, one.block) if isinstance(one, Scalar) else ())
        + ((len(one.items),) if isinstance(one, Sequence) else ())
        + ((list(one.entries), len(one.duplicates)) if isinstance(one, Mapping) else ())
        for one in every(node)
    ]


def documents(found: list[Document]) -> list[object]:
    return [(one.start, one.end, dump(one.root), one.problem and one.problem.message) for one in found]


@settings(max_examples=400, deadline=None)
@given(TEXT)
@example("a:\n- b\n-\n- c: d\n  e:\n\n  - f\n---\n--- # x\ng: |\n  h\n\n\ni: >\n  j\n  k")
@example("a: [b, # c\n   d,\n ]\ne: {f: g, h: [i]}\r\nj:\r\n- |\r\n  k\r\n")
def test_both_ways(text: str) -> None:
    source = Source("a.yaml", text)
    simple = read_simple(source, text, OffsetMap())
    if simple is not None:
        assert documents(simple) == documents(read_exact(source, text, OffsetMap()))


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab:-?[]{},&*!|>'\"%#@ \n\t\r\\~<.1é\u2028\ufeff\x01"), max_size=40))
def test_any_text(text: str) -> None:
    for document in read_exact(Source("a.yaml", text), text, OffsetMap()):
        assert 0 <= document.start <= document.end <= len(text)
        for node in every(document.root):
            assert document.start <= node.start <= node.end <= document.end
