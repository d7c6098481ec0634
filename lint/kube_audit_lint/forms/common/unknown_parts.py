"""Whole parts of a server's settings that a template puts in as one value: `extraArgs: {{ toJson .args }}`."""

from __future__ import annotations

import re
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


class _Met(NamedTuple):
    """A node with the keys above it. apart: whether it may belong to something else than the server."""

    node: Node | None
    path: str
    apart: bool


def unknown_parts(document: Document, places: Collection[int]) -> UnknownParts:
    """The unknown parts of a document that a server's are. places: where things are that are known of it."""
    flags: list[Scalar] = []
    mounts: list[Scalar] = []
    for path, key, value in _unknown(_Met(document.root, "", False), places):
        if _MOUNTS.search(f"{path}.{key}"):
            mounts.append(value)
        elif _FLAGS.match(key):
            flags.append(value)
    return UnknownParts(tuple(flags), tuple(mounts))


def _unknown(first: _Met, places: Collection[int]) -> Iterator[tuple[str, str, Scalar]]:
    """The values that are not known, each with its key and those above it."""
    waiting = [first]
    while waiting:
        node, path, apart = waiting.pop()
        if isinstance(node, Mapping):
            own = not apart or _holds(node, places)
            for key, entry in node.entries.items():
                if own and isinstance(entry.value, Scalar) and _is_unknown(entry.value):
                    yield path, key, entry.value
                other = apart or _OTHERS.search(key) is not None
                waiting.append(_Met(entry.value, f"{path}.{key}", other))
        elif isinstance(node, Scalar):
            waiting += [_Met(one.root, path, False) for one in _inside(node, places)]
        elif node is not None:
            waiting += [_Met(item, path, True) for item in node.items]


def _is_unknown(value: Scalar) -> bool:
    return UNKNOWN in value.value and not value.value.strip(f"{UNKNOWN} ")


def _inside(node: Scalar, places: Collection[int]) -> list[Document]:
    """The documents in a text of several lines that the server was read from."""
    if not node.block or UNKNOWN not in node.value or not _holds(node, places):
        return []
    text, offsets = embedded_text(node)
    return read_documents(node.source, text, offsets)


def _holds(node: Node, places: Collection[int]) -> bool:
    return any(node.start <= at < node.end for at in places)
