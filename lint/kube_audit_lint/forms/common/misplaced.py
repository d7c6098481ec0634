"""Policies that something writes, on the host, into a folder whose files are taken for pods or objects.

Sources: pkg/kubelet/config/file.go of k8s.io/kubernetes (every file whose name does not begin with a dot, with any
ending, and none of the folders below). Folders of objects: applied.py.
"""

from __future__ import annotations

import os
import re

from kube_audit_lint.discovery.roots import read_named_by
from kube_audit_lint.forms.common.applied import applied, applier, own_version, with_policy
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.source import Place, Source

_VERSION = re.compile(
    r"(?m)^[\"']?apiVersion[\"']?:[ \t]*[\"']?(audit\.k8s\.io/\w+)"
    r"|\A\s*\{[^{}\[\]]*\"apiVersion\"\s*:\s*\"(audit\.k8s\.io/\w+)"
)
_PODS = re.compile(r"(?:/etc/kubernetes/manifests|/agent/pod-manifests|\{\{\s*kube_manifest_dir\s*\}\})/[^/.][^/]*\Z")
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
    """Where the same is in a file that another one, `source`, names; an empty place where it holds no policy, None
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


def misplaced_in(found: Found, path: str, place: Place | None = None) -> Found:
    """What a file holds that is written to a path: with that for each policy that may not be there.

    place: where the path is; without it the policy itself is underlined.
    """
    policies = [one for one in found.policies if own_version(one)]
    wrong = (misplaced(place or one.place, path, own_version(one)) for one in policies)
    return found.with_misshapes(shape for shape in wrong if shape is not None)


def of_local(path: str, local: Value, context: Context) -> Misshape | None:
    """The same of a file beside the one that names it (`local`), which is brought to a path of the host."""
    wrong = misplaced(local.place, path)
    own = context.source.path
    policy = version_at(os.path.join(os.path.dirname(own), local.text), own) if wrong is not None else None
    return with_policy(wrong, policy) if wrong is not None and policy is not None and policy.text else None


def misplaced(place: Place, path: str, version: str = "") -> Misshape | None:
    """What becomes of a policy at a path of the host; None where it may be. place: where the path is."""
    if _PODS.search(path):
        message = f"This writes an audit policy to {path}, into the static pod directory. The kubelet reads every file "
        message += 'there as a pod, and logs `couldn\'t parse as pod(no kind "Policy" is registered for version '
        message += '"audit.k8s.io/v1" in scheme ...), please check manifest file` over and over.'
        help = "Write it to a directory of its own, such as /etc/kubernetes/audit, and change the flag and the mount."
        return Misshape("in-manifests", place, message, help)
    by = applier(path)
    return applied(place, version or "audit.k8s.io/v1", by) if by else None
