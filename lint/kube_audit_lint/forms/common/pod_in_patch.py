"""Volumes and mounts that a patch brings into the API server's pod without any of its flags.

Source: k8s.io/apimachinery pkg/util/strategicpatch (mergeSliceWithoutSpecialElements: an item whose key another one has
is merged into that one).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.json6902 import with_entry
from kube_audit_lint.forms.common.nodes import first_place
from kube_audit_lint.forms.common.pod import mounts_of, volumes_of
from kube_audit_lint.forms.common.pod_shape import shapes_of_container, shapes_of_pod
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.model.server import ApiServer, Mount
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.unknown import is_unknown

SERVER = "kube-apiserver"


def mounting(spec: Mapping, item: Mapping, *, merged: bool) -> Iterator[tuple[ApiServer, list[Misshape]]]:
    """The part of an API server that a patch's pod is, with what is wrong with it; nothing where it is not about
    auditing. merged: it is a strategic merge patch."""
    containers = (one for one in spec.items("containers") if isinstance(one, Mapping))
    container = next((one for one in containers if one.string("name") == SERVER), None)
    if container is None or "audit" not in item.place.text:
        return
    volumes = volumes_of(spec, item)
    mounts = mounts_of(container, volumes, spec)
    if not mounts and not volumes and "volumeMounts" not in container.entries:
        return
    wrong = [
        *shapes_of_pod(spec, item, merged=merged),
        *shapes_of_container(_new_mounts(container) if merged else container, spec, alone=True),
        *(merged_items(spec) if merged else ()),
    ]
    name = container.get("name")
    place = name.place if name is not None else first_place(item)
    server = ApiServer("workload", place, mounts=kept(mounts) if merged else mounts, name=SERVER)
    yield server._replace(volumes=tuple(volumes.values()), partial=True, is_pod=True), wrong


def _new_mounts(container: Mapping) -> Mapping:
    """A container without the mounts that a patch takes away, or changes: they get what they lack from that of the
    same path."""
    entry = container.entries.get("volumeMounts")
    if entry is None or not isinstance(entry.value, Sequence):
        return container
    items = [one for one in entry.value.items if not isinstance(one, Mapping) or _is_new(one)]
    mounts = Sequence(entry.value.source, entry.value.start, entry.value.end, items)
    return with_entry(container, Entry(entry.key, mounts))


def _is_new(mount: Mapping) -> bool:
    return "$patch" not in mount.entries and ("name" in mount.entries or "mountPath" not in mount.entries)


def kept(mounts: tuple[Mount, ...]) -> tuple[Mount, ...]:
    """The mounts that a strategic merge leaves: of those at one path, the last one."""
    last = {mount.path.text: mount for mount in mounts}
    return tuple(mount for mount in mounts if last[mount.path.text] is mount)


def merged_items(spec: Mapping) -> Iterator[Misshape]:
    """Items of a strategic merge patch that are taken for one, since they have the key in common that tells items."""
    yield from _merged(spec.items("volumes"), "name", "volumes")
    for container in spec.items("containers"):
        if isinstance(container, Mapping):
            yield from _merged(container.items("volumeMounts"), "mountPath", "mounts")


def _merged(items: list[Node], key: str, what: str) -> Iterator[Misshape]:
    seen: dict[str, Scalar] = {}
    for item in items:
        node = item.get(key) if isinstance(item, Mapping) else None
        if not isinstance(node, Scalar) or is_unknown(node.value):
            continue
        before = seen.setdefault(node.value, node)
        if before is not node:
            line = before.source.position(before.start)[0]
            message = f"Two {what} of this patch have the {key} {node.value} (the other one is in line {line}): a "
            message += "strategic merge takes them for one, and what the first one holds is lost."
            yield Misshape("wrong-shape", node.place, message, f"Give each a {key} of its own.")
