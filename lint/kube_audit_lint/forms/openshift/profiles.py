"""OpenShift's audit profiles: which there are, and how they are written.

Sources as in `__init__.py`; the flags that OpenShift sets: openshift/cluster-kube-apiserver-operator
bindata/assets/config/defaultconfig.yaml (and the same file in openshift/microshift).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kube_audit_lint.forms.common.nodes import first_place
from kube_audit_lint.forms.common.reader import Reader, twice, unknown_keys
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.model.profile import AuditProfile, ProfileRule
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.unknown import is_unknown

MISSING = "Required value"
"""In messages about what is not there."""

_RECORDING = ("Default", "WriteRequestBodies", "AllRequestBodies")
"""The profiles that are advised: None switches auditing off, which nobody is to do by a slip of theirs."""

PROFILES = (*_RECORDING, "None")

_UNSUPPORTED = 'Unsupported value: "{}": supported values: ' + ", ".join(f'"{name}"' for name in PROFILES)

SERVER_DEFAULTS = {
    "audit-log-format": "json",
    "audit-log-path": "/var/log/kube-apiserver/audit.log",
    "audit-policy-file": "/etc/kubernetes/static-pod-resources/configmaps/kube-apiserver-audit-policies/policy.yaml",
}
"""What OpenShift sets itself, as far as rules ask for it; sizes and numbers differ between its versions."""


def shapes_of_audit(audit: Node | None, reader: Reader) -> Iterator[Misshape]:
    """What is wrong with the shape of `audit`."""
    if not isinstance(audit, Mapping):
        if isinstance(audit, Scalar) and audit.kind != "null" and not is_unknown(audit.value):
            message = f"`audit` is a mapping with a profile: {reader.refused}."
            yield Misshape("wrong-shape", audit.place, message, "Write `audit: {profile: Default}`.")
        return
    yield from unknown_keys(audit, ("profile", "customRules"), reader, "")
    yield from twice(audit, "kubectl", ("profile", "customRules"))
    yield from shape_of_profile(audit.get("profile"), reader, f"spec.audit.profile: {_UNSUPPORTED}")
    custom = audit.get("customRules")
    if custom is not None and not isinstance(custom, Sequence) and isinstance(custom, Mapping):
        message = f"`customRules` is a list of group and profile: {reader.refused}."
        yield Misshape("wrong-shape", first_place(custom), message, "Put `- ` in front of each rule's first key.")
    for item in rules_of(audit):
        yield from _shape_of_rule(item, reader)


def rules_of(audit: Mapping) -> list[Mapping]:
    """The customRules that are mappings."""
    return [item for item in audit.items("customRules") if isinstance(item, Mapping)]


def shape_of_profile(node: Node | None, reader: Reader, says: str) -> Iterator[Misshape]:
    """A profile that does not exist. says: the message in which it is refused, with `{}` for it."""
    if node is None or not isinstance(node, Scalar) or is_unknown(node.value) or node.kind == "null":
        return
    if node.value in PROFILES:
        return
    from kube_audit_lint.kubernetes.spelling import nearest

    message = f"There is no profile `{node.value}`: {reader.refused} (`{says.format(node.value)}`)."
    near = nearest(node.value, _RECORDING)
    help = f"Write `{near}`." if near else f"Write one of {', '.join(_RECORDING)}."
    yield Misshape("wrong-shape", node.place, message, help)


def _shape_of_rule(item: Mapping, reader: Reader) -> Iterator[Misshape]:
    yield from unknown_keys(item, ("group", "profile"), reader)
    yield from twice(item, "kubectl", ("group", "profile"))
    yield from shape_of_profile(item.get("profile"), reader, f"spec.audit.customRules.profile: {_UNSUPPORTED}")
    for name in ("group", "profile"):
        if name not in item.entries and not any(is_unknown(key) for key in item.entries):
            message = f"This rule has no {name}: {reader.refused} (`spec.audit.customRules.{name}: {MISSING}`)."
            yield Misshape("wrong-shape", first_place(item), message, f"Add `{name}:`.")


def profile_of(top: Node | None, rules: Iterable[Mapping] = ()) -> AuditProfile:
    """The profiles as the model has them."""
    return AuditProfile(
        _value(top), tuple(ProfileRule(_value(one.get("group")), _value(one.get("profile"))) for one in rules)
    )


def _value(node: Node | None) -> Value | None:
    known = isinstance(node, Scalar) and node.kind == "string" and not is_unknown(node.value)
    return Value(node.value, node.place) if isinstance(node, Scalar) and known else None
