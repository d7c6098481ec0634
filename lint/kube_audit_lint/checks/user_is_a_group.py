"""Template `user-is-a-group`: a well-known group among the users, or a well-known user among the groups.

Source: staging/src/k8s.io/apiserver/pkg/authentication/user/user.go and serviceaccount/util.go, 1.12 to 1.37. A
certificate may put any name into a group (and people do, for `system:kube-scheduler`), so only those names count
that kube-apiserver itself gives out, or that no certificate bears.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}

_GROUPS = (
    "system:masters",
    "system:authenticated",
    "system:unauthenticated",
    "system:nodes",
    "system:serviceaccounts",
    "system:bootstrappers",
)
_USERS = ("system:anonymous", "system:apiserver", "system:unsecured")


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each name on the wrong list."""
    for rule in subject.loaded.rules:
        for item in rule.lists["users"]:
            if item.known and "*" not in item.text:
                group = group_meant(item.text)
                if group:
                    message = f"`{item.text}` is {_what(item.text, group)}: no user has that name"
                    yield Hit(
                        item.place,
                        f"{message}, so this item matches nothing.",
                        help=f'Write `userGroups: ["{group}"]` in place of it.',
                    )
        for item in rule.lists["userGroups"]:
            if item.known and _is_user(item.text):
                message = f"`{item.text}` is a user and no group, so this item matches nothing."
                yield Hit(item.place, message, help=f'Write `users: ["{item.text}"]` in place of it.')


def group_meant(name: str) -> str:
    """The group that a name among the users is, or stands for; "" when it may be a user."""
    if name in _GROUPS or name.startswith(("system:serviceaccounts:", "system:bootstrappers:")):
        return name
    if name in ("system:node", "system:node:"):
        return "system:nodes"
    parts = name.split(":")
    if parts[:2] == ["system", "serviceaccount"] and len(parts) <= 3:
        return ":".join(["system", "serviceaccounts", *[part for part in parts[2:] if part]])
    return ""


def _what(name: str, group: str) -> str:
    return "a group" if name == group else "only the start of users' names"


def _is_user(name: str) -> bool:
    parts = name.split(":")
    if name in _USERS or (parts[:2] == ["system", "node"] and len(parts) == 3 and parts[2] != ""):
        return "*" not in name
    return parts[:2] == ["system", "serviceaccount"] and len(parts) == 4 and "*" not in name
