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
from kube_audit_lint.forms.common.kubeadm_patches import wrong_patches
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Document, Node, Scalar, Sequence

MARKS = ("/containers/", "/kubeadmConfigSpec/")
ORDER = 3

_ARGUMENTS = re.compile(r"/spec(?:/template/spec)?/containers/\d+/(?:command|args)(?:/(?:-|\d+))?\Z")
_CONFIGURATIONS = (
    "/spec/kubeadmConfigSpec/clusterConfiguration",
    "/spec/template/spec/kubeadmConfigSpec/clusterConfiguration",
)


def read(document: Document, context: Context) -> Found | None:
    """The audit flags that a patch adds to a container's command; None for a patch without any."""
    if not isinstance(document.root, Sequence):
        return None
    words: list[Value] = []
    for operation in operations(document.root.items):
        if _ARGUMENTS.match(operation.path.value):
            words += _words(operation.value)
    flags = flags_of(words)
    for configuration in _CONFIGURATIONS:
        flags += patched(document.root.items, configuration).flags
    first = next((flag for flag in flags if flag.name.startswith("audit-")), None)
    if first is None:
        return None
    server = ApiServer("pod-patch", first.place, flags, partial=True, name="kube-apiserver")
    return Found((), (server,), tuple(wrong_patches(document.root, context.path)))


def _words(node: Node) -> Iterator[Value]:
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Scalar) and item.kind == "string":
            yield Value(item.value, item.place)
