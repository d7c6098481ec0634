"""`audit_log` of RKE's kube-api: what it says, and what RKE sets where it says nothing.

Sources: rancher/rke cluster/defaults.go (auditing is on by itself from 1.15.11, 1.16.8 and 1.17.4; the defaults
30, 10, 100, json and a policy of Metadata for everything), cluster/plan.go (with a `configuration` of one's own, what
it leaves out is 0 or empty, and is passed on as that), cluster/cluster.go parseAuditLogConfig (the policy is decoded
as audit.k8s.io/v1 and as nothing else).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.inside import found_inside
from kube_audit_lint.forms.common.reader import Reader, meant, unknown_keys
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Misshape, Note
from kube_audit_lint.model.server import Flag
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

READER = Reader("RKE")

_POLICY = ("audit-policy-file", "/etc/kubernetes/audit-policy.yaml")
_SETTINGS = {
    "max_age": "audit-log-maxage",
    "max_backup": "audit-log-maxbackup",
    "max_size": "audit-log-maxsize",
    "path": "audit-log-path",
    "format": "audit-log-format",
}
_NUMBERS = ("max_age", "max_backup", "max_size")
_DEFAULTS = {
    "audit-log-maxage": "30",
    "audit-log-maxbackup": "10",
    "audit-log-maxsize": "100",
    "audit-log-path": "/var/log/kube-audit/audit-log.json",
    "audit-log-format": "json",
}
_EMPTY = {**dict.fromkeys(_DEFAULTS, "0"), "audit-log-path": "", "audit-log-format": ""}
_KEYS = frozenset(("enabled", "configuration"))
CONFIGURATION_KEYS = (*_SETTINGS, "policy")
CONFIGURATION_NEEDS = (
    ", with `path: /var/log/kube-audit/audit-log.json`, `format: json`, `max_age: 30`, `max_backup: 10` and "
    "`max_size: 100` beside it: what is missing there is empty"
)
_VERSION = re.compile(r"v?1\.(\d+)(?:\.(\d+))?")
_FIRST_PATCH = {15: 11, 16: 8, 17: 4}


class AuditLog(NamedTuple):
    """What audit_log comes to. unknown: a template decides whether it is on."""

    enabled: bool
    flags: tuple[Flag, ...] = ()
    defaults: dict[str, str] = {}  # noqa: RUF012 - never written to
    place: Place | None = None
    policy: PolicyDocument | None = None
    misshapes: tuple[Misshape, ...] = ()
    notes: tuple[Note, ...] = ()
    unknown: bool = False


def audit_log(section: Mapping, version: str, versions: Versions | None, wrapped: bool, context: Context) -> AuditLog:
    """The auditing that a kube-api section asks for, or that RKE does by itself."""
    name = meant(section, "audit_log")
    key, node = section.key(name), section.get(name)
    if key is None or node is None or (isinstance(node, Scalar) and node.kind == "null"):
        return _by_default(version)
    if not isinstance(node, Mapping):
        unknown = isinstance(node, Scalar) and is_unknown(node.value)
        return AuditLog(True, place=key.place, misshapes=() if unknown else (_no_mapping(node),), unknown=True)
    misshapes = tuple(unknown_keys(node, _KEYS, READER))
    enabled = node.get("enabled")
    if isinstance(enabled, Scalar) and is_unknown(enabled.value):
        return AuditLog(True, place=key.place, misshapes=misshapes, unknown=True)
    if not isinstance(enabled, Scalar) or enabled.value != "true":
        place = enabled.place if enabled is not None else key.place
        return AuditLog(False, place=place, misshapes=misshapes)
    found = _enabled(node, key, versions, wrapped, context)
    return found._replace(misshapes=(*misshapes, *found.misshapes))


def spelling(flag: str, value: str) -> str:
    """A flag with its value as `configuration` or `extra_args` has it."""
    name = next((key for key, known in _SETTINGS.items() if known == flag), flag)
    return f"{name}: {value}"


def switch(section: Mapping) -> str:
    """How auditing is turned on where RKE leaves it off."""
    there = section.mapping(meant(section, "audit_log")) is not None
    written = "enabled: true` in `audit_log" if there else "audit_log: {enabled: true}"
    return f"Write `{written}`: RKE then brings a policy and names a log."


def _by_default(version: str) -> AuditLog:
    return AuditLog(True, defaults={**_DEFAULTS, **dict((_POLICY,))}) if _on_by_itself(version) else AuditLog(False)


def _on_by_itself(version: str) -> bool:
    found = _VERSION.match(version)
    if found is None:
        return True
    minor, patch = int(found[1]), int(found[2] or 0)
    return minor > 17 or (minor in _FIRST_PATCH and patch >= _FIRST_PATCH[minor])


def _enabled(node: Mapping, key: Scalar, versions: Versions | None, wrapped: bool, context: Context) -> AuditLog:
    inner_key, inner = node.key("configuration"), node.get("configuration")
    if not isinstance(inner, Mapping) or inner_key is None:
        return AuditLog(True, defaults={**_DEFAULTS, **dict((_POLICY,))}, place=key.place)
    flags = tuple(_flags(inner))
    if any(flag.name == "audit-log-path" and flag.value for flag in flags) and "format" not in inner.entries:
        # RKE passes `--audit-log-format=` on, which kube-apiserver refuses.
        flags = (*flags, Flag("audit-log-format", inner_key.value, "", inner_key.place, inner_key.place))
    policy, misshapes, notes = _policy(inner, versions, context)
    shapes = (*unknown_keys(inner, CONFIGURATION_KEYS, READER), *(() if wrapped else _types(inner)), *misshapes)
    defaults = {**_EMPTY, **dict((_POLICY,))}
    return AuditLog(True, flags, defaults, inner_key.place, policy, shapes, notes)


def _flags(inner: Mapping) -> Iterator[Flag]:
    for name, flag in _SETTINGS.items():
        entry = inner.entries.get(meant(inner, name))
        if entry is not None and isinstance(entry.value, Scalar) and entry.value.kind != "null":
            value = Value(entry.value.value, entry.value.place)
            yield setting(Value(entry.key.value, entry.key.place), value)._replace(name=flag)


def _types(inner: Mapping) -> Iterator[Misshape]:
    """RKE's own reader takes no number in quotes; Rancher's does."""
    for name in _NUMBERS:
        node = inner.get(name)
        if isinstance(node, Scalar) and node.kind == "string" and not is_unknown(node.value):
            message = f"{name} takes a number, and this is a string: RKE refuses the file "
            message += f"(`cannot unmarshal !!str `{node.value}` into int`)."
            help = f"Write {node.value} without quotes." if node.value.isdigit() else "Write a number."
            yield Misshape("wrong-shape", node.place, message, help)


def _policy(
    inner: Mapping, versions: Versions | None, context: Context
) -> tuple[PolicyDocument | None, tuple[Misshape, ...], tuple[Note, ...]]:
    key, node = inner.key("policy"), inner.get("policy")
    if key is None or node is None or (isinstance(node, Scalar) and node.kind == "null"):
        return None, (), ()
    if isinstance(node, Scalar):
        found = found_inside(node, context, name="policy", versions=versions, hint="policy")
        policy = found.policies[0] if found.policies else None
        return policy, () if is_unknown(node.value) else (_a_string(key),), found.notes
    document = Document(node.source, node.start, node.end, node)
    policy = PolicyDocument(document, key.place, form="rke1", versions=versions, embedded=True)
    return policy, tuple(_old_version(node, versions)), ()


def _old_version(node: Node, versions: Versions | None) -> Iterator[Misshape]:
    """An API version that kube-apiserver would take, but RKE does not."""
    api_version = node.get("apiVersion") if isinstance(node, Mapping) else None
    if not isinstance(api_version, Scalar) or versions is None or versions.last >= 24:
        return
    if api_version.value in ("audit.k8s.io/v1beta1", "audit.k8s.io/v1alpha1"):
        message = f"RKE decodes the policy itself, and only as audit.k8s.io/v1: it refuses {api_version.value} "
        message += "(`error decoding audit policy`), whatever the version of Kubernetes."
        yield Misshape("wrong-shape", api_version.place, message, "Write `audit.k8s.io/v1`.")


def _a_string(key: Scalar) -> Misshape:
    message = "The policy is a mapping below `policy:`, and this is a string: RKE refuses the file "
    message += "(`error decoding audit policy`)."
    return Misshape("wrong-shape", key.place, message, "Take the `|` behind `policy:` away.")


def _no_mapping(node: Node) -> Misshape:
    place = node.place if isinstance(node, Scalar) else node.place._replace(end=node.start + 1)
    message = "audit_log is a mapping with `enabled` and `configuration`: RKE refuses the file."
    return Misshape("wrong-shape", place, message, "Write `audit_log:` with `enabled: true` below it.")
