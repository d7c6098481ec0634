"""A mount names a volume that the pod does not have. The pod is refused.

Source: ValidateVolumeMounts in pkg/apis/core/validation of k8s.io/kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.model.advice import write
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import is_unknown

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit for every mount of the API server's container without a volume."""
    server = subject.server
    missing = [
        (at, mount)
        for at, mount in enumerate(server.mounts or ())
        if mount.volume is None and not is_unknown(mount.name.text)
    ]
    names = {volume.name for volume in server.volumes} if missing else set()
    if server.partial or any(is_unknown(name) for name in names):
        return
    for at, mount in missing:
        message = (
            f"The pod has no volume `{mount.name.text}`, so it is refused and kube-apiserver is not started: "
            f'volumeMounts[{at}].name: Not found: "{mount.name.text}"'
        )
        near = nearest(mount.name.text, names)
        yield Hit(mount.name.place, message, help=write(near, field="name") if near else "")
