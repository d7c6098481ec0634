"""The loop over a log's lines: each event is put into its cell, by what its dimensions were found to be before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.auditlog.cells import Body, Cells
from kube_audit_lint.auditlog.decider import Decider
from kube_audit_lint.auditlog.documents import LONGEST
from kube_audit_lint.auditlog.event import (
    BEGIN,
    BEGINNING,
    ENDING,
    ENDS,
    FIELDS,
    Event,
    NoEventError,
    own_fields,
    request_of,
)
from kube_audit_lint.auditlog.sizes import REQUEST, RESPONSE, body_sizes, compact, length, managed_size
from kube_audit_lint.auditlog.tally import MOST_CELLS, REQUESTS, RESPONSES, Bad, Tally
from kube_audit_lint.auditlog.wrapped import events_in, is_empty_batch, values_of, why_none
from kube_audit_lint.model.policy import Policy
from kube_audit_lint.syntax.record import NamedTuple

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")

UNUSUAL = (ValueError, KeyError, AttributeError, TypeError, RecursionError, StopIteration)
"""What the quick loop ends with at a line that it does not know how to read."""


class Chunk(NamedTuple):
    """Whole lines of a log, and where they come from."""

    path: str
    line: int
    """The number of the first one."""
    lines: list[bytes]
    ascii: bool = False
    """Whether they are known to hold nothing else."""


Decided = list[tuple[int, ...] | None]
"""For each event of some lines the rules that decide it; None for a line that holds none."""


class Counter:
    """Counts the events of chunks of a log, for one or more policies. Picklable; all that it keeps is its own."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        self.policies = tuple(policies)
        self.deciders = [Decider(policy) for policy in policies]
        self.tally = Tally()
        self.managed = any(
            decider.decision(rule).omit_managed_fields
            for decider in self.deciders
            for rule in range(NO_RULE, len(decider.policy.rules))
        )
        self._places = frozenset((None, "")).union(*(decider.namespaces for decider in self.deciders))
        self._names = frozenset((None, "")).union(*(decider.names for decider in self.deciders))
        self._cells = Cells(self.deciders)

    def __reduce__(self) -> tuple[Any, ...]:
        return Counter, (self.policies,)

    def take(self) -> Tally:
        """What has been counted so far; counting begins anew."""
        self._cells.flush(self.tally)
        tally, self.tally = self.tally, Tally()
        return tally

    def count(self, chunk: Chunk, decided: Decided | None = None) -> None:
        """Counts the events of a chunk; `decided` gets the rules of each event, None for a line that holds none."""
        self._count(chunk, decided)
        if len(self._cells.kinds) > MOST_CELLS:
            self._cells.flush(self.tally)

    def settle(self) -> None:
        """To be called after each part of a log: keeps what is remembered of it within a limit."""
        if len(self._cells) + self.tally.size > MOST_CELLS:
            self._cells.flush(self.tally)
            self.tally.limit()

    def _count(self, chunk: Chunk, decided: Decided | None) -> None:
        """The loop over all events. In the key are the types of what no policy looks at: a wrong one is no event."""
        decoder: Any = json.JSONDecoder()
        scan = decoder.scan_once  # what json.loads calls, without what it tests for first
        cells, users, kinds = self._cells, self._cells.users, self._cells.kinds
        places, names = self._places, self._names
        first = last = ""
        for number, line in enumerate(chunk.lines):
            try:
                text = line.decode()
                event, end = scan(text, 0)
                if text[end:] != "\n":
                    raise ValueError
                if not (line[BEGINNING] == BEGIN and line[ENDING] in ENDS) and not event.keys() <= FIELDS:
                    raise ValueError
                by = event["user"]
                user = users.get(by["username"])
                if user is None or user.groups != by["groups"]:
                    user = users[by["username"]] = cells.user(by["username"], by["groups"])
                uri, verb, time = event["requestURI"], event["verb"], event["stageTimestamp"]
                if time.__class__ is not str:
                    raise TypeError
                ref = event.get("objectRef")
                if ref:
                    get = ref.get
                    place, name = get("namespace"), get("name")
                    if place not in places:
                        place = place.__class__
                    if name not in names:
                        name = name.__class__
                    elif name and verb == "create":
                        verb = verb, uri  # which tells whether the name was in the path
                    key: tuple[Any, ...] = (
                        user.alike,
                        event["level"],
                        event["stage"],
                        verb,
                        get("resource"),
                        get("apiGroup"),
                        get("subresource"),
                        place,
                        name,
                        uri.__class__,
                    )
                else:
                    key = user.alike, event["level"], event["stage"], verb, uri.partition("?")[0]
                try:
                    kind = kinds[key]
                except KeyError:
                    kind = cells.kind(key, request_of(event))
                bodies = self._bodies(event, text) if REQUEST in event or RESPONSE in event else None
                if time > last:
                    first, last = first or time, time
                elif time < first:
                    first = time
            except UNUSUAL:
                self._unusual(chunk, number, line, decided)
                continue
            try:
                cell = user.cells[kind]
            except KeyError:
                cell = user.begin(kind)
            cell.events += 1
            cell.bytes += len(line)
            if bodies is not None:
                cell.add_bodies(bodies)
            if decided is not None:
                decided.append(kind.rules)
        self._span(first, last, chunk)

    def _bodies(self, event: Event, text: str) -> list[Body]:
        """What is in the bodies of an event. Raises RecursionError."""
        request, response = body_sizes(event, text)
        found = []
        if request:
            # A patch is recorded as it was sent: its managed fields stay (LogRequestPatch).
            managed = managed_size(event[REQUEST]) if self.managed and event["verb"] != "patch" else 0
            found.append((REQUESTS, request, managed))
        if response:
            found.append((RESPONSES, response, managed_size(event[RESPONSE]) if self.managed else 0))
        return found

    def _span(self, first: str, last: str, chunk: Chunk | None = None) -> None:
        """Takes the first and the last time of some events; where one of them is no time, those of each event."""
        tally = self.tally
        if _TIME.fullmatch(first) and _TIME.fullmatch(last):
            tally.first = min(first, tally.first or first)
            tally.last = max(last, tally.last)
        elif chunk is not None and (first or last):
            for time in _times(chunk):
                self._span(time, time)

    def _unusual(self, chunk: Chunk, number: int, line: bytes, decided: Decided | None) -> None:
        """Counts what a line holds that is not just an event as kube-apiserver writes it."""
        for event, text in _events_of(line):
            try:
                if isinstance(event, NoEventError):
                    raise event
                decided_by = self._one(event, text)
            except UNUSUAL as error:
                self.tally.note(Bad(chunk.path, chunk.line + number, str(error)))
                decided_by = None
            if decided is not None:
                decided.append(decided_by)
        if decided is not None and not line.strip():
            decided.append(None)

    def _one(self, event: Any, text: str) -> tuple[int, ...]:
        """Counts an event, however it is written; returns the rules. Raises NoEventError, and TypeError."""
        request = request_of(event)
        user = self._cells.user(request.user, sorted(request.groups))
        key = user.alike, event.get("level"), event.get("stage"), None, *request[2:]
        kind = self._cells.kinds.get(key) or self._cells.kind(key, request)
        if not text or not (_is_whole(text) or event.keys() <= own_fields(event)):
            event = {key: value for key, value in event.items() if key in own_fields(event)}
            text = compact(event)
        time = event.get("stageTimestamp")
        if isinstance(time, str):
            self._span(time, time)
        bodies = self._bodies(event, text)
        cell = user.cells.get(kind) or user.begin(kind)
        cell.add_bodies(bodies)
        cell.events += 1
        cell.bytes += length(text) + 1
        return kind.rules


def _is_whole(text: str) -> bool:
    """Whether an event is as kube-apiserver writes it, as far as the quick loop looks at that."""
    line = f"{text}\n".encode("utf-8", "surrogatepass")
    return line[BEGINNING] == BEGIN and line[ENDING] in ENDS


def _times(chunk: Chunk) -> Iterator[str]:
    """The time of each event of a chunk."""
    for line in chunk.lines:
        for event, _ in _events_of(line):
            with suppress(*UNUSUAL):
                request_of(event)
                time = event.get("stageTimestamp")
                if isinstance(time, str):
                    yield time


def _events_of(line: bytes) -> list[tuple[Any, str]]:
    """The events in a line, each with its text; a NoEventError in the place of what is none."""
    if not line.strip():
        return []
    if len(line) > LONGEST:
        return [(NoEventError(f"it is longer than {LONGEST >> 20} MiB"), "")]
    found: list[tuple[Any, str]] = []
    try:
        for value, text in values_of(line.decode().rstrip("\n")):
            inside = events_in(value, text)
            found += inside if inside or is_empty_batch(value) else [(NoEventError(why_none(value)), "")]
    except UnicodeDecodeError:
        return [(NoEventError("it is no UTF-8"), "")]
    except NoEventError as error:
        found = [*(one for one in found if isinstance(one[0], dict)), (error, "")]
    return [(NoEventError("it holds no audit event"), "") if event is None else (event, text) for event, text in found]
