"""Template `user-is-a-group`: a well-known group or role among the users, or a well-known user among the groups."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.kubernetes.names import group_meant, is_role, is_user
from kube_audit_lint.kubernetes.written import Text
from kube_audit_lint.model.advice import Advice

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each name on the wrong list."""
    for rule in subject.loaded.rules:
        users = rule.lists["users"]
        for item in users:
            if item.known and "*" not in item.text:
                yield from _user(item, len(users) > 1, "userGroups" in rule.lists)
        for item in rule.lists["userGroups"]:
            if item.known and is_user(item.text):
                message = f"`{item.text}` is a user and no group, so this item matches nothing."
                title = f'Write `users: ["{item.text}"]` in place of it'
                yield Hit(item.place, message, help=Advice("to list", title, field="users", values=(item.text,)))


def _user(item: Text, among_others: bool, beside_groups: bool) -> Iterator[Hit]:
    group = group_meant(item.text)
    if group:
        what = "a group" if item.text == group else "only the start of users' names"
        help: str | Advice = instead(group, among_others, beside_groups)
    elif is_role(item.text):
        what = "a role, which users are bound to"
        help = "Write the name of the user or, as `userGroups`, of the group that the role is bound to."
    else:
        return
    yield Hit(item.place, f"`{item.text}` is {what}: no user has that name, so this item matches nothing.", help=help)


def instead(group: str, among_others: bool, beside_groups: bool) -> Advice:
    """The help for an item of `users` that is to be a group.

    among_others: further users are listed beside it. beside_groups: the rule has `userGroups` already, where a second
    one is a duplicate key, and where to let its groups stay would make the rule match all of their members.
    """
    place = "`users` and of the `userGroups` that is there" if beside_groups else "`users`"
    written = f'`userGroups: ["{group}"]`'
    if among_others:
        title = f"Take it out of this rule, and repeat the rule with {written}"
        rest = f" in place of {place}: a rule with both matches only who is in both."
    else:
        kept = "; keep its groups only where the rule is for all of their members, too" if beside_groups else ""
        title, rest = f"Write {written} in place of {place}", f"{kept}."
    return Advice("to list", title, rest, "userGroups", (group,))
