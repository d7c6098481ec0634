"""What the kubelet drops or overwrites without a word in the pod of an API server.

Sources: k8s.io/api core/v1 (Volume, VolumeMount, HostPathVolumeSource); SetDefaults_Volume in pkg/apis/core/v1 of
k8s.io/kubernetes (a volume without a source is an emptyDir); sigs.k8s.io/yaml and sigs.k8s.io/json as the kubelet
calls them (names are case-sensitive, unknown ones are dropped, of a key that stands twice the last one counts).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.reader import Reader, near_key, twice, unknown_key
from kube_audit_lint.forms.common.split import POD_MOUNT, Needs, split, whole
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Mapping, Node
from kube_audit_lint.syntax.unknown import is_unknown

SOURCES = (
    *("hostPath", "emptyDir", "configMap", "secret", "projected", "downwardAPI", "persistentVolumeClaim", "csi"),
    *("ephemeral", "image", "nfs", "iscsi", "fc", "cephfs", "rbd", "glusterfs", "flexVolume", "gitRepo", "azureDisk"),
    *("azureFile", "awsElasticBlockStore", "gcePersistentDisk", "cinder", "vsphereVolume", "photonPersistentDisk"),
    *("portworxVolume", "quobyte", "scaleIO", "storageos", "flocker"),
)
POD_VOLUME: Needs = (("name",), SOURCES)

_EMPTY = Reader("a volume", "it is dropped, and a volume without a source is an empty directory")
_PATH = Reader("a hostPath", "it is dropped")
_MOUNT = Reader("a volumeMount", "it is dropped")
_MOUNT_KEYS = ("name", "mountPath", "subPath", "subPathExpr", "mountPropagation")
_LISTS = ("volumeMounts", "volumes", "command", "args", "env")


def volumes_in(spec: Mapping) -> list[Node]:
    """The pod's volumes; those that a dash has split in two as one."""
    return whole(spec.items("volumes"), POD_VOLUME)


def mounts_in(container: Mapping) -> list[Node]:
    """The container's mounts; those that a dash has split in two as one."""
    return whole(container.items("volumeMounts"), POD_MOUNT)


def shapes_of_pod(spec: Mapping) -> Iterator[Misshape]:
    """What is wrong with the volumes of an API server's pod."""
    yield from split(spec.items("volumes"), POD_VOLUME, "volume")
    for volume in volumes_in(spec):
        if isinstance(volume, Mapping):
            yield from _volume(volume)
    yield from twice(spec, "the kubelet", _LISTS)


def shapes_of_container(container: Mapping) -> Iterator[Misshape]:
    """What is wrong with the mounts of an API server's container."""
    yield from split(container.items("volumeMounts"), POD_MOUNT, "mount")
    for mount in mounts_in(container):
        if isinstance(mount, Mapping):
            yield from _misspelt(mount, _MOUNT_KEYS, _MOUNT)
    yield from twice(container, "the kubelet", _LISTS)


def _volume(volume: Mapping) -> Iterator[Misshape]:
    if any(key in SOURCES for key in volume.entries):
        path = volume.mapping("hostPath")
        yield from _misspelt(path, ("path", "type"), _PATH) if path is not None else ()
    else:
        yield from _misspelt(volume, SOURCES, _EMPTY)


def _misspelt(section: Mapping, known: tuple[str, ...], reader: Reader) -> Iterator[Misshape]:
    for key, entry in section.entries.items():
        near = near_key(section, key, known) if key not in known and not is_unknown(key) else None
        if key == "pathType" and reader is _PATH:
            near = "type"
        if near is not None and key not in ("name", "readOnly"):
            yield unknown_key(entry.key, reader, f"Write `{near}`.")
