"""The audit settings that kops knows, and what it makes of others.

Sources: kubernetes/kops pkg/apis/kops/v1alpha2/componentconfig.go (the `json` and `flag` tags of
KubeAPIServerConfig; the names are the same in v1alpha3); pkg/kopscodecs/codecs.go (the decoder is not strict: a
field that is not known is dropped without a word, one of a wrong type is refused).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.reader import Reader, unknown_key
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.unknown import is_unknown

SECTION = "kubeAPIServer"

SETTINGS = {
    "auditDynamicConfiguration": ("audit-dynamic-configuration", "bool"),
    "auditLogFormat": ("audit-log-format", "string"),
    "auditLogMaxAge": ("audit-log-maxage", "int32"),
    "auditLogMaxBackups": ("audit-log-maxbackup", "int32"),
    "auditLogMaxSize": ("audit-log-maxsize", "int32"),
    "auditLogPath": ("audit-log-path", "string"),
    "auditPolicyFile": ("audit-policy-file", "string"),
    "auditWebhookBatchBufferSize": ("audit-webhook-batch-buffer-size", "int32"),
    "auditWebhookBatchMaxSize": ("audit-webhook-batch-max-size", "int32"),
    "auditWebhookBatchMaxWait": ("audit-webhook-batch-max-wait", "string"),
    "auditWebhookBatchThrottleBurst": ("audit-webhook-batch-throttle-burst", "int32"),
    "auditWebhookBatchThrottleEnable": ("audit-webhook-batch-throttle-enable", "bool"),
    "auditWebhookBatchThrottleQps": ("audit-webhook-batch-throttle-qps", "quantity"),
    "auditWebhookConfigFile": ("audit-webhook-config-file", "string"),
    "auditWebhookInitialBackoff": ("audit-webhook-initial-backoff", "string"),
    "auditWebhookMode": ("audit-webhook-mode", "string"),
}
"""Each setting's flag, and the type that Go takes for it."""

_READER = Reader("kops")
_ASSETS = "fileAssets"
_NAMES = {flag.replace("-", ""): name for name, (flag, _) in SETTINGS.items()}
_FITTING = {"int32": ("int",), "bool": ("bool",), "string": ("string",), "quantity": ("string", "int", "float")}
_JSON = {"int": "number", "float": "number", "bool": "bool", "string": "string"}


def spelling(flag: str, value: str) -> str:
    """A flag with its value as a setting of kops."""
    name = next((key for key, (known, _) in SETTINGS.items() if known == flag), None)
    return f"--{flag}={value}" if name is None else f"{name}: {value}"


def settled_cluster(root: Mapping) -> tuple[Mapping, list[Misshape]]:
    """A Cluster, or a part of one, with the settings where kops reads them, and those that were elsewhere."""
    spec = "spec" if root.mapping("spec") is not None else ""
    section = f"{spec}/{SECTION}" if spec else SECTION
    homes = {spec: (SECTION, _ASSETS), section: tuple(SETTINGS)}
    return settled(root, Levels(homes, other_names=_NAMES, sure=frozenset((*SETTINGS, _ASSETS))), _READER)


def settled_group(root: Mapping) -> tuple[Mapping, list[Misshape]]:
    """The same of an InstanceGroup, which has files alone."""
    root, found = settled(root, Levels({"spec": (_ASSETS,)}), _READER)
    spec = root.mapping("spec")
    key = spec.key(SECTION) if spec is not None else None
    if key is not None and spec is not None and "audit" in spec.place.text:
        found.append(unknown_key(key, _READER, f"Write `{SECTION}` into `kind: Cluster`."))
    return root, found


def unknown_settings(section: Mapping) -> Iterator[Misshape]:
    """Keys about auditing that are no settings of kops, and like none."""
    for name, entry in section.entries.items():
        if name not in SETTINGS and not is_unknown(name) and "audit" in name.lower():
            yield unknown_key(entry.key, _READER)


def wrong_types(section: Mapping) -> Iterator[Misshape]:
    """Values of a type that kops refuses: a number in quotes, a number where a string belongs."""
    for name, (_, kind) in SETTINGS.items():
        node = section.get(name)
        if node is None or (isinstance(node, Scalar) and (node.kind == "null" or is_unknown(node.value))):
            continue
        if not isinstance(node, Scalar) or node.kind not in _FITTING[kind]:
            yield _refused(node, name, kind)


def _refused(node: Node, name: str, kind: str) -> Misshape:
    is_a = "array" if isinstance(node, Sequence) else "object" if isinstance(node, Mapping) else _JSON[node.kind]
    takes = {"string": "a string", "bool": "true or false", "quantity": "a number"}.get(kind, "a number")
    help = f"Write {takes}."
    if isinstance(node, Scalar):
        number = kind in ("int32", "bool") and node.kind == "string"
        help = f"Write {node.value} without quotes." if number else f'Write "{node.place.text}" in quotes.'
    first = node.place if isinstance(node, Scalar) else node.place._replace(end=node.start + 1)
    message = f"{name} takes {takes}, and this is {'an' if is_a[0] in 'ao' else 'a'} {is_a}: kops refuses the cluster "
    message += (
        f"(`cannot unmarshal {is_a} into Go struct field KubeAPIServerConfig.spec.{SECTION}.{name} of type {kind}`)."
    )
    return Misshape("wrong-shape", first, message, help)
