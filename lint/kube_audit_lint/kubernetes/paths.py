"""Paths of the API server's container: where its flags point, and where that lies on the host."""

from __future__ import annotations

from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.model.server import ApiServer, clean, covering
from kube_audit_lint.syntax.unknown import is_unknown


def host_path(server: ApiServer, path: str) -> str | None:
    """Where a path of the container lies on the host; None when it does not lie there."""
    if server.mounts is None:
        return clean(path)
    mount = covering(server.mounts, clean(path))
    if mount is None or mount.volume is None or mount.volume.path is None:
        return None
    below = clean(path)[len(clean(mount.path.text)) :].lstrip("/")
    parts = [mount.volume.path.text, mount.sub_path.text if mount.sub_path else "", below]
    return clean("/".join(part for part in parts if part))


def policy_path(server: ApiServer) -> str | None:
    """The path that the server is told to read its policy from; None when there is none to be known."""
    path = server.value(POLICY_FILE)
    return None if not path or is_unknown(path) else path
