"""The same loop with msgspec, which decodes only what is needed of an event: the extra `[fast]`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from kube_audit_lint.analysis.request import RESOURCE_VERBS
from kube_audit_lint.auditlog.cells import Cell, User
from kube_audit_lint.auditlog.counting import UNUSUAL, Chunk, Counter, Decided
from kube_audit_lint.auditlog.event import BEGIN, BEGINNING, ENDING, ENDS, FIELDS, request_of
from kube_audit_lint.auditlog.sizes import REQUEST, RESPONSE, managed_size, with_key
from kube_audit_lint.auditlog.tally import REQUESTS, RESPONSES
from kube_audit_lint.model.policy import LEVELS, STAGES

if TYPE_CHECKING:
    from kube_audit_lint.model.policy import Level, Stage

    Verb = str
else:  # msgspec reads them at run time, when those of the model are plain tuples, and makes no new text for each value
    Level, Stage = Literal[LEVELS], Literal[STAGES]
    Verb = Literal[(*RESOURCE_VERBS, "post", "put", "head", "options", "")]

_NONE = msgspec.Raw()
_NULL = msgspec.Raw(b"null")
_OTHER = 0
"""What is in a key for names that no policy looks at."""


class _User(msgspec.Struct, gc=False):
    username: str
    groups: msgspec.Raw


class _Ref(msgspec.Struct, gc=False):
    resource: str | None = None
    apiGroup: str | None = None  # noqa: N815 (the names of the fields)
    subresource: str | None = None
    namespace: str | None = None
    name: str | None = None


class _Event(msgspec.Struct, gc=False):
    level: Level
    stage: Stage
    verb: Verb
    requestURI: str  # noqa: N815
    user: _User
    stageTimestamp: str  # noqa: N815
    objectRef: _Ref | None = None  # noqa: N815
    requestObject: msgspec.Raw = _NONE  # noqa: N815
    responseObject: msgspec.Raw = _NONE  # noqa: N815


_decoder = msgspec.json.Decoder(_Event)
_fields = msgspec.json.Decoder(
    msgspec.defstruct("_Fields", [(name, msgspec.Raw, _NONE) for name in sorted(FIELDS)], forbid_unknown_fields=True)
)


def _hold_own(line: bytes) -> None:
    """Raises ValueError for a line that holds more than an event's own bytes."""
    if not line.startswith(b"{") or not line.endswith(b"}\n"):
        raise ValueError
    _fields.decode(line)


class FastCounter(Counter):
    """Counts as Counter does. An event that does not fit the types above is read as that one reads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return FastCounter, (self.policies,)

    def _count(self, chunk: Chunk, decided: Decided | None) -> None:
        decode = _decoder.decode
        cells, users, kinds = self._cells, self._cells.users, self._cells.kinds
        places, names, ascii = self._places, self._names, chunk.ascii
        first = last = ""
        for number, line in enumerate(chunk.lines):
            try:
                event = decode(line)
                if line[BEGINNING] != BEGIN or line[ENDING] not in ENDS:
                    _hold_own(line)
                if not ascii and not line.isascii():
                    line.decode()  # msgspec does not look into the texts that it leaves out
                by = event.user
                user = users.get(by.username)
                if user is None or user.groups != by.groups:
                    user = self._user(by)
                ref = event.objectRef
                verb: Any = event.verb
                if ref:
                    place: Any = ref.namespace
                    name: Any = ref.name
                    if place not in places:
                        place = _OTHER
                    if name not in names:
                        name = _OTHER
                    elif name and verb == "create":
                        verb = verb, event.requestURI
                    key: tuple[Any, ...] = (
                        user.alike,
                        event.level,
                        event.stage,
                        verb,
                        ref.resource,
                        ref.apiGroup,
                        ref.subresource,
                        place,
                        name,
                    )
                else:
                    key = user.alike, event.level, event.stage, verb, event.requestURI.partition("?")[0]
                try:
                    kind = kinds[key]
                except KeyError:
                    kind = cells.kind(key, request_of(json.loads(line.decode())))
            except UNUSUAL:
                self._unusual(chunk, number, line, decided)
                continue
            time = event.stageTimestamp
            if time > last:
                first, last = first or time, time
            elif time < first:
                first = time
            try:
                cell = user.cells[kind]
            except KeyError:
                cell = user.begin(kind)
            cell.events += 1
            cell.bytes += len(line)
            if event.requestObject is not _NONE or event.responseObject is not _NONE:
                self._raw_bodies(cell, event)
            if decided is not None:
                decided.append(kind.rules)
        self._span(first, last, chunk)

    def _user(self, by: _User) -> User:
        """The user of an event. Raises ValueError."""
        user = self._cells.user(by.username, msgspec.json.decode(by.groups, type=list[str]))
        user.groups = by.groups.copy()
        self._cells.users[by.username] = user
        return user

    def _raw_bodies(self, cell: Cell, event: _Event) -> None:
        for key, count, raw in ((REQUEST, REQUESTS, event.requestObject), (RESPONSE, RESPONSES, event.responseObject)):
            if raw and raw != _NULL:
                managed = 0
                if self.managed and (count == RESPONSES or event.verb != "patch"):
                    managed = managed_size(json.loads(bytes(raw)))
                cell.add_body(count, with_key(key, len(raw)), managed)
