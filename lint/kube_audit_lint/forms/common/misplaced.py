"""Policies that something writes, on the host, into a folder whose files are taken for pods or objects.

Sources: pkg/kubelet/config/file.go of k8s.io/kubernetes (every file whose name does not begin with a dot, with any
ending, and none of the folders below); pkg/deploy of k3s-io/k3s (.yaml, .yml and .json of server/manifests and of the
folders below); pkg/applier of k0sproject/k0s (the .yaml files of each folder below manifests).
"""

from __future__ import annotations

import os
import re

from kube_audit_lint.discovery.roots import read_named_by
from kube_audit_lint.forms.common.applied import applied
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.source import Place, Source

_VERSION = re.compile(
    r"(?m)^[\"']?apiVersion[\"']?:[ \t]*[\"']?(audit\.k8s\.io/\w+)"
    r"|\A\s*\{[^{}\[\]]*\"apiVersion\"\s*:\s*\"(audit\.k8s\.io/\w+)"
)
_PODS = re.compile(r"(?:/etc/kubernetes/manifests|/agent/pod-manifests|\{\{\s*kube_manifest_dir\s*\}\})/[^/.][^/]*\Z")
_K3S = re.compile(r"/server/manifests/(?:[^/]+/)*[^/]+\.(?:ya?ml|json)\Z")
_K0S = re.compile(r"/k0s/manifests/[^/]+/[^/]+\.yaml\Z")
_FOLDER = re.compile(
    r"(?:/etc/kubernetes|/server|/k0s)/manifests\Z|/agent/pod-manifests\Z|\{\{\s*kube_manifest_dir\s*\}\}\Z"
)
_LARGEST = 200_000


def policy_version(text: str) -> str:
    """The apiVersion of the audit policy that a text is or has among its documents; "" where it is none: a ConfigMap
    with a policy in it may well be applied."""
    found = _VERSION.search(text)
    return (found[1] or found[2]) if found is not None else ""


def version_at(path: str, source: str) -> Place | None:
    """Where the same stands in a file that another one, `source`, names; an empty place where it holds no policy, None
    where none may be read, or nobody wrote it by hand."""
    data = read_named_by(source, path, _LARGEST) if "\0" not in path else None
    if data is None:
        return None
    file = Source(os.path.normpath(path).replace(os.sep, "/"), decode(data)[0])
    found = _VERSION.search(file.text)
    return file.place(*found.span(found.lastindex or 0)) if found is not None else file.place()


def version_beside(path: str, source: str) -> Place | None:
    """The same of a file that a play or the tasks of a role name. path: the file with the task."""
    folder = os.path.dirname(path)
    for between in ("", "files", "templates", "../files", "../templates") if source else ():
        version = version_at(os.path.join(folder, between, source), path)
        if version is not None:
            return version
    return None


def is_folder(path: str) -> bool:
    """Whether a path is such a folder itself, into which a file is copied under its own name."""
    return path.endswith("/") or _FOLDER.search(path) is not None


def misplaced(place: Place, path: str, version: str = "") -> Misshape | None:
    """What becomes of a policy at a path of the host; None where it may lie. place: where the path stands."""
    if _PODS.search(path):
        message = f"This writes an audit policy to {path}, into the static pod directory. The kubelet reads every file "
        message += 'there as a pod, and logs `couldn\'t parse as pod(no kind "Policy" is registered for version '
        message += '"audit.k8s.io/v1" in scheme ...), please check manifest file` over and over.'
        help = "Write it to a directory of its own, such as /etc/kubernetes/audit, and change the flag and the mount."
        return Misshape("in-manifests", place, message, help)
    by = applier(path)
    return applied(place, version or "audit.k8s.io/v1", by) if by else None


def applier(path: str) -> str:
    """Who applies a file at a path of the host, as the beginning of a sentence; "" for nobody."""
    if "manifests/" not in path:
        return ""
    if _K3S.search(path):
        return "K3s and RKE2 apply every file of server/manifests, and fail at this one"
    return "k0s applies every file of its folder of manifests, and fails at this one" if _K0S.search(path) else ""
