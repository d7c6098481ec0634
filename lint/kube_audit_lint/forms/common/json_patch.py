"""Flags and volumes that JSON patches (RFC 6902) put into a ClusterConfiguration: in kind, in ClusterClasses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.extra_args import flags_of_arguments, mounts_of_volumes, value_of
from kube_audit_lint.model.server import Flag, Mount
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.record import NamedTuple


class Operation(NamedTuple):
    """One operation of a patch that adds or replaces something."""

    path: Scalar
    value: Node


class Patched(NamedTuple):
    """What a patch puts in."""

    flags: tuple[Flag, ...] = ()
    mounts: tuple[Mount, ...] = ()


def operations(nodes: Iterable[Node]) -> Iterator[Operation]:
    """The operations among the items of a patch that put something in."""
    for node in nodes:
        if isinstance(node, Mapping) and node.string("op") in ("add", "replace"):
            path, value = node.get("path"), node.get("value")
            if isinstance(path, Scalar) and path.kind == "string" and value is not None:
                yield Operation(path, value)


def patched(nodes: Iterable[Node], configuration: str = "") -> Patched:
    """What a patch puts into the `apiServer` of a ClusterConfiguration, which lies at a path of the document."""
    flags: list[Flag] = []
    mounts: list[Mount] = []
    for operation in operations(nodes):
        if not operation.path.value.startswith(f"{configuration}/apiServer"):
            continue
        below = operation.path.value[len(configuration) + len("/apiServer") :]
        if below == "" and isinstance(operation.value, Mapping):
            flags += flags_of_arguments(operation.value.get("extraArgs"))
            mounts += mounts_of_volumes(operation.value.get("extraVolumes"))
        elif below == "/extraArgs" or below.startswith("/extraArgs/"):
            flags += _flags(operation, below.removeprefix("/extraArgs").lstrip("/"))
        elif below == "/extraVolumes":
            mounts += mounts_of_volumes(operation.value)
        elif below.startswith("/extraVolumes/"):
            node = operation.value
            mounts += mounts_of_volumes(Sequence(node.source, node.start, node.end, [node]))
    return Patched(tuple(flags), tuple(mounts))


def _flags(operation: Operation, name: str) -> Iterator[Flag]:
    if not name:
        yield from flags_of_arguments(operation.value)
    elif name == "-" or name.isdigit():
        node = operation.value
        yield from flags_of_arguments(Sequence(node.source, node.start, node.end, [node]))
    else:
        place = part_of(operation.path, len(operation.path.value) - len(name), len(operation.path.value))
        yield setting(Value(name.replace("~1", "/").replace("~0", "~"), place), value_of(operation.value))
