"""Any text is read without an error of our own, and its nodes lie in each other."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from trees import every

from kube_audit_lint.syntax.source import OffsetMap, Source
from kube_audit_lint.syntax.yaml_reader import read_yaml


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab:-?[]{},&*!|>'\"%#@ \n\t\r\\~<.1é\u2028\ufeff\x01"), max_size=40))
def test_any_text(text: str) -> None:
    for document in read_yaml(Source("a.yaml", text), text, OffsetMap()):
        assert 0 <= document.start <= document.end <= len(text)
        for node in every(document.root):
            assert document.start <= node.start <= node.end <= document.end
