"""The same loop with msgspec, which decodes only what is needed of an event: the extra `[fast]`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from kube_audit_lint.analysis.request import RESOURCE_VERBS
from kube_audit_lint.auditlog.cells import Body, User
from kube_audit_lint.auditlog.counting import UNUSUAL, Chunk, Counter, Decided
from kube_audit_lint.auditlog.event import BEGIN, BEGINNING, ENDING, ENDS, FIELDS, request_of
from kube_audit_lint.auditlog.sizes import REQUEST, RESPONSE, fields_size, managed_size, with_key
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


class _Metadata(msgspec.Struct, gc=False):
    managedFields: Any = None  # noqa: N815


class _Object(msgspec.Struct, gc=False):
    metadata: _Metadata | None = None


class _Row(msgspec.Struct, gc=False):
    object: _Object | None = None


class _Body(_Object, gc=False):
    items: list[_Object] | None = None
    rows: list[_Row] | None = None


_decoder = msgspec.json.Decoder(_Event)
_body = msgspec.json.Decoder(_Body)
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
                bodies = None
                if event.requestObject is not _NONE or event.responseObject is not _NONE:
                    bodies = self._raw_bodies(event)
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
            if bodies is not None:
                cell.add_bodies(bodies)
            if decided is not None:
                decided.append(kind.rules)
        self._span(first, last, chunk)

    def _user(self, by: _User) -> User:
        """The user of an event. Raises ValueError."""
        user = self._cells.user(by.username, msgspec.json.decode(by.groups, type=list[str]))
        user.groups = by.groups.copy()
        self._cells.users[by.username] = user
        return user

    def _raw_bodies(self, event: _Event) -> list[Body]:
        """What is in the bodies of an event. Raises ValueError and RecursionError."""
        found = []
        for key, count, raw in ((REQUEST, REQUESTS, event.requestObject), (RESPONSE, RESPONSES, event.responseObject)):
            if raw and raw != _NULL:
                managed = 0
                if self.managed and (count == RESPONSES or event.verb != "patch"):
                    managed = _managed_size(bytes(raw))
                found.append((count, with_key(key, len(raw)), managed))
        return found


def _managed_size(body: bytes) -> int:
    """The same as managed_size, of JSON: where a body is as most are, its managed fields alone are decoded."""
    if b"managedFields" not in body and b"\\" not in body:
        return 0
    try:
        value = _body.decode(body)
    except ValueError:
        return managed_size(json.loads(body.decode()))
    objects = [value, *(value.items or ()), *(row.object for row in value.rows or ())]
    return sum(fields_size(one.metadata.managedFields) for one in objects if one is not None and one.metadata)
