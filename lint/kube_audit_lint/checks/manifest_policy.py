"""An audit policy in a static pod directory."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._manifests import holds_control_plane, is_certain, is_read
from kube_audit_lint.checks._subject import DirectorySubject, Params, ServerSubject
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.kubernetes.paths import host_path, policy_path
from kube_audit_lint.model.finding import Related
from kube_audit_lint.syntax.typed import Any

SUBJECT = "directory"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

_STATIC = "/etc/kubernetes/manifests/"
_EFFECT = (
    'The kubelet reads every file there as a pod, and logs `couldn\'t parse as pod(no kind "Policy" is registered '
    'for version "audit.k8s.io/v1" in scheme ...), please check manifest file` over and over.'
)


def check(subject: DirectorySubject, params: Params) -> Iterator[Hit]:
    """Hits for policy files in such a directory, and for servers that are told to look for theirs there."""
    certain = is_certain(subject.path)
    if subject.policies and (certain or holds_control_plane(subject)):
        pod = None if certain else next(filter(is_read, subject.servers), None)  # why it is such a directory
        related = (Related(pod.server.place, "this static pod lies beside it"),) if pod is not None else ()
        for policy in subject.policies:
            document = policy.document
            hidden = document.source.path.rpartition("/")[2].startswith(".")
            if document.whole_file and not document.names and not hidden:
                yield Hit(document.place, f"This audit policy lies in a static pod directory. {_EFFECT}", related)
    for server in subject.servers:
        yield from _told(server)


def _told(subject: ServerSubject) -> Iterator[Hit]:
    server = subject.server
    flag, path = server.flag(POLICY_FILE), policy_path(server)
    at = host_path(server, path) if path and path.startswith("/") else None
    if flag is not None and at is not None and at.startswith(_STATIC):
        related = (Related(subject.policy.document.place, "the policy"),) if subject.policy else ()
        message = f"The audit policy is read from {at}, in the static pod directory. {_EFFECT}"
        yield Hit(flag.value_place, message, related)
