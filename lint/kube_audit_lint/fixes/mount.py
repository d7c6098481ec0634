"""The kind `mount`: mounts and volumes of the API server's pod, in the keys of a pod or of kubeadm's extraVolumes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint.checks._mounts import mount_of, uncovered, unmounted_volume
from kube_audit_lint.fixes import Claim, Edit, Fix, NotEditable, Target
from kube_audit_lint.fixes import _tree as tree
from kube_audit_lint.fixes import _write as write
from kube_audit_lint.fixes._settings import ordered_as, spot_of
from kube_audit_lint.kubernetes.flags import LOG_PATH, POLICY_FILE
from kube_audit_lint.model.server import ApiServer, Mount, clean
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence

PARAMS: dict[str, Any] = {
    "type": "object",
    "required": ["what"],
    "additionalProperties": False,
    "properties": {
        "what": {
            "enum": ["add", "read-only", "writable", "type", "volume-name"],
            "description": "What the flag of the check needs is mounted, a mount becomes read-only or writable, a "
            "hostPath gets the type that is advised, a mount the name of a volume that is there.",
        }
    },
}

_NAMES = {POLICY_FILE: "audit-policy", LOG_PATH: "audit-log"}


def fixes(target: Target) -> Iterator[Fix]:
    """The mount or volume as it is to be."""
    yield from _WHAT[target.params["what"]](target)


def _claim(*names: str) -> Claim:
    return Claim(settings=frozenset((kind, name) for name in names for kind in ("mount", "volume")))


def _mount_at(target: Target) -> Mount:
    """The mount that the finding is about. Raises NotEditable."""
    place = target.finding.place
    for mount in target.server.server.mounts or ():
        if place in (mount.path.place, mount.read_only_place, mount.name.place, mount.place):
            return mount
    raise NotEditable("the mount is not written in this file")


def _read_only(target: Target) -> Iterator[Fix]:
    """`readOnly: true`, which may be there as false, or misspelt."""
    server = target.server.server
    mount = _mount_at(target)
    if mount_of(server, LOG_PATH) is mount:
        return  # the log is in it
    title, claim = f"Make the mount {mount.path.text} read-only", _claim(mount.name.text)
    at = mount.read_only_place
    spot = spot_of(target, mount.path.place if at is None else at)
    if spot is None:
        raise NotEditable("the mount is not written in this file")
    mapping, entry = spot.mapping
    if at is None:
        yield Fix((_beside(mapping, "mountPath", "readOnly", "true"),), title, claim)
    elif spot.is_key:
        edits = [tree.replaced(entry.key, "readOnly")]
        if isinstance(entry.value, Scalar) and entry.value.value != "true":
            edits.append(tree.raw(entry.value, "true"))
        yield Fix(tuple(edits), title, claim)
    elif entry.key.value == "readOnly":
        yield Fix((tree.raw(entry.value, "true"),), title, claim)


def _writable(target: Target) -> Iterator[Fix]:
    """`readOnly: false` where the log has to be written."""
    mount = _mount_at(target)
    spot = spot_of(target, mount.read_only_place) if mount.read_only and mount.read_only_place else None
    if spot is None or spot.is_key or spot.mapping[1].key.value != "readOnly":
        return
    if mount_of(target.server.server, POLICY_FILE) is mount:
        return  # the policy is in it as well
    edit = tree.raw(spot.node, "false")
    yield Fix((edit,), f"Make the mount {mount.path.text} writable", _claim(mount.name.text))


def _beside(mapping: Mapping, key: str, new: str, value: str) -> Edit:
    """A field more beside another one."""
    entry = mapping.entries.get(key)
    if entry is None or new in mapping.entries:
        raise NotEditable(f"there is no `{key}`")
    flow = f'"{new}": {value}' if tree.in_json(mapping) else f"{new}: {value}"
    return tree.with_entry(mapping, entry, flow, [f"{new}: {value}"])


def _type(target: Target) -> Iterator[Fix]:
    """The type of a hostPath: one that is there becomes another, else it is written behind the path."""
    advice, server = target.finding.advice, target.server.server
    spot = spot_of(target, target.finding.place)
    if advice is None or spot is None:
        return
    mapping, entry = spot.mapping
    kind = advice.values[0]
    names = [one.name for one in server.volumes if _touches(one.type, one.path, target.finding.place)]
    names += [
        one.name.text
        for one in server.mounts or ()
        if one.volume is not None and _touches(one.volume.type, one.volume.path, target.finding.place)
    ]
    claim = _claim(*names)
    title = f"Write `{server.type_key}: {kind}`"
    if entry.key.value == server.type_key:
        yield Fix((tree.replaced(entry.value, kind),), title, claim)
    elif entry.key.value in ("path", "hostPath"):
        value = f'"{kind}"' if tree.in_json(mapping) else kind
        yield Fix((_beside(mapping, entry.key.value, server.type_key, value),), title, claim)


def _touches(*values: Any) -> bool:
    *own, place = values
    return any(one is not None and one.place == place for one in own)


def _volume_name(target: Target) -> Iterator[Fix]:
    advice = target.finding.advice
    mount, spot = _mount_at(target), spot_of(target, target.finding.place)
    if advice is None or spot is None:
        return
    (name,) = advice.values
    yield Fix((tree.replaced(spot.node, name),), advice.title, _claim(mount.name.text, name))


def _add(target: Target) -> Iterator[Fix]:
    """A mount of what a flag needs, with its volume where there is none."""
    server, flag = target.server.server, target.checked["flag"]
    path = uncovered(server, flag)
    written = server.flag(flag)
    if path is None or written is None or written.place.source is not target.source:
        return
    spot = spot_of(target, written.place)
    if spot is None:
        return
    at = path if flag != LOG_PATH else path.rpartition("/")[0]
    if at.count("/") < 2:
        return  # nobody wants the host's root, or one of its folders, in the pod
    for number in range(len(spot.way) - 1, -1, -1):
        step = spot.way[number]
        if not isinstance(step.container, Mapping) or step.entry is None:
            continue
        if step.entry.key.value == "extraArgs":
            yield _extra_volume(server, step.container, flag, at)
            return
        if step.entry.key.value in ("command", "args"):
            yield _pod_volume(server, spot.way[: number + 1], flag, at)
            return


def _extra_volume(server: ApiServer, section: Mapping, flag: str, path: str) -> Fix:
    """An item of kubeadm's extraVolumes."""
    name = _free(flag, {mount.name.text for mount in server.mounts or ()})
    values: dict[str, Any] = {"name": name, "hostPath": path, "mountPath": path}
    values |= _type_of(flag, "pathType") if flag == LOG_PATH else {"readOnly": True, **_type_of(flag, "pathType")}
    edit = _listed(section, "extraVolumes", "extraArgs", values)
    return Fix((edit,), f"Mount {path}", _claim(name), not _doubtful(server, path))


def _type_of(flag: str, key: str) -> dict[str, Any]:
    return {key: "DirectoryOrCreate" if flag == LOG_PATH else "File"}


def _pod_volume(server: ApiServer, way: tuple[tree.Step, ...], flag: str, path: str) -> Fix:
    """An item of the container's volumeMounts, and one of the pod's volumes."""
    container, command = way[-1].container, way[-1].entry
    pod = next((one for one in reversed(way) if one.entry is not None and one.entry.key.value == "containers"), None)
    if not isinstance(container, Mapping) or command is None or pod is None or not isinstance(pod.container, Mapping):
        raise NotEditable("the pod is not written in this file as it is read")
    volume = unmounted_volume(server, path)
    name = volume.name if volume is not None else _free(flag, {one.name for one in server.volumes})
    values: dict[str, Any] = {"mountPath": path, "name": name}
    values |= {} if flag == LOG_PATH else {"readOnly": True}
    edits = [_listed(container, "volumeMounts", command.key.value, values)]
    if volume is None:
        host = {"hostPath": {"path": path, **_type_of(flag, "type")}, "name": name}
        edits.append(_listed(pod.container, "volumes", "containers", host))
    return Fix(tuple(edits), f"Mount {path}", _claim(name), not _doubtful(server, path))


def _doubtful(server: ApiServer, path: str) -> bool:
    """Whether the path of a mount that is there may be what is wrong: it has the same file, or the same name.

    A folder as high as /var/log holds more than the log.
    """
    if path.count("/") < 3 and "." not in path:
        return True
    for mount in server.mounts or ():
        host = mount.volume.path.text if mount.volume is not None and mount.volume.path is not None else ""
        if clean(host or "/") == clean(path) or clean(mount.path.text).rpartition("/")[2] == path.rpartition("/")[2]:
            return True
    return False


def _free(flag: str, taken: set[str]) -> str:
    """A name that no volume has."""
    name = _NAMES.get(flag, "audit-webhook")
    others = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (name, *others) if one not in taken)


def _listed(section: Mapping, key: str, behind: str, values: dict[str, Any]) -> Edit:
    """An item more of a list; where there is no such list, the list behind another key."""
    items = section.get(key)
    json = tree.in_json(section)
    if isinstance(items, Sequence) and items.items:
        models = items.items
        values = ordered_as(values, models)
        flow = write.flow(values, write.JSON if json else write.PLAIN)
        lines = [flow] if all(map(tree.is_flow, models)) else write.lines(values)
        return tree.with_item(items, len(models), flow, lines)
    if key in section.entries:
        raise NotEditable(f"`{key}` is no list with items")
    near = section.entries[behind]
    style = write.Style(_depth(section), json=json)
    flow = f"{write.string(key, json)}: {write.flow([values], style)}"
    return tree.with_entry(section, near, flow, write.lines({key: [values]}, style))


def _depth(section: Mapping) -> str:
    """How far lists are inside their key here."""
    for entry in tree.written(section):
        value = entry.value
        if isinstance(value, Sequence) and value.items and not tree.is_flow(value):
            return " " * max(0, _column(value) - _column(entry.key))
    return ""


def _column(node: Node) -> int:
    return node.source.position(node.start)[1]


_WHAT = {"add": _add, "read-only": _read_only, "writable": _writable, "type": _type, "volume-name": _volume_name}
