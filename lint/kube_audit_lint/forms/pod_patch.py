"""JSON patches in files of their own: for the API server's manifest, as kubeadm's folder of patches holds them
(`kube-apiserver+json.yaml`), and for Cluster API's control planes, as kustomize takes them.

Sources: cmd/kubeadm/app/util/patches of k8s.io/kubernetes; RFC 6902. A patch shows only what it adds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import flags_of
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.json_patch import operations, patched
from kube_audit_lint.forms.common.kubeadm_patches import patch_name, wrong_patches
from kube_audit_lint.forms.common.nodes import first_place
from kube_audit_lint.forms.common.pod_in_patch import SERVER, mounting
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Node, Scalar, Sequence

MARKS = ("/containers/", "/kubeadmConfigSpec/")
ORDER = 3

_ARGUMENTS = re.compile(r"/spec(?:/template/spec)?/containers/\d+/(?:command|args)(?:/(?:-|\d+))?\Z")
_LISTS = re.compile(r"/spec/(?:containers/0/)?(volumeMounts|volumes)(?:/(?:-|\d+))?\Z")
_CONFIGURATIONS = (
    "/spec/kubeadmConfigSpec/clusterConfiguration",
    "/spec/template/spec/kubeadmConfigSpec/clusterConfiguration",
)


def read(document: Document, context: Context) -> Found | None:
    """The audit flags, mounts and volumes that a patch adds to a container; None for a patch about something else."""
    root = document.root
    if not isinstance(root, Sequence):
        return None
    words: list[Value] = []
    for operation in operations(root.items):
        if _ARGUMENTS.match(operation.path.value):
            words += _words(operation.value)
    flags = flags_of(words)
    for configuration in _CONFIGURATIONS:
        flags += patched(root.items, configuration).flags
    first = next((flag for flag in flags if flag.name.startswith("audit-")), None)
    pod = _pod(root, context)
    if first is None and pod is None:
        return None
    place = first.place if first is not None else first_place(root)
    server = ApiServer("pod-patch", place, flags, partial=True, name="kube-apiserver")
    wrong = list(wrong_patches(root, context.path))
    for part, shapes in mounting(pod, pod, merged=False) if pod is not None else ():
        server = server._replace(mounts=part.mounts, volumes=part.volumes, is_pod=True, is_static=True)
        wrong = [*shapes, *wrong]
    return Found((), (server,), tuple(wrong))


def _pod(root: Sequence, context: Context) -> Mapping | None:
    """What a patch for the manifest of kubeadm adds to it, as the spec of a pod; None for other patches."""
    name = patch_name(context.path[context.path.rfind("/") + 1 :])
    if name is None or name != ("kube-apiserver", "json") or "audit" not in root.place.text:
        return None
    lists: dict[str, list[Node]] = {}
    for operation in operations(root.items):
        found = _LISTS.match(operation.path.value)
        if found is not None:
            value = operation.value
            lists.setdefault(found[1], []).extend(value.items if isinstance(value, Sequence) else [value])
    if not lists:
        return None
    container = _mapping(root, {"name": _string(root, SERVER), "volumeMounts": _list(root, lists.get("volumeMounts"))})
    return _mapping(root, {"containers": _list(root, [container]), "volumes": _list(root, lists.get("volumes"))})


def _mapping(root: Node, values: dict[str, Node]) -> Mapping:
    entries = {key: Entry(_string(root, key), value) for key, value in values.items()}
    return Mapping(root.source, root.start, root.end, entries)


def _list(root: Node, items: list[Node] | None) -> Sequence:
    return Sequence(root.source, root.start, root.end, items or [])


def _string(root: Node, text: str) -> Scalar:
    return Scalar(root.source, root.start, root.end, "string", text)


def _words(node: Node) -> Iterator[Value]:
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Scalar) and item.kind == "string":
            yield Value(item.value, item.place)
