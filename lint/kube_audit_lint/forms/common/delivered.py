"""Files that one object brings to the host beside an API server's settings: what stands beside a path in it."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.host_files import secret_of
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import HostFile
from kube_audit_lint.syntax.nodes import Mapping, Node, Sequence

PLACES = ("path", "dest", "destination", "filename", "file")
"""Keys under which the path of a file stands."""
_DEPTH = 20


def with_delivered(found: Found, root: Mapping, context: Context) -> Found:
    """The servers of an object with the files that it brings; of a template it is not known which these are."""
    if context.is_template or not found.servers:
        return found
    policies = {name: policy for policy in found.policies for name in policy.names}
    files = tuple(
        HostFile(path, item.place, policies.get(path), secret_of(item)) for path, item in _beside_paths(root, 0)
    )
    return found.with_servers(
        lambda server: server if server.files else server._replace(files=files, files_known=server.partial)
    )


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
