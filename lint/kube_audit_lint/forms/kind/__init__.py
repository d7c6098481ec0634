"""kind's Cluster: kubeadm patches for the API server, mounts of the author's files onto the nodes.

Sources (kubernetes-sigs/kind, August 2026): pkg/apis/config/v1alpha4/types.go; pkg/internal/apis/config/encoding
(unknown keys, and those that stand twice, are refused); pkg/cluster/internal/kubeadm/config.go (the API version that
kind writes: v1beta2 before 1.23, v1beta3 before 1.36; v1beta4 for later nodes in the newest kind); pkg/internal/patch
(a patch is applied to the object of its kind, and of its apiVersion when it has one, and else left out silently; merge
patches, so null removes and lists are replaced; cluster's patches first, then the node's).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.discovery.look import named_policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import always_mounted, extra_volume, ordered
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.local_files import brought_from, is_several
from kube_audit_lint.forms.common.misplaced import of_local
from kube_audit_lint.forms.common.nodes import version_at
from kube_audit_lint.forms.common.reader import Reader, in_branches, meant, unknown_key, unknown_keys
from kube_audit_lint.forms.common.split import KIND_MOUNT, split, whole
from kube_audit_lint.forms.kind.patches import Patches, patches_of
from kube_audit_lint.kubernetes.paths import host_path, policy_path
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer, HostFile, Mount, clean, covering
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import Versions, version_of_image
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar
from kube_audit_lint.syntax.source import Place

MARKS = ("kind.x-k8s.io/", "kind.sigs.k8s.io/")

_GROUPS = ("kind.x-k8s.io/", "kind.sigs.k8s.io/")
_STOCK_IMAGE = "kindest/node"
_READER = Reader("kind", "kind refuses the file (`field {key} not found in type`)")
_CLUSTER_KEYS = (
    *("kind", "apiVersion", "name", "nodes", "networking", "featureGates", "runtimeConfig"),
    *("kubeadmConfigPatches", "kubeadmConfigPatchesJSON6902"),
    *("containerdConfigPatches", "containerdConfigPatchesJSON6902"),
)
_NODE_KEYS = (
    *("role", "image", "labels", "extraMounts", "extraPortMappings"),
    *("kubeadmConfigPatches", "kubeadmConfigPatchesJSON6902"),
)
_MOUNTS = "extraMounts"
_MOUNT_KEYS = ("containerPath", "hostPath", "readOnly", "selinuxRelabel", "propagation")

_LEVELS = Levels({"": ("kubeadmConfigPatches", "kubeadmConfigPatchesJSON6902", "nodes")})


def read(document: Document, context: Context) -> Found | None:
    """The API server of a kind cluster; None when nothing in it is about auditing."""
    root = document.mapping
    if root is None or root.string("kind") != "Cluster" or not (root.string("apiVersion") or "").startswith(_GROUPS):
        return None
    if "audit" not in context.text:
        return None
    root, misplaced = settled(root, _LEVELS, _READER)
    nodes = [_with_mounts(node, root) for node in root.items("nodes") if isinstance(node, Mapping)]
    control_planes = [node for node in nodes if node.string("role") in (None, "control-plane")]
    first = control_planes[0] if control_planes else None
    versions, version_place = version_at(first.get("image") if first is not None else None, version_of_image)
    patches = patches_of([root] if first is None else [root, first], versions)
    misshapes = [*misplaced, *_at_the_top(root), *_unknown(root, nodes), *patches.misshapes]
    files = (file for node in nodes for file in _files(node))
    misshapes += [wrong for one in files if one.local and (wrong := of_local(one.path, one.local, context))]
    if patches.about_audit:
        server = _server(root, first, patches, versions, version_place)
        if not context.is_template:
            lacking = list(_not_on_nodes(server, control_planes))
            misshapes += lacking
            server = server._replace(files=() if lacking else server.files)
        return Found(servers=(server,), misshapes=tuple(misshapes))
    misshapes += _on_workers(nodes, versions)
    return Found(misshapes=tuple(misshapes)) if misshapes else None


def _at_the_top(root: Mapping) -> Iterator[Misshape]:
    """What belongs to a node, or into a patch."""
    for key, entry in root.entries.items():
        if key == _MOUNTS and "audit" in entry.value.place.text:
            yield unknown_key(entry.key, _READER, "Write it below each control-plane node of `nodes`.")
        elif key in ("apiServer", "clusterConfiguration") and "audit" in entry.value.place.text:
            help = "Write it into a patch with `kind: ClusterConfiguration`, an item of `kubeadmConfigPatches`."
            yield unknown_key(entry.key, _READER, help)


def _with_mounts(node: Mapping, root: Mapping) -> Mapping:
    """A node with the mounts that stand at the top, as they were meant."""
    mounts = root.entries.get(_MOUNTS)
    if mounts is None or _MOUNTS in node.entries:
        return node
    return Mapping(node.source, node.start, node.end, {**node.entries, _MOUNTS: mounts}, node.duplicates)


def _server(
    root: Mapping, node: Mapping | None, patches: Patches, versions: Versions | None, version_place: Place | None
) -> ApiServer:
    place = patches.place or root.place
    if patches.versions is not None:
        versions, version_place = patches.versions
    bound = _bound(node)
    mounts = tuple(_as_on_node(mount, bound) for mount in patches.mounts)
    return ApiServer(
        "kind",
        place,
        ordered(patches.flags),
        versions=versions,
        version_place=version_place,
        mounts=(*always_mounted(place, None, mounts), *mounts),
        files=tuple(_files(node)),
        spelling=patches.spelling,
        mounting=extra_volume,
        type_key="pathType",
        name="kube-apiserver",
        namespace="kube-system",
    )


def _mounts(node: Mapping | None) -> Iterator[tuple[Mapping, Scalar, Scalar]]:
    """The extraMounts of a node: the mount, its path on the node, its path on the author's machine."""
    for item in whole(node.items("extraMounts"), KIND_MOUNT) if node is not None else ():
        if isinstance(item, Mapping):
            inside, outside = item.get(meant(item, "containerPath")), item.get(meant(item, "hostPath"))
            if isinstance(inside, Scalar) and isinstance(outside, Scalar) and inside.value:
                yield item, inside, outside


def _files(node: Mapping | None) -> Iterator[HostFile]:
    for item, inside, outside in _mounts(node):
        local = Value(outside.value, outside.place)
        yield from _in_folder(inside.value, local, item.place) or (HostFile(inside.value, item.place, None, local),)


def _in_folder(path: str, local: Value, place: Place) -> tuple[HostFile, ...]:
    """The files of a folder of the repository that holds a policy; nothing for others, which something may fill."""
    if local.text.startswith("/") or not is_several(local, place):
        return ()
    files = brought_from(local, path, place)
    return files if any(one.local is not None and named_policy(one.local.text) for one in files) else ()


def _bound(node: Mapping | None) -> tuple[Mount, ...]:
    """The extraMounts of a node as mounts."""
    found = []
    for item, inside, outside in _mounts(node):
        switch = item.get("readOnly")
        known = isinstance(switch, Scalar) and switch.kind == "bool"
        path = Value(inside.value, inside.place)
        on, at = (switch.value == "true", switch.place) if isinstance(switch, Scalar) and known else (False, None)
        found.append(Mount(Value(outside.value, outside.place), path, inside.place, on, at))
    return tuple(found)


def _as_on_node(mount: Mount, bound: tuple[Mount, ...]) -> Mount:
    """A volume of the pod, read-only also where the node itself has it so."""
    path = mount.volume.path.text if mount.volume is not None and mount.volume.path is not None else ""
    outer = covering(bound, clean(path))
    if mount.read_only or outer is None or not outer.read_only:
        return mount
    return mount._replace(read_only=True, read_only_place=outer.read_only_place)


def _not_on_nodes(server: ApiServer, nodes: list[Mapping]) -> Iterator[Misshape]:
    """A policy that no extraMount brings onto a control-plane node."""
    path = policy_path(server)
    at = host_path(server, path) if path and path.startswith("/") else None
    flag = server.flag("audit-policy-file")
    if at is None or flag is None:
        return
    for number, node in enumerate(nodes):
        image = node.string("image") or _STOCK_IMAGE
        if _STOCK_IMAGE not in image or covering(_bound(node), at) is not None:
            continue
        which = "the kind node" if len(nodes) == 1 else f"control-plane node {number + 1}"
        role = node.get("role")
        yield Misshape(
            "not-on-host",
            flag.value_place if number == 0 or role is None else role.place,
            f"Nothing brings {at} onto {which}: none of its extraMounts has a containerPath at or above it. "
            "kube-apiserver does not start there: loading audit policy file: failed to read file path "
            f'"{path}": open {path}: no such file or directory',
            f"Add to the node's extraMounts: `hostPath: ./audit-policy.yaml` with `containerPath: {at}`.",
        )
    if not nodes:
        message = f"Nothing brings {at} onto the kind node: the file has no node with extraMounts."
        yield Misshape("not-on-host", flag.value_place, message, "Add `nodes:` with the mount.")


def _on_workers(nodes: list[Mapping], versions: Versions | None) -> Iterator[Misshape]:
    """Audit settings that only a worker's patches hold."""
    for node in nodes:
        patches = patches_of([node], versions) if node.string("role") == "worker" else None
        if patches is not None and patches.about_audit and patches.place is not None:
            yield Misshape(
                "wrong-shape",
                patches.place,
                "This patch is on a worker, where no API server runs: kind makes the API server from the patches of "
                "the cluster and of the first control-plane node only.",
                "Move the patch to the control-plane node, or to the top of the file.",
            )


def _unknown(root: Mapping, nodes: list[Mapping]) -> Iterator[Misshape]:
    sections = [(root, _CLUSTER_KEYS), *((node, _NODE_KEYS) for node in nodes)]
    for node in nodes:
        sections += [(item, _MOUNT_KEYS) for item in node.items("extraMounts") if isinstance(item, Mapping)]
        yield from split(node.items("extraMounts"), KIND_MOUNT, "mount")
    for section, known in sections:
        yield from unknown_keys(section, known, _READER, near_only=True)
        for lost, wins in section.duplicates:
            if not (lost.merged or wins.merged or in_branches(lost.key, wins.key)):
                first, line = (one.key.source.position(one.key.start)[0] for one in (lost, wins))
                error = f'mapping key "{lost.key.value}" already defined at line {first}'
                message = f"`{lost.key.value}` stands twice, here and in line {line}: kind refuses the file ({error})."
                yield Misshape("wrong-shape", lost.key.place, message, "Keep one, with everything that was meant.")
