"""API servers of one cluster whose audit settings differ."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import place_of_value
from kube_audit_lint.checks._subject import DirectorySubject, Params, ServerSubject
from kube_audit_lint.kubernetes import flags
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.finding import Related
from kube_audit_lint.syntax.nodes import Mapping, Node, Sequence
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import is_unknown

SUBJECT = "directory"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

_EFFECT = "What is recorded depends on which of them answers a request."


def check(subject: DirectorySubject, params: Params) -> Iterator[Hit]:
    """Reports every setting of a server that differs from what most of the others have."""
    for group in subject.clusters:
        for name in _names(group):
            for server, usual in _odd(group, name):
                yield _hit(server, usual, name)
        yield from _odd_policies(group)


def _names(group: tuple[ServerSubject, ...]) -> list[str]:
    """The audit flags that some server of the group sets, in the order in which they appear."""
    names: dict[str, None] = {}
    for server in group:
        for flag in server.server.flags:
            if flags.spec(flag.name) is not None:
                names[flag.name] = None
    return list(names)


def _odd(group: tuple[ServerSubject, ...], name: str) -> Iterator[tuple[ServerSubject, ServerSubject]]:
    """The servers that differ in a flag, each with one that has what most have."""
    known = [
        (server, flags.comparable(name, server.server.value(name), server.versions.last))
        for server in group
        if _is_known(server, name)
    ]
    values = [value for _, value in known]
    if len(set(values)) < 2:
        return
    usual = max(values, key=lambda value: (values.count(value), -values.index(value)))
    example = known[values.index(usual)][0]
    for server, value in known:
        if value != usual:
            yield server, example


def _is_known(subject: ServerSubject, name: str) -> bool:
    server = subject.server
    value = server.value(name)
    if value is None:
        return server.flag(name) is None and not server.partial
    return not is_unknown(value)


def _hit(server: ServerSubject, usual: ServerSubject, name: str) -> Hit:
    here, there = server.server.value(name), usual.server.value(name)
    path = usual.server.source.path
    message = f"--{name} is {_shown(here)} here, but {_shown(there)} in {path}. {_EFFECT}"
    related = (Related(place_of_value(usual.server, name), f"{_shown(there)} there"),)
    help = f"Write `--{name}={there}` here too." if there else f"Write `--{name}={here}` in {path} too."
    return Hit(place_of_value(server.server, name), message, related, help=help)


def _shown(value: str | None) -> str:
    return "not set" if value is None else f"`{value}`" if value else "empty"


def _odd_policies(group: tuple[ServerSubject, ...]) -> Iterator[Hit]:
    """The servers whose policy differs from the policy of the first."""
    first: tuple[ServerSubject, PolicyDocument] | None = None
    for server in group:
        document = server.policy.document if server.policy is not None else None
        if document is None or document.root is None:
            continue
        if first is None:
            first = (server, document)
        elif document is not first[1] and _plain(document.root) != _plain(first[1].root):
            yield _policy_hit(server, document, *first)


def _policy_hit(server: ServerSubject, here: PolicyDocument, usual: ServerSubject, there: PolicyDocument) -> Hit:
    message = (
        f"This server loads {here.source.path}, {usual.server.source.path} loads {there.source.path}, "
        f"and the two policies differ. {_EFFECT}"
    )
    # A finding is also about the files of its related places: whoever names the other server's has it reported.
    other = Related(place_of_value(usual.server, POLICY_FILE), "loads the other one")
    related = (Related(here.place, "this policy"), Related(there.place, "the other one"), other)
    return Hit(place_of_value(server.server, POLICY_FILE), message, related, help="Give both the same policy.")


def _plain(node: Node | None) -> Any:
    """Dicts, lists, strings, numbers, booleans and None for a node."""
    if node is None:
        return None
    if isinstance(node, Mapping):
        return {key: _plain(entry.value) for key, entry in node.entries.items()}
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    if node.kind == "string":
        return node.value
    if node.kind == "bool":
        return node.value == "true"
    if node.kind == "int":
        return int(node.value)
    return float(node.value) if node.kind == "float" else None
