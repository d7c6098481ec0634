"""k3d's configuration file: arguments for K3s, and files of the author's machine that are mounted into its container.

Sources: k3d-io/k3d pkg/config/v1alpha5/types.go (`options.k3s.extraArgs[].arg`, `volumes[].volume` as Docker writes
them, `image`, `files[].destination`), pkg/util/filter.go (node filters: `GROUP:SUBSET:SUFFIX`, formerly
`GROUP[SUBSET]`; none: every node), docs/usage/configfile.md. K3s runs kube-apiserver in its own process and sets no
audit flag itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.discovery.look import named_policy
from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.nodes import below, version_at
from kube_audit_lint.forms.common.reader import Reader
from kube_audit_lint.kubernetes.paths import policy_path
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer, Flag, HostFile, clean
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import version_of_image
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar, Sequence, strings
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

MARKS = ("k3d.io/",)
LOOK = (("k3d.io", "/"),)

_ARGUMENT = re.compile(r"(?:--)?kube-apiserver-arg[= ][\"']?(?:--)?([\w-]+)(?:=([^\"'@]*))?")
_STOCK_IMAGE = re.compile(r"\+|(?:latest|stable|testing)\Z|(?:.*/)?rancher/k3s(?:$|[:@])")
"""Images and channels of K3s itself, which hold no policy; any other may."""
_HERE = re.compile(r"\$(?:PWD|\{PWD\}|\(pwd\))/")
_SERVERS = re.compile(r"(?:all|servers?)(?:$|[:\[;*])")

_READER = Reader("k3d", "k3d refuses the file (`Additional property {key} is not allowed`)")
_OLD = "extraServerArgs"


def read(document: Document, context: Context) -> Found | None:
    """The API server of a cluster whose arguments say something of auditing."""
    root = document.mapping
    if root is None or not (root.string("apiVersion") or "").startswith("k3d.io/"):
        return None
    root, misplaced = settled(root, _levels(root), _READER)
    arguments = [one for one in _arguments(root) if one is not None]
    flags = tuple(flag for one in arguments for flag in _flags(one))
    if not any(flag.name.startswith("audit") for flag in flags):
        return Found(misshapes=tuple(misplaced))
    versions, version_place = version_at(root.get("image"), version_of_image)
    server = ApiServer(
        "k3d",
        flags[0].place,
        flags,
        versions=versions,
        version_place=version_place,
        files=tuple(_files(root, flags[0].place)),
        spelling=lambda name, value: f"- arg: --kube-apiserver-arg={name}" + (f"={value}" if value else ""),
        name="kube-apiserver",
    )
    misshapes = () if context.is_template else tuple(_not_on_nodes(server, root))
    return Found(servers=(server,), misshapes=(*misplaced, *misshapes))


def _levels(root: Mapping) -> Levels:
    old = (root.string("apiVersion") or "").endswith(("v1alpha1", "v1alpha2"))
    return Levels(
        {"": ("options", "volumes", "files"), "options": ("k3s",), "options/k3s": ("extraArgs",)},
        known={"options/k3s": (_OLD,) if old else (), "registries/create": ("volumes",)},
        other_names={_OLD.lower(): "extraArgs"},
    )


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


def _files(root: Mapping, place: Place) -> Iterator[HostFile]:
    """What is mounted into the container of a server node: `./here:/there:ro`. place: the server's, for what is no
    policy by its name, as `_not_on_nodes` says what lacks."""
    for item in root.items("volumes"):
        node = item.get("volume") if isinstance(item, Mapping) else item
        if isinstance(node, Scalar) and node.kind == "string" and ":" in node.value and _on_servers(item):
            local, _, path = node.value.partition(":")
            local = _HERE.sub("./", local)  # where k3d is started, which is nearly always here
            own = node.place if named_policy(local.rpartition("/")[2]) else place
            yield HostFile(path.partition(":")[0], own, None, Value(local, node.place))


def _not_on_nodes(server: ApiServer, root: Mapping) -> Iterator[Misshape]:
    """A policy that nothing brings onto a server node: it has only what the image holds, and that holds none.

    Where a file called like a policy goes to another path, policy-file-missing says so, and shows where.
    """
    path, flag, image = policy_path(server), server.flag("audit-policy-file"), root.get("image")
    own_image = image is not None and not (isinstance(image, Scalar) and _STOCK_IMAGE.match(image.value))
    if not path or not path.startswith("/") or flag is None or own_image:
        return
    if any(one.local is not None and named_policy(one.local.text.rpartition("/")[2]) for one in server.files):
        return
    if any(_brings(item, clean(path)) for key in ("volumes", "files") for item in _all_of(root.get(key))):
        return
    yield Misshape(
        "not-on-host",
        flag.value_place,
        f"Nothing brings {path} onto the server nodes of k3d: no volume and no file for them has a path at or above "
        f"it. K3s does not start there: loading audit policy file: failed to read file path "
        f'"{path}": open {path}: no such file or directory',
        f"Add to `volumes`: `volume: ./audit-policy.yaml:{path}` with `nodeFilters: [server:*]`.",
    )


def _all_of(node: Node | None) -> list[Node]:
    """The items of a list; what is no list may be anything, and stands for itself."""
    if isinstance(node, Sequence):
        return node.items
    return [] if node is None or (isinstance(node, Scalar) and node.kind == "null") else [node]


def _on_servers(item: Node) -> bool:
    """Whether an item is for a server node, or for all."""
    filters = list(strings(item.get("nodeFilters"))) if isinstance(item, Mapping) else []
    return not filters or any(_SERVERS.match(one.value) or is_unknown(one.value) for one in filters)


def _brings(item: Node, path: str) -> bool:
    """Whether an item may bring a path onto a server node; one that cannot be understood may."""
    if not _on_servers(item):
        return False
    node = (item.get("volume") or item.get("destination")) if isinstance(item, Mapping) else item
    if not isinstance(node, Scalar) or is_unknown(node.value) or "\\" in node.value:
        return True
    parts = node.value.split(":")
    at = parts[1] if len(parts) > 1 else parts[0]
    return not at.startswith("/") or (path + "/").startswith(clean(at).rstrip("/") + "/")
