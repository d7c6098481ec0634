"""The hostPath type of the policy's volume does not fit a policy file.

Source: the `HostPathType` constants of k8s.io/api core/v1, and pkg/volume/hostpath of k8s.io/kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._mounts import (
    DEVICE_TYPES,
    DIRECTORY_TYPES,
    FILE_TYPES,
    is_at,
    kind_of,
    mount_of,
    type_of,
    uncovered,
    unmounted_volume,
)
from kube_audit_lint.checks._server import known_path
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import POLICY_FILE, WEBHOOK_CONFIG
from kube_audit_lint.model.advice import Advice, write
from kube_audit_lint.model.finding import Related, SeverityOrNone
from kube_audit_lint.model.server import ApiServer, Mount, Volume
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
PARAMS: dict[str, Any] = {
    "type": "object",
    "properties": {"flag": {"enum": [POLICY_FILE, WEBHOOK_CONFIG]}},
    "required": ["flag"],
    "additionalProperties": False,
}
_DIRECTORY = write("Directory", field="type")
_FILE = write("File", field="type")


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit when the type makes an empty policy, a directory, or checks nothing."""
    server, name = subject.server, params["flag"]
    path, mount = known_path(server, name), mount_of(server, name)
    if path is None:
        return
    if mount is None:
        meant = unmounted_volume(server, path) if uncovered(server, name) else None
        if meant is not None:
            yield from _hit(server, name, meant, _at_file(type_of(meant), path), None)
    elif mount.volume is not None and kind_of(mount) == "hostPath" and mount.sub_path is None:
        found = _at_file(type_of(mount.volume), path) if is_at(mount, path) else _above(mount, path)
        yield from _hit(server, name, mount.volume, found, mount)


def _hit(
    server: ApiServer, name: str, volume: Volume, found: tuple[SeverityOrNone, str, Advice] | None, mount: Mount | None
) -> Iterator[Hit]:
    if found is None:
        return
    severity, message, help = found
    flag = server.flag(name)
    related = [Related(mount.path.place, "the mount")] if mount is not None else []
    if flag is not None:
        related.append(Related(flag.place, "the path that is read"))
    written = volume.type or volume.path
    place = written.place if written is not None else volume.place
    yield Hit(place, message, tuple(related), severity=severity, help=help)


def _at_file(kind: str, path: str) -> tuple[SeverityOrNone, str, Advice] | None:
    """The volume is the file itself."""
    if kind == "FileOrCreate":
        message = (
            "Where the file is missing on the host, FileOrCreate makes an empty one, and kube-apiserver does not "
            "start with an empty policy. With File the kubelet says which file is missing."
        )
        return "", message, _FILE
    if kind in DIRECTORY_TYPES:
        message = (
            f"{kind} makes the mount {path} a directory, where kube-apiserver expects a file. "
            f"It does not start: read {path}: is a directory"
        )
        return "error", message, _FILE
    if kind == "":
        message = (
            "The hostPath has no type, so nothing is checked: where the file is missing, the container runtime "
            f"makes a directory of that name, and kube-apiserver does not start: read {path}: is a directory"
        )
        return "info", message, _FILE
    return _device(kind, _FILE)


def _device(kind: str, advice: Advice) -> tuple[SeverityOrNone, str, Advice] | None:
    """A type that is neither that of a file nor that of a directory."""
    if kind not in DEVICE_TYPES:
        return None
    return (
        "error",
        f"With the type {kind} the kubelet wants a {DEVICE_TYPES[kind]} there, and does not start the pod.",
        advice,
    )


def _above(mount: Mount, path: str) -> tuple[SeverityOrNone, str, Advice] | None:
    """The mount is a directory above the file."""
    kind = type_of(mount.volume)
    if kind not in FILE_TYPES:
        return _device(kind, _DIRECTORY)
    message = (
        f"{kind} makes the mount {mount.path.text} a file, but kube-apiserver looks for {path} "
        "below it. The pod does not start."
    )
    return "error", message, _DIRECTORY
