"""What a policy makes of the sums of a log: which events and bytes it records, measured and estimated.

A body that is in the log is measured. One that is not is estimated from events for the same verb and resource that have
theirs, and unknown where there are none. A stage that the log has of no such request is taken to be as long as another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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
    Sums,
    Tally,
    Users,
)
from kube_audit_lint.model.policy import LEVELS, STAGES, Policy
from kube_audit_lint.model.replayed import Amount, Recorded, records
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


class Like(NamedTuple):
    """What events have in common that differ by their users only. nobody: as of a Kind; the others as of a Key."""

    rules: tuple[int, ...]
    level: str
    stage: str
    verb: str
    what: str | None
    nobody: bool


class Cell(NamedTuple):
    """Events of one user that the log has, and what the policy records of them."""

    user: str | None
    sums: Sums
    under: Recorded


class Group(NamedTuple):
    """Events that differ by their users only, what the policy makes of them, and all their cells together."""

    like: Like
    decision: Decision
    kept: bool
    cells: list[Cell]
    now: Amount
    under: Recorded


class Outcome:
    """What one of the policies that a log was counted for makes of it.

    After the groups of the log come those of stages that only the policy records, which have no events.
    """

    def __init__(self, tally: Tally, policy: Policy, which: int = 0) -> None:
        self._which = which
        self._decisions = {rule: decision_of(policy, rule) for rule in range(NO_RULE, len(policy.rules))}
        users = _users(tally)
        self._bodies = _bodies(users)
        self.groups = [self._group(like, users[like]) for like in sorted(users, key=_order)]
        for kind, stages in _stages(users).items():
            lacking = self._lacking_stages(kind, {like.stage for like in stages})
            if lacking:
                self._add(kind, lacking, _amounts((like.stage, users[like]) for like in stages))

    def _group(self, like: Like, users: Users) -> Group:
        decision = self._decisions[like.rules[self._which]]
        if decision.level == "None" or like.stage in decision.omit_stages:
            cells = [make(Cell, (user, sums, _NOTHING)) for user, sums in users.items()]
            return make(Group, (like, decision, False, cells, amount_of(cells), _NOTHING))
        cells = self._recorded(like, decision, users)
        return make(Group, (like, decision, True, cells, amount_of(cells), recorded_of(cells)))

    def _recorded(self, like: Like, decision: Decision, users: Users) -> list[Cell]:
        """What the policy records of events that it keeps."""
        level, managed = LEVELS.index(decision.level), decision.omit_managed_fields
        longer = len(decision.level) - len(like.level) if like.level else 0
        left_out = [
            length if level < least else fields
            for least, length, fields in (
                (_REQUEST, REQUEST_BYTES, REQUEST_MANAGED),
                (_RESPONSE, RESPONSE_BYTES, RESPONSE_MANAGED),
            )
            if level < least or managed
        ]
        means = list(self._lacking(like, level, managed))
        cells = []
        for user, sums in users.items():
            events, size = sums[EVENTS], sums[BYTES] + sums[EVENTS] * longer
            for which in left_out:
                size -= sums[which]
            estimated = sum([round(events * (mean or 0)) for mean in means]) if means else 0
            under = make(Recorded, (events, size, 0, estimated, events if None in means else 0))
            cells.append(make(Cell, (user, sums, under)))
        return cells

    def _lacking(self, like: Like, level: int, managed: bool) -> Iterator[float | None]:
        """The mean length of each body that a level records and events lack; None where nothing is known of it."""
        for least, response in ((_REQUEST, False), (_RESPONSE, True)):
            if level >= least and _lacks_body(like, least, response):
                yield self._like(like, response, managed)

    def _like(self, like: Like, response: bool, managed: bool) -> float | None:
        """The mean length of the body of like events."""
        found = self._bodies.get((like.verb, like.what or "", response))
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

    def _add(self, kind: Kind, lacking: list[str], users: dict[str | None, dict[str, Amount]]) -> None:
        """The events of such stages: for each user as many as there were requests, each as long as one of the other
        stages."""
        cells = []
        for user, stages in users.items():
            requests = max(amount.events for amount in stages.values())
            size = sum(amount.bytes for amount in stages.values()) / sum(amount.events for amount in stages.values())
            cells.append(Cell(user, [0] * SUMS, Recorded(added=requests, estimated=round(requests * size))))
        decision, under = self._decisions[kind.rules[self._which]], recorded_of(cells)
        for stage in lacking:
            like = Like(kind.rules, "", stage, kind.verb, kind.what, kind.nobody)
            self.groups.append(Group(like, decision, True, cells, Amount(), under))


def amount_of(cells: Iterable[Cell]) -> Amount:
    """What the log has of some events."""
    events = size = 0
    for _, sums, _ in cells:
        events += sums[EVENTS]
        size += sums[BYTES]
    return make(Amount, (events, size))


def recorded_of(cells: Iterable[Cell]) -> Recorded:
    """What the policy records of some events."""
    return records([cell.under for cell in cells])


def _users(tally: Tally) -> dict[Like, Users]:
    """For events that differ by their users only the sums of each user."""
    found: dict[Like, Users] = {}
    for key, users in tally.cells.items():
        nobody: Users = {user: users[user] for user in ("", None) if user in users}
        somebody: Users = {user: sums for user, sums in users.items() if user} if nobody else users
        for some in (somebody, nobody):
            if some:
                found[make(Like, (*key, some is nobody))] = some
    return found


def _bodies(groups: dict[Like, Users]) -> dict[tuple[str, str, bool], tuple[int, int, int]]:
    """For a verb and a resource: the events whose level records the request's body (or the response's), its bytes, and
    those of managed fields in it."""
    found: dict[tuple[str, str, bool], tuple[int, int, int]] = {}
    for like, users in groups.items():
        if like.what is None or like.stage != _COMPLETE or like.level not in LEVELS:
            continue
        level = LEVELS.index(like.level)
        for response, least, start in ((False, _REQUEST, REQUEST_BYTES), (True, _RESPONSE, RESPONSE_BYTES)):
            if level >= least:
                which = like.verb, like.what, response
                events, length, fields = found.get(which, (0, 0, 0))
                for sums in users.values():
                    events, length, fields = events + sums[EVENTS], length + sums[start], fields + sums[start + 1]
                found[which] = events, length, fields
    return found


def _stages(groups: Iterable[Like]) -> dict[Kind, list[Like]]:
    """For each kind of request what the log has of it; without those whose kind is not told any more."""
    found: dict[Kind, list[Like]] = {}
    for like in groups:
        if like.what is not None and like.stage in STAGES:
            found.setdefault(Kind(like.rules, like.nobody, like.verb, like.what), []).append(like)
    return found


def _amounts(groups: Iterable[tuple[str, Users]]) -> dict[str | None, dict[str, Amount]]:
    """For each user the events of each stage, with their bytes but for bodies. groups: stages, with the users."""
    found: dict[str | None, dict[str, Amount]] = {}
    for stage, users in groups:
        for user, sums in users.items():
            stages = found.setdefault(user, {})
            events, known = stages.get(stage, (0, 0))
            size = sums[BYTES] - sums[REQUEST_BYTES] - sums[RESPONSE_BYTES]
            stages[stage] = make(Amount, (events + sums[EVENTS], known + size))
    return found


def _expected(kind: Kind) -> tuple[str, ...]:
    """The stages that such requests go through when nothing panics."""
    return stages_of(_request(kind.verb, kind.what)._replace(user=None if kind.nobody else ""))


def _lacks_body(like: Like, least: int, response: bool) -> bool:
    """Whether the level of events leaves a body out that such requests have."""
    if like.stage != _COMPLETE or like.what is None or like.level not in LEVELS or LEVELS.index(like.level) >= least:
        return False
    request = _request(like.verb, like.what)
    return request.url is None and (has_response_body(request) if response else has_request_body(request))


def _request(verb: str, what: str) -> Request:
    """A request as far as its stages and bodies depend on it."""
    if what.startswith("/"):
        return Request("", frozenset(), verb, url=what)
    return Request("", frozenset(), verb, resource=what.partition("/")[0], subresource=what.partition("/")[2])


def _order(like: Like) -> tuple[object, ...]:
    return *like[:4], like.what or "", like.nobody
