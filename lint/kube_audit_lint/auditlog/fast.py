"""The same loop with msgspec, which decodes only what is needed of an event: the extra `[fast]`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from kube_audit_lint.auditlog.counting import UNUSUAL, Chunk, Counter, Decided, add_body
from kube_audit_lint.auditlog.event import BEGIN, ENDS, FIELDS, request_of
from kube_audit_lint.auditlog.sizes import REQUEST, RESPONSE, managed_size, with_key
from kube_audit_lint.auditlog.tally import BYTES, EVENTS, REQUESTS, RESPONSES, Sums
from kube_audit_lint.model.policy import LEVELS, STAGES

if TYPE_CHECKING:
    from kube_audit_lint.model.policy import Level, Stage
else:  # msgspec reads them at run time, when those of the model are plain tuples
    Level, Stage = Literal[LEVELS], Literal[STAGES]

_NONE = msgspec.Raw()
_NULL = b"null"


class _User(msgspec.Struct, gc=False):
    username: str
    groups: list[str]


class _Ref(msgspec.Struct, gc=False):
    resource: str | None = None
    apiGroup: str | None = None  # noqa: N815 (the names of the fields)
    subresource: str | None = None
    namespace: str | None = None
    name: str | None = None


class _Event(msgspec.Struct, gc=False):
    level: Level
    stage: Stage
    verb: str
    requestURI: str  # noqa: N815
    user: _User
    stageTimestamp: str  # noqa: N815
    objectRef: _Ref | None = None  # noqa: N815
    requestObject: msgspec.Raw = _NONE  # noqa: N815
    responseObject: msgspec.Raw = _NONE  # noqa: N815


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
        decode = msgspec.json.Decoder(_Event).decode
        known, users, places, names = self._known, self._users, self._places, self._names
        first = last = ""
        for number, line in enumerate(chunk.lines):
            try:
                event = decode(line)
                if not (line.startswith(BEGIN) and line.endswith(ENDS)):
                    _hold_own(line)
                if not line.isascii():
                    line.decode()  # msgspec does not look into the texts that it leaves out
                user, level, stage, verb = event.user, event.level, event.stage, event.verb
                name, groups = user.username, user.groups
                known_groups, who, own = users.get(name) or self._who(name, groups)
                if known_groups != groups:
                    known_groups, who, own = self._who(name, groups)
                ref = event.objectRef
                if ref:
                    place, object_name = ref.namespace, ref.name
                    key: tuple[Any, ...] = (
                        who,
                        level,
                        stage,
                        verb,
                        ref.resource,
                        ref.apiGroup,
                        ref.subresource,
                        place if place in places else False,
                        object_name if object_name in names else False,
                    )
                    if key[8] and verb == "create":
                        key = (*key, event.requestURI)
                else:
                    key = (who, level, stage, verb, event.requestURI.partition("?")[0])
                kind, rules = known.get(key) or self._kind(key, request_of(json.loads(line.decode())), level, stage)
            except UNUSUAL:
                self._unusual(chunk, number, line, decided)
                continue
            time = event.stageTimestamp
            if time > last:
                first, last = first or time, time
            elif time < first:
                first = time
            sums = own.get(kind) or self._begin(own, kind)
            sums[EVENTS] += 1
            sums[BYTES] += len(line)
            if level != "Metadata":
                self._raw_bodies(sums, event)
            if decided is not None:
                decided.append(rules)
        self._span(first, last, chunk)

    def _raw_bodies(self, sums: Sums, event: _Event) -> None:
        for key, count, raw in ((REQUEST, REQUESTS, event.requestObject), (RESPONSE, RESPONSES, event.responseObject)):
            if raw and raw != _NULL:
                managed = 0
                if self.managed and (count == RESPONSES or event.verb != "patch"):
                    managed = managed_size(json.loads(bytes(raw)))
                add_body(sums, count, with_key(key, len(raw)), managed)
