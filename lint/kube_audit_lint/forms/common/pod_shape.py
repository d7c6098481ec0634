"""What the kubelet drops or overwrites without a word in the pod of an API server.

Sources: k8s.io/api core/v1 (Volume, VolumeMount, HostPathVolumeSource); SetDefaults_Volume in pkg/apis/core/v1 of
k8s.io/kubernetes (a volume without a source is an emptyDir); sigs.k8s.io/yaml and sigs.k8s.io/json as the kubelet
calls them (names are case-sensitive, unknown ones are dropped, of a key that occurs twice the last one counts).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.pod_refused import refused_containers, refused_mounts, refused_volumes
from kube_audit_lint.forms.common.reader import Reader, near_key, twice, unknown_key
from kube_audit_lint.forms.common.split import POD_MOUNT, Needs, split, whole
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.unknown import is_unknown

SOURCES = (
    *("hostPath", "emptyDir", "configMap", "secret", "projected", "downwardAPI", "persistentVolumeClaim", "csi"),
    *("ephemeral", "image", "nfs", "iscsi", "fc", "cephfs", "rbd", "glusterfs", "flexVolume", "gitRepo", "azureDisk"),
    *("azureFile", "awsElasticBlockStore", "gcePersistentDisk", "cinder", "vsphereVolume", "photonPersistentDisk"),
    *("portworxVolume", "quobyte", "scaleIO", "storageos", "flocker"),
)
POD_VOLUME: Needs = (("name",), SOURCES)

_DROPPED = "it is dropped"
_EMPTY = Reader("a volume", "it is dropped, and a volume without a source is an empty directory")
_PATH, _MOUNT = Reader("a hostPath", _DROPPED), Reader("a volumeMount", _DROPPED)
_CONTAINER, _POD, _OBJECT = (Reader(name, _DROPPED) for name in ("a container", "the spec of a pod", "an object"))
_MOUNT_KEYS = ("name", "mountPath", "subPath", "subPathExpr", "mountPropagation", "recursiveReadOnly")
_CONTAINER_KEYS = ("command", "args", "env", "volumeMounts")
_LISTS = ("volumeMounts", "volumes", "command", "args", "env", "containers")


def volumes_in(spec: Mapping, owner: Mapping | None = None) -> list[Node]:
    """The pod's volumes, those that a dash has split in two as one; where they were meant, if that is elsewhere."""
    entry = _entry(spec, "volumes")
    for section in _containers(spec) if entry is None else ():
        entry = entry or section.entries.get("volumes")
    if entry is None and owner is not None:
        entry = owner.entries.get("volumes")
    return whole(_items(entry), POD_VOLUME)


def mounts_in(container: Mapping, spec: Mapping | None = None) -> list[Node]:
    """The container's mounts, likewise."""
    entry = _entry(container, "volumeMounts")
    if entry is None and spec is not None and len(_containers(spec)) == 1:
        entry = spec.entries.get("volumeMounts")
    return whole(_items(entry), POD_MOUNT)


def _items(entry: Entry | None) -> list[Node]:
    return entry.value.items if entry is not None and isinstance(entry.value, Sequence) else []


def _entry(section: Mapping, name: str) -> Entry | None:
    """The entry of a key, or of the misspelt one that was meant, which is reported."""
    near = (key for key in section.entries if key != name and near_key(section, key, (name,)) == name)
    return section.entries.get(name) or section.entries.get(next(near, ""))


def _containers(spec: Mapping) -> list[Mapping]:
    return [one for one in spec.items("containers") if isinstance(one, Mapping)]


def shapes_of_pod(spec: Mapping, owner: Mapping, *, merged: bool = False) -> Iterator[Misshape]:
    """What is wrong with the volumes of an API server's pod. owner: the object around it. merged: it is a strategic
    merge patch, in which items of one name are one."""
    listed = volumes_in(spec, owner)
    yield from split(spec.items("volumes"), POD_VOLUME, "volume")
    for volume in listed:
        if isinstance(volume, Mapping):
            yield from _volume(volume)
            yield from twice(volume, "the kubelet")
            yield from twice(volume.get("hostPath"), "the kubelet")
    yield from _elsewhere(spec, owner)
    yield from refused_volumes(spec, listed, SOURCES, merged=merged)
    yield from () if merged else refused_containers(spec)
    yield from twice(spec, "the kubelet", _LISTS)
    yield from twice(owner, "the kubelet", ("spec",))


def shapes_of_container(container: Mapping, spec: Mapping, *, alone: bool = False) -> Iterator[Misshape]:
    """What is wrong with the mounts of an API server's container, and with its other keys. alone: no flags are there,
    so that no rule says what a misspelt `readOnly` does to the policy."""
    listed = mounts_in(container, spec)
    yield from split(container.items("volumeMounts"), POD_MOUNT, "mount")
    for mount in listed:
        if isinstance(mount, Mapping):
            yield from _misspelt(mount, _MOUNT_KEYS, _MOUNT)
            if alone:
                yield from _near(mount, ("readOnly",), _MOUNT)
            yield from twice(mount, "the kubelet")
    yield from refused_mounts(container, listed)
    yield from _near(container, ("command", "args", "volumeMounts", "env"), _CONTAINER)
    yield from _with_flags(container)
    yield from twice(container, "the kubelet", _LISTS)


def _elsewhere(spec: Mapping, owner: Mapping) -> Iterator[Misshape]:
    """Lists at a wrong depth, and misspelt ones."""
    yield from _near(spec, ("volumes", "containers"), _POD)
    below = "Move it below `spec`, beside `containers`."
    if "volumes" not in spec.entries:
        sections = [(owner, _OBJECT), *((one, _CONTAINER) for one in _containers(spec))]
        for section, reader in sections:
            key = section.key("volumes")
            if key is not None:
                yield unknown_key(key, reader, below)
    key = spec.key("volumeMounts")
    if key is not None:
        yield unknown_key(key, _POD, "Move it into the container.")


def _with_flags(container: Mapping) -> Iterator[Misshape]:
    """Audit flags under a key of another name (`cmd`)."""
    for key, entry in container.entries.items():
        flags = [node.place.text for node in _items(entry) if isinstance(node, Scalar)]
        known = key in _CONTAINER_KEYS or near_key(container, key, _CONTAINER_KEYS)
        if not known and not is_unknown(key) and any(text.strip("'\"").startswith("--audit-") for text in flags):
            yield unknown_key(entry.key, _CONTAINER, "Write `command`.")


def _near(section: Mapping, names: tuple[str, ...], reader: Reader) -> Iterator[Misshape]:
    for key, entry in section.entries.items():
        near = near_key(section, key, names) if key not in names and not is_unknown(key) else None
        if near is not None:
            yield unknown_key(entry.key, reader, f"Write `{near}`.")


def _volume(volume: Mapping) -> Iterator[Misshape]:
    if any(key in SOURCES for key in volume.entries):
        path = volume.mapping("hostPath")
        yield from _misspelt(path, ("path", "type"), _PATH) if path is not None else ()
        return
    yield from _misspelt(volume, SOURCES, _EMPTY)
    path_key = volume.key("path")
    if path_key is not None:
        yield unknown_key(path_key, _EMPTY, f"Write `hostPath: {{path: {volume.string('path') or '...'}}}`.")


def _misspelt(section: Mapping, known: tuple[str, ...], reader: Reader) -> Iterator[Misshape]:
    for key, entry in section.entries.items():
        near = near_key(section, key, known) if key not in known and not is_unknown(key) else None
        if key == "pathType" and reader is _PATH:
            near = "type"
        if near is not None and key not in ("name", "readOnly"):
            yield unknown_key(entry.key, reader, f"Write `{near}`.")
