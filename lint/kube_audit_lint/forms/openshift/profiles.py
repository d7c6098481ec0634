"""OpenShift's audit profiles: which there are, and which leave requests unrecorded.

Sources as in openshift.py; the flags that OpenShift sets: openshift/cluster-kube-apiserver-operator
bindata/assets/config/defaultconfig.yaml (and the same file in openshift/microshift).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.settings import Reader, first_place, misspelt
from kube_audit_lint.model.document import Misshape
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.unknown import is_unknown

MISSING = "Required value"
"""In messages about what is not there."""

PROFILES = ("Default", "WriteRequestBodies", "AllRequestBodies", "None")

_UNSUPPORTED = 'Unsupported value: "{}": supported values: ' + ", ".join(f'"{name}"' for name in PROFILES)

SERVER_DEFAULTS = {
    "audit-log-format": "json",
    "audit-log-path": "/var/log/kube-apiserver/audit.log",
    "audit-policy-file": "/etc/kubernetes/static-pod-resources/configmaps/kube-apiserver-audit-policies/policy.yaml",
}
"""What OpenShift sets itself, as far as rules ask for it; sizes and numbers differ between its versions."""

_EVERYBODY = "system:authenticated"
_OUTSIDE = "system:unauthenticated"


def shapes_of_audit(audit: Node | None, reader: Reader) -> Iterator[Misshape]:
    """What is wrong with `audit`: its shape, and what its profiles leave out."""
    if not isinstance(audit, Mapping):
        if isinstance(audit, Scalar) and audit.kind != "null" and not is_unknown(audit.value):
            message = f"`audit` is a mapping with a profile: {reader.refused}."
            yield Misshape("wrong-shape", audit.place, message, "Write `audit: {profile: Default}`.")
        return
    yield from misspelt(audit, ("profile", "customRules"), reader, "")
    top = audit.get("profile")
    yield from shape_of_profile(top, reader, f"spec.audit.profile: {_UNSUPPORTED}")
    rules = [item for item in audit.items("customRules") if isinstance(item, Mapping)]
    custom = audit.get("customRules")
    if custom is not None and not isinstance(custom, Sequence) and isinstance(custom, Mapping):
        message = f"`customRules` is a list of group and profile: {reader.refused}."
        yield Misshape("wrong-shape", first_place(custom), message, "Put `- ` in front of each rule's first key.")
    for item in rules:
        yield from _shape_of_rule(item, reader)
    yield from _never(rules)
    yield from unrecorded(top, rules)


def shape_of_profile(node: Node | None, reader: Reader, says: str) -> Iterator[Misshape]:
    """A profile that does not exist. says: the message in which it is refused, with `{}` for it."""
    if node is None or not isinstance(node, Scalar) or is_unknown(node.value) or node.kind == "null":
        return
    if node.value in PROFILES:
        return
    from kube_audit_lint.kubernetes.spelling import nearest

    message = f"There is no profile `{node.value}`: {reader.refused} (`{says.format(node.value)}`)."
    near = nearest(node.value, PROFILES)
    help = f"Write `{near}`." if near else f"Write one of {', '.join(PROFILES)}."
    yield Misshape("wrong-shape", node.place, message, help)


def _shape_of_rule(item: Mapping, reader: Reader) -> Iterator[Misshape]:
    yield from misspelt(item, ("group", "profile"), reader)
    yield from shape_of_profile(item.get("profile"), reader, f"spec.audit.customRules.profile: {_UNSUPPORTED}")
    for name in ("group", "profile"):
        if name not in item.entries and not any(is_unknown(key) for key in item.entries):
            message = f"This rule has no {name}: {reader.refused} (`spec.audit.customRules.{name}: {MISSING}`)."
            yield Misshape("wrong-shape", first_place(item), message, f"Add `{name}:`.")


def _never(rules: list[Mapping]) -> Iterator[Misshape]:
    """Rules behind the one for everybody: every group but that of the unauthenticated is within it."""
    seen: Scalar | None = None
    for item in rules:
        group = item.get("group")
        if not isinstance(group, Scalar) or is_unknown(group.value):
            continue
        if seen is not None and group.value not in (_OUTSIDE, _EVERYBODY):
            message = (
                f"This rule never applies: whoever is in `{group.value}` is also in `{_EVERYBODY}`, whose rule stands "
                "above it, and the first that matches counts."
            )
            yield Misshape("unreachable-rule", group.place, message, f"Move it above the rule for `{_EVERYBODY}`.")
        if group.value == _EVERYBODY:
            seen = group


def unrecorded(top: Node | None, rules: list[Mapping]) -> Iterator[Misshape]:
    """Profiles `None`: nothing at all is recorded, or nothing of some users."""
    none = isinstance(top, Scalar) and top.kind == "string" and top.value == "None"
    others = [item for item in rules if item.string("profile") != "None"]
    if none and top is not None and not others:
        message = "The profile None records no request at all."
        yield Misshape("nothing-recorded", top.place, message, "Write `profile: Default`, or leave it away.")
        return
    if none and top is not None:
        message = "Of users in none of the groups of `customRules`, no request is recorded at all."
        yield Misshape("blind-spot", top.place, message, "Write `profile: Default`.")
    for item in rules:
        profile = item.get("profile")
        if profile is not None and item.string("profile") == "None":
            message = (
                f"Of users in the group `{item.string('group') or ''}`, no request is recorded at all: nobody can tell "
                "which secrets they read or which pods they entered."
            )
            yield Misshape("blind-spot", profile.place, message, "Write `profile: Default`, or leave the rule away.")
