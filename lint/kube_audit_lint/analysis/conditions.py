"""Conditions that describe a class of requests, in the words of a policy's rule, with what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kube_audit_lint.analysis.evaluate import item_matches, url_matches
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from kube_audit_lint.analysis.request import Request


class Choice(NamedTuple):
    """Some values; but: all values except these. An empty string is what has none."""

    values: tuple[str, ...] = ()
    but: bool = True

    def matches(self, value: str) -> bool:
        """Whether a value is chosen."""
        return (value in self.values) != self.but

    @property
    def anything(self) -> bool:
        """Whether all values are chosen."""
        return self.but and not self.values


class Who(NamedTuple):
    """Users: one of `users` or in one of `groups` (both empty: anybody, and requests without a user, too).

    And in all of `in_all`; and neither one of `but_users` nor in one of `but_groups`. None among users: requests that
    fail authentication and have no user.
    """

    users: tuple[str | None, ...] = ()
    groups: tuple[str, ...] = ()
    in_all: tuple[str, ...] = ()
    but_users: tuple[str | None, ...] = ()
    but_groups: tuple[str, ...] = ()

    def matches(self, request: Request) -> bool:
        """Whether the request is sent by one of them."""
        user, groups = request.user, request.groups
        if user in self.but_users or not groups.isdisjoint(self.but_groups) or not groups.issuperset(self.in_all):
            return False
        return not (self.users or self.groups) or user in self.users or not groups.isdisjoint(self.groups)


ANY_SUBRESOURCE = "*/*"
"""As an item: every subresource of any resource. In a policy the same takes nothing."""


class Item(NamedTuple):
    """A group (`*`: any) and an item of a rule's `resources` in it: `pods`, `pods/log`, `pods/*`, `*/status`, `*`."""

    group: str
    item: str

    def matches(self, request: Request) -> bool:
        """Whether a request for a resource is for one of these."""
        if self.group not in ("*", request.group):
            return False
        if self.item == ANY_SUBRESOURCE:
            return request.subresource != ""
        return item_matches(self.item, request.resource, request.subresource)


class What(NamedTuple):
    """Resources and paths, and those of them that are left out."""

    resources: tuple[Item, ...] = ()
    but_resources: tuple[Item, ...] = ()
    paths: tuple[str, ...] = ()
    but_paths: tuple[str, ...] = ()

    def matches(self, request: Request) -> bool:
        """Whether the request is for one of them."""
        url = request.url
        if url is not None:
            chosen = any(url_matches(spec, url) for spec in self.paths)
            return chosen and not any(url_matches(spec, url) for spec in self.but_paths)
        chosen = any(item.matches(request) for item in self.resources)
        return chosen and not any(item.matches(request) for item in self.but_resources)


class Requests(NamedTuple):
    """A class of served requests: those that meet all of the conditions."""

    who: Who
    verbs: Choice
    what: What
    namespaces: Choice
    names: Choice

    def __contains__(self, request: object) -> bool:
        return self.matches(request)  # type: ignore[arg-type]

    def matches(self, request: Request) -> bool:
        """Whether a served request is of the class. Paths have neither namespace nor name."""
        if not (self.verbs.matches(request.verb) and self.what.matches(request) and self.who.matches(request)):
            return False
        placed = self.namespaces.matches(request.namespace) and self.names.matches(request.name)
        return request.url is not None or placed

    def to_json(self) -> dict[str, Any]:
        """The conditions as plain data; what is no condition is left out."""
        who, what = self.who, self.what
        data: dict[str, Any] = {
            "users": list(who.users),
            "groups": list(who.groups),
            "inAllGroups": list(who.in_all),
            "exceptUsers": list(who.but_users),
            "exceptGroups": list(who.but_groups),
            "resources": [one._asdict() for one in what.resources],
            "exceptResources": [one._asdict() for one in what.but_resources],
            "paths": list(what.paths),
            "exceptPaths": list(what.but_paths),
        }
        for key, choice in (("verbs", self.verbs), ("namespaces", self.namespaces), ("names", self.names)):
            data[f"except{key.capitalize()}" if choice.but else key] = list(choice.values)
        return {key: value for key, value in data.items() if value}
