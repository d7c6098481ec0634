"""What several templates need to know of a container's mounts.

Sources: k8s.io/api core/v1 (VolumeMount, HostPathVolumeSource); pkg/kubelet/volumemanager and
pkg/volume/hostpath of k8s.io/kubernetes (what each hostPath type checks and makes); a mount covers its path
and everything below, the longest path decides.
"""

from __future__ import annotations

from kube_audit_lint.checks._server import known_path
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import ApiServer, Mount, Volume, clean, covering
from kube_audit_lint.syntax.unknown import is_unknown

READ_ONLY_KINDS = frozenset(("configMap", "secret", "projected", "downwardAPI", "image"))
"""Volumes that a container can never write to."""

DIRECTORY_TYPES = frozenset(("Directory", "DirectoryOrCreate"))
FILE_TYPES = frozenset(("File", "FileOrCreate"))
DEVICE_TYPES = {"Socket": "socket file", "CharDevice": "character device", "BlockDevice": "block device"}
"""The others, and what the kubelet calls what it then looks for."""


def mounts_known(server: ApiServer) -> bool:
    """Whether the file shows all mounts, so that what none covers is known."""
    mounts = server.mounts
    return mounts is not None and not server.partial and not any(is_unknown(one.path.text) for one in mounts)


def mount_of(server: ApiServer, flag: str) -> Mount | None:
    """The mount that decides what a flag's path is in the container; None when it cannot be known."""
    path = known_path(server, flag)
    if path is None or not mounts_known(server):
        return None
    return covering(server.mounts or (), clean(path))


def uncovered(server: ApiServer, flag: str) -> str | None:
    """The path of a flag that no mount covers."""
    path = known_path(server, flag)
    if path is None or not mounts_known(server) or covering(server.mounts or (), clean(path)) is not None:
        return None
    return path


def unmounted_volume(server: ApiServer, path: str) -> Volume | None:
    """The hostPath volume that holds exactly a path and that the container does not mount anywhere."""
    mounted = {mount.name.text for mount in server.mounts or ()}
    for volume in server.volumes:
        if volume.path is not None and clean(volume.path.text) == clean(path) and volume.name not in mounted:
            return volume
    return None


def is_at(mount: Mount, path: str) -> bool:
    """Whether the mount is at the path itself, not above it."""
    return clean(mount.path.text) == clean(path)


def kind_of(mount: Mount) -> str:
    """The kind of the mount's volume; "" when it has none."""
    return "" if mount.volume is None else mount.volume.kind


def type_of(volume: Volume | None) -> str:
    """The hostPath type of a volume; "" when it is unset."""
    return volume.type.text if volume is not None and volume.type is not None else ""


def makes_directory(mount: Mount) -> bool:
    """Whether what appears at the mount's path is a directory for certain."""
    if mount.sub_path is not None:
        return False
    return kind_of(mount) in READ_ONLY_KINDS | {"emptyDir"} or type_of(mount.volume) in DIRECTORY_TYPES


def nearest_mounts(server: ApiServer, path: str) -> tuple[Related, ...]:
    """The mount that was perhaps meant for a path: of the same name, else with most of the way in common."""
    best, most = None, (False, 1)
    for mount in server.mounts or ():
        likeness = _likeness(clean(mount.path.text), path)
        if likeness > most:
            best, most = mount, likeness
    return (Related(best.path.place, f"the nearest mount is {best.path.text}"),) if best else ()


def _likeness(at: str, path: str) -> tuple[bool, int]:
    one, two = at.split("/")[1:], path.split("/")[1:]
    common = 0
    while common < min(len(one), len(two)) and one[common] == two[common]:
        common += 1
    return one[-1:] == two[-1:], common
