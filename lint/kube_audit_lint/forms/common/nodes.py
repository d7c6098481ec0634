"""Ways through a document that many forms take."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kube_audit_lint.model.version import Versions, parse_versions
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown


def below(node: Mapping | None, *steps: str) -> Mapping | None:
    """The mapping at a path of keys; None where one of them is missing or something else."""
    for step in steps:
        node = node.mapping(step) if node is not None else None
    return node


def objects(root: Mapping) -> Iterator[Mapping]:
    """The object itself, or the items of a list of objects, also of one that does not say what it is."""
    bare = "kind" not in root.entries and bool(root.items("items")) and "spec" not in root.entries
    if not bare and not (root.string("kind") or "").endswith("List"):
        yield root
        return
    for item in root.items("items"):
        if isinstance(item, Mapping):
            yield from objects(item)


def version_at(
    node: Node | None, parse: Callable[[str], Versions | None] = parse_versions
) -> tuple[Versions | None, Place | None]:
    """What a scalar says of the version, and where it does; None for both where nothing is known."""
    if not isinstance(node, Scalar) or node.kind == "null":
        return None, None
    text = node.value if node.kind == "string" else node.place.text
    versions = None if is_unknown(text) else parse(text)
    return versions, node.place if versions else None


def first_place(node: Node) -> Place:
    """What to underline of something long: its first key, or its first line."""
    if isinstance(node, Sequence) and node.items:
        return first_place(node.items[0])
    if isinstance(node, Mapping) and node.entries:
        return next(iter(node.entries.values())).key.place
    return node.place
