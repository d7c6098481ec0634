"""kubespray's variables about auditing, in the group variables of an inventory.

Sources: kubernetes-sigs/kubespray roles/kubernetes/control-plane (formerly master): defaults/main/main.yml,
templates/kubeadm-config.*.yaml.j2 and apiserver-audit-policy.yaml.j2, tasks/kubeadm-setup.yml, read from 2.9 to 2.31:
the names are the same in all of them. The policy's file is always written by kubespray, over whatever is there.
Ansible reads variables with PyYAML, and keeps the last of a key that occurs twice (parsing/yaml/constructor.py).
"""

from __future__ import annotations

import re

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.nodes import version_at
from kube_audit_lint.forms.common.python import as_python, lost_keys, unreadable
from kube_audit_lint.forms.common.split import KUBEADM_VOLUME, split
from kube_audit_lint.forms.kubespray.names import KNOWN, is_about_auditing, is_kubespray, unknown_variables
from kube_audit_lint.forms.kubespray.policy import policy_of
from kube_audit_lint.forms.kubespray.server import (
    EXTRA_VOLUMES,
    Switches,
    defaults_of,
    flags_of_variables,
    mounts_of,
    spelling,
)
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer, Flag, HostFile
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

MARKS = ("_audit", "audit_", "kube_kubeadm_apiserver_extra_args")
LOOK = (("audit", r"(?<=kubernetes_audit)\"?:"),)
ORDER = 4

_ROLE_DEFAULTS = re.compile(r"(?:\A|/)roles/.*/(?:defaults|vars)/")


def read(document: Document, context: Context) -> Found | None:
    """The API server that the variables make; None when none of them is about it."""
    root = document.mapping
    if root is None or "apiVersion" in root.entries or "kind" in root.entries:
        return None
    if not is_kubespray(root, context):
        return None
    misshapes = tuple(unknown_variables(root, context))
    if not is_about_auditing(root):
        return Found(misshapes=misshapes) if misshapes else None
    python = as_python(document, context)
    root = python.mapping or root
    misshapes += tuple(unreadable(python, "Ansible", "and the play stops"))
    misshapes += tuple(lost_keys(root, "Ansible", "and this one counts for nothing", _is_known))
    versions, version_place = version_at(root.get("kube_version"))
    policy = policy_of(root, versions)
    server = _server(root, context, versions, version_place)
    if policy.policies and server.flag(POLICY_FILE) in (None, _own_policy_flag(server)):
        server = server._replace(policy=policy.policies[0])
    misshapes += tuple(split(root.items(EXTRA_VOLUMES), KUBEADM_VOLUME, "volume"))
    return Found(policy.policies, (server,), (*misshapes, *policy.misshapes), policy.notes)


def _is_known(entry: Entry) -> bool:
    return entry.key.value in KNOWN


def _server(root: Mapping, context: Context, versions: Versions | None, version_place: Place | None) -> ApiServer:
    switches = Switches.of(root)
    defaults = defaults_of(root, switches, versions)
    server = ApiServer(
        "kubespray",
        _place(root),
        tuple(flags_of_variables(root, switches)),
        defaults=defaults,
        versions=versions,
        version_place=version_place,
        partial=switches.unknown or _is_the_role(root, context),
        spelling=spelling,
        switch="Write `kubernetes_audit: true`: kubespray then brings a policy and sets the flags.",
        name="kube-apiserver",
        namespace="kube-system",
    )
    own = _own_policy_flag(server)
    path = own.value if own is not None else defaults.get(POLICY_FILE)
    files = (HostFile(path, server.place),) if path and not is_unknown(path) else ()
    return server._replace(mounts=mounts_of(root, server, switches), files=files)


def _is_the_role(root: Mapping, context: Context) -> bool:
    """Whether these are kubespray's own defaults, or another role's: inventories say something else."""
    return _ROLE_DEFAULTS.search(context.path) is not None or len(KNOWN - root.entries.keys()) <= 1


def _own_policy_flag(server: ApiServer) -> Flag | None:
    """The flag of kubespray's own variable for the policy's path."""
    return next((flag for flag in server.flags if flag.written == "audit_policy_file"), None)


def _place(root: Mapping) -> Place:
    """What stands for the server: the switch, else the first variable about auditing."""
    for name in ("kubernetes_audit", "kubernetes_audit_webhook"):
        entry = root.entries.get(name)
        if entry is not None:
            end = entry.value.end if entry.key.end <= entry.value.start else entry.key.end
            return Place(root.source, entry.key.start, end)
    return next((entry.key.place for name, entry in root.entries.items() if name in KNOWN), root.place)
