"""The flags and mounts that kubeadm makes of extraArgs and extraVolumes.

Sources: cmd/kubeadm/app/util/arguments.go (the order of flags); app/phases/controlplane/volumes.go (what is
mounted without being asked for; of volumes with one name the last counts).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from kube_audit_lint.forms.common.arguments import flags_of, setting
from kube_audit_lint.forms.common.reader import meant
from kube_audit_lint.forms.common.shapes import LIST_VERSIONS, MAP_VERSIONS, READ_ONLY
from kube_audit_lint.forms.common.split import KUBEADM_VOLUME, whole
from kube_audit_lint.model.server import Flag, Mount, Volume
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.source import Place

_OWN_NAMES = ("k8s-certs", "ca-certs")
"""Of the volumes that kubeadm always makes, read-only: certificatesDir and /etc/ssl/certs."""
_WHERE_THE_HOST_HAS_THEM = (
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/etc/pki",
)
"""Mounted read-only into every API server that kubeadm makes, where the host has them."""


def ordered(flags: Iterable[Flag]) -> tuple[Flag, ...]:
    """Flags in the order in which kubeadm writes them, so that the last of one name is the one that counts."""
    return tuple(sorted(flags, key=lambda flag: (flag.written, flag.value or "")))


def flags_of_arguments(arguments: Node | None) -> Iterator[Flag]:
    """The flags of extraArgs, a map or a list of name and value, as they were meant."""
    if isinstance(arguments, Mapping):
        for entry in arguments.entries.values():
            yield setting(_name(entry.key), value_of(entry.value))
    elif isinstance(arguments, Sequence):
        for item in arguments.items:
            yield from _flags_of_item(item)
    elif isinstance(arguments, Scalar) and arguments.kind == "string":
        for word in re.finditer(r"--\S+", arguments.value):
            place = part_of(arguments, word.start(), word.end()) or arguments.place
            yield from flags_of([Value(word[0], place)])


def _flags_of_item(item: Node) -> Iterator[Flag]:
    if isinstance(item, Mapping):
        name = item.get("name")
        if isinstance(name, Scalar):
            yield setting(_name(name), value_of(item.get("value")))
        elif "value" not in item.entries:
            yield from flags_of_arguments(item)
    elif isinstance(item, Scalar) and item.kind == "string" and "=" in item.value:
        text = item.value if item.value.startswith("--") else f"--{item.value}"
        yield from flags_of([Value(text, item.place)])


def spelling(arguments: Node | None, version: str | None) -> Callable[[str, str], str]:
    """How a flag is written among these arguments."""
    listed = version in LIST_VERSIONS or (version not in MAP_VERSIONS and isinstance(arguments, Sequence))
    return _in_list if listed else _in_map


def _in_map(name: str, value: str) -> str:
    return f'{name}: "{value}"' if value else name


def _in_list(name: str, value: str) -> str:
    return f'- {{name: {name}, value: "{value}"}}' if value else name


def _name(node: Scalar) -> Value:
    """A flag's name; the dashes that some write in front are another finding's."""
    stripped = node.value.removeprefix("--")
    cut = len(node.value) - len(stripped)
    place = node.place
    if cut and place.text.startswith("--"):
        place = Place(place.source, place.start + cut, place.end)
    return Value(stripped, place)


def value_of(node: Node | None) -> Value | None:
    """A scalar as a flag's value: numbers and booleans as they are written."""
    if not isinstance(node, Scalar) or node.kind == "null":
        return None if node is None else Value("", node.place)
    return Value(node.value if node.kind == "string" else node.place.text, node.place)


def flags_of_settings(section: Mapping, names: dict[str, str], unset: tuple[str, ...]) -> Iterator[Flag]:
    """The flags of a section's settings, by the names of both. unset: values that are as good as none."""
    for name, flag in names.items():
        entry = section.entries.get(name)
        value = value_of(entry.value) if entry is not None else None
        if entry is not None and value is not None and value.text not in unset:
            yield setting(Value(flag, entry.key.place), value)


def mounts_of_volumes(volumes: Node | None) -> Iterator[Mount]:
    """The mounts that extraVolumes make, as they were meant: of those with one name kubeadm keeps the last, which is a
    finding of its own (shapes.py), and so is a misspelt key."""
    section = volumes if isinstance(volumes, Sequence) else None
    if isinstance(volumes, Mapping) and isinstance(volumes.get("extraVolumes"), Sequence):
        section = volumes.get("extraVolumes")  # type: ignore[assignment]
    for item in whole(section.items, KUBEADM_VOLUME) if section is not None else ():
        mount = _mount(item) if isinstance(item, Mapping) else None
        if mount is not None:
            yield mount


def extra_volume(flag: str, path: str) -> str:
    """How kubeadm is told to mount what a flag's path needs."""
    if flag == "audit-log-path":
        folder = path.rpartition("/")[0] or "/"
        volume = f"{{name: audit-log, hostPath: {folder}, mountPath: {folder}, pathType: DirectoryOrCreate}}"
    else:
        name = "audit-policy" if flag == "audit-policy-file" else "audit-webhook"
        volume = f"{{name: {name}, hostPath: {path}, mountPath: {path}, readOnly: true, pathType: File}}"
    return f"Add `- {volume}` to `apiServer.extraVolumes`."


def always_mounted(place: Place, certificates: str | None = None, volumes: Iterable[Mount] = ()) -> Iterator[Mount]:
    """What kubeadm mounts without being asked. volumes: the user's, which replace its own of the same name."""
    named = {_OWN_NAMES[0]: certificates or "/etc/kubernetes/pki", _OWN_NAMES[1]: "/etc/ssl/certs"}
    replaced = {one.volume.name for one in volumes if one.volume is not None}
    for name, path in named.items():
        if name not in replaced:
            yield own_mount(path, place, True, "DirectoryOrCreate", name=name)
    for path in _WHERE_THE_HOST_HAS_THEM:
        yield own_mount(path, place, True, "DirectoryOrCreate")


def own_mount(
    path: str, place: Place, read_only: bool, type: str = "Directory", host: str = "", name: str = ""
) -> Mount:
    """A mount that the distribution makes itself. place: what stands for it. host: where it is another path there."""
    at, on_host = Value(path, place), Value(host or path, place)
    volume = Volume(name or path, "hostPath", place, on_host, Value(type, place) if type else None)
    return Mount(at, at, place, read_only, None, None, volume)


def _mount(item: Mapping) -> Mount | None:
    name, path, host = (_value(item, key) for key in ("name", "mountPath", "hostPath"))
    if path is None or host is None:
        return None
    read_only, writable = item.get("readOnly"), item.get("writable")
    misspelt = any(key != "readOnly" and key.lower() in READ_ONLY for key in item.entries)
    if isinstance(writable, Scalar) and writable.value == "true":
        misspelt = False
    volume = Volume(name.text if name else "", "hostPath", item.place, host, _value(item, "pathType"))
    return Mount(
        name or path,
        path,
        item.place,
        isinstance(read_only, Scalar) and read_only.value == "true",
        read_only.place if read_only is not None else writable.place if writable is not None else None,
        None,
        volume,
        read_only is not None or not misspelt,  # the key that is dropped is reported (shapes.py)
    )


def _value(item: Mapping, key: str) -> Value | None:
    node = item.get(meant(item, key))
    return Value(node.value, node.place) if isinstance(node, Scalar) and node.kind == "string" else None
