"""Values of volumes that Kubernetes takes in no pod, in all forms.

Source: validateHostPathVolumeSource, validateHostPathType and validatePathNoBacksteps in pkg/apis/core/validation of
k8s.io/kubernetes, which the kubelet applies to static pods, too (pkg/kubelet/config/common.go).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import is_placeholder
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.model.advice import write
from kube_audit_lint.model.server import ApiServer, Volume
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import is_unknown

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

TYPES = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit for each type that there is not, and for each path on the host that leads up again."""
    for volume in _volumes(subject.server):
        kind, path = volume.type, volume.path
        if kind is not None and kind.text not in TYPES and not _is_open(kind):
            listed = ", ".join(f'"{one}"' for one in TYPES)
            error = f'type: Unsupported value: "{kind.text}": supported values: {listed}'
            near = nearest(kind.text, TYPES[1:])
            help = write(near, field="type") if near else ""
            yield Hit(kind.place, f"{_REFUSED} {error}", help=help)
        if path is not None and ".." in path.text.split("/") and not _is_open(path):
            message = f"{_REFUSED} path: Invalid value: \"{path.text}\": must not contain '..'"
            yield Hit(path.place, message, help="Write the path that it leads to.")


_REFUSED = "The pod is refused, and kube-apiserver is not started:"


def _volumes(server: ApiServer) -> list[Volume]:
    mounted = [mount.volume for mount in server.mounts or () if mount.volume is not None]
    found = {volume.place: volume for volume in (*server.volumes, *mounted) if volume.kind == "hostPath"}
    return list(found.values())


def _is_open(value: Value) -> bool:
    return is_unknown(value.text) or is_placeholder(value.text)
