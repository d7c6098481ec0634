"""The log file itself is mounted. A mount point cannot be renamed, so the log is never rotated.

Source: lumberjack's `backupName` and `os.Rename` (`can't rename log file: ... device or resource busy`).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._mounts import DEVICE_TYPES, FILE_TYPES, is_at, makes_directory, mount_of, type_of
from kube_audit_lint.checks._server import log_file
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.checks.log_read_only import OPENED_AT_START
from kube_audit_lint.kubernetes.flags import LOG_PATH
from kube_audit_lint.model.advice import write
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import Mount
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit when a mount is at the log's path; another message when that is a directory."""
    server = subject.server
    path, mount = log_file(server), mount_of(server, LOG_PATH)
    if path is None or mount is None:
        return
    if not is_at(mount, path):
        if sum(is_at(one, mount.path.text) for one in server.mounts or ()) == 1:
            yield from _no_directory(mount, path)
        return
    folder = path.rpartition("/")[0] or "/"
    flag = server.flag(LOG_PATH)
    related = (Related(flag.place, "the log"),) if flag is not None else ()
    if makes_directory(mount):
        new = subject.versions.first >= OPENED_AT_START
        effect = "" if new else "No event is written, and from 1.22 on "
        message = f"A directory is mounted at {path}, where the audit log should be a file. "
        message += f"{effect}kube-apiserver does not start: ensureLogFile: open {path}: is a directory"
        help = f"Name a file in it: `--{LOG_PATH}={path.rstrip('/')}/audit.log`."
    else:
        message = (
            "The log file itself is mounted, and a mount point cannot be renamed. The log is never rotated and "
            f"events are lost once it is full: can't rename log file: rename {path}: device or resource busy"
        )
        help = f"Mount the directory {folder} instead, with hostPath type DirectoryOrCreate."
    yield Hit(mount.path.place, message, related, help=help)


def _no_directory(mount: Mount, path: str) -> Iterator[Hit]:
    """The mount above the log whose hostPath type is none of a directory's."""
    volume = mount.volume
    if volume is None or volume.type is None or mount.sub_path is not None:
        return
    kind = type_of(volume)
    if kind not in DEVICE_TYPES and kind not in FILE_TYPES:
        return
    made = "" if kind != "FileOrCreate" else ", or, where there is nothing yet, a file is made of it"
    message = (
        f"{mount.path.text} is to be the directory of the log {path}, and with the type {kind} the kubelet wants a "
        f"{DEVICE_TYPES.get(kind, 'file')} there: it does not start the pod{made}."
    )
    help = write("DirectoryOrCreate", field="type")
    yield Hit(volume.type.place, message, (Related(mount.path.place, "the mount"),), help=help)
