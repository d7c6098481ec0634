"""Arguments of an API server under a key that says so, in a file of no known form: judged as a part.

A mapping (`extraArgs: {audit-log-maxage: "30"}`), a list of name and value, a list of `[--]audit-log-maxage=30`, or a
string of such words, under a key such as `kube-apiserver-arg` or `kube_api_server_args`, or under `extraArgs` and
the like within a section of the API server. Words `--kube-apiserver-arg` of K3s and RKE2 say so themselves, whatever
the key is. Helm values, Ansible variables and installers' files have them. Puppet's
module writes each as `audit-log-maxage: 30` in a string (puppetlabs-kubernetes templates/v1beta3); MicroK8s' launch
configuration has `extraKubeAPIServerArgs` with `$SNAP_DATA` in the values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.extra_args import value_of
from kube_audit_lint.forms.common.snap import expanded
from kube_audit_lint.kubernetes.flags import all_names, spec
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.parts import part_of

_SERVER = r"(?:kube)?[-_]?api[-_]?server"
_EXTRA = r"(?:[-_]?(?:extra|additional))?"
_ARGS = r"(?:args?|arguments|flags|options)"
_OWN = re.compile(rf"(?i)(?:\w*[-_]|kubeadm|cluster|control[-_]?plane|master)?{_EXTRA}{_SERVER}{_EXTRA}[-_]?{_ARGS}\+?")
_ANY = re.compile(r"(?i)(?:\w+[-_])*(?:extra|additional)?[-_]?(?:args?|arguments|flags)\+?")
_SECTION = re.compile(rf"(?i)(?:\w+[-_])*{_SERVER}|(?:vcluster|k3s|rke2|k0s)\w*|kubernetes[-_]?api")
_CONFIG = re.compile(rf"(?i)(?:\w*[-_])?{_SERVER}[-_]?config(?:uration)?")
_BARE = re.compile(r"(?i)kube[-_]?api[-_]?server")
"""A section that holds the flags themselves, perhaps beside other settings."""
_NEXT = r",(?:--)?[a-z][a-z-]*="
"""What follows a value in a list of arguments with commas."""
_WORD = re.compile(
    r"(?<![\w./-])(?:--kube-apiserver-arg[= ]|(?:--extra-config[= ][\"']?)?apiserver\.)?(?:--)?"
    rf"(audit-[a-z-]+)(?:=|:[ \t]+)((?:(?!{_NEXT})[^\s\"'])*)"
)
_NODES = re.compile(r"@(?:all|(?:servers?|agents?|loadbalancer)\b[^\s]*)\Z")
"""Of k3d's `--k3s-arg`: the nodes that an argument is for."""
_SAYS_SO = re.compile(
    r"(?s)\s*(?:\{\{[^{}]*\}\}\s*)*(?:(?:-.*|server(?:\s.*)?)[\s\"'])?--kube-apiserver-arg(?:[= \n]|\Z)"
    r"|\s*(?:-.*\s)?--extra-config[= ][\"']?apiserver\.audit-|\s*apiserver\.audit-[a-z-]+=\S+\Z"
)
"""Nothing but arguments, one of them K3s's own or minikube's for the API server: a sentence or a command begins
otherwise."""
_NAMED = re.compile(r"(?i)kube[-_]?api[-_]?server|api[-_]?server[-_/]?extra")
"""Keys, with those above, that can only be about Kubernetes: many another program has an `apiServer`."""
_BESIDE = frozenset(("syncer", "vcluster", "controllerManager", "scheduler", "etcd", "konnectivity"))
_DEPTH = 20


def loose_arguments(root: Node, top: bool = False) -> Found:
    """The servers of a document, one for each key with arguments that say something of auditing.

    top: whether keys outside of all sections may hold such arguments, as in files of a few settings.
    """
    found = list(_arguments(root, "", "", False, 0))
    if top and isinstance(root, Mapping):
        found += [(one.value, key) for key, one in root.entries.items() if _ANY.fullmatch(key) and _dashed(one.value)]
    servers = [_server(node, keys) for node, keys in found]
    return Found(servers=tuple(one for one in servers if one is not None))


def flags_in_line(node: Scalar) -> tuple[Flag, ...]:
    """The audit flags among the words of a string."""
    return tuple(_flags(node))


def flag_named(name: Scalar, value: Node | None) -> tuple[Flag, ...]:
    """The audit flag of a name and its value, each written in its own place."""
    return tuple(_named(name, value))


def _arguments(node: Node, key: str, above: str, inside: bool, depth: int) -> Iterator[tuple[Node, str]]:
    """The values that hold arguments of an API server, each with its keys. inside: whether one above says so."""
    if depth > _DEPTH:
        return
    keys = f"{above}/{key}"
    *modules, key = key.split("::")  # Puppet: `k8s::server::apiserver::arguments`
    inside = inside or any(map(_SECTION.fullmatch, modules))
    if _is_arguments(node, key, inside):
        yield node, keys
    elif isinstance(node, Mapping) and _OWN.fullmatch(node.string("name") or "") and "value" in node.entries:
        yield node.entries["value"].value, node.string("name") or ""  # a variable of a Cluster's topology
    elif isinstance(node, Mapping | Sequence):
        inside = inside or _SECTION.fullmatch(key) is not None or _CONFIG.fullmatch(key) is not None
        for name, value in _below(node):
            own = name == "api" and isinstance(node, Mapping) and _is_clusters(node, depth == 0)
            yield from _arguments(value, name, keys, inside or own, depth + 1)


def _is_arguments(node: Node, key: str, inside: bool) -> bool:
    if key and (_OWN.fullmatch(key) or (inside and _ANY.fullmatch(key))):
        return True
    if not isinstance(node, Mapping):
        return _says_so(node)
    if _BARE.fullmatch(key):
        return any(spec(name) is not None for name in node.entries)
    return bool(_CONFIG.fullmatch(key)) and any(_flags(node))


def _dashed(node: Node) -> bool:
    """Whether a string, or the first of a list, is arguments with their dashes."""
    node = node.items[0] if isinstance(node, Sequence) and node.items else node
    return isinstance(node, Scalar) and node.value.startswith("--") and not _says_so(node)


def _says_so(node: Node) -> bool:
    """Whether words say that they are an API server's arguments, so that the key need not."""
    if isinstance(node, Sequence):
        return any(isinstance(item, Scalar) and _says_so(item) for item in node.items)
    return isinstance(node, Scalar) and node.kind == "string" and _SAYS_SO.match(node.value) is not None


def _is_clusters(node: Mapping, top: bool) -> bool:
    """Whether `api` in it is the API server, as in vcluster's values: many a chart has an `api` of its own."""
    api = node.get("api")
    image = (api.string("image") or "") if isinstance(api, Mapping) else ""
    return "apiserver" in image or not _BESIDE.isdisjoint(node.entries) or (top and "controller" in node.entries)


def _below(node: Mapping | Sequence) -> Iterator[tuple[str, Node]]:
    if isinstance(node, Mapping):
        return ((name, entry.value) for name, entry in node.entries.items())
    return (("", item) for item in node.items)


def _server(node: Node, keys: str) -> ApiServer | None:
    """A server with these flags. A misspelt flag alone is enough where it is sure whose arguments they are."""
    flags = tuple(_flags(node))
    if _BARE.fullmatch(keys.rpartition("/")[2]):
        flags = tuple(flag for flag in flags if spec(flag.name) is not None or nearest(flag.name, all_names()))
    sure = _NAMED.search(keys) or _says_so(node)
    if not flags or not (sure or any(spec(flag.name) is not None for flag in flags)):
        return None
    spelling = _in_map if isinstance(node, Mapping) else _in_list
    return ApiServer("elsewhere", flags[0].place, flags, partial=True, spelling=spelling, name="kube-apiserver")


def _in_map(name: str, value: str) -> str:
    return f'{name}: "{value}"' if value else name


def _in_list(name: str, value: str) -> str:
    return f"- {name}={value}" if value else name


def _flags(node: Node) -> Iterator[Flag]:
    for item in node.items if isinstance(node, Sequence) else [node]:
        name = (item.get("name") or item.get("key")) if isinstance(item, Mapping) and item is not node else None
        if isinstance(item, Mapping) and isinstance(name, Scalar):
            yield from _named(name, item.get("value"))
        elif isinstance(item, Mapping):
            for entry in item.entries.values():
                yield from _named(entry.key, entry.value)
        elif isinstance(item, Scalar) and item.kind == "string":
            for found in _WORD.finditer(item.value):
                text = _NODES.sub("", found[2])
                value = Value(expanded(text), part_of(item, found.start(2), found.start(2) + len(text)))
                yield setting(Value(found[1], part_of(item, *found.span(1))), value)


def _named(name: Scalar, node: Node | None) -> Iterator[Flag]:
    """A flag by its name, with the dashes that some write in front."""
    bare = name.value.removeprefix("--")
    for item in node.items if bare.startswith("audit-") and isinstance(node, Sequence) else ():
        yield from _named(name, item)  # OpenShift's arguments are lists of strings
    if bare.startswith("audit-") and (node is None or isinstance(node, Scalar)):
        value = value_of(node)
        yield setting(Value(bare, name.place), value and Value(expanded(value.text), value.place))
