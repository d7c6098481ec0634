"""Canonical Kubernetes (the k8s snap): the bootstrap and the join configuration of a control plane node.

Source: canonical/k8s-snap docs/canonicalk8s/_parts/bootstrap_config.md and control_plane_join_config.md: arguments of
one node's kube-apiserver as a map of flags, dashes included; null takes a flag of the snap's own back. It sets no
audit flag by itself (src/k8s/pkg/k8sd/setup/kube_apiserver.go). The server runs on the host: no mounts.
src/k8s/pkg/snap/util/arguments.go (each entry becomes a word `key=value`); cmd/kube-apiserver/app/server.go (takes no
words but flags).
"""

from __future__ import annotations

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import value_of
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.reader import Reader
from kube_audit_lint.kubernetes.flags import spec
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Document, Entry, Scalar
from kube_audit_lint.syntax.source import Place

MARKS = ("extra-node-kube-apiserver-args",)
ORDER = 4

ARGUMENTS = "extra-node-kube-apiserver-args"

_LEVELS = Levels({"": (ARGUMENTS,)})
_READER = Reader("Canonical Kubernetes")


def read(document: Document, context: Context) -> Found | None:
    """The API server that the node's extra arguments make; None when none of them is about auditing."""
    root = document.mapping
    if root is None or "apiVersion" in root.entries or "kind" in root.entries:
        return None
    root, misshapes = settled(root, _LEVELS, _READER)
    key, section = root.key(ARGUMENTS), root.mapping(ARGUMENTS)
    if key is None or section is None:
        return None
    flags = tuple(flag for entry in section.entries.values() if (flag := _flag(entry)) is not None)
    if not any(flag.name.startswith("audit-") for flag in flags):
        return None
    server = ApiServer("canonical", key.place, flags, spelling=spelling, name="kube-apiserver")
    without = (_without_dashes(entry) for entry in section.entries.values() if not entry.key.value.startswith("-"))
    return Found(servers=(server,), misshapes=(*misshapes, *(one for one in without if one is not None)))


def _without_dashes(entry: Entry) -> Misshape | None:
    """A flag without the dashes that belong to its name here; it is read as it was meant."""
    name = entry.key.value
    if spec(name) is None or not isinstance(entry.value, Scalar) or entry.value.kind == "null":
        return None
    word = f"{name}={entry.value.value}"
    message = f"The snap gives this to kube-apiserver as it is, as the word `{word}`: kube-apiserver does not start "
    message += f'(`"kube-apiserver" does not take any arguments, got ["{word}"]`).'
    return Misshape("wrong-shape", entry.key.place, message, f"Write `--{name}`.")


def spelling(flag: str, value: str) -> str:
    """A flag with its value as an entry of the arguments."""
    return f'--{flag}: "{value}"' if value else f"--{flag}"


def _flag(entry: Entry) -> Flag | None:
    """The flag of one entry; None for what the server never gets as a flag."""
    name, value = entry.key, entry.value
    meant = name.value.startswith("--") or spec(name.value) is not None
    if not meant or not isinstance(value, Scalar) or value.kind == "null":
        return None
    place = name.place
    if place.text.startswith("--"):
        place = Place(place.source, place.start + 2, place.end)
    return setting(Value(name.value.removeprefix("--"), place), value_of(value))
