"""Counting events part by part, in one process or on many machines: what the library's `Policy.count` is made of.

Policies and tallies can be pickled, and nothing is kept between calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from kube_audit_lint.auditlog.counting import Chunk
from kube_audit_lint.auditlog.outcome import Outcome
from kube_audit_lint.auditlog.running import counter
from kube_audit_lint.auditlog.sizes import compact
from kube_audit_lint.auditlog.tally import Tally
from kube_audit_lint.model.policy import Policy
from kube_audit_lint.model.replayed import Amount, Recorded, amounts, records

Event = str | bytes | Mapping[str, Any]

_AT_ONCE = 256


def count_events(policies: Sequence[Policy], events: Iterable[Event]) -> Tally:
    """The sums of some events, for one or more policies; those of other events can be added to them."""
    one = counter(policies)
    for chunk in _chunks(events):
        one.count(chunk)
        one.settle()
    return one.take()


def merge(one: Tally, other: Tally) -> Tally:
    """Both sums as one; what is given stays as it is."""
    both = Tally()
    for each in (one, other):
        both.add(each)
        both.limit()
    return both


def sums_by_rule(tally: Tally, policy: Policy, which: int = 0) -> dict[int, tuple[Amount, Recorded]]:
    """For each rule that decides events (from 1, 0 for none): what the log has, and what the policy records of it.

    which: the policy's place among those that were counted for.
    """
    found: dict[int, tuple[Amount, Recorded]] = {}
    for group in Outcome(tally, policy, which).groups:
        rule = group.decision.rule + 1
        now, under = found.get(rule, (Amount(), Recorded()))
        found[rule] = amounts((now, group.now)), records((under, group.under))
    return dict(sorted(found.items()))


def _chunks(events: Iterable[Event]) -> Iterator[Chunk]:
    number, waiting = 1, iter(events)
    while lines := [_line(event) for event in islice(waiting, _AT_ONCE)]:
        yield Chunk("events", number, lines)
        number += len(lines)


def _line(event: Event) -> bytes:
    if isinstance(event, Mapping):
        event = compact(dict(event))
    data = event.encode("utf-8", "surrogatepass") if isinstance(event, str) else event
    return data if data.endswith(b"\n") else data + b"\n"
