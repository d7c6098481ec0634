"""Arguments of an API server in named templates of Helm charts (`{{ define "apiserver.args" }}`): judged as a part.

The parts of the name are keys as they would be in values: what is not of an API server by its name, or by the program
that is first in it, is left alone. Source: Helm's chart template guide, "Named Templates".
"""

from __future__ import annotations

import re

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.loose import loose_arguments
from kube_audit_lint.model.found import Found, joined
from kube_audit_lint.syntax.defines import defines
from kube_audit_lint.syntax.nodes import QUOTED, Entry, Mapping, Node, Scalar, strings
from kube_audit_lint.syntax.offsets import ChunkMap
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import OffsetMap, Source

MARKS = ('define "',)
ORDER = 3

_PROGRAM = re.compile(r"(?:\S*/)?kube-apiserver")


def read_text(source: Source, context: Context) -> Found | None:
    """The servers that named templates give arguments to."""
    if context.offsets is not None or context.neutral is None:
        return None
    found = joined(_of_template(one.name, one.start, one.end, context) for one in defines(source.text))
    return found if found else None


def _of_template(name: str, start: int, end: int, context: Context) -> Found:
    text = context.text[start:end]
    if "audit-" not in text:
        return Found()
    source = context.source
    documents = read_documents(source, text, ChunkMap([(text, start, len(text))], OffsetMap(), start))
    node = documents[0].root if len(documents) == 1 and documents[0].problem is None else None
    if node is None:
        return Found()
    keys = re.split(r"[./]", name)
    if any(_PROGRAM.fullmatch(one.value) for one in strings(node)):
        keys = ["apiserver", "args"]
    for key in reversed(keys):
        node = _below(key, node)
    return loose_arguments(node)


def _below(key: str, node: Node) -> Mapping:
    name = Scalar(node.source, node.start, node.start, "string", key, QUOTED)
    return Mapping(node.source, node.start, node.end, {key: Entry(name, node)})
