"""A static pod that hangs on objects of the API: the kubelet refuses it, or waits for them in vain.

Sources: pkg/kubelet/config/common.go (tryDecodeSinglePod) and HasAPIObjectReference in pkg/api/pod of k8s.io/kubernetes
1.36 (feature gate PreventStaticPodAPIReferences, on since 1.34); before, the volume waits for an object that this API
server itself would have to serve (pkg/kubelet/util/manager/watch_based_manager.go, pkg/volume/configmap).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import known_path, span
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import LOG_PATH, POLICY_FILE, WEBHOOK_CONFIG
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import ApiServer, Volume, clean, covering
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

_REFUSING = 34
"""The first minor whose kubelet refuses such a pod."""


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit for each volume that what auditing needs is in; for each other one only where the pod is refused."""
    server, versions = subject.server, subject.versions
    if not server.is_static:
        return
    needed = _needed(server)
    mounted = (mount.volume for mount in server.mounts or () if mount.volume is not None)
    for volume in {one.place: one for one in (*server.volumes, *mounted) if one.refers}.values():
        uses, part = needed.get(volume.name), span(versions, lambda minor: minor >= _REFUSING)
        if uses is not None or part == versions:
            related = (Related(server.place, "this API server"),) if uses is None else (uses,)
            help = "Put the file onto the host, and mount it with `hostPath`."
            yield Hit(volume.place, _message(volume, versions, part), related, None, help=help)


def _needed(server: ApiServer) -> dict[str, Related]:
    """The volumes that the audit flags lead into, by name, with what leads there."""
    found: dict[str, Related] = {}
    for name in (POLICY_FILE, WEBHOOK_CONFIG, LOG_PATH):
        path, flag = known_path(server, name), server.flag(name)
        mount = covering(server.mounts or (), clean(path)) if path is not None else None
        if mount is not None and flag is not None:
            found.setdefault(mount.name.text, Related(flag.value_place, f"--{name} leads into it"))
    for mount in server.mounts or () if server.partial else ():  # a patch, whose flags are elsewhere
        if "audit" in f"{mount.name.text} {mount.path.text}":
            found.setdefault(mount.name.text, Related(mount.path.place, "it is mounted here"))
    return found


def _message(volume: Volume, versions: Versions, part: Versions | None) -> str:
    refused = f"the kubelet refuses it (static pods may not reference {volume.refers})"
    waits = "it waits for an object that only a running API server has (MountVolume.SetUp failed for volume "
    waits += f'"{volume.name}")'
    head = f"This is a static pod, and its volume `{volume.name}` is an object of the API: "
    if part is None:
        return f"{head}{waits}. kube-apiserver is not started."
    if part == versions:
        return f"{head}{refused}. kube-apiserver is not started."
    return f"{head}from Kubernetes 1.{_REFUSING} on {refused}; before, {waits}. kube-apiserver is not started."
