"""What keeps the kubelet from taking the pod of an API server at all: volumes and mounts of a wrong shape.

Sources: ValidateVolumes, validateVolumeSource, ValidateVolumeMounts and validateContainers in
pkg/apis/core/validation of k8s.io/kubernetes; sigs.k8s.io/json (a value of a wrong type); pkg/kubelet/config/common.go
(a static pod is decoded and validated as any other).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.reader import in_branches
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

_REFUSED = "The pod is refused, and kube-apiserver is not started:"
_ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyz0123456789"
_LABEL_ERROR = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character"
)
_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
_TYPES = {"hostPath": "v1.HostPathVolumeSource", "emptyDir": "v1.EmptyDirVolumeSource"}


def refused_volumes(
    spec: Mapping, volumes: list[Node], sources: tuple[str, ...], *, merged: bool = False
) -> Iterator[Misshape]:
    """What is wrong with the volumes as a list, and with each of them. merged: of two with one name, one is left."""
    yield from _no_list(spec, "volumes", "PodSpec.spec.volumes of type []v1.Volume")
    seen: dict[str, Scalar] = {}
    for at, volume in enumerate(volumes):
        if not isinstance(volume, Mapping) or any(is_unknown(key) for key in volume.entries):
            continue
        name = volume.get("name")
        if isinstance(name, Scalar) and not is_unknown(name.value):
            yield from _name(name, {} if merged else seen, f"spec.volumes[{at}].name")
        elif name is None:
            yield _misshape(_first(volume), f"spec.volumes[{at}].name: Required value", "Give the volume a name.")
        given = [key for key in volume.entries if key in sources]
        if len(given) > 1:
            error = f"spec.volumes[{at}].{given[1]}: Forbidden: may not specify more than 1 volume type"
            yield _misshape(volume.entries[given[1]].key, error, "Keep one of them.")
        yield from _source(volume, at)


def refused_mounts(container: Mapping, mounts: list[Node]) -> Iterator[Misshape]:
    """What is wrong with the mounts as a list, and with each of them."""
    yield from _no_list(container, "volumeMounts", "Container.spec.containers.volumeMounts of type []v1.VolumeMount")
    for at, mount in enumerate(mounts):
        if not isinstance(mount, Mapping) or any(is_unknown(key) for key in mount.entries):
            continue
        path = f"spec.containers[0].volumeMounts[{at}]"
        for key in ("name", "mountPath"):
            if not mount.entries.get(key) and not any(one.lower() == key.lower() for one in mount.entries):
                yield _misshape(_first(mount), f"{path}.{key}: Required value", f"Write `{key}`.")
        read_only = mount.get("readOnly")
        if isinstance(read_only, Scalar) and read_only.kind not in ("bool", "null") and not is_unknown(read_only.value):
            kind = "string" if read_only.kind == "string" else "number"
            field = "VolumeMount.spec.containers.volumeMounts.readOnly of type bool"
            yield _misshape(read_only, f"json: cannot unmarshal {kind} into Go struct field {field}", "Write `true`.")
        sub = mount.get("subPath")
        if isinstance(sub, Scalar) and sub.kind == "string" and not is_unknown(sub.value):
            if sub.value.startswith("/"):
                error = f'{path}.subPath: Invalid value: "{sub.value}": must be a relative path'
                yield _misshape(sub, error, f"Write `subPath: {sub.value.lstrip('/')}`.")
            elif ".." in sub.value.split("/"):
                error = f"{path}.subPath: Invalid value: \"{sub.value}\": must not contain '..'"
                yield _misshape(sub, error)
        yield from _mounted_how(mount, path)


def _mounted_how(mount: Mapping, path: str) -> Iterator[Misshape]:
    """The ways to mount a part of a volume, of which there may be one, and how mounts below are passed on."""
    expression, propagation = mount.get("subPathExpr"), mount.get("mountPropagation")
    if mount.string("subPath") and isinstance(expression, Scalar) and expression.value:
        error = (
            f'{path}.subPathExpr: Invalid value: "{expression.value}": subPathExpr and subPath are mutually exclusive'
        )
        yield _misshape(expression, error, "Keep one of them.")
    if not isinstance(propagation, Scalar) or propagation.kind != "string" or is_unknown(propagation.value):
        return
    if propagation.value not in _PROPAGATIONS:
        known = ", ".join(f'"{one}"' for one in _PROPAGATIONS)
        error = f'{path}.mountPropagation: Unsupported value: "{propagation.value}": supported values: {known}'
        near = next((one for one in _PROPAGATIONS if one.lower() == propagation.value.lower()), "")
        yield _misshape(propagation, error, f"Write `{near}`." if near else "")


def refused_containers(spec: Mapping) -> Iterator[Misshape]:
    """Two containers of one name, init containers among them."""
    seen: dict[str, Scalar] = {}
    for section in ("initContainers", "containers"):
        for at, container in enumerate(spec.items(section)):
            name = container.get("name") if isinstance(container, Mapping) else None
            if not isinstance(name, Scalar) or not name.value or is_unknown(name.value):
                continue
            before = seen.setdefault(name.value, name)
            if before.start != name.start and not in_branches(before, name):
                line = before.source.position(before.start)[0]
                error = f'spec.{section}[{at}].name: Duplicate value: "{name.value}" (the other one is in line {line})'
                yield _misshape(name, error, "Give each container a name of its own.")


def _no_list(section: Mapping, key: str, field: str) -> Iterator[Misshape]:
    node, name = section.get(key), section.key(key)
    if isinstance(node, Mapping) and node.entries and name is not None:
        error = f"json: cannot unmarshal object into Go struct field {field}"
        yield _misshape(name, error, "It is a list: put `- ` in front of each item, and write its name as `name:`.")


def _name(name: Scalar, seen: dict[str, Scalar], path: str) -> Iterator[Misshape]:
    before = seen.setdefault(name.value, name)
    if before.start != name.start and not in_branches(before, name):
        line = before.source.position(before.start)[0]
        message = f'{path}: Duplicate value: "{name.value}" (the other one is in line {line})'
        yield _misshape(name, message, "Give each volume a name of its own, or leave one of them away.")
    else:
        yield from wrong_name(name, path)


def wrong_name(name: Scalar, path: str, help: str = "") -> Iterator[Misshape]:
    """A volume's name that is no label. path: where it is in the pod."""
    if name.kind == "string" and name.value and not is_unknown(name.value) and not _is_label(name.value):
        help = help or "Write small letters, digits and `-` only, here and in the mount."
        yield _misshape(name, f'{path}: Invalid value: "{name.value}": {_LABEL_ERROR}', help)


def required(place: Place, error: str, help: str) -> Misshape:
    """Something without which a volume is refused."""
    return Misshape("refused", place, f"{_REFUSED} {error}", help)


def _is_label(name: str) -> bool:
    """Whether a name is an RFC 1123 label, as IsDNS1123Label has it."""
    ends = name[0] in _ALPHANUMERIC and name[-1] in _ALPHANUMERIC
    return ends and len(name) <= 63 and not name.strip(f"{_ALPHANUMERIC}-")


def _source(volume: Mapping, at: int) -> Iterator[Misshape]:
    for kind, go in _TYPES.items():
        source = volume.get(kind)
        if isinstance(source, Scalar) and source.kind == "string" and not is_unknown(source.value):
            error = f"json: cannot unmarshal string into Go struct field Volume.spec.volumes.{kind} of type {go}"
            help = f"Write `hostPath: {{path: {source.value}}}`." if kind == "hostPath" else "Write `emptyDir: {}`."
            yield _misshape(source, error, help)
    host = volume.get("hostPath")
    if isinstance(host, Mapping) and not any(key.lower() == "path" or is_unknown(key) for key in host.entries):
        key = volume.key("hostPath")
        error = f"spec.volumes[{at}].hostPath.path: Required value"
        yield _misshape(key or _first(volume), error, "Write `path` with the path on the host.")


def _first(node: Mapping) -> Node:
    return next((entry.key for entry in node.entries.values()), node)


def _misshape(node: Node | Scalar | Sequence, error: str, help: str = "") -> Misshape:
    return Misshape("refused", node.place, f"{_REFUSED} {error}", help)
