"""What is reported of a file by what its form found: settings that it does not take, and audit profiles.

The one place where the kinds of what is wrong in a form become rules.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._quotes import of_quotes
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kube_audit_lint.model.found import Found, MisshapeKind
    from kube_audit_lint.model.profile import AuditProfile
    from kube_audit_lint.model.server import ApiServer
    from kube_audit_lint.model.value import Value

FileRule = Literal[
    "typographic-quotes",
    "unknown-setting",
    "wrong-shape",
    "invalid-flag-value",
    "policy-not-mounted",
    "no-audit-policy",
    "unreachable-rule",
    "nothing-recorded",
    "blind-spot",
    "policy-applied-as-object",
    "policy-in-manifest-directory",
    "webhook-config-invalid",
    "webhook-unencrypted",
    "policy-not-readable",
    "pod-refused",
    "control-plane-logging-off",
    "log-rotated-twice",
    "log-directory-not-writable",
    "audit-log-not-forwarded",
    "log-store-retention",
]

RULES: dict[MisshapeKind, FileRule] = {
    "unknown-key": "unknown-setting",
    "wrong-shape": "wrong-shape",
    "not-a-string": "invalid-flag-value",
    "not-on-host": "policy-not-mounted",
    "switched-off": "no-audit-policy",
    "applied": "policy-applied-as-object",
    "in-manifests": "policy-in-manifest-directory",
    "not-readable": "policy-not-readable",
    "refused": "pod-refused",
    "logging-off": "control-plane-logging-off",
    "rotated-twice": "log-rotated-twice",
    "not-writable": "log-directory-not-writable",
    "not-forwarded": "audit-log-not-forwarded",
    "kept-short": "log-store-retention",
}

_EVERYBODY = "system:authenticated"
_OUTSIDE = "system:unauthenticated"


def of_file(found: Found) -> Iterator[tuple[FileRule | MisshapeKind, Hit]]:
    """Each hit with the id of its rule. A kind that there is not is its own id, which the engine reports as unknown."""
    for hit in of_quotes(found):
        yield "typographic-quotes", hit
    for shape in found.misshapes:
        yield RULES.get(shape.kind, shape.kind), Hit(shape.place, shape.message, shape.related, help=shape.help)
    if found.kubeconfigs:
        from kube_audit_lint.checks._kubeconfig import of_kubeconfig  # most runs have none

        for config in found.kubeconfigs:
            yield from of_kubeconfig(config)
    for server in found.servers:
        yield from of_profile(server)


def of_profile(server: ApiServer) -> Iterator[tuple[FileRule, Hit]]:
    """What is reported of the audit profiles of a server."""
    if server.profile is not None:
        yield from _unreachable(server.profile)
        yield from _unrecorded(server.profile)


def _unreachable(profiles: AuditProfile) -> Iterator[tuple[FileRule, Hit]]:
    """Rules behind the one for everybody: every group but that of the unauthenticated is within it."""
    everybody = False
    for group in (rule.group for rule in profiles.rules if rule.group is not None):
        if everybody and group.text not in (_OUTSIDE, _EVERYBODY):
            message = (
                f"This rule never applies: whoever is in `{group.text}` is also in `{_EVERYBODY}`, whose rule stands "
                "above it, and the first that matches counts."
            )
            yield "unreachable-rule", Hit(group.place, message, help=f"Move it above the rule for `{_EVERYBODY}`.")
        everybody = everybody or group.text == _EVERYBODY


def _unrecorded(profiles: AuditProfile) -> Iterator[tuple[FileRule, Hit]]:
    """Profiles `None`: nothing at all is recorded, or nothing of some users."""
    top = profiles.profile
    if top is not None and _is_none(top):
        message = "The profile None records no request at all"
        if profiles.rules:
            message += ": it switches auditing off for everybody, and `customRules` have no effect"
        help = "Write `profile: Default`, or leave it away."
        yield "nothing-recorded", Hit(top.place, f"{message}.", help=help)
        return
    for rule in profiles.rules:
        if rule.profile is not None and _is_none(rule.profile):
            message = (
                f"Of users in the group `{rule.group.text if rule.group else ''}`, no request is recorded at all: "
                "nobody can tell which secrets they read or which pods they entered."
            )
            help = "Write `profile: Default`, or leave the rule away."
            yield "blind-spot", Hit(rule.profile.place, message, help=help)


def _is_none(profile: Value | None) -> bool:
    return profile is not None and profile.text == "None"
