"""Sums of an audit log, which parts of it can be counted for anywhere and then added."""

from __future__ import annotations

from kube_audit_lint.auditlog.public import merge, sums_by_rule
from kube_audit_lint.auditlog.tally import Tally
from kube_audit_lint.errors import UsageError
from kube_audit_lint.model.policy import Policy
from kube_audit_lint.syntax.record import NamedTuple


class RuleCount(NamedTuple):
    """What one rule decides. events, bytes: in the log.

    kept, kept_bytes: what the policy records of them, measured. estimated: bytes of what the log does not have.
    unknown: events with a body of which nothing can be told (docs/replay.md).
    """

    events: int
    bytes: int
    kept: int
    kept_bytes: int
    estimated: int
    unknown: int


class LogCount:
    """The events of a log, or of a part of one, and what a policy makes of them.

    Parts are added with `+`, in any order, and can be pickled: count them where they lie.
    """

    def __init__(self, policy: Policy, tally: Tally) -> None:
        """Made by `Policy.count`."""
        self._policy = policy
        self._tally = tally

    @property
    def no_events(self) -> int:
        """How many lines are not audit events."""
        return self._tally.bad

    @property
    def rules(self) -> dict[int | None, RuleCount]:
        """By rule, from 1 in the order of the file; None for events that no rule matches.

        To be read of the whole: a part may lack the events that another one's bodies are estimated from.
        """
        sums = sums_by_rule(self._tally, self._policy)
        return {
            rule or None: RuleCount(*now, under.events, under.bytes, under.estimated, under.unknown)
            for rule, (now, under) in sums.items()
        }

    def __add__(self, other: LogCount) -> LogCount:
        """Both together. Raises UsageError for counts of two policies."""
        if not isinstance(other, LogCount):
            return NotImplemented
        if self._policy != other._policy:
            raise UsageError("counts for two policies cannot be added")
        return LogCount(self._policy, merge(self._tally, other._tally))

    def __repr__(self) -> str:
        events = sum(one.events for one in self.rules.values())
        return f"<LogCount {events} events, {self.no_events} other lines>"
