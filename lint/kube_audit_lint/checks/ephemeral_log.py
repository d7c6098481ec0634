"""The log is where it does not survive the pod or the host's next start."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._mounts import kind_of, mount_of
from kube_audit_lint.checks._server import log_file
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import LOG_PATH
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import Mount, clean
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

_MEMORY = ("/dev/shm", "/run", "/var/run")
"""Directories that lie in memory on every host with systemd (file-hierarchy(7))."""


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit when the log's volume is an emptyDir, an ephemeral volume, or memory of the host."""
    server, mount = subject.server, mount_of(subject.server, LOG_PATH)
    if log_file(server) is None or mount is None:
        return
    why = _why(mount)
    if why:
        flag = server.flag(LOG_PATH)
        related = (Related(flag.place, "the log"),) if flag is not None else ()
        yield Hit(mount.path.place, f"The audit log lies {why}.", related)


def _why(mount: Mount) -> str:
    if kind_of(mount) in ("emptyDir", "ephemeral"):
        return f"on an {kind_of(mount)} volume, which is deleted together with the pod"
    if kind_of(mount) == "tmpfs":
        return "in a tmpfs, which is memory and empty after the next start of the container"
    volume = mount.volume
    if volume is None or volume.path is None:
        return ""
    path = clean(volume.path.text)
    if any(path == memory or path.startswith(memory + "/") for memory in _MEMORY):
        return f"in {path} of the host, which is memory and empty after the next start"
    return ""
