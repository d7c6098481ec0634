"""Kubermatic's user clusters: `auditLogging` of a Cluster or ClusterTemplate, and the settings that a Seed enforces.

Sources (kubermatic/kubermatic, August 2026): sdk/apis/kubermatic/v1/audit_logging.go (the settings, presets);
pkg/crd/k8c.io (the schemas, which hold the backoff to be a string); pkg/resources/apiserver/deployment.go (a webhook
backend is used whatever `enabled` is; the backoff becomes --audit-webhook-initial-backoff);
pkg/defaulting/cluster.go (a Seed's settings count where a datacenter enforces them, which switches them on).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.nodes import below, objects
from kube_audit_lint.forms.common.reader import Reader, unknown_keys
from kube_audit_lint.forms.managed import RECORDS_NOTHING, off
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar
from kube_audit_lint.syntax.unknown import is_unknown

MARKS = ("kubermatic.k8c.io/",)
ORDER = 2

_READER = Reader("Kubermatic", "it is dropped when the object is applied")
_KEYS = ("enabled", "policyPreset", "sidecar", "webhookBackend")
_OF_WEBHOOK = ("auditWebhookConfig", "auditWebhookInitialBackoff")
_PRESETS = ("", "metadata", "recommended", "minimal")
_SECTION = "spec.auditLogging"
_LEVELS = Levels(
    {
        "": ("spec",),
        "spec": ("auditLogging",),
        "spec/auditLogging": _KEYS,
        "spec/auditLogging/webhookBackend": _OF_WEBHOOK,
    }
)
_FLAG = '"--audit-webhook-initial-backoff"'


def read(document: Document, context: Context) -> Found | None:
    """The clusters of a document that say something of auditing; None for other documents."""
    root = document.mapping
    if root is None:
        return None
    parts = [part for item in objects(root) if (part := _of_object(item)) is not None]
    return joined(parts) if parts else None


def _of_object(item: Mapping) -> Found | None:
    if not (item.string("apiVersion") or "").startswith("kubermatic.k8c.io/"):
        return None
    is_cluster, is_seed = (item.string("kind") in kinds for kinds in (("Cluster", "ClusterTemplate"), ("Seed",)))
    item, misshapes = settled(item, _LEVELS, _READER) if is_cluster else (item, [])
    section = below(item, "spec", "auditLogging")
    if section is None:
        return None
    misshapes += [*unknown_keys(section, _KEYS, _READER), *_preset(section.get("policyPreset"))]
    webhook = section.mapping("webhookBackend")
    if webhook is not None:
        misshapes += unknown_keys(webhook, _OF_WEBHOOK, _READER)
        misshapes += _backoff(webhook.get("auditWebhookInitialBackoff"))
    enabled = section.get("enabled")
    if (
        not is_seed
        and "webhookBackend" not in section.entries
        and isinstance(enabled, Scalar)
        and enabled.value == "false"
    ):
        misshapes.append(off(enabled.place, RECORDS_NOTHING, None, "Write `enabled: true`."))
    return Found(misshapes=tuple(misshapes), managed=() if is_seed else (item.place,))


def _preset(preset: Node | None) -> Iterator[Misshape]:
    """A preset of policies that there is not: the object's schema has a list of them."""
    from kube_audit_lint.kubernetes.spelling import nearest

    if isinstance(preset, Scalar) and not is_unknown(preset.value) and preset.value not in _PRESETS:
        known = ", ".join(f'"{one}"' for one in _PRESETS)
        message = f"There is no preset `{preset.value}`: the object is refused (`{_SECTION}.policyPreset: "
        message += f'Unsupported value: "{preset.value}": supported values: {known}`).'
        near = nearest(preset.value, _PRESETS)
        yield Misshape("wrong-shape", preset.place, message, f"Write `{near or 'recommended'}`.")


def _backoff(backoff: Node | None) -> Iterator[Misshape]:
    """A backoff that the object's schema or kube-apiserver refuses."""
    from kube_audit_lint.kubernetes.go_values import GoError, parse_duration, quote

    if not isinstance(backoff, Scalar) or backoff.kind == "null" or is_unknown(backoff.value):
        return
    text = backoff.place.text
    path, message = f"{_SECTION}.webhookBackend.auditWebhookInitialBackoff", ""
    if backoff.kind in ("int", "float", "bool"):
        kind = {"int": "integer", "float": "number", "bool": "boolean"}[backoff.kind]
        message = f'{text} is no string: the object is refused (`{path}: Invalid value: "{kind}": {path} in body must '
        message += f'be of type string: "{kind}"`).'
    else:
        try:
            parse_duration(backoff.value)
        except GoError as error:
            message = "kube-apiserver of this cluster does not start: "
            message += f"`invalid argument {quote(backoff.value)} for {_FLAG} flag: {error}`."
    if message:
        number = backoff.value if backoff.value.isdigit() else "10"
        yield Misshape("wrong-shape", backoff.place, message, f'Write it with a unit: "{number}s".')
