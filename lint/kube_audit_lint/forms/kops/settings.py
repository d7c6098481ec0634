"""The audit settings that kops knows, and what it makes of others.

Sources: kubernetes/kops pkg/apis/kops/v1alpha2/componentconfig.go (the `json` and `flag` tags of
KubeAPIServerConfig; the names are the same in v1alpha3); pkg/kopscodecs/codecs.go (the decoder is not strict: a
field that is not known is dropped without a word, one of a wrong type is refused).
"""

from __future__ import annotations

from collections.abc import Iterator

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
_FITTING = {"int32": ("int",), "bool": ("bool",), "string": ("string",), "quantity": ("string", "int", "float")}
_JSON = {"int": "number", "float": "number", "bool": "bool", "string": "string"}


def spelling(flag: str, value: str) -> str:
    """A flag with its value as a setting of kops."""
    name = next((key for key, (known, _) in SETTINGS.items() if known == flag), None)
    return f"--{flag}={value}" if name is None else f"{name}: {value}"


def section_of(spec: Mapping) -> tuple[Scalar | None, Mapping | None]:
    """The API server's section with its key, under the name it was meant to have."""
    for key, entry in spec.entries.items():
        if key == SECTION or (key.lower() == SECTION.lower() and SECTION not in spec.entries):
            return entry.key, entry.value if isinstance(entry.value, Mapping) else None
    return None, None


def misplaced(root: Mapping, spec: Mapping) -> Iterator[Misshape]:
    """Settings at a place where kops does not look for them, and a section that is misspelt."""
    key, _ = section_of(spec)
    if key is not None and key.value != SECTION:
        yield unknown_key(key, _READER, f"Write `{SECTION}`.")
    if root is not spec and SECTION in root.entries:
        yield unknown_key(root.entries[SECTION].key, _READER, f"Move `{SECTION}` into `spec`.")
    for name, entry in spec.entries.items():
        if name in SETTINGS:
            yield unknown_key(entry.key, _READER, f"Move it into `{SECTION}`.")


def unknown_settings(section: Mapping, key: Scalar) -> Iterator[Misshape]:
    """Keys about auditing that are no settings of kops, and file assets in the section."""
    for name, entry in section.entries.items():
        if name in SETTINGS or is_unknown(name):
            continue
        if name == "fileAssets":
            yield unknown_key(entry.key, _READER, f"Move it out of `{key.value}`, into `spec`.")
        elif "audit" in name.lower():
            near = _meant(name)
            free = near is not None and near not in section.entries
            yield unknown_key(entry.key, _READER, f"Write `{near}`." if free else "")


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


def _meant(name: str) -> str | None:
    """The setting that was meant: written otherwise, by its flag's name, or misspelt."""
    from kube_audit_lint.kubernetes.spelling import nearest

    plain = _plain(name)
    for key, (flag, _) in SETTINGS.items():
        if plain in (_plain(key), _plain(flag)):
            return key
    return nearest(name, SETTINGS)


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()
