"""The flags and mounts that Talos gives kube-apiserver itself, and those of extraVolumes.

Source: siderolabs/talos internal/app/machined/pkg/controllers/k8s/control_plane_static_pod.go and
control_plane_final.go, pkg/machinery/constants/constants.go, v1.0 to v1.15.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.extra_args import own_mount
from kube_audit_lint.forms.common.pod import value_at
from kube_audit_lint.forms.common.split import HOST_MOUNT, whole
from kube_audit_lint.model.server import Mount, Volume
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place

CONFIG_FOLDER = "/system/config/kubernetes/kube-apiserver"
_SECRETS_FOLDER = "/system/secrets/kubernetes/kube-apiserver"
_LOG_FOLDER = "/var/log/audit/kube"

DEFAULTS = {
    "audit-policy-file": f"{CONFIG_FOLDER}/auditpolicy.yaml",
    "audit-log-path": f"{_LOG_FOLDER}/kube-apiserver.log",
    "audit-log-maxage": "30",
    "audit-log-maxbackup": "10",
    "audit-log-maxsize": "100",
}
"""What Talos sets where extraArgs does not."""


VOLUME_KEYS = ("hostPath", "mountPath", "readonly")


def mounts_of(volumes: Node | None, place: Place) -> Iterator[Mount]:
    """All mounts of the API server. place: what stands for those that Talos makes itself."""
    for item in whole(volumes.items, HOST_MOUNT) if isinstance(volumes, Sequence) else ():
        mount = _extra(item) if isinstance(item, Mapping) else None
        if mount is not None:
            yield mount
    for path, read_only in ((CONFIG_FOLDER, True), (_SECRETS_FOLDER, True), (_LOG_FOLDER, False)):
        yield own_mount(path, place, read_only)


def _extra(item: Mapping) -> Mount | None:
    path, host = value_at(item, "mountPath"), value_at(item, "hostPath")
    if path is None or host is None:
        return None
    read_only = item.get("readonly")
    # Talos has no word for the type of a volume: what is mounted is taken to be what it looks like.
    kind = Value("File" if "." in path.text.rpartition("/")[2] else "Directory", item.place)
    return Mount(
        path,
        path,
        item.place,
        isinstance(read_only, Scalar) and read_only.value == "true",
        read_only.place if read_only is not None else None,
        None,
        Volume(path.text, "hostPath", item.place, host, kind),
    )
