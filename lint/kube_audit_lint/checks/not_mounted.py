"""A path of a flag that no mount brings into the container."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._mounts import (
    is_at,
    kind_of,
    makes_directory,
    mount_of,
    nearest_mounts,
    uncovered,
    unmounted_volume,
)
from kube_audit_lint.checks._server import known_path, place_of_value
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import LOG_PATH, POLICY_FILE, WEBHOOK_CONFIG
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import ApiServer, clean
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
PARAMS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "flag": {"enum": [POLICY_FILE, LOG_PATH, WEBHOOK_CONFIG]},
        "consequence": {"type": "string", "description": "what happens without the mount; {path} is the path"},
    },
    "required": ["flag", "consequence"],
    "additionalProperties": False,
}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit when no mount covers the path; for a file to be read, also when a directory is mounted in its place."""
    server, name = subject.server, params["flag"]
    path = uncovered(server, name)
    if path is not None:
        message = f"No volumeMount covers {path}. {params['consequence'].replace('{path}', path)}"
        yield _hit(server, name, path, message)
    elif name != LOG_PATH:
        yield from _hidden(server, name)


_NOT_TO_ROOT = (
    "Write the log into a directory of its own, such as `--audit-log-path=/var/log/kubernetes/audit.log`, and mount "
    "that: a mount at / would hide all that is in the container."
)


def _hit(server: ApiServer, name: str, path: str, message: str) -> Hit:
    if name == LOG_PATH and clean(path).count("/") == 1:
        return Hit(place_of_value(server, name), message, nearest_mounts(server, path), help=_NOT_TO_ROOT)
    volume = unmounted_volume(server, path if name != LOG_PATH else path.rpartition("/")[0])
    if volume is None or volume.path is None:
        help = server.mounting(name, path) if server.mounting is not None else ""
        return Hit(place_of_value(server, name), message, nearest_mounts(server, path), help=help)
    at = volume.path.text + (", readOnly: true" if name != LOG_PATH else "")
    help = f"Add `- {{name: {volume.name}, mountPath: {at}}}` to the container's volumeMounts."
    related = (Related(volume.place, "this volume is not mounted"),)
    return Hit(place_of_value(server, name), message, related, help=help)


def _hidden(server: ApiServer, name: str) -> Iterator[Hit]:
    """A ConfigMap or Secret mounted where the file should be is a directory there."""
    mount, path = mount_of(server, name), known_path(server, name) or ""
    if mount is None or not is_at(mount, path) or not makes_directory(mount) or kind_of(mount) == "hostPath":
        return
    message = (
        f"The {kind_of(mount)} is mounted as a directory at {path}, where kube-apiserver expects the file. "
        f"It does not start: read {path}: is a directory"
    )
    help = f"Mount it at {path.rpartition('/')[0]}, or give the mount a subPath with the file's key."
    yield Hit(place_of_value(server, name), message, (Related(mount.path.place, "the mount"),), help=help)
