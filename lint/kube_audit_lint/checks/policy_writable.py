"""The mount that covers the policy can be written to from the container."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._mounts import READ_ONLY_KINDS, kind_of, mount_of
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import LOG_PATH, POLICY_FILE
from kube_audit_lint.model.finding import Related
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

_MISSPELT = ("readonly", "read_only", "read-only", "ro", "writable")
"""Keys that are written for `readOnly`, in small letters; then the mount's place of `readOnly` is theirs."""


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit when the covering mount lacks readOnly, and its volume is not read-only by nature."""
    server = subject.server
    mount = mount_of(server, POLICY_FILE)
    if mount is None or mount.volume is None or mount.read_only or kind_of(mount) in READ_ONLY_KINDS:
        return
    if not mount.read_only_known:
        return
    flag = server.flag(POLICY_FILE)
    related = (Related(flag.place, "the policy"),) if flag is not None else ()
    message = f"The mount {mount.path.text} that the audit policy lies in is writable: "
    message += "whoever gets into kube-apiserver's container can change what is recorded after the next start."
    help, at = "", mount.read_only_place
    if at is not None and at.text.strip("'\"").lower() in _MISSPELT:
        message += f" `{at.text}` is not a field of a mount: it is dropped."
        help = f"Write `readOnly: true` in place of `{at.text}`."
    elif at is not None and at.text == "false":
        help = "Write `readOnly: true`."
    if mount_of(server, LOG_PATH) is mount:
        help = "The log lies in the same mount and has to be written: mount the policy by itself, with readOnly: true."
    yield Hit(mount.read_only_place or mount.path.place, message, related, help=help)
