"""What a log holds, added up by what a report tells of: the sums of any parts of it can be put together."""

from __future__ import annotations

from typing import Any

from kube_audit_lint.syntax.record import NamedTuple, make

EVENTS, BYTES, REQUESTS, REQUEST_BYTES, REQUEST_MANAGED, RESPONSES, RESPONSE_BYTES, RESPONSE_MANAGED = range(8)
SUMS = 8
"""The sums of a cell: events and their bytes; events with a body, its bytes, and those of managed fields in it."""

MOST_CELLS = 100_000
"""Cells that are kept: in a log of more users, resources and verbs, the smallest are put together."""

SHOWN_ERRORS = 10

Sums = list[int]


class Key(NamedTuple):
    """What events of one cell have in common. rules: who decides, for each policy that is asked.

    user: None for users that are not told apart any more, "" for a request that nobody could be authenticated for.
    what: a resource as `deployments.apps/scale`, or a path; None where it is not told any more.
    """

    rules: tuple[int, ...]
    level: str
    stage: str
    verb: str
    user: str | None
    what: str | None


class Bad(NamedTuple):
    """A line that is no audit event."""

    path: str
    line: int
    reason: str


class Tally:
    """The sums of a log or a part of one."""

    def __init__(self) -> None:
        self.cells: dict[Key, Sums] = {}
        self.bad = 0
        self.shown: list[Bad] = []
        self.first = self.last = ""
        self.folded = False

    def __getstate__(self) -> dict[str, Any]:
        """Plain tuples in the place of keys, which take long to make one by one."""
        return {**self.__dict__, "cells": [(tuple(key), sums) for key, sums in self.cells.items()]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, cells={make(Key, key): sums for key, sums in state["cells"]})

    def note(self, bad: Bad) -> None:
        """Counts a line that is no event."""
        self.bad += 1
        if len(self.shown) < SHOWN_ERRORS:
            self.shown.append(bad)

    def put(self, key: Key, sums: Sums) -> None:
        """Adds to the sums of a cell."""
        known = self.cells.get(key)
        self.cells[key] = sums if known is None else [one + more for one, more in zip(known, sums, strict=True)]

    def add(self, other: Tally) -> None:
        """Adds what the next part of the log holds."""
        for key, sums in other.cells.items():
            self.put(key, sums)
        self.bad += other.bad
        self.shown = (self.shown + other.shown)[:SHOWN_ERRORS]
        self.first = min(filter(None, (self.first, other.first)), default="")
        self.last = max(self.last, other.last)

    def limit(self) -> bool:
        """Puts the smallest cells together where there are too many; whether it did.

        To be called after each part of the log: the same parts give the same sums, whoever counted them.
        """
        if len(self.cells) <= MOST_CELLS:
            return False
        kept = MOST_CELLS // 2
        ordered = sorted(self.cells.items(), key=_largest_first)
        self.cells = dict(ordered[:kept])
        for key, sums in ordered[kept:]:
            self.put(key._replace(user=None, what=None), sums)
        self.folded = True
        return True


def _largest_first(item: tuple[Key, Sums]) -> tuple[Any, ...]:
    key, sums = item
    return -sums[BYTES], key.rules, key.level, key.stage, key.verb, key.user or "", key.what or ""
