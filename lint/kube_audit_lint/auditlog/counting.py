"""The loop over a log's lines: each event is put into its cell, by what its dimensions were found to be before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.auditlog.decider import Decider
from kube_audit_lint.auditlog.documents import LONGEST
from kube_audit_lint.auditlog.event import BEGIN, ENDS, FIELDS, Event, NoEventError, request_of
from kube_audit_lint.auditlog.sizes import REQUEST, RESPONSE, body_sizes, compact, length, managed_size
from kube_audit_lint.auditlog.tally import (
    BYTES,
    EVENTS,
    MOST_CELLS,
    REQUESTS,
    RESPONSES,
    SUMS,
    Bad,
    Key,
    Sums,
    Tally,
)
from kube_audit_lint.auditlog.wrapped import events_in, is_empty_batch, values_of
from kube_audit_lint.model.policy import Policy
from kube_audit_lint.syntax.record import NamedTuple, make

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")

UNUSUAL = (ValueError, KeyError, AttributeError, TypeError, RecursionError, StopIteration)
"""What the quick loop ends with at a line that it does not know how to read."""


class Chunk(NamedTuple):
    """Whole lines of a log, and where they come from."""

    path: str
    line: int
    """The number of the first one."""
    lines: list[bytes]


Kind = tuple[int, tuple[int, ...]]
"""Events that no policy tells apart but by their users: a number, and the rule that decides for each policy."""

Decided = list[tuple[int, ...] | None]
"""For each event of some lines the rules that decide it; None for a line that holds none."""


Who = tuple[Any, int, dict[int, Sums]]
"""A user: the groups as they were seen last, a number for all that no policy tells apart, the sums of each kind."""


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
        self._users: dict[Any, Who] = {}
        self._members: dict[tuple[Any, ...], Who] = {}
        self._alike: dict[tuple[int, ...], int] = {}
        self._known: dict[Any, Kind] = {}
        self._kinds: list[tuple[Any, ...]] = []
        self._new = 0

    def __reduce__(self) -> tuple[Any, ...]:
        return Counter, (self.policies,)

    def take(self) -> Tally:
        """What has been counted so far; counting begins anew."""
        self._flush()
        tally, self.tally = self.tally, Tally()
        return tally

    def count(self, chunk: Chunk, decided: Decided | None = None) -> None:
        """Counts the events of a chunk; `decided` gets the rules of each event, None for a line that holds none."""
        self._count(chunk, decided)
        if len(self._known) > MOST_CELLS:
            self._flush()

    def settle(self) -> None:
        """To be called after each part of a log: keeps what is remembered of it within a limit."""
        if self._new + len(self.tally.cells) > MOST_CELLS:
            self._flush()
            self.tally.limit()

    def _flush(self) -> None:
        """Puts all sums into the tally, and forgets users and kinds of events: what bounds the memory."""
        for both, (_, _, own) in self._members.items():
            for number, sums in own.items():
                rules, level, stage, verb, what = self._kinds[number]
                self.tally.put(make(Key, (rules, level, stage, verb, both[0] or "", what)), sums)
        self._members.clear()
        self._users.clear()
        self._known.clear()
        self._kinds.clear()
        self._new = 0

    def _count(self, chunk: Chunk, decided: Decided | None) -> None:
        decoder: Any = json.JSONDecoder()
        scan = decoder.scan_once  # what json.loads calls, without what it tests for first
        known, users, places, names = self._known, self._users, self._places, self._names
        first = last = ""
        for number, line in enumerate(chunk.lines):
            try:
                text = line.decode()
                event, end = scan(text, 0)
                if text[end:] != "\n":
                    raise ValueError
                if not (line.startswith(BEGIN) and line.endswith(ENDS)) and not event.keys() <= FIELDS:
                    raise ValueError
                user, level, stage, verb = event["user"], event["level"], event["stage"], event["verb"]
                name, groups = user["username"], user["groups"]
                known_groups, who, own = users.get(name) or self._who(name, groups)
                if known_groups != groups:
                    known_groups, who, own = self._who(name, groups)
                ref = event.get("objectRef")
                if ref:
                    get = ref.get
                    place, name = get("namespace"), get("name")
                    key: tuple[Any, ...] = (
                        who,
                        level,
                        stage,
                        verb,
                        get("resource"),
                        get("apiGroup"),
                        get("subresource"),
                        place if place in places else False,
                        name if name in names else False,
                    )
                    if key[8] and verb == "create":
                        key = (*key, event["requestURI"])
                else:
                    key = (who, level, stage, verb, event["requestURI"].partition("?")[0])
                time = event["stageTimestamp"]
                kind, rules = known.get(key) or self._kind(key, request_of(event), level, stage)
                if time > last:
                    first, last = first or time, time
                elif time < first:
                    first = time
            except UNUSUAL:
                self._unusual(chunk, number, line, decided)
                continue
            sums = own.get(kind) or self._begin(own, kind)
            sums[EVENTS] += 1
            sums[BYTES] += len(line)
            if level != "Metadata":
                self._bodies(sums, event, text)
            if decided is not None:
                decided.append(rules)
        self._span(first, last, chunk)

    def _who(self, name: Any, groups: Any) -> Who:
        """A user with these groups, from now on the one of this name. Raises NoEventError."""
        if not isinstance(groups, list):
            raise NoEventError
        both = (name, *groups)
        who = self._members.get(both)
        if who is None:
            asked = tuple(decider.who(name or None, frozenset(groups)) for decider in self.deciders)
            who = self._members[both] = groups, self._alike.setdefault(asked, len(self._alike)), {}
        self._users[name] = who
        return who

    def _kind(self, key: Any, request: Request, level: str, stage: str) -> Kind:
        """The kind of the events with this key."""
        rules = tuple(decider.rule_of(request) for decider in self.deciders)
        self._kinds.append((rules, level, stage, request.verb, what_of(request)))
        kind = self._known[key] = len(self._kinds) - 1, rules
        return kind

    def _begin(self, own: dict[int, Sums], kind: int) -> Sums:
        """The sums of a user's events of a kind."""
        self._new += 1
        sums = own[kind] = [0] * SUMS
        return sums

    def _bodies(self, sums: Sums, event: Event, text: str) -> None:
        request, response = body_sizes(event, text)
        if request:
            # A patch is recorded as it was sent: its managed fields stay (LogRequestPatch).
            managed = managed_size(event[REQUEST]) if self.managed and event["verb"] != "patch" else 0
            add_body(sums, REQUESTS, request, managed)
        if response:
            add_body(sums, RESPONSES, response, managed_size(event[RESPONSE]) if self.managed else 0)

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
        _, who, own = self._who(request.user, sorted(request.groups))
        level, stage = event.get("level") or "", event.get("stage") or ""
        key = (None, who, level, stage, *request[2:])
        kind, rules = self._known.get(key) or self._kind(key, request, level, stage)
        sums = own.get(kind) or self._begin(own, kind)
        if not text or not (_is_whole(text) or event.keys() <= FIELDS):
            event = {key: value for key, value in event.items() if key in FIELDS}
            text = compact(event)
        time = event.get("stageTimestamp")
        if isinstance(time, str):
            self._span(time, time)
        self._bodies(sums, event, text)
        sums[EVENTS] += 1
        sums[BYTES] += length(text) + 1
        return rules


def _is_whole(text: str) -> bool:
    """Whether an event is as kube-apiserver writes it, as far as the quick loop looks at that."""
    return text.startswith(BEGIN.decode()) and f"{text}\n".endswith(tuple(end.decode() for end in ENDS))


def _times(chunk: Chunk) -> Iterator[str]:
    """The time of each event of a chunk."""
    for line in chunk.lines:
        for event, _ in _events_of(line):
            with suppress(*UNUSUAL):
                request_of(event)
                time = event.get("stageTimestamp")
                if isinstance(time, str):
                    yield time


def add_body(sums: Sums, count: int, size: int, managed: int) -> None:
    """Adds a body of an event; `count` is the first of the sums about such bodies."""
    sums[count] += 1
    sums[count + 1] += size
    sums[count + 2] += managed


def what_of(request: Request) -> str:
    """What a request is about: a path, or `pods/log`, `deployments.apps/scale`."""
    if request.url is not None:
        return request.url
    name = f"{request.resource}.{request.group}" if request.group else request.resource
    return f"{name}/{request.subresource}" if request.subresource else name


def _events_of(line: bytes) -> list[tuple[Any, str]]:
    """The events in a line, each with its text; a NoEventError in the place of what is none."""
    if not line.strip():
        return []
    if len(line) > LONGEST:
        return [(NoEventError(f"it is longer than {LONGEST >> 20} MiB"), "")]
    found: list[tuple[Any, str]] = []
    try:
        for value, text in values_of(line.decode()):
            inside = events_in(value, text)
            found += inside if inside or is_empty_batch(value) else [(None, "")]
    except UnicodeDecodeError:
        return [(NoEventError("it is no UTF-8"), "")]
    except RecursionError:
        return [(NoEventError("it is nested too deeply"), "")]
    except NoEventError as error:
        found = [*(one for one in found if one[0] is not None), (error, "")]
    return [(NoEventError("it holds no audit event"), "") if event is None else (event, text) for event, text in found]
