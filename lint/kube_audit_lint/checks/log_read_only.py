"""The mount that covers the log cannot be written to.

Source: `ensureLogFile` in pkg/server/options/audit.go of k8s.io/apiserver, which opens the log at the
start from 1.22 on; before, lumberjack opens it at the first event.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._mounts import READ_ONLY_KINDS, kind_of, mount_of
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import LOG_PATH
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import ApiServer, Mount
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

OPENED_AT_START = 22


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit when the covering mount is read-only, by itself or by its volume's nature."""
    server, mount = subject.server, mount_of(subject.server, LOG_PATH)
    if mount is None or not (mount.read_only or kind_of(mount) in READ_ONLY_KINDS):
        return
    path = server.value(LOG_PATH) or ""
    error = f"open {path}: read-only file system"
    if subject.versions.first >= OPENED_AT_START:
        effect = f"kube-apiserver does not start: ensureLogFile: {error}"
    elif subject.versions.last < OPENED_AT_START:
        effect = f"kube-apiserver runs, but every event is lost: {error}"
    else:
        effect = f"kube-apiserver does not start from 1.22 on, and loses every event before: {error}"
    place = mount.read_only_place if mount.read_only and mount.read_only_place else mount.path.place
    help = "" if mount.read_only else "Use a hostPath volume of type DirectoryOrCreate, or a persistent one."
    yield Hit(place, f"{_why(mount)} {effect}", _related(server), help=help)


def _why(mount: Mount) -> str:
    if mount.read_only:
        return f"The mount {mount.path.text} that the audit log lies in is read-only."
    return f"The audit log lies in a {kind_of(mount)} volume, which is always read-only."


def _related(server: ApiServer) -> tuple[Related, ...]:
    flag = server.flag(LOG_PATH)
    return (Related(flag.place, "the log"),) if flag is not None else ()
