"""Compose files: services that run kube-apiserver, or K3s with arguments for it.

Sources: the Compose specification (services: image, entrypoint, command as a list or as a shell's words, volumes);
k3s-io/k3s docker-compose.yml. A service in the network `host` resolves names as the host does, any other by Docker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import flags_of
from kube_audit_lint.forms.common.binds import bind, both, in_memory, local_files, mounted
from kube_audit_lint.forms.common.commandline import api_server
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.nodes import version_at
from kube_audit_lint.forms.common.pod import value_at
from kube_audit_lint.forms.k3s import flags_in_words
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer, Mount
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import version_of_image
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.parts import part_of

MARKS = ("services:", '"services"')
ORDER = 6

_WORD = re.compile(r"\"[^\"]*\"|'[^']*'|\S+")


def read(document: Document, context: Context) -> Found | None:
    """The API servers among a file's services; None when there is none."""
    root = document.mapping
    services = root.mapping("services") if root is not None else None
    if root is None or services is None or "kind" in root.entries or "apiVersion" in root.entries:
        return None
    found = [_server(entry.value) for entry in services.entries.values() if isinstance(entry.value, Mapping)]
    servers = tuple(one for one in found if one is not None)
    return Found(servers=servers) if servers else None


def _server(service: Mapping) -> ApiServer | None:
    words = [word for key in ("entrypoint", "command") for word in _words(service.get(key))]
    image = service.string("image") or ""
    versions, version_place = version_at(service.get("image"), version_of_image)
    mounts = tuple(_mounts(service))
    server = _of_k3s(words, image) or _of_apiserver(words, image)
    if server is None:
        return None
    return server._replace(
        versions=versions,
        version_place=version_place,
        mounts=mounts,
        files=local_files(mounts),
        host_names=service.string("network_mode") == "host",
        mounting=lambda flag, path: f"Add `- {both(flag, path)}` to the service's `volumes`.",
    )


def _of_k3s(words: list[Value], image: str) -> ApiServer | None:
    flags = tuple(flags_in_words(words)) if "k3s" in image or any("k3s" in word.text for word in words) else ()
    if not any(flag.name.startswith("audit") for flag in flags):
        return None
    return ApiServer("compose", flags[0].place, flags, spelling=_spelling, name="kube-apiserver")


def _of_apiserver(words: list[Value], image: str) -> ApiServer | None:
    named = image.rpartition("/")[2].partition(":")[0].startswith("kube-apiserver")
    if named and words and words[0].text.startswith("-"):
        words = [Value("kube-apiserver", words[0].place), *words]
    line = api_server(words, expected=named)
    if line is None:
        return None
    return ApiServer("compose", line.place, flags_of(line.arguments), partial=line.partial, name="kube-apiserver")


def _spelling(name: str, value: str) -> str:
    return f"--kube-apiserver-arg={name}" + (f"={value}" if value else "")


def _words(node: Node | None) -> Iterator[Value]:
    """The words of a command; a string is split as a shell would, without its expansions."""
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar) and item.kind == "string":
            yield Value(item.value, part_of(item, 0, len(item.value)))
    if isinstance(node, Scalar) and node.kind == "string":
        for found in _WORD.finditer(node.value):
            quoted = len(found[0]) > 1 and found[0][0] in "\"'"
            start, end = (found.start() + 1, found.end() - 1) if quoted else found.span()
            yield Value(node.value[start:end], part_of(node, start, end))


def _mounts(service: Mapping) -> Iterator[Mount]:
    for item in service.items("volumes"):
        if isinstance(item, Scalar) and item.kind == "string":
            mount = bind(Value(item.value, part_of(item, 0, len(item.value))))
            if mount is not None:
                yield mount
        elif isinstance(item, Mapping):
            source, target, read_only = value_at(item, "source"), value_at(item, "target"), item.get("read_only")
            if target is not None and item.string("type") == "tmpfs":
                yield in_memory(target)
            elif target is not None:
                closed = isinstance(read_only, Scalar) and read_only.value == "true"
                yield mounted(source or target._replace(text=""), target, closed)
    tmpfs = service.get("tmpfs")
    for node in tmpfs.items if isinstance(tmpfs, Sequence) else [tmpfs]:
        if isinstance(node, Scalar) and node.kind == "string":
            yield in_memory(Value(node.value, node.place))
