"""The configuration file of RKE2 and K3s (/etc/rancher/rke2/config.yaml), whole or as a drop-in.

Sources: those of rke2_settings.py; k3s-io/k3s pkg/configfilearg/defaultparser.go (a setting that is not known is
skipped with a warning) and parser.go (drop-ins in config.yaml.d, a `+` behind a name adds to what other files say).
Both distributions read one form. Which it is shows in paths and in settings that only one of them has; it matters
only for what RKE2 sets by itself and K3s does not know.
"""

from __future__ import annotations

import re

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.rke2.settings import Settings, is_arguments, notes, settled_settings, shapes, spelling
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.nodes import Document, Mapping
from kube_audit_lint.syntax.source import Place

MARKS = (
    "-arg:",
    "-arg+:",
    "-args:",
    '-arg"',
    '-arg+"',
    "audit-policy-file:",
    'audit-policy-file"',
    "audit_policy_file:",
    "auditPolicyFile:",
    "kubeApiserverArg:",
    "\naudit-",
)
LOOK = (("apiserver", r"-arg\"?:"),)
ORDER = 3

_DROP_IN = re.compile(r"(?:\.d/[^/]*|(?:\A|/)\d+[-_][^/]*)\Z")
_PATH = re.compile(r"rancher/(?:k3s|rke2)/")
_COMMON = frozenset(
    (
        *("agent-token", "bind-address", "cluster-cidr", "cluster-domain", "data-dir", "disable"),
        *("disable-cloud-controller", "disable-kube-proxy", "etcd-expose-metrics"),
        *("kube-controller-manager-arg", "kube-proxy-arg", "kube-scheduler-arg", "kubelet-arg", "node-ip"),
        *("node-label", "node-name", "node-taint", "protect-kernel-defaults", "secrets-encryption"),
        *("selinux", "server", "service-cidr", "tls-san", "token", "token-file", "write-kubeconfig-mode"),
    )
)
_RKE2 = frozenset(("cloud-provider-name", "cni", "ingress-controller", "pod-security-admission-config-file", "profile"))
_K3S = frozenset(("cluster-init", "datastore-endpoint", "docker", "flannel-backend", "flannel-iface"))
_OTHERS = ("apiVersion", "kind")


def read(document: Document, context: Context) -> Found | None:
    """The API server of a configuration file; None when it says nothing about auditing."""
    root = document.mapping
    if root is None or any(key in root.entries for key in _OTHERS):
        return None
    rke2, k3s = _evidence(root, context)
    reader = "K3s" if k3s and not rke2 else "RKE2"
    misplaced: list[Misshape] = []
    if _is_ours(root) or _PATH.search(context.path):
        root, misplaced = settled_settings(root, reader)
    if not _is_ours(root):
        return None
    settings = Settings((root,))
    lost = any("audit" in one.value.place.text for one, _ in root.duplicates)
    if not (settings.audited or lost or any(name.startswith("audit-") for name in root.entries)):
        return None
    server = ApiServer(
        reader.lower(),
        _place(root),
        settings.flags(own=reader == "RKE2", policy_is_argument=reader == "K3s"),
        defaults=settings.defaults() if reader == "RKE2" else {},
        writes_policy=reader == "RKE2",
        spelling=spelling,
        name="kube-apiserver",
        namespace="kube-system",
    )
    partial = _is_part(root, context) or (rke2 and _is_fragment(root, server))
    return Found(
        servers=(server._replace(partial=partial),), misshapes=(*misplaced, *shapes(root, reader)), notes=notes(server)
    )


def _is_ours(root: Mapping) -> bool:
    if any(is_arguments(name) for name in root.entries if "-" in name):
        return True
    if not any(name.startswith("audit-") for name in root.entries):
        return False
    return any(name in _COMMON or name in _RKE2 or name in _K3S for name in root.entries)


def _evidence(root: Mapping, context: Context) -> tuple[bool, bool]:
    """Whether anything shows RKE2, and whether anything shows K3s."""
    text = context.path + "\n" + context.source.text
    rke2 = "rke2" in text or any(name in _RKE2 for name in root.entries)
    k3s = "k3s" in text or any(name in _K3S for name in root.entries)
    return rke2, k3s


def _is_part(root: Mapping, context: Context) -> bool:
    return _DROP_IN.search(context.path) is not None or any(name.endswith("+") for name in root.entries)


def _is_fragment(root: Mapping, server: ApiServer) -> bool:
    """Arguments alone, without a policy: RKE2's profile, which brings one, is elsewhere then."""
    return server.value(POLICY_FILE) is None and all(name.endswith("-arg") for name in root.entries)


def _place(root: Mapping) -> Place:
    """What stands for the server: its arguments, else what switches auditing on."""
    for wanted in (is_arguments, (POLICY_FILE, "profile").__contains__):
        for name, entry in root.entries.items():
            if wanted(name):
                return entry.key.place
    return next(iter(root.entries.values())).key.place
