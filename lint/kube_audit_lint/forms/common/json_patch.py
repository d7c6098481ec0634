"""Flags and volumes that JSON patches (RFC 6902) put into a ClusterConfiguration: in kind, in ClusterClasses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.extra_args import flags_of_arguments, mounts_of_volumes, value_of
from kube_audit_lint.model.server import Flag, Mount
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence
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


def unfolded(found: Iterable[Operation], target: str) -> Iterator[Operation]:
    """The operations at a path or below it; what puts in a mapping above it, as operations for its keys."""
    for one in found:
        path = one.path.value.rstrip("/")
        if f"{path}/".startswith(f"{target}/"):
            yield one
        elif f"{target}/".startswith(f"{path}/") and isinstance(one.value, Mapping):
            inside = (
                Operation(_named(entry.key, f"{path}/{entry.key.value}"), entry.value)
                for entry in one.value.entries.values()
            )
            yield from unfolded(inside, target)


def items_at(found: Iterable[Operation], path: str) -> Iterator[Node]:
    """The items that operations put into the list at a path: the list itself, or one after the other."""
    for one in unfolded(found, path):
        step = one.path.value.rstrip("/")[len(path) + 1 :]
        if not step and isinstance(one.value, Sequence):
            yield from one.value.items
        elif step == "-" or step.isdigit():
            yield one.value


def assembled(found: Iterable[Operation], top: str, source: Mapping) -> Mapping:
    """What operations put below a path, as one mapping. source: where it is written."""
    node: Node = Mapping(source.source, source.start, source.end, {})
    for one in unfolded(found, top):
        steps = [step for step in one.path.value[len(top) :].split("/") if step]
        node = _put(node, steps, one)
    return node if isinstance(node, Mapping) else Mapping(source.source, source.start, source.end, {})


def _put(node: Node | None, steps: list[str], operation: Operation) -> Node:
    """A copy of a node with what an operation puts in; what it needs around it is made."""
    value = operation.value
    if not steps:
        return value
    step, *rest = steps
    if step == "-" or step.isdigit():
        items = node.items if isinstance(node, Sequence) else []
        return Sequence(value.source, value.start, value.end, [*items, _put(None, rest, operation)])
    entries = node.entries if isinstance(node, Mapping) else {}
    key = entries[step].key if step in entries else _named(operation.path, step)
    inside = _put(entries[step].value if step in entries else None, rest, operation)
    return Mapping(value.source, value.start, value.end, {**entries, step: Entry(key, inside)})


def _named(at: Scalar, name: str) -> Scalar:
    """A key or path that is written at the place of another."""
    return Scalar(at.source, at.start, at.end, "string", name)


def patched(nodes: Iterable[Node], configuration: str = "") -> Patched:
    """What a patch puts into the `apiServer` of a ClusterConfiguration, which is at a path of the document."""
    flags: list[Flag] = []
    mounts: list[Mount] = []
    for operation in unfolded(operations(nodes), f"{configuration}/apiServer"):
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
