"""KubeOne's KubeOneCluster: the audit features, and the flags that KubeOne makes of them.

Sources (kubermatic/kubeone, August 2026): pkg/apis/kubeone/v1beta2 and v1beta3 (types.go, defaults.go);
pkg/features/static_audit_log.go, webhook_audit_log.go, dynamic_audit_log.go (the flags);
pkg/templates/kubeadm/v1beta4/kubeadm.go (KubeOne mounts the policy's and the log's folders itself, and lays
controlPlaneComponents.apiServer.flags over its own); pkg/tasks/prerequisites.go (local paths are relative to the
manifest).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import flags_of_arguments, flags_of_settings, ordered
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.nodes import below, version_at
from kube_audit_lint.forms.common.reader import Reader
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer, Flag, HostFile
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar
from kube_audit_lint.syntax.unknown import is_unknown

MARKS = ("KubeOneCluster",)

_POLICY = "/etc/kubernetes/audit/policy.yaml"
_STATIC_DEFAULTS = {
    "audit-policy-file": _POLICY,
    "audit-log-path": "/var/log/kubernetes/audit.log",
    "audit-log-maxage": "30",
    "audit-log-maxbackup": "3",
    "audit-log-maxsize": "100",
}
_WEBHOOK_DEFAULTS = {
    "audit-policy-file": _POLICY,
    "audit-webhook-config-file": "/etc/kubernetes/audit/webhook-config.yaml",
}
_STATIC = {
    "logPath": "audit-log-path",
    "logMaxAge": "audit-log-maxage",
    "logMaxBackup": "audit-log-maxbackup",
    "logMaxSize": "audit-log-maxsize",
}
_WEBHOOK = {"mode": "audit-webhook-mode", "version": "audit-webhook-version"}
_BATCH = {
    "bufferSize": "audit-webhook-batch-buffer-size",
    "maxSize": "audit-webhook-batch-max-size",
    "maxWait": "audit-webhook-batch-max-wait",
}
_TRUNCATE = {
    "enable": "audit-webhook-truncate-enabled",
    "maxBatchSize": "audit-webhook-truncate-max-batch-size",
    "maxEventSize": "audit-webhook-truncate-max-event-size",
}
_READER = Reader("KubeOne", "nothing of it reaches kube-apiserver")
_ZERO = ("", "0", "false")
"""Go's zero values, which are as good as unset."""
_FEATURES = ("staticAuditLog", "webhookAuditLog", "dynamicAuditLog")
_CONFIG = {
    "staticAuditLog": ("policyFilePath", *_STATIC),
    "webhookAuditLog": ("policyFilePath", "configFilePath", "initialBackOff", "batch", "truncate", *_WEBHOOK),
}
_LEVELS = Levels(
    {
        "": ("features", "controlPlaneComponents"),
        "features": _FEATURES,
        **{f"features/{name}": ("enable", "config") for name in _CONFIG},
        **{f"features/{name}/config": keys for name, keys in _CONFIG.items()},
        "features/webhookAuditLog/config/batch": tuple(_BATCH),
        "features/webhookAuditLog/config/truncate": tuple(_TRUNCATE),
        "controlPlaneComponents": ("apiServer",),
        "controlPlaneComponents/apiServer": ("flags",),
    },
    known={"features/dynamicAuditLog": ("enable",), "controlPlaneComponents/apiServer": ("featureGates",)},
    other_names={"auditlog": "staticAuditLog", "auditwebhook": "webhookAuditLog"},
    foreign=frozenset(("controllerManager", "scheduler")),
    flags="controlPlaneComponents/apiServer/flags",
)


def read(document: Document, context: Context) -> Found | None:
    """The API server of a cluster; None when nothing in the file is about auditing."""
    root = document.mapping
    if root is None or root.string("kind") != "KubeOneCluster":
        return None
    root, misplaced = settled(root, _LEVELS, _READER)
    features = root.mapping("features")
    given = [key for key in _FEATURES if features is not None and features.mapping(key) is not None]
    flags = list(_component_flags(root))
    misshapes = (*misplaced, *(_numbers(features) if features is not None else ()))
    if not given and not any("audit" in flag.name for flag in flags):
        return Found(misshapes=misshapes) if misshapes else None
    section = root.mapping("versions")
    versions, version_place = version_at(section.get("kubernetes") if section is not None else None)
    key = features.key(given[0]) if features is not None and given else None
    place = key.place if key else flags[0].place
    found, defaults, files = _features(features) if features is not None else ([], {}, [])
    own = {flag.name for flag in flags}
    server = ApiServer(
        "kubeone",
        place,
        ordered([*(flag for flag in found if flag.name not in own), *flags]),
        defaults=defaults,
        versions=versions,
        version_place=version_place,
        files=tuple(files),
        spelling=_spelling,
    )
    return Found(servers=(server,), misshapes=misshapes)


def _features(features: Mapping) -> tuple[list[Flag], dict[str, str], list[HostFile]]:
    """The flags, defaults and files of the features that are switched on."""
    flags: list[Flag] = []
    defaults: dict[str, str] = {}
    files: list[HostFile] = []
    static, webhook = _enabled(features, "staticAuditLog"), _enabled(features, "webhookAuditLog")
    for feature, own in ((static, _STATIC_DEFAULTS), (webhook, _WEBHOOK_DEFAULTS)):
        if feature is not None:
            defaults |= own
            files += _brought(feature)
    if static is not None:
        flags += flags_of_settings(static, _STATIC, _ZERO)
    if webhook is not None:
        sections = ((webhook, _WEBHOOK), (below(webhook, "batch"), _BATCH), (below(webhook, "truncate"), _TRUNCATE))
        for section, names in sections:
            flags += flags_of_settings(section, names, _ZERO) if section is not None else ()
    if _enabled(features, "dynamicAuditLog", "enable") is not None:
        defaults["audit-dynamic-configuration"] = "true"
    return flags, defaults, files


def _spelling(name: str, value: str) -> str:
    """How a flag is written here: as the feature's setting, where there is one."""
    if name == "audit-policy-file":
        return "staticAuditLog: {enable: true, config: {policyFilePath: ./audit-policy.yaml}}"
    key = next((key for key, flag in _STATIC.items() if flag == name), None)
    return f"{key}: {value}" if key else f'{name}: "{value}"' if value else name


def _enabled(features: Mapping, name: str, inner: str = "config") -> Mapping | None:
    """The configuration of a feature that is switched on."""
    feature = features.mapping(name)
    enable = feature.get("enable") if feature is not None else None
    if feature is None or not isinstance(enable, Scalar) or enable.value in ("false", "null"):
        return None
    return feature.mapping(inner) or feature


def _brought(config: Mapping) -> Iterator[HostFile]:
    """The files beside this one that KubeOne brings to the host."""
    for name, to in (("policyFilePath", _POLICY), ("configFilePath", _WEBHOOK_DEFAULTS["audit-webhook-config-file"])):
        path = config.get(name)
        if isinstance(path, Scalar) and path.kind == "string":
            yield HostFile(to, path.place, None, Value(path.value, path.place))


def _component_flags(root: Mapping) -> Iterator[Flag]:
    section = below(root, "controlPlaneComponents", "apiServer")
    yield from flags_of_arguments(section.get("flags") if section is not None else None)


def _numbers(features: Mapping) -> Iterator[Misshape]:
    config = below(features, "staticAuditLog", "config")
    for key in ("logMaxAge", "logMaxBackup", "logMaxSize"):
        node = config.get(key) if config is not None else None
        if isinstance(node, Scalar) and node.kind == "string" and not is_unknown(node.value):
            message = f"{key} is a number, and this is a string: KubeOne refuses the file (`cannot unmarshal string`)."
            yield Misshape("wrong-shape", node.place, message, "Write it without quotes.")
