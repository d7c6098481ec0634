"""What templates need to know of a directory of static pods.

Source: pkg/kubelet/config/file.go of k8s.io/kubernetes: every regular file whose name does not start with a
dot is read as a pod, with any ending.
"""

from __future__ import annotations

import os
import re

from kube_audit_lint.checks._subject import DirectorySubject, ServerSubject
from kube_audit_lint.discovery.look import MANIFEST_ENDS, base_name

_CERTAIN = ("/kubernetes/manifests", "/etc/kubelet.d", "/agent/pod-manifests")
_LIKELY = (
    "manifests",
    "static-manifests",
    "static_manifests",
    "static-pods",
    "static_pods",
    "staticpods",
    "kubelet.d",
    "pod-manifests",
)
_PARTS = ("kube-", "etcd", "haproxy", "keepalived", "cloud-controller-manager", "konnectivity")
_OTHERS = ("kube-scheduler", "kube-controller-manager", "scheduler", "controller-manager", "etcd")
_OF_SERVERS = ("apiserver", "api-server", "audit")
_MANIFESTS = (*MANIFEST_ENDS, ".manifest")
_USUAL = "kube-apiserver.yaml"
"""A name that needs no look at the pattern below, which takes long to compile."""
_BACKUP = r"""(?x) ~\Z | \A\#.*\#\Z
    | (?:\A|[._ -]\(?)(?:bak|back|backup|bkp|old|orig|original|org|saved?|copy|prev|previous|rpmsave|rpmnew|dpkg-old)
      (?:\)|[._ -]?\(?[\dtz:_-]*\)?)? (?:\.(?:ya?ml|json|manifest))? \Z
    | [._ -](?:19|20)\d\d([._-]?)[01]\d\1[0-3]\d(?:[t_.-][\dtz:_.-]*)?\.(?:ya?ml|json|manifest)\Z
    | \A(?:bak|backup|old|copy|copy\ of)[._ -]
    | \.(?:ya?ml|json|manifest)[._-](?!(?:j2|jinja2?|tpl|tmpl|tftpl|erb|epp|gotmpl|template|mustache|hbs|in|envsubst
      |md|txt|sig|asc|sha256)\Z).+\Z
    | \ \(\d+\)\.(?:ya?ml|json)\Z"""
_BACKUP_FOLDER = r"(?:\A|/)(?:bak|backups?|[^/]*\.(?:bak|backup|old|orig)|kubeadm-backup-[^/]*)(?:/[^/]*\d{4}[^/]*)*\Z"
"""A folder of copies, also below it by date: `backups/2026-01-31`, kubeadm's `tmp/kubeadm-backup-manifests-*`."""
_ASIDE = (
    *("archive", "archived", "attic", "deprecated", "obsolete", "old", "older", "prev", "previous", "replaced"),
    "unused",
)
"""Folders of files that were replaced, where what replaced them lies above; `clusters/old/` may well be a cluster."""
_COPIED = ("ba", "BA", "Ba", ".old", ".orig")
"""One of these is in such a folder's name: others need no look at the pattern."""


def is_certain(path: str) -> bool:
    """Whether a folder is a static pod directory by its path alone, also when the run starts within it."""
    return ("/" + path.rstrip("/")).endswith(_CERTAIN) or _absolute(path).endswith("/etc/kubernetes/manifests")


def holds_control_plane(subject: DirectorySubject) -> bool:
    """Whether a folder holds an API server's pod and other parts of the control plane beside it."""
    return any(map(is_read, subject.servers)) and _has_others(subject.path)


def is_likely(path: str) -> bool:
    """Whether a folder is a static pod directory by its name or by what is in it."""
    return _absolute(path).rpartition("/")[2].lower() in _LIKELY or is_certain(path) or _has_others(path)


def _has_others(path: str) -> bool:
    """Whether a folder holds manifests of other parts of the control plane, and not mostly other things: in a
    collection of examples they may be beside each other as well."""
    try:
        with os.scandir(path or ".") as entries:
            manifests = [one.name for one in entries if _is_manifest(one.name) and one.is_file()]
    except OSError:
        return False
    foreign = [
        name
        for name in manifests
        if not (name.startswith((*_PARTS, *_OTHERS)) or any(word in name for word in _OF_SERVERS))
    ]
    return any(name.startswith(_OTHERS) for name in manifests) and 2 * len(foreign) <= len(manifests)


def _is_manifest(name: str) -> bool:
    """Whether a file's name is that of a manifest, or of a template of one."""
    return base_name(name).endswith(_MANIFESTS)


def _absolute(path: str) -> str:
    return os.path.abspath(path or ".").replace(os.sep, "/")


def is_backup(name: str) -> bool:
    """Whether a file's name is that of a copy of another."""
    return name != _USUAL and re.search(_BACKUP, name.lower()) is not None


def is_put_away(path: str) -> bool:
    """Whether a manifest is a copy, by its name or its folder's, that no kubelet reads where it is."""
    folder, _, name = path.rpartition("/")
    copied = is_backup(name) or (
        any(one in folder for one in _COPIED) and re.search(_BACKUP_FOLDER, folder.lower()) is not None
    )
    return (copied or _is_replaced(folder, name)) and not is_likely(folder)


def _is_replaced(folder: str, name: str) -> bool:
    """Whether a file lies in a folder for old ones below one that has a file of the same name."""
    above, _, own = _absolute(folder).rpartition("/")
    return own.lower() in _ASIDE and os.path.exists(f"{above}/{name}")


def is_hidden(path: str) -> bool:
    """Whether the kubelet passes a file of a static pod directory over because of its name."""
    folder, _, name = path.rpartition("/")
    return name.startswith(".") and is_likely(folder)


def base(server: ServerSubject) -> str:
    """The name of the server's file."""
    return os.path.basename(server.server.source.path)


def is_read(server: ServerSubject) -> bool:
    """Whether the kubelet reads the file and takes it for a pod."""
    return server.server.is_pod and bool(server.server.name) and not base(server).startswith(".")
