"""What a policy makes of the sums of a log: which events and bytes it records, measured and estimated.

A body that is in the log is measured. One that is not is estimated from events for the same verb and resource that have
theirs, and unknown where there are none. A stage that the log has of no such request is taken to be as long as another.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, decision_of
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.stages import has_request_body, has_response_body, stages_of
from kube_audit_lint.auditlog.tally import (
    BYTES,
    EVENTS,
    REQUEST_BYTES,
    REQUEST_MANAGED,
    RESPONSE_BYTES,
    RESPONSE_MANAGED,
    SUMS,
    Key,
    Sums,
    Tally,
)
from kube_audit_lint.model.policy import LEVELS, STAGES, Policy
from kube_audit_lint.model.replayed import Amount, Recorded
from kube_audit_lint.syntax.record import NamedTuple, make

_REQUEST, _RESPONSE = LEVELS.index("Request"), LEVELS.index("RequestResponse")
_COMPLETE = "ResponseComplete"
_NOTHING = Recorded()


class Kind(NamedTuple):
    """Requests that go through the same stages. nobody: nobody could be authenticated for them."""

    rules: tuple[int, ...]
    nobody: bool
    verb: str
    what: str


class Cell(NamedTuple):
    """Events that the log has, and what the policy makes of them."""

    key: Key
    sums: Sums
    decision: Decision
    kept: bool
    under: Recorded


class Outcome:
    """The cells of a log under one of the policies that it was counted for.

    After those of the log come the ones of stages that only the policy records, which have no events.
    """

    def __init__(self, tally: Tally, policy: Policy, which: int = 0) -> None:
        self._which = which
        self._bodies = _bodies(tally)
        self._decisions = {rule: decision_of(policy, rule) for rule in range(NO_RULE, len(policy.rules))}
        ordered = sorted(tally.cells.items(), key=_order)
        self.cells = [self._cell(key, sums) for key, sums in ordered]
        self.cells += [cell for kind, users in _kinds(ordered).items() for cell in self._missing(kind, users)]

    def _cell(self, key: Key, sums: Sums) -> Cell:
        decision = self._decisions[key.rules[self._which]]
        kept = decision.level != "None" and key.stage not in decision.omit_stages
        return make(Cell, (key, sums, decision, kept, self._recorded(key, sums, decision) if kept else _NOTHING))

    def _recorded(self, key: Key, sums: Sums, decision: Decision) -> Recorded:
        """What the policy records of events that it keeps."""
        level, managed = LEVELS.index(decision.level), decision.omit_managed_fields
        size = sums[BYTES]
        if key.level:
            size += sums[EVENTS] * (len(decision.level) - len(key.level))
        for least, length, fields in (
            (_REQUEST, REQUEST_BYTES, REQUEST_MANAGED),
            (_RESPONSE, RESPONSE_BYTES, RESPONSE_MANAGED),
        ):
            size -= sums[length] if level < least else sums[fields] if managed else 0
        estimated = unknown = 0
        for least, response in ((_REQUEST, False), (_RESPONSE, True)):
            if level >= least and _lacks_body(key, least, response):
                mean = self._like(key, response, managed)
                estimated += round(sums[EVENTS] * (mean or 0))
                unknown = sums[EVENTS] if mean is None else unknown
        return make(Recorded, (sums[EVENTS], size, 0, estimated, unknown))

    def _like(self, key: Key, response: bool, managed: bool) -> float | None:
        """The mean length of the body of like events."""
        found = self._bodies.get((key.verb, key.what or "", response))
        if found is None:
            return None
        events, length, fields = found
        return (length - (fields if managed else 0)) / events

    def _missing(self, kind: Kind, users: dict[str, dict[str, Amount]]) -> Iterator[Cell]:
        """Events of stages that the policy records, and that the log has of no such request, for each user."""
        decision = self._decisions[kind.rules[self._which]]
        if decision.level == "None":
            return
        known = {stage for stages in users.values() for stage in stages}
        missing = [stage for stage in _expected(kind) if stage not in known and stage not in decision.omit_stages]
        for user, stages in users.items() if missing else ():
            added = _added(stages)
            for stage in missing:
                yield Cell(Key(kind.rules, "", stage, kind.verb, user, kind.what), [0] * SUMS, decision, True, added)


def _bodies(tally: Tally) -> dict[tuple[str, str, bool], tuple[int, int, int]]:
    """For a verb and a resource: the events whose level records the request's body (or the response's), its bytes, and
    those of managed fields in it."""
    found: dict[tuple[str, str, bool], tuple[int, int, int]] = {}
    for key, sums in tally.cells.items():
        if key.what is None or key.stage != _COMPLETE or key.level not in LEVELS:
            continue
        level = LEVELS.index(key.level)
        for response, least, start in ((False, _REQUEST, REQUEST_BYTES), (True, _RESPONSE, RESPONSE_BYTES)):
            if level >= least:
                which = key.verb, key.what, response
                known = found.get(which, (0, 0, 0))
                found[which] = known[0] + sums[EVENTS], known[1] + sums[start], known[2] + sums[start + 1]
    return found


def _added(stages: dict[str, Amount]) -> Recorded:
    """Events of one more stage for the requests of a user, each as long as one of the other stages."""
    requests = max(amount.events for amount in stages.values())
    size = sum(amount.bytes for amount in stages.values()) / sum(amount.events for amount in stages.values())
    return Recorded(added=requests, estimated=round(requests * size))


def _kinds(cells: list[tuple[Key, Sums]]) -> dict[Kind, dict[str, dict[str, Amount]]]:
    """For each kind of request and each user the stages that the log has, with the bytes of their events but for
    bodies."""
    found: dict[Kind, dict[str, dict[str, Amount]]] = {}
    for (rules, _, stage, verb, user, what), sums in cells:
        if what is not None and stage in STAGES:
            users = found.setdefault(make(Kind, (rules, not user, verb, what)), {})
            stages = users.setdefault(user or "", {})
            events, known = stages.get(stage, (0, 0))
            size = sums[BYTES] - sums[REQUEST_BYTES] - sums[RESPONSE_BYTES]
            stages[stage] = make(Amount, (events + sums[EVENTS], known + size))
    return found


def _expected(kind: Kind) -> tuple[str, ...]:
    """The stages that such requests go through when nothing panics."""
    return stages_of(_request(kind.verb, kind.what)._replace(user=None if kind.nobody else ""))


def _lacks_body(key: Key, least: int, response: bool) -> bool:
    """Whether the level of events leaves a body out that such requests have."""
    if key.stage != _COMPLETE or key.what is None or key.level not in LEVELS or LEVELS.index(key.level) >= least:
        return False
    request = _request(key.verb, key.what)
    return request.url is None and (has_response_body(request) if response else has_request_body(request))


def _request(verb: str, what: str) -> Request:
    """A request as far as its stages and bodies depend on it."""
    if what.startswith("/"):
        return Request("", frozenset(), verb, url=what)
    return Request("", frozenset(), verb, resource=what.partition("/")[0], subresource=what.partition("/")[2])


def _order(item: tuple[Key, Sums]) -> tuple[object, ...]:
    rules, level, stage, verb, user, what = item[0]
    return rules, level, stage, verb, user or "", what or ""
