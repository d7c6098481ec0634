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
        self._means: dict[object, tuple[float | None, ...]] = {}
        self._decisions = {rule: decision_of(policy, rule) for rule in range(NO_RULE, len(policy.rules))}
        ordered = sorted(tally.cells.items(), key=_order)
        self.cells = [self._cell(key, sums) for key, sums in ordered]
        lacking = {kind: self._lacking_stages(kind, known) for kind, known in _stages(ordered).items()}
        for kind, users in _users(ordered, lacking).items():
            for user, stages in users.items():
                self.cells += self._added(kind, lacking[kind], user, stages)

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
        which = *key[1:4], key.what, decision.rule
        means = self._means.get(which)
        if means is None:
            means = self._means[which] = tuple(self._lacking(key, level, managed))
        estimated = sum([round(sums[EVENTS] * (mean or 0)) for mean in means])
        return make(Recorded, (sums[EVENTS], size, 0, estimated, sums[EVENTS] if None in means else 0))

    def _lacking(self, key: Key, level: int, managed: bool) -> Iterator[float | None]:
        """The mean length of each body that a level records and events lack; None where nothing is known of it."""
        for least, response in ((_REQUEST, False), (_RESPONSE, True)):
            if level >= least and _lacks_body(key, least, response):
                yield self._like(key, response, managed)

    def _like(self, key: Key, response: bool, managed: bool) -> float | None:
        """The mean length of the body of like events."""
        found = self._bodies.get((key.verb, key.what or "", response))
        if found is None:
            return None
        events, length, fields = found
        return (length - (fields if managed else 0)) / events

    def _lacking_stages(self, kind: Kind, known: set[str]) -> list[str]:
        """The stages that the policy records, and that the log has of no such request."""
        decision = self._decisions[kind.rules[self._which]]
        if decision.level == "None":
            return []
        return [stage for stage in _expected(kind) if stage not in known and stage not in decision.omit_stages]

    def _added(self, kind: Kind, lacking: list[str], user: str, stages: dict[str, Amount]) -> Iterator[Cell]:
        """The events of such stages for a user, each as long as one of the other stages."""
        decision = self._decisions[kind.rules[self._which]]
        requests = max(amount.events for amount in stages.values())
        size = sum(amount.bytes for amount in stages.values()) / sum(amount.events for amount in stages.values())
        added = Recorded(added=requests, estimated=round(requests * size))
        for stage in lacking:
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


def _kind(key: Key) -> Kind | None:
    """The kind of a cell's requests; None where it is not told any more."""
    if key.what is None or key.stage not in STAGES:
        return None
    return make(Kind, (key.rules, not key.user, key.verb, key.what))


def _stages(cells: list[tuple[Key, Sums]]) -> dict[Kind, set[str]]:
    """For each kind of request the stages that the log has."""
    found: dict[Kind, set[str]] = {}
    for key, _ in cells:
        kind = _kind(key)
        if kind is not None:
            found.setdefault(kind, set()).add(key.stage)
    return found


def _users(cells: list[tuple[Key, Sums]], lacking: dict[Kind, list[str]]) -> dict[Kind, dict[str, dict[str, Amount]]]:
    """For each kind of request that lacks stages, and each user, the stages that the log has, with the bytes of their
    events but for bodies."""
    found: dict[Kind, dict[str, dict[str, Amount]]] = {}
    for key, sums in cells if any(lacking.values()) else ():
        kind = _kind(key)
        if kind is not None and lacking[kind]:
            stages = found.setdefault(kind, {}).setdefault(key.user or "", {})
            events, known = stages.get(key.stage, (0, 0))
            size = sums[BYTES] - sums[REQUEST_BYTES] - sums[RESPONSE_BYTES]
            stages[key.stage] = make(Amount, (events + sums[EVENTS], known + size))
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
