"""Two mounts at one path. The pod is refused.

Source: ValidateVolumeMounts in pkg/apis/core/validation of k8s.io/kubernetes, which compares the paths as written.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import Mount
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import is_unknown

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """Reports every mount whose path an earlier mount of the file has."""
    server = subject.server
    seen: dict[str, Mount] = {}
    for mount in server.mounts or ():
        at = mount.path.text
        if mount.place == mount.path.place == mount.name.place or is_unknown(at):
            continue  # made by the distribution itself, or not known
        before = seen.setdefault(at, mount)
        if before.path.place != mount.path.place:
            message = (
                f"Two volumes are mounted at {at}, so the pod is refused and kube-apiserver is not started: "
                f'mountPath: Invalid value: "{at}": must be unique'
            )
            yield Hit(mount.path.place, message, (Related(before.path.place, "the first one"),))
