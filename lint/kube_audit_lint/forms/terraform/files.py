"""Files of the repository that `file` and `templatefile` name, the latter with its literal variables filled in.

What a file holds by itself is read where it is. A template says more when it is filled: its variables are known
here. It is read as a heredoc of Terraform is, which has the same syntax.

Source: Terraform's language reference, templatefile (the template is parsed as a string template is).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from kube_audit_lint.discovery.look import interesting
from kube_audit_lint.discovery.roots import read_named_by
from kube_audit_lint.forms.terraform.values import LocalFile, Values
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.hcl import LARGEST, parse_template
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, PiecedScalar, Scalar, Sequence
from kube_audit_lint.syntax.source import Chunk, Source
from kube_audit_lint.syntax.unknown import is_unknown

_LOOP = re.compile(
    r"(?m)^[ \t]*%\{~?\s*for\s+(?:(?P<key>\w+)\s*,\s*)?(?P<value>\w+)\s+in\s+(?P<over>\w+)\s*~?\}[ \t]*\r?\n"
    r"(?P<body>(?:(?!^[ \t]*%\{~?\s*endfor)[^\n]*\n)*)^[ \t]*%\{~?\s*endfor\s*~?\}[ \t]*(?:\r?\n|\Z)"
)
"""A loop whose directives have lines of their own."""


def filled(node: LocalFile) -> PiecedScalar | None:
    """A template with the values of its variables; None where they say nothing, or it cannot be read."""
    known = node.variables
    if known is None or not any(_is_known(entry.value) for entry in known.entries.values()):
        return None
    path = os.path.normpath(os.path.join(os.path.dirname(node.source.path), node.path))
    text = _text(path, node.source.path)
    if text is None:
        return None
    path = path.replace(os.sep, "/")
    chunks: list[Chunk] = []
    for start, end, more in _segments(text, known):
        part = _evaluated(Source(path, text[start:end]), more)
        if part is None:
            return None
        chunks += [(piece, start + at, width) for piece, at, width in part]
    return PiecedScalar(Source(path, text), 0, len(text), chunks)


def _evaluated(source: Source, known: Mapping) -> list[Chunk] | None:
    """A part of a template with the values of its variables."""
    template = parse_template(source.text)
    value = None if template is None else Values(source, lambda kind, name: None, known).of(template)
    if isinstance(value, PiecedScalar):
        return value.chunks
    return [] if not source.text else None


def _segments(text: str, known: Mapping) -> Iterator[tuple[int, int, Mapping]]:
    """The parts of a template between loops, and those in loops over a known list once for each of its items: where
    each is, with the variables that it knows. A line with nothing but a directive is no part of what comes out."""
    at = 0
    for loop in _LOOP.finditer(text):
        node = known.get(loop["over"])
        if "%{" in loop["body"] or not isinstance(node, Sequence | Mapping):
            continue
        yield at, loop.start(), known
        at = loop.end()
        for names in _items(node, loop["key"], loop["value"]):
            entries = {**known.entries, **names}
            yield *loop.span("body"), Mapping(known.source, known.start, known.end, entries)
    yield at, len(text), known


def _items(node: Sequence | Mapping, key: str | None, value: str) -> Iterator[dict[str, Entry]]:
    """What the variables of a loop stand for, item by item."""
    if isinstance(node, Mapping):
        for entry in node.entries.values():
            yield {value: Entry(entry.key, entry.value), **({key: Entry(entry.key, entry.key)} if key else {})}
    else:
        for at, item in enumerate(node.items):
            name = Scalar(node.source, node.start, node.start, "string", value)
            number = Scalar(node.source, node.start, node.start, "int", str(at))
            yield {value: Entry(name, item), **({key: Entry(name, number)} if key else {})}


def _is_known(node: Node) -> bool:
    if isinstance(node, Sequence):
        return any(map(_is_known, node.items))
    if isinstance(node, Mapping):
        return any(_is_known(entry.value) for entry in node.entries.values())
    return isinstance(node, Scalar) and node.kind != "null" and not is_unknown(node.value)


def _text(path: str, source: str) -> str | None:
    """The text of a template within the repository, where it may hold something of ours."""
    data = read_named_by(source, path)
    text = decode(data)[0] if data is not None and interesting(data) else ""
    return text if 0 < len(text) <= LARGEST else None
