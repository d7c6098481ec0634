"""kubeadm's ClusterConfiguration, v1alpha3 to v1beta4, alone or inside the forms that pass it on.

Sources: cmd/kubeadm/app/apis/kubeadm/v1alpha3, v1beta1..v1beta4 (types.go); app/util/patches (files laid over
the manifest).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from kube_audit_lint.discovery.roots import read_named_by
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import (
    always_mounted,
    extra_volume,
    flags_of_arguments,
    mounts_of_volumes,
    ordered,
    spelling,
)
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.nodes import below
from kube_audit_lint.forms.common.reader import Reader, meant, twice, unknown_key, unknown_keys
from kube_audit_lint.forms.common.shapes import (
    API_SERVER_KEYS,
    GROUP,
    LIST_VERSIONS,
    kubeadm,
    shape_of_arguments,
    shape_of_volumes,
)
from kube_audit_lint.forms.kubeadm.versions import kubernetes_of, not_read
from kube_audit_lint.model.found import Found, Misshape, Note, joined
from kube_audit_lint.model.server import ApiServer, Flag, HostFile, Mount
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

MARKS = ("kubeadm.k8s.io/", "ClusterConfiguration")
LOOK = (
    ("clusterconfiguration", r"\b"),
    # A key of its own, or `kubeAPIServer`: no port of an image, and no `openshift-apiserver`.
    ("apiserver", r"(?:(?<![\w/-]apiserver)|(?<=kubeapiserver))(?:extraargs)?(?:\":|:(?=\s|\Z))"),
    ("apiserver", r"(?<=\"apiserver)\""),
)
ORDER = 2

_OLD = "v1alpha"
_LARGEST = 200_000
"""Bytes of a patch that are looked at."""
_OLD_KEYS = ("apiServerExtraArgs", "apiServerExtraVolumes")


OTHERS = frozenset(("controllerManager", "scheduler", "etcd", "dns"))
"""Sections about other programs."""
NAMES = {"kubeapiserver": "apiServer"}
_HOMES = {"": ("apiServer",), "apiServer": ("extraArgs", "extraVolumes")}


class ApiServerSection(NamedTuple):
    """What the `apiServer` section of a ClusterConfiguration says."""

    flags: tuple[Flag, ...]
    mounts: tuple[Mount, ...]
    misshapes: tuple[Misshape, ...]
    place: Place
    spelling: Callable[[str, str], str]


def read(document: Document, context: Context) -> Found | None:
    """A ClusterConfiguration; an InitConfiguration only for the patches that it names."""
    root = document.mapping
    if root is None or not _is_kubeadm(root):
        return None
    kind = root.string("kind")
    if kind in ("InitConfiguration", "JoinConfiguration"):
        found = Found(notes=tuple(_patches_notes(root)))
        return joined([found, _in_another_kind(root)]) or None
    if kind not in ("ClusterConfiguration", "MasterConfiguration"):
        return None
    partial = "auditPolicy" in root.entries or "apiVersion" not in root.entries or _merged(context)
    partial = partial or _for_etcd(root) or _for_images(root, context)
    partial = partial or any(_in_another_kind(top) for other in context.documents if (top := other.mapping))
    found = found_in(root, "kubeadm", partial=partial)
    (server,) = found.servers
    patches = next((one for other in context.documents if (one := patches_folder(other)) is not None), None)
    if patches is not None:
        mounts = None if _may_mount(patches, context) else server.mounts
        found = found._replace(servers=(server._replace(partial=server.partial or not server.audited, mounts=mounts),))
    version = (root.string("apiVersion") or "").removeprefix(GROUP)
    wrong = not_read(root, version, server.versions)
    return found.with_misshapes((wrong,)) if wrong else found


def _in_another_kind(root: Mapping) -> Found:
    """Audit settings of the API server in a document about one node; they are checked as they were meant."""
    kind, section = root.string("kind") or "", root.mapping("clusterConfiguration")
    key = root.key("apiServer" if section is None else "clusterConfiguration")
    settings = (section or root).get("apiServer")
    if kind not in ("InitConfiguration", "JoinConfiguration") or key is None or settings is None:
        return Found()
    if "audit" not in settings.place.text:
        return Found()
    message = f"`{key.value}` is no setting of {kind}: kubeadm drops it, and nothing of it reaches kube-apiserver."
    help = "Write `apiServer` into a document of its own, with `kind: ClusterConfiguration`."
    version = (root.string("apiVersion") or "").removeprefix(GROUP)
    found = found_in(section or root, "kubeadm", version=version, partial=True)
    return found.with_misshapes((Misshape("unknown-key", key.place, message, help),))


def _for_etcd(root: Mapping) -> bool:
    """Whether the file is for `kubeadm init phase etcd` on hosts of their own, where no API server runs."""
    local = (root.mapping("etcd") or root).mapping("local")
    planes = ("apiServer", "controllerManager", "scheduler", "networking", "controlPlaneEndpoint")
    named = local is not None and ("serverCertSANs" in local.entries or "peerCertSANs" in local.entries)
    return named and not any(name in root.entries for name in planes)


def _for_images(root: Mapping, context: Context) -> bool:
    """Whether the file is for `kubeadm config images`, by its name: it says nothing of how an API server runs."""
    return "images" in os.path.basename(context.path) and "apiServer" not in root.entries


def _merged(context: Context) -> bool:
    """Whether the file is a Clusterfile, whose configuration sealos or sealer lays over its own, with mounts and all.

    Source: labring/sealos lifecycle/pkg/runtime/kubernetes/types/default_kubeadm_config.go.
    """
    heads = (root.string("apiVersion") or "" for one in context.documents if (root := one.mapping) is not None)
    return any(head.partition("/")[0].endswith(("sealos.io", "sealer.cloud", "sealer.aliyun.com")) for head in heads)


def _is_kubeadm(root: Mapping) -> bool:
    """By the API version; a patch for a user to lay over a configuration may have none."""
    if "apiVersion" not in root.entries:
        return root.string("kind") == "ClusterConfiguration" and root.mapping("apiServer") is not None
    return (root.string("apiVersion") or "").startswith(GROUP)


def found_in(
    configuration: Mapping,
    form: str,
    *,
    version: str | None = None,
    versions: Versions | None = None,
    version_place: Place | None = None,
    files: tuple[HostFile, ...] = (),
    partial: bool = False,
    reader: Reader | None = None,
) -> Found:
    """The API server of a ClusterConfiguration, in whatever form it is.

    version: kubeadm's own API version (`v1beta3`); None: as the apiVersion says, or unknown.
    versions: Kubernetes', where the surrounding form says it; else kubernetesVersion counts.
    reader: who reads the file, where it is not kubeadm.
    """
    if version is None:
        version = (configuration.string("apiVersion") or "").removeprefix(GROUP) or None
    section = api_server_section(configuration, version, reader)
    own, own_place = kubernetes_of(configuration, version)
    if versions is None or "kubernetesVersion" in configuration.entries:
        versions, version_place = own or versions, own_place if own else version_place
    own_mounts = always_mounted(section.place, configuration.string("certificatesDir"), section.mounts)
    server = ApiServer(
        form,
        section.place,
        section.flags,
        versions=versions,
        version_place=version_place,
        mounts=(*own_mounts, *section.mounts),
        files=files,
        partial=partial,
        spelling=section.spelling,
        mounting=extra_volume,
        type_key="pathType",
        name="kube-apiserver",
        namespace="kube-system",
    )
    return Found(servers=(server,), misshapes=section.misshapes)


def api_server_section(configuration: Mapping, version: str | None, reader: Reader | None = None) -> ApiServerSection:
    """The flags and mounts of the `apiServer` section. `version` decides which shape extraArgs must have."""
    reader = reader or kubeadm(version)
    if (version or "").startswith(_OLD):
        return _old_section(configuration, version, reader)
    configuration, misshapes = settled(configuration, _levels(version), reader)
    misshapes += _top_keys(configuration, reader)
    key = meant(configuration, "apiServer")
    section = configuration.get(key)
    if not isinstance(section, Mapping):
        old = _old_section(configuration, version, reader)
        return old._replace(misshapes=tuple(misshapes))
    arguments_key, volumes_key = meant(section, "extraArgs"), meant(section, "extraVolumes")
    arguments, volumes = section.get(arguments_key), section.get(volumes_key)
    misshapes += unknown_keys(section, API_SERVER_KEYS, reader, "Write it as a flag in extraArgs.")
    misshapes += shape_of_arguments(arguments, version, reader)
    misshapes += shape_of_volumes(volumes, reader)
    misshapes += [*twice(configuration, reader.name, (key,)), *twice(section, reader.name, API_SERVER_KEYS)]
    misshapes += twice(arguments, reader.name)
    place = section.key(arguments_key) or configuration.key(key)
    return ApiServerSection(
        ordered(flags_of_arguments(arguments)),
        tuple(mounts_of_volumes(volumes)),
        tuple(misshapes),
        place.place if place is not None else section.place,
        spelling(arguments, version),
    )


def _levels(version: str | None) -> Levels:
    return Levels(
        _HOMES, foreign=OTHERS, flags="apiServer/extraArgs", listed=version in LIST_VERSIONS, other_names=NAMES
    )


def _old_section(configuration: Mapping, version: str | None, reader: Reader) -> ApiServerSection:
    """v1alpha3's settings, which are at the top."""
    arguments = configuration.get("apiServerExtraArgs")
    key = configuration.key("apiServerExtraArgs")
    return ApiServerSection(
        ordered(flags_of_arguments(arguments)),
        tuple(mounts_of_volumes(configuration.get("apiServerExtraVolumes"))),
        tuple(shape_of_arguments(arguments, version, reader)),
        key.place if key is not None else _head(configuration),
        spelling(arguments, version),
    )


def _top_keys(configuration: Mapping, reader: Reader) -> Iterator[Misshape]:
    """Keys beside `apiServer` that are dropped, though they were meant for the API server."""
    for key, entry in configuration.entries.items():
        if key in _OLD_KEYS:
            new = "extraArgs" if key == "apiServerExtraArgs" else "extraVolumes"
            message = f"`{key}` was a setting of v1alpha3, and {reader.version} has none of that name: it is dropped."
            yield Misshape("unknown-key", entry.key.place, message, f"Write `apiServer:` with `{new}:` below it.")
        elif key != "apiServer" and (meant(configuration, "apiServer") == key or "audit" in key.lower()):
            help = "Write it as a flag in `apiServer.extraArgs`." if "audit" in key.lower() else "Write `apiServer`."
            yield unknown_key(entry.key, reader, help)


def patches_folder(document: Document) -> Scalar | None:
    """The folder of patches that an InitConfiguration names."""
    root = document.mapping
    patches = below(root, "patches") if root is not None and root.string("kind") == "InitConfiguration" else None
    directory = patches.get("directory") if patches is not None else None
    return directory if isinstance(directory, Scalar) and directory.kind == "string" and directory.value else None


def _may_mount(directory: Scalar, context: Context) -> bool:
    """Whether the patches may mount something: when the folder is not beside the file, or they speak of volumes."""
    folder = os.path.join(os.path.dirname(context.source.path), directory.value)
    try:
        names = [name for name in os.listdir(folder) if name.startswith("kube-apiserver")]
    except (OSError, ValueError):
        return True
    texts = [read_named_by(context.source.path, os.path.join(folder, name), _LARGEST) for name in names]
    return any(text is None or b"olume" in text for text in texts)


def _patches_notes(root: Mapping) -> Iterator[Note]:
    document = Document(root.source, root.start, root.end, root)
    directory = patches_folder(document)
    if directory is None:
        return
    message = (
        f"kubeadm lays the files kube-apiserver*.yaml of {directory.place.text} over the API server's manifest; "
        "here they were not laid over it: each is checked by itself where it is linted"
    )
    yield Note(directory.place, message)


def _head(configuration: Mapping) -> Place:
    key = (
        configuration.key("apiServer")
        or configuration.key("kind")
        or next((entry.key for entry in configuration.entries.values()), None)
    )
    return key.place if key is not None else configuration.place
