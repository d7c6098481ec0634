"""What RKE binds into kube-apiserver's container: its own directories, and `extra_binds`.

Source: rancher/rke cluster/plan.go BuildKubeAPIProcess (/etc/kubernetes, and /var/log/kube-audit where audit_log is
on); binds are Docker's `host:container[:options]`.
"""

from __future__ import annotations

from kube_audit_lint.forms.common.extra_args import own_mount
from kube_audit_lint.model.server import ApiServer, Mount, Volume, clean
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Mapping, Scalar, strings
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

_ETC = "/etc/kubernetes"
_LOGS = "/var/log/kube-audit"


def mounts_of(server: ApiServer, section: Mapping, audited: bool) -> tuple[Mount, ...]:
    """The mounts of the API server's container."""
    found = [own_mount(_ETC, server.place, False)]
    policy = server.value("audit-policy-file")
    if policy and clean(policy).startswith(_ETC + "/"):
        # Everything in it is writable, and nobody can change that: the policy's own file is not held against them.
        found.append(own_mount(clean(policy), server.place, True, "File"))
    if audited:
        found.append(own_mount(_LOGS, server.place, False))
    for bind in strings(section.get("extra_binds")):
        mount = _bind(bind)
        if mount is not None:
            found.append(mount)
    return tuple(found)


def _bind(node: Scalar) -> Mount | None:
    parts = node.value.split(":")
    if len(parts) < 2 or (is_unknown(node.value) and len(parts) > 3):
        return None
    host, path = _part(node, 0, parts[0]), _part(node, len(parts[0]) + 1, parts[1])
    options = parts[2].split(",") if len(parts) > 2 else []
    # Docker makes a directory where the host has nothing: no hostPath, whose type Kubernetes would check.
    volume = Volume(parts[0], "bind", host.place, host)
    return Mount(path, path, node.place, "ro" in options, node.place, None, volume)


def _part(node: Scalar, at: int, text: str) -> Value:
    """A part of the bind with the place of its characters, where the file has the bind as it is."""
    start = node.place.text.find(node.value)
    if start < 0:
        return Value(text, node.place)
    start += node.start + at
    return Value(text, Place(node.source, start, start + len(text)))
