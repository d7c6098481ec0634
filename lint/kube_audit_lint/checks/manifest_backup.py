"""A second file in a static pod directory that defines the same pod."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._manifests import base, is_backup, is_certain, is_likely, is_read
from kube_audit_lint.checks._subject import DirectorySubject, Params, ServerSubject
from kube_audit_lint.model.finding import Related
from kube_audit_lint.syntax.typed import Any

SUBJECT = "directory"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: DirectorySubject, params: Params) -> Iterator[Hit]:
    """One hit for every further file of one pod: in any folder of manifests when its name is that of a copy."""
    if len(subject.servers) < 2 or not is_likely(subject.path):
        return
    pods: dict[tuple[str, str], dict[str, ServerSubject]] = {}
    for server in subject.servers:
        if is_read(server):
            key = (server.server.name, server.server.namespace)
            pods.setdefault(key, {}).setdefault(base(server), server)
    for (name, _), files in pods.items():
        first, *others = sorted(files, key=lambda one: (is_backup(one), len(one), one))
        for other in others:
            if is_certain(subject.path) or is_backup(other):
                yield _hit(name, files[other], files[first])


def _hit(name: str, copy: ServerSubject, original: ServerSubject) -> Hit:
    message = (
        f"{base(copy)} defines the pod {name} as {base(original)} does. The kubelet reads every file of a static "
        "pod directory whatever it ends with, and which of the two runs is chance: changes to the other do nothing."
    )
    help = f"Move {base(copy)} out of the directory, to /etc/kubernetes/tmp for instance."
    related = (Related(original.server.place, "the other file of this pod"),)
    return Hit(copy.server.place, message, related, help=help)
