"""Cluster API: KubeadmControlPlane, KubeadmConfig, their templates, and fragments of them.

Sources (kubernetes-sigs/cluster-api, August 2026): api/bootstrap/kubeadm/v1beta1 and v1beta2 (kubeadm_types.go:
extraArgs is a map up to v1beta1 and a list of name and value from v1beta2; kubeadmconfig_types.go: files),
api/controlplane/kubeadm (spec.version). The objects are custom resources, so a schema is held against them.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.host_files import BroughtFile, brought_file, policy_paths
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.nodes import below, version_at
from kube_audit_lint.forms.common.reader import Reader, meant, unknown_keys
from kube_audit_lint.forms.common.split import FILE, split, whole
from kube_audit_lint.forms.kubeadm import NAMES, OTHERS, found_in
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.model.server import ApiServer, HostFile
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Document, Mapping
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

MARKS = (".cluster.x-k8s.io/", "kubeadmConfigSpec", "ClusterClass")

_GROUP = ".cluster.x-k8s.io/"
_TEMPLATE = ("spec", "template", "spec")
_KINDS = {
    "KubeadmControlPlane": ("spec", "kubeadmConfigSpec"),
    "KubeadmControlPlaneTemplate": (*_TEMPLATE, "kubeadmConfigSpec"),
    "KubeadmConfig": ("spec",),
    "KubeadmConfigTemplate": _TEMPLATE,
}
_SPEC_KEYS = ("clusterConfiguration", "initConfiguration", "joinConfiguration", "files")
_FILE_KEYS = ("path", "owner", "permissions", "encoding", "append", "content", "contentFrom", "contentFormat")
_BOTTLEROCKET = ("/etc/kubernetes/", "/var/lib/kubeadm/")
"""Bottlerocket's bootstrap container writes what is meant for the one to the other."""


class Spec(NamedTuple):
    """A KubeadmConfigSpec and what surrounds it.

    root: the object. version: Cluster API's own (`v1beta1`), "" when the file does not say. path: of the spec
    in the object, with dots.
    """

    root: Mapping
    node: Mapping
    version: str
    path: str


def read(document: Document, context: Context) -> Found | None:
    """The API server of a control plane, and what its files hold."""
    root = document.mapping
    if root is None:
        return None
    if root.string("kind") == "ClusterClass" and _GROUP in f".{root.string('apiVersion') or ''}":
        from kube_audit_lint.forms.capi.topology import found_in_class

        return found_in_class(root, context)
    root, misshapes = _settled(root)
    spec = _spec(root)
    if spec is None:
        return None
    found = _found(spec, context).with_misshapes(misshapes)
    return found if found else None


def _settled(root: Mapping) -> tuple[Mapping, list[Misshape]]:
    """The object with the settings where Cluster API reads them, and those that were elsewhere."""
    path = _KINDS.get(root.string("kind") or "")
    version = root.string("apiVersion") or ""
    if path is None or _GROUP not in f".{version}" or "audit" not in root.place.text:
        return root, []
    spec = "/".join(path)
    homes: dict[str, tuple[str, ...]] = {"/".join(path[:at]): (path[at],) for at in range(len(path))}
    homes |= {
        spec: _SPEC_KEYS,
        f"{spec}/clusterConfiguration": ("apiServer",),
        f"{spec}/clusterConfiguration/apiServer": ("extraArgs", "extraVolumes"),
    }
    arguments = f"{spec}/clusterConfiguration/apiServer/extraArgs"
    names = NAMES | {"kubeadmconfig": "kubeadmConfigSpec"}
    listed = version.endswith("/v1beta2")
    levels = Levels(homes, foreign=OTHERS, flags=arguments, listed=listed, other_names=names)
    return settled(root, levels, Reader("Cluster API"))


def _spec(root: Mapping) -> Spec | None:
    """The spec of one of the kinds, or of a fragment without a head."""
    kind = root.string("kind")
    if kind is None and "apiVersion" not in root.entries:
        node = root.mapping("kubeadmConfigSpec") or below(root, "spec", "kubeadmConfigSpec")
        return None if node is None else Spec(root, node, "", "kubeadmConfigSpec")
    api_version = root.string("apiVersion") or ""
    path = _KINDS.get(kind or "")
    if path is None or _GROUP not in f".{api_version}":
        return None
    node = below(root, *path)
    return None if node is None else Spec(root, node, api_version.rpartition("/")[2], ".".join(path))


def _found(spec: Spec, context: Context) -> Found:
    found = _server(spec, context)
    wanted = policy_paths(found.servers)
    if _is_bottlerocket(spec.node):
        meant_for, written_to = _BOTTLEROCKET
        wanted |= {path.replace(written_to, meant_for) for path in wanted if path.startswith(written_to)}
    versions = found.servers[0].versions if found.servers else None
    listed = spec.node.items(meant(spec.node, "files"))
    items = [item for item in whole(listed, FILE) if isinstance(item, Mapping)]
    files = [one for item in items if (one := brought_file(item, context, wanted, versions)) is not None]
    on_host, patches = tuple(_on_host(spec, files)), _patches(spec, files)
    mounting = patches is not None and (not patches or any(map(_may_mount, patches)))
    found = found.with_servers(
        lambda server: server._replace(
            files=on_host,
            files_known=not context.is_template and any(file.content is not None for file in on_host),
            partial=server.partial or (patches is not None and not server.audited),
            mounts=None if mounting else server.mounts,
        )
    )
    misshapes = (*_misspelt(spec), *split(listed, FILE, "file"))
    return joined([found, *(one.found for one in files)]).with_misshapes(misshapes)


def _on_host(spec: Spec, files: list[BroughtFile]) -> list[HostFile]:
    found = [one.file for one in files]
    if _is_bottlerocket(spec.node):
        found += [file._replace(path=file.path.replace(*_BOTTLEROCKET)) for file in found]
    return found


def _is_bottlerocket(node: Mapping) -> bool:
    return node.string("format") == "bottlerocket"


def _server(spec: Spec, context: Context) -> Found:
    configuration = spec.node.mapping(meant(spec.node, "clusterConfiguration"))
    if configuration is None:
        return Found()
    versions, place = _versions(spec, context)
    shape = {"": None, "v1beta2": "v1beta4"}.get(spec.version, "v1beta3")
    found = found_in(configuration, "cluster-api", version=shape, reader=_reader(spec))
    (server,) = found.servers
    if versions is not None:
        server = server._replace(versions=versions, version_place=place)
    whole = _is_whole(spec, server)
    if not whole and not server.audited:
        return found._replace(servers=())  # a part that says nothing of auditing
    return found._replace(servers=(server._replace(partial=not whole),))


def _reader(spec: Spec) -> Reader:
    version = f"Cluster API {spec.version}" if spec.version else "Cluster API"
    path = f"{spec.path}.clusterConfiguration.apiServer.extraArgs"
    return Reader("Cluster API", refused="the object is refused when it is applied", version=version, schema=path)


def _is_whole(spec: Spec, server: ApiServer) -> bool:
    """Whether the object is all there is: no fragment, no overlay, no template that a ClusterClass changes."""
    kind, inner = spec.root.string("kind") or "", spec.root.mapping("spec")
    if kind == "KubeadmControlPlane":
        return inner is not None and ("machineTemplate" in inner.entries or "version" in inner.entries)
    return kind.endswith("Template") and server.audited


def _versions(spec: Spec, context: Context) -> tuple[Versions | None, Place | None]:
    """spec.version, or the version of the topology of a Cluster in the same file."""
    clusters = [root for one in context.documents if (root := one.mapping) and root.string("kind") == "Cluster"]
    sections = [below(spec.root, "spec"), *(below(root, "spec", "topology") for root in clusters)]
    found = [version_at(section.get("version")) for section in sections if section is not None]
    return next((one for one in found if one[0] is not None), (None, None))


def _patches(spec: Spec, files: list[BroughtFile]) -> list[HostFile] | None:
    """The patches of kubeadm that the files bring for the API server's manifest; none of them where no file is in the
    folder, which may come from elsewhere. None where kubeadm has no patches for it."""
    patches = below(spec.node, "initConfiguration", "patches")
    directory = patches.string("directory") if patches is not None else None
    if not directory:
        return None
    inside = [one.file for one in files if one.file.path.startswith(directory)]
    named = [one for one in inside if one.path.rpartition("/")[2].startswith("kube-apiserver")]
    return named if named or not inside else None


def _may_mount(patch: HostFile) -> bool:
    """Whether a patch is about volumes, or may be: where its content is elsewhere."""
    return "olume" in patch.place.text or "content:" not in patch.place.text


def _misspelt(spec: Spec) -> Iterator[Misshape]:
    sections: list[tuple[Mapping, tuple[str, ...]]] = [(spec.node, _SPEC_KEYS)]
    sections += [(item, _FILE_KEYS) for item in spec.node.items("files") if isinstance(item, Mapping)]
    for section, known in sections:
        if "audit" in section.source.text[section.start : section.end]:
            yield from unknown_keys(section, known, Reader("Cluster API"), near_only=True)
