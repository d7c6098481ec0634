"""`kube-apiserver-arg` of RKE2 and K3s: each item is a flag with its value, `name=value`.

Sources: k3s-io/k3s pkg/configfilearg/parser.go (a list gives one argument for each item, anything else gives one
argument; a mapping becomes Go's print of a map), pkg/util/args.go GetArgs (dashes in front are dropped, one without `=`
gets `true`, `+` and `-` behind the name add to K3s's own value); RKE2 runs K3s's code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.extra_args import flags_of_arguments
from kube_audit_lint.kubernetes.flags import takes_value
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.model.server import Flag
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.unknown import is_unknown

_SEVERAL = re.compile(r"[\s,]+(?:--)?audit-[a-z-]+=")


def flags_of_items(node: Node | None) -> Iterator[Flag]:
    """The flags of a list of arguments, or of a single one, as they were meant."""
    for item in node.items if isinstance(node, Sequence) else () if node is None else (node,):
        if isinstance(item, Mapping):
            yield from flags_of_arguments(item)
        elif isinstance(item, Scalar) and item.kind == "string":
            flag = _flag(item)
            if flag is not None:
                yield flag


def shapes_of_items(node: Node | None, reader: str) -> Iterator[Misshape]:
    """What is wrong with the shape of the arguments, where they are about auditing."""
    if isinstance(node, Mapping) and any(_is_audit(name) for name in node.entries):
        yield _mapping(node, reader)
    elif isinstance(node, Scalar) and node.kind == "string" and _SEVERAL.search(node.value.strip()):
        yield _several(node, reader)
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Mapping) and any(_is_audit(name) for name in item.entries):
            yield _mapping(item, reader)
        elif isinstance(item, Scalar) and item.kind == "string" and not is_unknown(item.value):
            if _SEVERAL.search(item.value.strip()):
                yield _several(item, reader)
            elif _by_blank(item.value) is not None:
                yield _blank(item, reader)


def _is_audit(name: str) -> bool:
    return name.removeprefix("--").startswith(("audit-", "audit_"))


def _flag(item: Scalar) -> Flag | None:
    body = item.value.strip().removeprefix("--")
    start = item.value.find(body)
    end = start + len(body)
    head, equals, value = body.partition("=")
    if not body:
        return None
    place = part_of(item, start, end)
    if equals:
        return Flag(_normal(head), head, value, place, part_of(item, end - len(value), end))
    blank = _by_blank(body)
    if blank is not None:
        name, value = blank
        return Flag(name, name, value, place, part_of(item, end - len(value), end))
    return Flag(_normal(body), body, "true", place, place)


def _normal(head: str) -> str:
    return head.rstrip("+-").replace("_", "-")


def _by_blank(text: str) -> tuple[str, str] | None:
    """Name and value of an audit flag that are put apart by a blank or a colon, where `=` belongs."""
    name, blank, value = text.strip().removeprefix("--").partition(" ")
    name = name.removesuffix(":")
    return (name, value.strip()) if blank and takes_value(name) else None


def _mapping(node: Mapping, reader: str) -> Misshape:
    first = next(iter(node.entries.values()))
    value = first.value.value if isinstance(first.value, Scalar) else "..."
    name = first.key.value.removeprefix("--")
    return Misshape(
        "wrong-shape",
        first.key.place,
        f"{reader} takes each argument as one string, and this is a mapping: kube-apiserver gets "
        f"`--map[{first.key.value}:{value}]=true` and does not start (`unknown flag`).",
        f"Write `- {name}={value}`.",
    )


def _several(item: Scalar, reader: str) -> Misshape:
    return Misshape(
        "wrong-shape",
        item.place._replace(end=item.start + 1) if item.block else item.place,
        f"{reader} takes this as one argument: everything behind the first `=` is one value.",
        "Write a list with one `name=value` in each item.",
    )


def _blank(item: Scalar, reader: str) -> Misshape:
    text = item.value.strip().removeprefix("--")
    name, value = _by_blank(item.value) or ("", "")
    return Misshape(
        "wrong-shape",
        item.place,
        f"{reader} looks for a `=`: kube-apiserver gets `--{text}=true` and does not start (`unknown flag`).",
        f"Write `{name}={value}`.",
    )
