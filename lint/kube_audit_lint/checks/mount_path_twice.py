"""Two mounts at one path. The pod is refused.

Source: ValidateVolumeMounts in pkg/apis/core/validation of k8s.io/kubernetes, which compares the paths as written;
cmd/kubeadm/app/phases/controlplane/volumes.go (k8s-certs and ca-certs, which are always there).
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
        own = mount.place == mount.path.place == mount.name.place
        if is_unknown(at) or (own and (mount.volume is None or mount.volume.name == at)):
            continue  # not known, or made by the distribution itself, perhaps
        before = seen.setdefault(at, mount)
        if before.path.place != mount.path.place:
            if before.place == before.path.place == before.name.place:
                yield _beside_own(before, mount)
                continue
            message = (
                f"Two volumes are mounted at {at}, so the pod is refused and kube-apiserver is not started: "
                f'mountPath: Invalid value: "{at}": must be unique'
            )
            yield Hit(mount.path.place, message, (Related(before.path.place, "the first one"),))


def _beside_own(own: Mount, mount: Mount) -> Hit:
    """A volume at the path of one that the distribution always mounts, by a name that is known."""
    at, name = mount.path.text, own.volume.name if own.volume is not None else ""
    message = (
        f"{at} is mounted anyway (volume `{name}`), and this is a second volume there, so the pod is refused and "
        f'kube-apiserver is not started: mountPath: Invalid value: "{at}": must be unique'
    )
    return Hit(mount.path.place, message)
