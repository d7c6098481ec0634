"""kubespray's variables about auditing, and names that look like them but are read by nothing.

Source: kubernetes-sigs/kubespray roles/kubernetes/control-plane/defaults/main/main.yml, 2.9 to 2.31. An inventory may
hold variables of anybody's: a name is called invented only in a file that is kubespray's for certain, only where it is
near to one of kubespray's, and never where the file itself makes use of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.kubespray.policy import RULES
from kube_audit_lint.forms.kubespray.server import BATCH, EXTRA_ARGUMENTS, EXTRA_VOLUMES, LOG, POLICY, WEBHOOK
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Entry, Mapping, Scalar

SWITCHES = ("kubernetes_audit", "kubernetes_audit_webhook")

KNOWN = frozenset(
    (
        *SWITCHES,
        *POLICY,
        *LOG,
        *WEBHOOK,
        *BATCH,
        RULES,
        "audit_log_hostpath",
        "audit_log_mountpath",
        "audit_log_name",
        "audit_policy_hostpath",
        "audit_policy_mountpath",
        "audit_policy_name",
        "audit_webhook_server_extra_args",
        "audit_webhook_server_url",
    )
)
_SURE = frozenset((*SWITCHES, RULES, EXTRA_ARGUMENTS, EXTRA_VOLUMES, "kube_network_plugin", "kube_service_addresses"))
_ANYBODYS = frozenset(("audit_log_path", "audit_log_maxage", "audit_log_maxsize", "audit_policy_file"))
"""The flags with `_` for `-`: other roles call their variables that, too."""
_PLACES = re.compile(r"kubespray|group_vars/(?:k8s[-_]cluster|kube[-_](?:control[-_]plane|master))")
_PREFIX = re.compile(r"(?:kubernetes|kubeadm|kube|k8s)_(?:api_?server_)?|api_?server_")
_AUDIT = re.compile(r"(?:\A|_)audit(?:ing)?(?:_|\Z)")  # auditd is something else
_AUDIT_AREA = re.compile(r"audit_(?:log|policy|webhook)_")
_ON = re.compile(r"(?:enabled?_)?audit(?:_log(?:s|ging)?|ing)?(?:_enabled?)?\Z")


def is_kubespray(root: Mapping, context: Context) -> bool:
    """Whether the file is kubespray's for certain."""
    known = [name for name in root.entries if name in KNOWN]
    if any(name in _SURE for name in root.entries) or (len(known) > 1 and not _ANYBODYS.issuperset(known)):
        return True
    return _PLACES.search(context.path) is not None or "kubespray" in context.source.text.lower()


def is_about_auditing(root: Mapping) -> bool:
    """Whether the variables decide how the API server audits."""
    extra = root.mapping(EXTRA_ARGUMENTS)
    return any(name in KNOWN for name in root.entries) or (
        extra is not None and any(name.startswith("audit-") for name in extra.entries)
    )


def unknown_variables(root: Mapping, context: Context) -> Iterator[Misshape]:
    """Names that nothing reads."""
    for name, entry in root.entries.items():
        if name in KNOWN or not _AUDIT.search(name) or _is_used(name, context):
            continue
        help = _help(name, entry)
        if help is not None:
            message = (
                f"`{name}` is no variable of kubespray: nothing reads it, and nothing of it reaches kube-apiserver."
            )
            yield Misshape("unknown-key", entry.key.place, message, help)


def _is_used(name: str, context: Context) -> bool:
    return re.search(rf"\{{[{{%][^}}]*\b{re.escape(name)}\b", context.source.text) is not None


def _help(name: str, entry: Entry) -> str | None:
    """What to write instead; None when the name is too far from kubespray's to be one of them."""
    from kube_audit_lint.kubernetes.spelling import nearest

    prefix = _PREFIX.match(name)
    bare = name[prefix.end() :] if prefix else name
    if prefix and _ON.match(bare):
        return "Write `kubernetes_audit: true`."
    near = next((known for known in KNOWN if _plain(known) == _plain(bare)), None) or nearest(bare, KNOWN)
    if near is not None:
        return f"Write `{near}`."
    return _as_flag(bare.replace("_", "-"), entry) if _AUDIT_AREA.match(bare) else None


def _as_flag(flag: str, entry: Entry) -> str:
    from kube_audit_lint.kubernetes.flags import spec

    value = entry.value.place.text if isinstance(entry.value, Scalar) and not entry.value.block else "..."
    return f"Write `{flag}: {value}` below `{EXTRA_ARGUMENTS}:`." if spec(flag) is not None else ""


def _plain(name: str) -> str:
    return name.replace("_", "")
