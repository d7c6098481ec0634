"""Files that one object brings to the host beside an API server's settings: what is beside a path in it.

Source: coreos/butane docs/config-fcos-v1_6.md and docs/config-flatcar-v1_1.md (`contents.local`, `trees`: relative to
`--files-dir`, which is mostly the file's own folder).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.host_files import secret_of
from kube_audit_lint.forms.common.local_files import brought_from
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer, HostFile
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence

PLACES = ("path", "dest", "destination", "filename", "file")
"""Keys under which the path of a file is."""
_CONTENTS = ("content", "contents", "contentFrom", "contents_local", "source", "src", "local", "inline", "encoding")
_DEPTH = 20


def with_delivered(found: Found, root: Mapping, context: Context) -> Found:
    """The servers of an object with the files that it brings; of a template it is not known which these are."""
    if context.is_template or not found.servers:
        return found
    policies = {name: policy for policy in found.policies for name in policy.names}
    items = list(_beside_paths(root, 0))

    def of(server: ApiServer) -> tuple[HostFile, ...]:
        files = [
            HostFile(path, item.place if _is_brought(item) else server.place, policies.get(path), _origin(item))
            for path, item in items
            if not item.start <= server.place.start < item.end
        ]
        return (*files, *(one for item in _trees(root) for one in item))

    return found.with_servers(
        lambda server: server if server.files else server._replace(files=of(server), files_known=server.partial)
    )


def _is_brought(item: Mapping) -> bool:
    """Whether an entry with a path says what is brought there: others only name a path."""
    return any(key in item.entries for key in _CONTENTS)


def _origin(item: Mapping) -> Value | None:
    """What the content is taken from: the key of a Secret, or a file beside this one (Butane's `local`)."""
    inner = item.mapping("contents")
    local = next((one.get("local") for one in (inner, item) if one is not None and "local" in one.entries), None)
    if isinstance(local, Scalar) and local.kind == "string":
        return Value(local.value, local.place)
    return secret_of(item)


def _trees(root: Mapping) -> Iterator[tuple[HostFile, ...]]:
    """The folders that Butane brings as a whole (`storage.trees`), from the root of the host where no path is named."""
    storage = root.mapping("storage")
    for item in storage.items("trees") if storage is not None else ():
        local = item.get("local") if isinstance(item, Mapping) else None
        if isinstance(item, Mapping) and isinstance(local, Scalar):
            yield brought_from(Value(local.value, local.place), item.string("path") or "/", item.place)


def _beside_paths(node: Node, depth: int) -> Iterator[tuple[str, Mapping]]:
    """The mappings that name the path of a file, which is absolute."""
    if depth > _DEPTH:
        return
    if isinstance(node, Mapping):
        path = next((value for name in PLACES if (value := node.string(name) or "").startswith("/")), None)
        if path is not None:
            yield path, node
        for entry in node.entries.values():
            yield from _beside_paths(entry.value, depth + 1)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _beside_paths(item, depth + 1)
