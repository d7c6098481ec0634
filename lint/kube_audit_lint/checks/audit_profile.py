"""OpenShift's audit profile records less than the organisation demands, for everybody or for a group.

Source: openshift/api config/v1/types_apiserver.go: Default records metadata, WriteRequestBodies the bodies of writes,
too, AllRequestBodies those of all requests. None is reported by itself (checks/_files.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"

_PROFILES = ("Default", "WriteRequestBodies", "AllRequestBodies")
"""From the one that records least; what is not among them is another finding."""

PARAMS: dict[str, Any] = {
    "type": "object",
    "properties": {"profile": {"enum": list(_PROFILES), "description": "the profile that is demanded at least"}},
    "additionalProperties": False,
}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """Reports each profile below the one that is demanded; nothing where none is."""
    server, demanded = subject.server, params.get("profile")
    profiles = server.profile
    if demanded is None or profiles is None:
        return
    top = profiles.profile or Value("Default", server.place)
    if _is_less(top, demanded):
        by = "" if profiles.profile is not None else ", which counts where none is written"
        yield Hit(top.place, f"The profile is {top.text}{by}: at least {demanded} is demanded.", help=_help(demanded))
    for rule in profiles.rules:
        if rule.profile is not None and _is_less(rule.profile, demanded):
            group = rule.group.text if rule.group is not None else ""
            message = (
                f"The profile of users in the group `{group}` is {rule.profile.text}: at least {demanded} is demanded."
            )
            yield Hit(rule.profile.place, message, help=_help(demanded))


def _is_less(profile: Value, demanded: str) -> bool:
    return profile.text in _PROFILES and _PROFILES.index(profile.text) < _PROFILES.index(demanded)


def _help(demanded: str) -> str:
    return f"Write `profile: {demanded}`."
