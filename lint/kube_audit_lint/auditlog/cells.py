"""What is remembered of a log while it is counted: users, kinds of events, and the sums of each user's events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kube_audit_lint.analysis.request import Request
from kube_audit_lint.auditlog.decider import Decider
from kube_audit_lint.auditlog.event import NoEventError
from kube_audit_lint.auditlog.tally import REQUESTS, SUMS, Key, Sums, Tally
from kube_audit_lint.syntax.record import make

_BODIES = SUMS - REQUESTS
_MOST_KEPT = 20_000
"""Users and kinds that are remembered from one part of a log to the next: what bounds the memory."""


Body = tuple[int, int, int]
"""A body of an event: the first of the sums about such bodies, its bytes, and those of managed fields in it."""


class Kind:
    """Events that no policy tells apart but by their users; those of several kinds may have the same key."""

    __slots__ = ("key", "rules")

    def __init__(self, rules: tuple[int, ...], level: str, stage: str, request: Request) -> None:
        self.rules = rules
        self.key = make(Key, (rules, level, stage, request.verb, what_of(request)))


class Cell:
    """The sums of a user's events of one kind. bodies: those from REQUESTS on, None where there are none."""

    __slots__ = ("bodies", "bytes", "events")

    def __init__(self) -> None:
        self.events = self.bytes = 0
        self.bodies: Sums | None = None

    def add_bodies(self, bodies: Iterable[Body]) -> None:
        """Adds the bodies of an event."""
        for count, size, managed in bodies:
            if self.bodies is None:
                self.bodies = [0] * _BODIES
            at = count - REQUESTS
            self.bodies[at] += 1
            self.bodies[at + 1] += size
            self.bodies[at + 2] += managed

    def sums(self) -> Sums:
        """All sums."""
        return [self.events, self.bytes, *(self.bodies or _NO_BODIES)]


_NO_BODIES = (0,) * _BODIES


class User:
    """A user with some groups. groups: as they were written last. alike: equal for those that no policy tells apart."""

    __slots__ = ("alike", "cells", "groups")

    def __init__(self, groups: Any, alike: int) -> None:
        self.groups = groups
        self.alike = alike
        self.cells: dict[Kind, Cell] = {}

    def begin(self, kind: Kind) -> Cell:
        """A new cell of this user's."""
        cell = self.cells[kind] = Cell()
        return cell


class Cells:
    """Users, and the kinds of events by what they have in common: the user's class, level, stage, and all that a policy
    may look at. users: by name, with the groups that they had last."""

    def __init__(self, deciders: Sequence[Decider]) -> None:
        self._deciders = deciders
        self.users: dict[str, User] = {}
        self.kinds: dict[tuple[Any, ...], Kind] = {}
        self._members: dict[tuple[Any, ...], User] = {}
        self._alike: dict[tuple[int, ...], int] = {}
        self._parts: dict[Any, Any] = {}
        """Of keys: one object for each text, which stays near the processor."""

    def __len__(self) -> int:
        return sum(len(user.cells) for user in self._members.values())

    def user(self, name: Any, groups: Any) -> User:
        """A user with these groups. Raises NoEventError."""
        if not isinstance(groups, list) or not all(isinstance(one, str) for one in groups):
            raise NoEventError
        if name is not None and not isinstance(name, str):
            raise NoEventError
        both = (name, *groups)
        user = self._members.get(both)
        if user is None:
            asked = tuple(decider.who(name or None, frozenset(groups)) for decider in self._deciders)
            user = self._members[both] = User(groups, self._alike.setdefault(asked, len(self._alike)))
        return user

    def kind(self, key: tuple[Any, ...], request: Request) -> Kind:
        """The kind of the events with this key, of which one is this request."""
        rules = tuple(decider.rule_of(request) for decider in self._deciders)
        key = tuple([self._parts.setdefault(part, part) for part in key])
        kind = self.kinds[key] = Kind(rules, key[1] or "", key[2] or "", request)
        return kind

    def flush(self, tally: Tally) -> None:
        """Puts all sums into a tally, and forgets them; users and kinds as well where there are many."""
        for both, user in self._members.items():
            for kind, cell in user.cells.items():
                tally.put(kind.key, {both[0] or "": cell.sums()})
            user.cells.clear()
        if len(self._members) + len(self.kinds) > _MOST_KEPT:
            self.users.clear()
            self._members.clear()
            self.kinds.clear()
            self._parts.clear()


def what_of(request: Request) -> str:
    """What a request is about: a path, or `pods/log`, `deployments.apps/scale`."""
    if request.url is not None:
        return request.url
    name = f"{request.resource}.{request.group}" if request.group else request.resource
    return f"{name}/{request.subresource}" if request.subresource else name
