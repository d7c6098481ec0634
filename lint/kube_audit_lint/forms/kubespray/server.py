"""What kubespray makes of its variables: flags, its own defaults, mounts.

Source: kubernetes-sigs/kubespray roles/kubernetes/control-plane/templates/kubeadm-config.*.yaml.j2 (which flags are
written under which switch) and defaults/main/main.yml (audit_log_maxbackups is 1 up to 2.21 and 10 since 2.22,
which makes no Kubernetes before 1.24).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.extra_args import always_mounted, flags_of_arguments, own_mount, value_of
from kube_audit_lint.forms.common.split import KUBEADM_VOLUME, whole
from kube_audit_lint.model.server import ApiServer, Flag, Mount, Volume, clean
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Mapping, Scalar
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import is_unknown

EXTRA_ARGUMENTS = "kube_kubeadm_apiserver_extra_args"
EXTRA_VOLUMES = "apiserver_extra_volumes"

POLICY = {"audit_policy_file": "audit-policy-file"}
LOG = {
    "audit_log_path": "audit-log-path",
    "audit_log_maxage": "audit-log-maxage",
    "audit_log_maxbackups": "audit-log-maxbackup",
    "audit_log_maxsize": "audit-log-maxsize",
}
WEBHOOK = {"audit_webhook_config_file": "audit-webhook-config-file", "audit_webhook_mode": "audit-webhook-mode"}
BATCH = {
    "audit_webhook_batch_max_size": "audit-webhook-batch-max-size",
    "audit_webhook_batch_max_wait": "audit-webhook-batch-max-wait",
}
_DIRECTORY = "/etc/kubernetes/audit-policy"
_DEFAULTS = {
    "audit-policy-file": f"{_DIRECTORY}/apiserver-audit-policy.yaml",
    "audit-log-path": "/var/log/audit/kube-apiserver-audit.log",
    "audit-log-maxage": "30",
    "audit-log-maxbackup": "10",
    "audit-log-maxsize": "100",
    "audit-webhook-config-file": f"{_DIRECTORY}/apiserver-audit-webhook-config.yaml",
    "audit-webhook-mode": "batch",
    "audit-webhook-batch-max-size": "100",
    "audit-webhook-batch-max-wait": "1s",
}
_ONE_BACKUP_UP_TO = 23


class Switches(NamedTuple):
    """Which of kubespray's two switches are on. unknown: another file or a template decides."""

    log: bool
    webhook: bool
    unknown: bool

    @classmethod
    def of(cls, root: Mapping) -> Switches:
        """The switches of a file; where it has neither, its variables are taken for those of a part."""
        nodes = [root.get("kubernetes_audit"), root.get("kubernetes_audit_webhook")]
        values = [node.value if isinstance(node, Scalar) and node.kind != "null" else None for node in nodes]
        if any(value is not None and is_unknown(value) for value in values) or not any(values):
            return cls(True, any(name in root.entries for name in (*WEBHOOK, *BATCH)), True)
        log, webhook = (value is not None and value != "false" for value in values)
        return cls(log, webhook, False)

    def names(self) -> dict[str, str]:
        """The variables that become flags."""
        found = dict(POLICY) if self.log or self.webhook else {}
        return found | (LOG if self.log else {}) | ({**WEBHOOK, **BATCH} if self.webhook else {})


def spelling(flag: str, value: str) -> str:
    """A flag with its value as a variable, else as one of the extra arguments."""
    name = next((key for key, known in {**POLICY, **LOG, **WEBHOOK, **BATCH}.items() if known == flag), flag)
    return f"{name}: {value}"


def flags_of_variables(root: Mapping, switches: Switches) -> Iterator[Flag]:
    """The flags of the variables that are written in the file."""
    for name, flag in _written(root, switches).items():
        entry = root.entries.get(name)
        value = None if entry is None else value_of(entry.value)
        if entry is not None and value is not None:
            yield setting(Value(name, entry.key.place), value)._replace(name=flag)
    yield from flags_of_arguments(root.mapping(EXTRA_ARGUMENTS))


def defaults_of(root: Mapping, switches: Switches, versions: Versions | None) -> dict[str, str]:
    """What kubespray sets where the file does not say otherwise."""
    if switches.unknown and "kubernetes_audit" not in root.entries and "kubernetes_audit_webhook" not in root.entries:
        return {}
    found = {flag: _DEFAULTS[flag] for flag in _written(root, switches).values()}
    if "audit-log-maxbackup" in found and versions is not None and versions.last <= _ONE_BACKUP_UP_TO:
        found["audit-log-maxbackup"] = "1"
    return found


def mounts_of(root: Mapping, server: ApiServer, switches: Switches) -> tuple[Mount, ...]:
    """The mounts that kubespray asks kubeadm for, and kubeadm's own; those of auditing only where it is on."""
    found = list(always_mounted(server.place, "/etc/kubernetes/ssl"))
    is_on = switches.log or switches.webhook
    policy = server.value("audit-policy-file") if is_on else None
    log = server.value("audit-log-path")
    if policy:
        host = root.string("audit_policy_hostpath") or _above(policy)
        found.append(_mount(server, root, "audit_policy", root.string("audit_policy_mountpath") or host, host, True))
    if policy and log and log != "-":
        host = root.string("audit_log_hostpath") or "/var/log/kubernetes/audit"
        path = root.string("audit_log_mountpath") or _above(log)
        found.append(_mount(server, root, "audit_log", path, host, False))
    for item in whole(root.items(EXTRA_VOLUMES), KUBEADM_VOLUME):
        mount = _extra(item) if isinstance(item, Mapping) else None
        if mount is not None:
            found.append(mount)
    return tuple(found)


def _written(root: Mapping, switches: Switches) -> dict[str, str]:
    """The variables that become flags; those of batches only in batch mode."""
    names = switches.names()
    mode = root.string("audit_webhook_mode")
    if mode is not None and mode != "batch" and not is_unknown(mode):
        names = {name: flag for name, flag in names.items() if name not in BATCH}
    return names


def _above(path: str) -> str:
    return path.rpartition("/")[0] if is_unknown(path) else clean(path).rpartition("/")[0] or "/"


def _mount(server: ApiServer, root: Mapping, what: str, path: str, host: str, read_only: bool) -> Mount:
    """A mount of kubespray's; nobody can make the policy's read-only, so that it counts as that."""
    key = root.key(f"{what}_mountpath") or root.key(f"{what}_hostpath")
    flag = server.flag("audit-policy-file" if read_only else "audit-log-path")
    place = key.place if key is not None else flag.value_place if flag is not None else server.place
    return own_mount(path, place, read_only, host=host, name=what)


def _extra(item: Mapping) -> Mount | None:
    """One of apiserver_extra_volumes: read-only unless it says otherwise."""
    host, path = value_of(item.get("hostPath")), value_of(item.get("mountPath"))
    if host is None or path is None:
        return None
    read_only, writable = item.get("readOnly"), item.get("writable")
    node = read_only or writable
    on = node.value == "true" if isinstance(node, Scalar) else False
    volume = Volume(item.string("name") or "", "hostPath", item.place, host, Value("Directory", item.place))
    is_read_only = on if read_only is not None else not on
    return Mount(path, path, path.place, is_read_only, node.place if node is not None else None, None, volume)
