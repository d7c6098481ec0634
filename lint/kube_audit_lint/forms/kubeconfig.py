"""The kubeconfig of an audit webhook: what its current context leads to.

Sources: k8s.io/client-go tools/clientcmd/client_config.go (DirectClientConfig.ConfirmUsable: the context has to exist,
and the cluster to have a server) and validation.go; k8s.io/apiserver pkg/util/webhook (LoadKubeconfig).
kube-apiserver reads it at its start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar
from kube_audit_lint.syntax.unknown import is_unknown

MARKS = ("current-context",)
LOOK = (("current-context", r"\"?:"),)

_NAME = re.compile(r"(?i)audit|webhook|\bwh\b")


def read(document: Document, context: Context) -> Found | None:
    """What is wrong in the configuration of a webhook, which its name shows."""
    root = document.mapping
    name = context.path.rpartition("/")[2]
    if root is None or root.string("kind") != "Config" or not _NAME.search(name):
        return None
    misshapes = tuple(_misshapes(root))
    return Found(misshapes=misshapes)


def _misshapes(root: Mapping) -> Iterator[Misshape]:
    current = root.get("current-context")
    if not isinstance(current, Scalar) or not current.value or is_unknown(root.place.text):
        return
    entry = _named(root, "contexts", current.value)
    if entry is None:
        error = f"context was not found for specified context: {current.value}"
        yield _missing(current, error, root, "contexts")
        return
    inner = entry.mapping("context")
    node = inner.get("cluster") if inner is not None else None
    if isinstance(node, Scalar) and node.value:
        found = _named(root, "clusters", node.value)
        # A user that is not there is nobody, and no error.
        if found is None or not (found.mapping("cluster") or found).string("server"):
            yield _missing(node, f'no server found for cluster "{node.value}"', root, "clusters")


def _named(root: Mapping, section: str, name: str) -> Mapping | None:
    items = (item for item in root.items(section) if isinstance(item, Mapping))
    return next((item for item in items if item.string("name") == name), None)


def _missing(node: Scalar, error: str, root: Mapping, section: str) -> Misshape:
    names = [item.string("name") or "" for item in root.items(section) if isinstance(item, Mapping)]
    message = f"kube-apiserver does not start with this webhook configuration: invalid configuration: {error}."
    known = " or ".join(f"`{one}`" for one in names if one)
    if not known:
        help = f"Add it to `{section}`."
    elif node.value in names:
        help = "Write `server:` into this cluster."
    else:
        help = f"Write {known}, which the file has."
    return Misshape("webhook", node.place, message, help)
