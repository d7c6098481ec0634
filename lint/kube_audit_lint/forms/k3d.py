"""k3d's configuration file: arguments for K3s, and files of the author's machine that are mounted into its container.

Sources: k3d-io/k3d pkg/config/v1alpha5/types.go (`options.k3s.extraArgs[].arg`, `volumes[].volume` as Docker writes
them, `image`), docs/usage/configfile.md. K3s runs kube-apiserver in its own process and sets no audit flag itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.nodes import below, version_at
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer, Flag, HostFile
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import version_of_image
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar, strings
from kube_audit_lint.syntax.parts import part_of

MARKS = ("k3d.io/",)
LOOK = (("k3d.io", "/"),)

_ARGUMENT = re.compile(r"(?:--)?kube-apiserver-arg[= ][\"']?(?:--)?([\w-]+)(?:=([^\"'@]*))?")


def read(document: Document, context: Context) -> Found | None:
    """The API server of a cluster whose arguments say something of auditing."""
    root = document.mapping
    if root is None or not (root.string("apiVersion") or "").startswith("k3d.io/"):
        return None
    arguments = [one for one in _arguments(root) if one is not None]
    flags = tuple(flag for one in arguments for flag in _flags(one))
    if not any(flag.name.startswith("audit") for flag in flags):
        return Found()
    versions, version_place = version_at(root.get("image"), version_of_image)
    server = ApiServer(
        "k3d",
        flags[0].place,
        flags,
        versions=versions,
        version_place=version_place,
        files=tuple(_files(root)),
        spelling=lambda name, value: f"- arg: --kube-apiserver-arg={name}" + (f"={value}" if value else ""),
        name="kube-apiserver",
    )
    return Found(servers=(server,))


def _arguments(root: Mapping) -> Iterator[Scalar]:
    k3s = below(root, "options", "k3s")
    for item in k3s.items("extraArgs") if k3s is not None else ():
        node = item.get("arg") if isinstance(item, Mapping) else item
        if isinstance(node, Scalar) and node.kind == "string":
            yield node
    old = k3s.get("extraServerArgs") if k3s is not None else None
    yield from strings(old)


def _flags(node: Scalar) -> Iterator[Flag]:
    found = _ARGUMENT.match(node.value)
    if found is not None:
        value = None if found[2] is None else Value(found[2], part_of(node, *found.span(2)))
        yield setting(Value(found[1], part_of(node, *found.span(1))), value)


def _files(root: Mapping) -> Iterator[HostFile]:
    """What is mounted into the container: `./here:/there:ro`."""
    for item in root.items("volumes"):
        node = item.get("volume") if isinstance(item, Mapping) else item
        if isinstance(node, Scalar) and node.kind == "string" and ":" in node.value:
            local, _, path = node.value.partition(":")
            yield HostFile(path.partition(":")[0], node.place, None, Value(local, node.place))
