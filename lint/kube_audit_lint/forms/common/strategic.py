"""Strategic merge and JSON merge patches applied to nodes, each of which keeps the place where it is written.

Sources: k8s.io/api core/v1 types.go (`patchMergeKey`), apimachinery/pkg/util/strategicpatch (`$patch`, null removes a
key); sigs.k8s.io/kustomize kyaml/yaml/merge2: lists of kinds without a schema are replaced, so that a custom resource
is patched as by RFC 7386.
"""

from __future__ import annotations

from collections.abc import Mapping as Mapped
from types import MappingProxyType

from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence

POD_KEYS: Mapped[str, str] = MappingProxyType(
    {
        "containers": "name",
        "initContainers": "name",
        "ephemeralContainers": "name",
        "volumes": "name",
        "volumeMounts": "mountPath",
        "volumeDevices": "devicePath",
        "env": "name",
        "ports": "containerPort",
        "hostAliases": "ip",
        "imagePullSecrets": "name",
        "topologySpreadConstraints": "topologyKey",
    }
)
"""The lists of a pod whose items are merged, by the key that tells them."""

NO_KEYS: Mapped[str, str] = MappingProxyType({})
"""Of a custom resource, and of a JSON merge patch: every list is replaced."""


def merge(base: Node, patch: Node, keys: Mapped[str, str], *, first: bool = False) -> Node | None:
    """What a patch makes of a node; None where it removes it. first: new items of a list go in front of its own."""
    if not isinstance(patch, Mapping):
        return patch
    directive = patch.string("$patch")
    if directive == "delete":
        return None
    if directive == "replace" or not isinstance(base, Mapping):
        return _plain(patch)
    entries = dict(base.entries)
    for name, entry in patch.entries.items():
        if name.startswith("$"):
            continue
        value = _value(entries[name].value if name in entries else None, entry.value, name, keys, first)
        if value is None:
            entries.pop(name, None)
        else:
            whole = name not in entries or isinstance(value, Scalar)
            entries[name] = Entry(entry.key if whole else entries[name].key, value)
    return Mapping(base.source, base.start, base.end, entries, base.duplicates)


def _value(base: Node | None, patch: Node, name: str, keys: Mapped[str, str], first: bool) -> Node | None:
    if isinstance(patch, Scalar) and patch.kind == "null":
        return None
    if base is None:
        return _plain(patch)
    if name in keys and isinstance(base, Sequence) and isinstance(patch, Sequence):
        return _list(base, patch, keys[name], keys, first)
    return merge(base, patch, keys, first=first)


def _list(base: Sequence, patch: Sequence, key: str, keys: Mapped[str, str], first: bool) -> Node:
    """A list whose items are merged by a key."""
    if any(isinstance(one, Mapping) and one.string("$patch") == "replace" for one in patch.items):
        kept = [one for one in patch.items if not (isinstance(one, Mapping) and "$patch" in one.entries)]
        return Sequence(patch.source, patch.start, patch.end, kept)
    items: list[Node | None] = list(base.items)
    places = {name: at for at, one in enumerate(base.items) if (name := _name(one, key)) is not None}
    new: list[Node] = []
    for one in patch.items:
        at = places.get(_name(one, key) or "")
        if at is None:
            plain = None if isinstance(one, Mapping) and one.string("$patch") == "delete" else _plain(one)
            new += [plain] if plain is not None else []
        else:
            was = items[at]
            items[at] = None if was is None else merge(was, one, keys, first=first)
    kept_items = [one for one in items if one is not None]
    return Sequence(base.source, base.start, base.end, [*new, *kept_items] if first else [*kept_items, *new])


def _name(node: Node, key: str) -> str | None:
    value = node.get(key) if isinstance(node, Mapping) else None
    return value.value if isinstance(value, Scalar) else None


def _plain(patch: Node) -> Node:
    """A patch without its directives and without what it removes, where there is nothing to be merged with."""
    if isinstance(patch, Sequence):
        return patch
    if not isinstance(patch, Mapping) or not any(_directs(name, one.value) for name, one in patch.entries.items()):
        return patch
    entries = {
        name: Entry(entry.key, _plain(entry.value))
        for name, entry in patch.entries.items()
        if not name.startswith("$") and not (isinstance(entry.value, Scalar) and entry.value.kind == "null")
    }
    return Mapping(patch.source, patch.start, patch.end, entries, patch.duplicates)


def _directs(name: str, value: Node) -> bool:
    """Whether an entry, or one below it, is a directive or removes something."""
    if name.startswith("$") or (isinstance(value, Scalar) and value.kind == "null"):
        return True
    return isinstance(value, Mapping) and any(_directs(key, one.value) for key, one in value.entries.items())
