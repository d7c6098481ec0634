"""Arguments of an API server under a key that says so, in a file of no known form: judged as a part.

A mapping (`extraArgs: {audit-log-maxage: "30"}`), a list of name and value, a list of `[--]audit-log-maxage=30`, or a
string of such words, under a key such as `kube-apiserver-arg` or `kube_api_server_args`, or under `extraArgs` and
the like within a section of the API server. Helm values, Ansible variables and installers' files have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.extra_args import value_of
from kube_audit_lint.kubernetes.flags import spec
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.parts import part_of

_SERVER = r"(?:kube)?[-_]?api[-_]?server"
_OWN = re.compile(rf"(?i)(?:\w+[-_])?{_SERVER}(?:[-_]?(?:extra|additional))?[-_]?(?:args?|arguments|flags|options)\+?")
_ANY = re.compile(r"(?i)(?:\w+[-_])*(?:extra|additional)?[-_]?(?:args?|arguments|flags)\+?")
_SECTION = re.compile(rf"(?i)(?:\w+[-_])*{_SERVER}|k3s\w*|rke2\w*|kubernetes[-_]?api")
_WORD = re.compile(r"(?:--kube-apiserver-arg[= ])?(?:--)?(audit-[a-z-]+)=([^\s\"']*)")
_DEPTH = 20


def loose_arguments(root: Node) -> Found:
    """The servers of a document, one for each key with arguments that say something of auditing."""
    servers = [_server(node, key) for node, key in _arguments(root, "", False, 0)]
    return Found(servers=tuple(one for one in servers if one is not None))


def flags_in_line(node: Scalar) -> tuple[Flag, ...]:
    """The audit flags among the words of a string."""
    return tuple(_flags(node))


def _arguments(node: Node, key: str, inside: bool, depth: int) -> Iterator[tuple[Node, str]]:
    """The values that hold arguments of an API server. inside: whether a key above says that it is about one."""
    if depth > _DEPTH:
        return
    if key and (_OWN.fullmatch(key) or (inside and _ANY.fullmatch(key))):
        yield node, key
    elif isinstance(node, Mapping) and _OWN.fullmatch(node.string("name") or "") and "value" in node.entries:
        yield node.entries["value"].value, node.string("name") or ""  # a variable of a Cluster's topology
    elif isinstance(node, Mapping):
        for name, entry in node.entries.items():
            yield from _arguments(entry.value, name, inside or _SECTION.fullmatch(key) is not None, depth + 1)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _arguments(item, "", inside or _SECTION.fullmatch(key) is not None, depth + 1)


def _server(node: Node, key: str) -> ApiServer | None:
    flags = tuple(_flags(node))
    if not any(spec(flag.name) is not None and flag.name.startswith("audit-") for flag in flags):
        return None
    spelling = _in_map if isinstance(node, Mapping) else _in_list
    return ApiServer("elsewhere", flags[0].place, flags, partial=True, spelling=spelling, name="kube-apiserver")


def _in_map(name: str, value: str) -> str:
    return f'{name}: "{value}"' if value else name


def _in_list(name: str, value: str) -> str:
    return f"- {name}={value}" if value else name


def _flags(node: Node) -> Iterator[Flag]:
    if isinstance(node, Mapping):
        for entry in node.entries.values():
            if entry.key.value.removeprefix("--").startswith("audit-") and isinstance(entry.value, Scalar):
                yield setting(Value(entry.key.value.removeprefix("--"), entry.key.place), value_of(entry.value))
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Mapping) and isinstance(node, Sequence):
            name = item.get("name") or item.get("key")
            if isinstance(name, Scalar) and name.value.removeprefix("--").startswith("audit-"):
                yield setting(Value(name.value.removeprefix("--"), name.place), value_of(item.get("value")))
        elif isinstance(item, Scalar) and item.kind == "string":
            for found in _WORD.finditer(item.value):
                value = Value(found[2], part_of(item, *found.span(2)))
                yield setting(Value(found[1], part_of(item, *found.span(1))), value)
