"""A container's mounts and variables, as a pod gives them to it. Shared by forms that hold pods.

Sources: k8s.io/api core/v1 Volume, VolumeMount, EnvVar; the expansion of `$(NAME)`:
k8s.io/kubernetes third_party/forked/golang/expansion/expand.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as Mapped

from kube_audit_lint.forms.common.pod_shape import mounts_in, volumes_in
from kube_audit_lint.model.server import EnvironmentVariable, Mount, Volume
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.unknown import UNKNOWN, Room, is_unknown

_READ_ONLY = ("readonly", "read_only", "read-only", "ro", "writable")
"""What is written for `readOnly`, in small letters."""
_REFERRING = {
    "secret": "secrets",
    "configMap": "configmaps",
    "csi": "csidrivers (via CSI volumes)",
    "glusterfs": "endpoints (via glusterFS volumes)",
    "persistentVolumeClaim": "persistentvolumeclaims",
    "ephemeral": "persistentvolumeclaims (via ephemeral volumes)",
    "azureFile": "secrets",
}
_PROJECTED = {
    "secret": "secrets",
    "configMap": "configmaps",
    "serviceAccountToken": "serviceaccounts (via projected volumes)",
    "clusterTrustBundle": "clustertrustbundles",
    "podCertificate": "podcertificates",
}
_REFERENCE = r"\$(?:\$|\(([^()]*)\))"


def mounts_of(container: Mapping, volumes: Mapped[str, Volume], spec: Mapping | None = None) -> tuple[Mount, ...]:
    """The container's mounts with their volumes, of the pod's by name.

    A path that does not begin with `/` counts from there (makeMounts in pkg/kubelet of k8s.io/kubernetes).
    """
    found: list[Mount] = []
    for node in mounts_in(container, spec):
        if isinstance(node, Mapping):
            name, path = value_at(node, "name"), value_at(node, "mountPath")
            if name is not None and path is not None:
                path = path if path.text.startswith(("/", "$", UNKNOWN)) else path._replace(text=f"/{path.text}")
                found.append(_mount(node, name, path, volumes.get(name.text)))
    return tuple(found)


def _mount(node: Mapping, name: Value, path: Value, volume: Volume | None) -> Mount:
    read_only = node.get("readOnly")
    misspelt = next((entry.key for key, entry in node.entries.items() if key.lower() in _READ_ONLY), None)
    where = read_only or misspelt
    return Mount(
        name,
        path,
        path.place,
        isinstance(read_only, Scalar) and read_only.kind == "bool" and read_only.value == "true",
        where.place if where is not None else None,
        value_at(node, "subPath") or value_at(node, "subPathExpr"),
        volume,
    )


_OBJECTS = {"configMap": ("ConfigMap", "name"), "secret": ("Secret", "secretName")}
"""What a volume of a kind takes its files from, and under which key it names it."""


def volumes_of(spec: Mapping, owner: Mapping | None = None) -> dict[str, Volume]:
    """The pod's volumes by name, mounted or not.

    owner: the object around the pod, whose volumeClaimTemplates (StatefulSet) are volumes too.
    """
    found: dict[str, Volume] = {}
    for node in volumes_in(spec, owner):
        name = value_at(node, "name")
        if isinstance(node, Mapping) and name is not None:
            found.setdefault(name.text, _volume(node, name))  # with a second one the pod is refused
    inner = owner.mapping("spec") if owner is not None else None
    for claim in inner.items("volumeClaimTemplates") if inner is not None else ():
        name = value_at(claim.get("metadata"), "name") if isinstance(claim, Mapping) else None
        if name is not None:
            found[name.text] = Volume(name.text, "persistentVolumeClaim", name.place)
    return found


def _volume(node: Mapping, name: Value) -> Volume:
    kind = next((key for key in node.entries if key != "name"), "")
    source = node.get(kind)
    inner, held = _only_source(source) if kind == "projected" else (kind, source)
    if inner in _OBJECTS:
        object, keys = _object(inner, held), _keys(held)
        return Volume(name.text, kind, name.place, refers=_refers(node), object=object, keys=keys)
    source = source if kind == "hostPath" else None
    return Volume(name.text, kind, name.place, value_at(source, "path"), value_at(source, "type"), _refers(node))


def _refers(volume: Mapping) -> str:
    """What a volume needs of an API server (HasAPIObjectReference in pkg/api/pod of k8s.io/kubernetes 1.36)."""
    for kind, what in _REFERRING.items():
        if kind in volume.entries:
            return what
    projected = volume.mapping("projected")
    for source in projected.items("sources") if projected is not None else ():
        for kind, what in _PROJECTED.items():
            if isinstance(source, Mapping) and kind in source.entries:
                return what
    return ""


def _only_source(projected: Node | None) -> tuple[str, Node | None]:
    """The kind of the one source of a projected volume, and the source; "" where there are several."""
    sources = projected.items("sources") if isinstance(projected, Mapping) else []
    only = sources[0] if len(sources) == 1 else None
    kind = next(iter(only.entries), "") if isinstance(only, Mapping) else ""
    return kind, only.get(kind) if isinstance(only, Mapping) else None


def _object(kind: str, source: Node | None) -> str:
    """What a volume's files come from; "" where a template decides it."""
    named, key = _OBJECTS[kind]
    name = value_at(source, key) or value_at(source, "name")  # as projected volumes have it
    return f"{named}:{name.text}" if name is not None and not is_unknown(name.text) else ""


def _keys(source: Node | None) -> dict[str, str] | None:
    """The keys of an object by the paths of the files that they become; None where they become all of them."""
    items = source.items("items") if isinstance(source, Mapping) else ()
    pairs = [(value_at(item, "path"), value_at(item, "key")) for item in items]
    return {path.text: key.text for path, key in pairs if path is not None and key is not None} or None


def environment_of(container: Mapping) -> tuple[EnvironmentVariable, ...]:
    """The container's variables, in order."""
    found: list[EnvironmentVariable] = []
    for node in container.items("env"):
        name = value_at(node, "name")
        if isinstance(node, Mapping) and name is not None:
            value = _value_of(node)
            if value is None and "valueFrom" not in node.entries:
                value = Value("", name.place)
            found.append(EnvironmentVariable(name, value, name.place))
    return tuple(found)


def _value_of(node: Mapping) -> Value | None:
    """A variable's value; of a number or a boolean (which no API server takes) as it is written."""
    scalar = node.get("value")
    if isinstance(scalar, Scalar) and scalar.kind not in ("string", "null"):
        return Value(scalar.place.text, scalar.place)
    return value_at(node, "value")


def value_at(node: Node | None, key: str) -> Value | None:
    """The string at a key, with the place of its characters; None for anything else."""
    scalar = node.get(key) if isinstance(node, Mapping) else None
    if not isinstance(scalar, Scalar) or scalar.kind != "string":
        return None
    return Value(scalar.value, part_of(scalar, 0, len(scalar.value)))


def expander(environment: tuple[EnvironmentVariable, ...], room: Room, open_ended: bool) -> Callable[[Value], Value]:
    """Expands `$(NAME)` as the kubelet does: a variable that the container does not have stays as written.

    open_ended: there may be variables that the file does not show (envFrom). What is not known becomes
    UNKNOWN, and so does what there is no room for.
    """
    known: dict[str, str] = {}

    def expand(text: str) -> str:
        def one(found: re.Match[str]) -> str:
            if found[1] is None:
                return "$"
            value = known.get(found[1], UNKNOWN * len(found[0]) if open_ended else found[0])
            return value if room.holds(max(len(value) - len(found[0]), 0)) else UNKNOWN

        return re.sub(_REFERENCE, one, text) if "$" in text else text

    for variable in environment:
        known[variable.name.text] = UNKNOWN if variable.value is None else expand(variable.value.text)
    return lambda value: Value(expand(value.text), value.place)
