"""The log file itself is mounted. A mount point cannot be renamed, so the log is never rotated.

Source: lumberjack's `backupName` and `os.Rename` (`can't rename log file: ... device or resource busy`).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._mounts import is_at, makes_directory, mount_of
from kube_audit_lint.checks._server import log_file
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.checks.log_read_only import OPENED_AT_START
from kube_audit_lint.kubernetes.flags import LOG_PATH
from kube_audit_lint.model.finding import Related
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit when a mount is at the log's path; another message when that is a directory."""
    server = subject.server
    path, mount = log_file(server), mount_of(server, LOG_PATH)
    if path is None or mount is None or not is_at(mount, path):
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
