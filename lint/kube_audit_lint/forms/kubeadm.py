"""kubeadm's ClusterConfiguration, v1beta1 to v1beta4, alone or inside the forms that pass it on.

Sources: cmd/kubeadm/app/apis/kubeadm/v1beta1..v1beta4/types.go (extraArgs is a map up to v1beta3, a list of
name and value from v1beta4), app/util/staticpod/utils.go and app/phases/controlplane/volumes.go (what is
mounted without being asked for).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kube_audit_lint.forms import Context
from kube_audit_lint.forms.arguments import setting
from kube_audit_lint.model.document import Found, Misshape
from kube_audit_lint.model.server import ApiServer, Flag, HostFile, Mount, Value, Volume
from kube_audit_lint.model.source import Place
from kube_audit_lint.model.unknown import is_unknown
from kube_audit_lint.model.version import Versions, parse_versions
from kube_audit_lint.reading.nodes import Document, Mapping, Node, Scalar, Sequence

GROUP = "kubeadm.k8s.io/"

LIST_ARGUMENTS_SINCE = "v1beta4"

_MAP_VERSIONS = ("v1alpha1", "v1alpha2", "v1alpha3", "v1beta1", "v1beta2", "v1beta3")

_ALWAYS_MOUNTED = (
    "/etc/kubernetes/pki",
    "/etc/ssl/certs",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/etc/pki",
)
"""Mounted read-only into every API server that kubeadm makes."""

_API_SERVER_KEYS = frozenset(("certSANs", "extraArgs", "extraEnvs", "extraVolumes", "timeoutForControlPlane"))
_VOLUME_KEYS = frozenset(("name", "hostPath", "mountPath", "readOnly", "pathType"))


class ApiServerSection(NamedTuple):
    """What the `apiServer` section of a ClusterConfiguration says."""

    flags: tuple[Flag, ...]
    mounts: tuple[Mount, ...]
    misshapes: tuple[Misshape, ...]
    place: Place


def read(document: Document, context: Context) -> Found | None:
    """A ClusterConfiguration (v1alpha1's MasterConfiguration had another shape and is not read)."""
    root = document.mapping
    if root is None or not (root.string("apiVersion") or "").startswith(GROUP):
        return None
    if root.string("kind") != "ClusterConfiguration":
        return None
    return found_in(root, "kubeadm", partial=document.problem is not None)


def found_in(
    configuration: Mapping,
    form: str,
    *,
    version: str | None = None,
    versions: Versions | None = None,
    version_place: Place | None = None,
    files: tuple[HostFile, ...] = (),
    partial: bool = False,
) -> Found:
    """The API server of a ClusterConfiguration, in whatever form it stands.

    version: kubeadm's own API version (`v1beta3`); None: as the apiVersion says, or unknown.
    versions: Kubernetes', where the surrounding form says it; else kubernetesVersion counts.
    """
    if version is None:
        version = (configuration.string("apiVersion") or "").removeprefix(GROUP) or None
    section = api_server_section(configuration, version)
    own = configuration.get("kubernetesVersion")
    if isinstance(own, Scalar) and own.kind == "string" and not is_unknown(own.value):
        versions, version_place = parse_versions(own.value) or versions, own.place
    server = ApiServer(
        form,
        section.place,
        section.flags,
        versions=versions,
        version_place=version_place,
        mounts=(*always_mounted(section.place), *section.mounts),
        files=files,
        partial=partial,
        name="kube-apiserver",
        namespace="kube-system",
    )
    return Found(servers=(server,), misshapes=section.misshapes)


def api_server_section(configuration: Mapping, version: str | None) -> ApiServerSection:
    """The flags and mounts of the `apiServer` section. `version` decides which shape extraArgs must have."""
    section = configuration.get("apiServer")
    if not isinstance(section, Mapping):
        return ApiServerSection((), (), (), _head(configuration))
    arguments = section.get("extraArgs")
    misshapes = [
        *unknown_keys(section, _API_SERVER_KEYS, "kubeadm"),
        *_shape_of_arguments(arguments, version),
        *_shape_of_volumes(section),
    ]
    key = section.key("extraArgs") or configuration.key("apiServer")
    return ApiServerSection(
        tuple(flags_of_arguments(arguments)),
        tuple(mounts_of_volumes(section)),
        tuple(misshapes),
        key.place if key is not None else section.place,
    )


def flags_of_arguments(arguments: Node | None) -> Iterator[Flag]:
    """The flags of extraArgs, a map or a list of name and value."""
    if isinstance(arguments, Mapping):
        for entry in arguments.entries.values():
            yield setting(Value(entry.key.value, entry.key.place), value_of(entry.value))
    elif isinstance(arguments, Sequence):
        for item in arguments.items:
            name = item.get("name") if isinstance(item, Mapping) else None
            if isinstance(item, Mapping) and isinstance(name, Scalar):
                yield setting(Value(name.value, name.place), value_of(item.get("value")))


def value_of(node: Node | None) -> Value | None:
    """A scalar as a flag's value: numbers and booleans as they are written."""
    if not isinstance(node, Scalar) or node.kind == "null":
        return None if node is None else Value("", node.place)
    return Value(node.value if node.kind == "string" else node.place.text, node.place)


def mounts_of_volumes(section: Mapping) -> Iterator[Mount]:
    """The mounts that extraVolumes make."""
    for item in section.items("extraVolumes"):
        if isinstance(item, Mapping):
            mount = _mount(item)
            if mount is not None:
                yield mount


def always_mounted(place: Place) -> Iterator[Mount]:
    """What kubeadm mounts without being asked."""
    for path in _ALWAYS_MOUNTED:
        at = Value(path, place)
        yield Mount(
            at, at, place, True, None, None, Volume(path, "hostPath", place, at, Value("DirectoryOrCreate", place))
        )


def unknown_keys(section: Mapping, known: frozenset[str], form: str) -> Iterator[Misshape]:
    """Keys that are near to known ones, but are not: a setting that is dropped."""
    for entry in section.entries.values():
        key = entry.key.value
        if key in known or is_unknown(key):
            continue
        from kube_audit_lint.kubernetes.spelling import nearest

        near = nearest(key, known)
        if near is not None and near not in section.entries:
            yield Misshape(
                "unknown-setting",
                entry.key.place,
                f"`{key}` is no setting of {form} here: it is dropped, and nothing of it reaches kube-apiserver.",
                f"Write `{near}`.",
            )


def _mount(item: Mapping) -> Mount | None:
    name, path, host = (_value(item, key) for key in ("name", "mountPath", "hostPath"))
    if path is None or host is None:
        return None
    read_only = item.get("readOnly")
    volume = Volume(name.text if name else "", "hostPath", item.place, host, _value(item, "pathType"))
    return Mount(
        name or path,
        path,
        item.place,
        isinstance(read_only, Scalar) and read_only.value == "true",
        read_only.place if read_only is not None else None,
        None,
        volume,
    )


def _value(item: Mapping, key: str) -> Value | None:
    node = item.get(key)
    return Value(node.value, node.place) if isinstance(node, Scalar) and node.kind == "string" else None


def _shape_of_arguments(arguments: Node | None, version: str | None) -> Iterator[Misshape]:
    if isinstance(arguments, Sequence) and version in _MAP_VERSIONS and arguments.items:
        yield Misshape(
            "wrong-shape",
            arguments.place,
            f"extraArgs is a list here, but kubeadm.k8s.io/{version} takes a map: kubeadm refuses the file "
            "(`json: cannot unmarshal array into Go struct field APIServer.extraArgs of type map[string]string`).",
            f"Write `name: value` pairs, or use kubeadm.k8s.io/{LIST_ARGUMENTS_SINCE} (kubeadm 1.31 and later).",
        )
    if isinstance(arguments, Mapping) and version == LIST_ARGUMENTS_SINCE and arguments.entries:
        yield Misshape(
            "wrong-shape",
            arguments.place,
            f"extraArgs is a map here, but kubeadm.k8s.io/{version} takes a list of name and value: kubeadm refuses "
            "it (`json: cannot unmarshal object into Go struct field APIServer.extraArgs of type []v1beta4.Arg`).",
            'Write `- name: audit-log-maxage` with `value: "30"` below it for each flag.',
        )
    yield from _unquoted(arguments)


def _unquoted(arguments: Node | None) -> Iterator[Misshape]:
    """kubeadm's values are strings: a bare 30 or true is refused."""
    values: list[Node] = []
    if isinstance(arguments, Mapping):
        values = [entry.value for entry in arguments.entries.values()]
    elif isinstance(arguments, Sequence):
        values = [value for item in arguments.items if isinstance(item, Mapping) and (value := item.get("value"))]
    for value in values:
        if isinstance(value, Scalar) and value.kind in ("int", "float", "bool"):
            kind = "bool" if value.kind == "bool" else "number"
            yield Misshape(
                "wrong-shape",
                value.place,
                f"{value.place.text} is a {kind}, and kubeadm takes only strings here: it refuses the file "
                f"(`json: cannot unmarshal {kind} into Go struct field APIServer.extraArgs of type string`).",
                f'Write "{value.place.text}" in quotes.',
            )


def _shape_of_volumes(section: Mapping) -> Iterator[Misshape]:
    for item in section.items("extraVolumes"):
        if isinstance(item, Mapping):
            yield from unknown_keys(item, _VOLUME_KEYS, "kubeadm")


def _head(configuration: Mapping) -> Place:
    key = (
        configuration.key("apiServer")
        or configuration.key("kind")
        or next((entry.key for entry in configuration.entries.values()), None)
    )
    return key.place if key is not None else configuration.place
