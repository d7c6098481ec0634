"""What a replay of an audit log through a policy found: plain figures, in the order in which they are to be shown."""

from __future__ import annotations

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Amount(NamedTuple):
    """Events of a log and their bytes."""

    events: int = 0
    bytes: int = 0


class Recorded(NamedTuple):
    """What a policy records of events.

    bytes: of what the log holds, measured. estimated: bytes of what it lacks, estimated from like events: bodies,
    and `added` events of stages that the log lacks. unknown: events with a body of which nothing can be told.
    """

    events: int = 0
    bytes: int = 0
    added: int = 0
    estimated: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """All bytes that there are figures for."""
        return self.bytes + self.estimated


def amounts(each: Iterable[Amount]) -> Amount:
    """All of them together."""
    return Amount(*map(sum, zip(*each, strict=True)))


def records(each: Iterable[Recorded]) -> Recorded:
    """All of them together."""
    return Recorded(*map(sum, zip(*each, strict=True)))


class RuleRow(NamedTuple):
    """A rule (its number in the file from 1, 0 for none), and the events that it decides."""

    rule: int
    line: int
    level: str
    now: Amount
    under: Recorded


class LevelRow(NamedTuple):
    """A level, the events that the log has at it, and what the policy records at it."""

    level: str
    now: Amount
    under: Recorded


class Talker(NamedTuple):
    """A user, a verb and a resource or path; share: of all that the policy records, what dropping it would save."""

    user: str
    verb: str
    resource: str
    rule: int
    now: Amount
    under: Recorded
    share: float


class Changed(NamedTuple):
    """Events that are recorded otherwise than before: `level` to `becomes`.

    bytes: what is lost, or what is recorded. estimated: whether they are so in part. unknown: whether bodies are.
    """

    rule: int
    verb: str
    resource: str
    level: str
    becomes: str
    events: int
    bytes: int
    estimated: bool = False
    unknown: bool = False


class Retention(NamedTuple):
    """How long an API server keeps the log at a rate: bytes that are kept, days by size and by age (0: no limit)."""

    path: str
    minor: int
    bytes: int
    max_age: int
    days_now: float
    days_under: float


class Comparison(NamedTuple):
    """What the other policy records."""

    path: str
    under: Recorded


class BadLine(NamedTuple):
    """A line that is not an audit event."""

    path: str
    line: int
    reason: str


class Proposal(NamedTuple):
    """A rule `level: None` for reads that are noise, as YAML, with what it saves; or why it is not proposed."""

    yaml: str
    user: str
    verbs: tuple[str, ...]
    what: str
    events: int
    bytes: int
    share: float
    refused: str = ""


class Replayed(NamedTuple):
    """The outcome of a replay. first, last: the times of the first and the last event, "" where there are none.

    seconds: between them. folded: whether the smallest users and resources were put together.
    """

    policy: str
    files: tuple[str, ...]
    first: str
    last: str
    seconds: float
    now: Amount
    under: Recorded
    rules: tuple[RuleRow, ...]
    levels: tuple[LevelRow, ...]
    unreached: tuple[RuleRow, ...]
    talkers: tuple[Talker, ...]
    dropped: tuple[Changed, ...]
    reduced: tuple[Changed, ...]
    recorded: tuple[Changed, ...]
    bad: int
    bad_lines: tuple[BadLine, ...]
    notes: tuple[str, ...] = ()
    folded: bool = False
    retention: tuple[Retention, ...] = ()
    comparison: Comparison | None = None
    proposals: tuple[Proposal, ...] = ()

    @property
    def has_rate(self) -> bool:
        """Whether the log spans enough time to tell bytes in a day."""
        return self.seconds >= 1

    @property
    def per_day(self) -> tuple[float, float]:
        """Bytes in a day, now and under the policy; 0 where the log spans too little time to tell."""
        if not self.has_rate:
            return 0.0, 0.0
        days = self.seconds / 86_400
        return self.now.bytes / days, self.under.total / days
