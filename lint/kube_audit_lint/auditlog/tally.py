"""What a log holds, added up by what a report tells of: the sums of any parts of it can be put together."""

from __future__ import annotations

from typing import Any

from kube_audit_lint.syntax.record import NamedTuple

EVENTS, BYTES, REQUESTS, REQUEST_BYTES, REQUEST_MANAGED, RESPONSES, RESPONSE_BYTES, RESPONSE_MANAGED = range(8)
SUMS = 8
"""The sums of a cell: events and their bytes; events with a body, its bytes, and those of managed fields in it."""

MOST_CELLS = 100_000
"""Cells that are kept: in a log of more users, resources and verbs, the smallest are put together."""

SHOWN_ERRORS = 10

Sums = list[int]


class Key(NamedTuple):
    """What events have in common that differ by their users only. rules: who decides, for each policy that is asked.

    what: a resource as `deployments.apps/scale`, or a path; None where it is not told any more.
    """

    rules: tuple[int, ...]
    level: str
    stage: str
    verb: str
    what: str | None


Users = dict[str | None, Sums]
"""The sums of each user: None for users that are not told apart any more, "" where nobody could be authenticated."""


class Bad(NamedTuple):
    """A line that is not an audit event."""

    path: str
    line: int
    reason: str


class Tally:
    """The sums of a log or a part of one."""

    def __init__(self) -> None:
        self.cells: dict[Key, Users] = {}
        self.size = 0
        """How many cells: users of each key."""
        self.bad = 0
        self.shown: list[Bad] = []
        self.first = self.last = ""
        self.folded = False

    def note(self, bad: Bad) -> None:
        """Counts a line that is no event."""
        self.bad += 1
        if len(self.shown) < SHOWN_ERRORS:
            self.shown.append(bad)

    def put(self, key: Key, users: Users) -> None:
        """Adds to the sums of some users."""
        mine = self.cells.setdefault(key, {})
        self.size -= len(mine)
        for user, sums in users.items():
            known = mine.get(user)
            mine[user] = sums if known is None else [one + more for one, more in zip(known, sums, strict=True)]
        self.size += len(mine)

    def add(self, other: Tally) -> None:
        """Adds what the next part of the log holds."""
        for key, users in other.cells.items():
            self.put(key, users)
        self.bad += other.bad
        self.shown = (self.shown + other.shown)[:SHOWN_ERRORS]
        self.first = min(filter(None, (self.first, other.first)), default="")
        self.last = max(self.last, other.last)

    def limit(self) -> bool:
        """Puts the smallest cells together where there are too many; whether it did.

        To be called after each part of the log: the same parts give the same sums, whoever counted them.
        """
        if self.size <= MOST_CELLS:
            return False
        kept = MOST_CELLS // 2
        every = [(key, user, sums) for key, users in self.cells.items() for user, sums in users.items()]
        self.cells, self.size = {}, 0
        for number, (key, user, sums) in enumerate(sorted(every, key=_largest_first)):
            if number < kept:
                self.put(key, {user: sums})
            else:
                self.put(key._replace(what=None), {None: sums})
        self.folded = True
        return True


def _largest_first(cell: tuple[Key, str | None, Sums]) -> tuple[Any, ...]:
    key, user, sums = cell
    return -sums[BYTES], key.rules, key.level, key.stage, key.verb, user or "", key.what or ""
