"""Canonical Kubernetes (the k8s snap): the bootstrap and the join configuration of a control plane node.

Source: canonical/k8s-snap docs/canonicalk8s/_parts/bootstrap_config.md and control_plane_join_config.md: arguments of
one node's kube-apiserver as a map of flags, dashes included; null takes a flag of the snap's own back. It sets no
audit flag by itself (src/k8s/pkg/k8sd/setup/kube_apiserver.go). The server runs on the host: no mounts.
"""

from __future__ import annotations

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import value_of
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Document, Entry, Scalar
from kube_audit_lint.syntax.source import Place

MARKS = ("extra-node-kube-apiserver-args",)
ORDER = 4

ARGUMENTS = "extra-node-kube-apiserver-args"


def read(document: Document, context: Context) -> Found | None:
    """The API server that the node's extra arguments make; None when none of them is about auditing."""
    root = document.mapping
    key = None if root is None or "apiVersion" in root.entries else root.key(ARGUMENTS)
    section = root.mapping(ARGUMENTS) if root is not None else None
    if key is None or section is None:
        return None
    flags = tuple(flag for entry in section.entries.values() if (flag := _flag(entry)) is not None)
    if not any(flag.name.startswith("audit-") for flag in flags):
        return None
    return Found(servers=(ApiServer("canonical", key.place, flags, spelling=spelling, name="kube-apiserver"),))


def spelling(flag: str, value: str) -> str:
    """A flag with its value as an entry of the arguments."""
    return f'--{flag}: "{value}"' if value else f"--{flag}"


def _flag(entry: Entry) -> Flag | None:
    """The flag of one entry; None for what the server never gets as a flag."""
    name, value = entry.key, entry.value
    if not name.value.startswith("--") or not isinstance(value, Scalar) or value.kind == "null":
        return None
    place = name.place
    if place.text.startswith("--"):
        place = Place(place.source, place.start + 2, place.end)
    return setting(Value(name.value.removeprefix("--"), place), value_of(value))
