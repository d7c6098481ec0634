"""Whole parts of a server's settings that a template puts in as one value: `extraArgs: {{ toJson .args }}`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator

from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar
from kube_audit_lint.syntax.offsets import embedded_text
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import UNKNOWN

_FLAGS = re.compile(
    r"(?i)\A(?:spec|template|cluster|config|services?|features|patches|rke_?config|kubeadm(?:_?config.*)?|cluster_?configuration"
    r"|command|api|.*(?:args?|arguments|flags|api-?server|kube-?api|global_?config|audit_?(?:log|config)))\Z"
)
"""What holds the flags of servers, in the keys of all forms."""
_MOUNTS = re.compile(r"(?i)(?:volumes|mounts|binds)(?:\.|\Z)")
_OTHERS = re.compile(r"(?i)scheduler|controller|etcd|kubelet|proxy")
"""What holds the settings of other components."""


class UnknownParts(NamedTuple):
    """The values that hold flags of a server, and its mounts, and are not known."""

    flags: tuple[Scalar, ...] = ()
    mounts: tuple[Scalar, ...] = ()


class _Found(NamedTuple):
    """An unknown value with its key and those above it."""

    path: str
    key: str
    value: Scalar


class _Item(NamedTuple):
    """A mapping whose values are a server's only where the server is in it. above: the nearest one around it."""

    start: int
    end: int
    above: _Item | None
    values: list[_Found]


class _Text(NamedTuple):
    """A text of several lines from which servers may be read. inside: what is in it, once that is known."""

    start: int
    path: str
    scalar: Scalar
    inside: list[DocumentParts]


class _Met(NamedTuple):
    """A node with the keys above it. apart: whether it may belong to something else than the server."""

    node: Node | None
    path: str
    apart: bool
    above: _Item | None


class DocumentParts:
    """The unknown values of a document, looked for once and found by where a server is: a file may have thousands."""

    def __init__(self, document: Document, path: str = "") -> None:
        """path: the keys above the text that the document is in."""
        self._always: list[_Found] = []
        self._items: list[_Item] = []
        self._texts: list[_Text] = []
        self._walk(_Met(document.root, path, False, None))
        self._items.sort(key=lambda one: (one.start, -one.end))
        self._texts.sort(key=lambda one: one.start)
        self._starts = [one.start for one in self._items]
        self._text_starts = [one.start for one in self._texts]

    def of_server(self, places: Collection[int]) -> UnknownParts:
        """Those of one server. places: where things are that are known of it."""
        found = {one.value.start: one for place in places for one in self._at(place)}
        found |= {one.value.start: one for one in self._always}
        flags, mounts = [], []
        for _, (path, key, value) in sorted(found.items()):
            if _MOUNTS.search(f"{path}.{key}"):
                mounts.append(value)
            elif _FLAGS.match(key):
                flags.append(value)
        return UnknownParts(tuple(flags), tuple(mounts))

    def _walk(self, first: _Met) -> None:
        waiting = [first]
        while waiting:
            node, path, apart, above = waiting.pop()
            if isinstance(node, Mapping):
                values = [
                    _Found(path, key, entry.value)
                    for key, entry in node.entries.items()
                    if isinstance(entry.value, Scalar) and _is_unknown(entry.value)
                ]
                if not apart:
                    self._always += values
                elif values:
                    above = _Item(node.start, node.end, above, values)
                    self._items.append(above)
                waiting += [
                    _Met(entry.value, f"{path}.{key}", apart or _OTHERS.search(key) is not None, above)
                    for key, entry in node.entries.items()
                ]
            elif isinstance(node, Scalar):
                if node.block and UNKNOWN in node.value:
                    self._texts.append(_Text(node.start, path, node, []))
            elif node is not None:
                waiting += [_Met(item, path, True, above) for item in node.items]

    def _at(self, place: int) -> Iterator[_Found]:
        """What is only of servers that are at a place."""
        index = bisect_right(self._starts, place) - 1
        item = self._items[index] if index >= 0 else None
        while item is not None:
            if place < item.end:
                yield from item.values
            item = item.above
        index = bisect_right(self._text_starts, place) - 1
        text = self._texts[index] if index >= 0 else None
        if text is None or place >= text.scalar.end:
            return
        if not text.inside:
            inner, offsets = embedded_text(text.scalar)
            text.inside.extend(
                DocumentParts(one, text.path) for one in read_documents(text.scalar.source, inner, offsets)
            )
        for document in text.inside:
            yield from document._always
            yield from document._at(place)


def _is_unknown(value: Scalar) -> bool:
    return UNKNOWN in value.value and not value.value.strip(f"{UNKNOWN} ")
