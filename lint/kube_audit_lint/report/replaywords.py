"""What a replay found in words: the tables and sentences of text, Markdown and HTML, all of it plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kube_audit_lint.model.replayed import Changed, Recorded, Replayed, Retention, RuleRow
from kube_audit_lint.syntax.record import NamedTuple

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_HEAD_OF_CHANGES = ("requests", "rule", "was", "becomes", "events", "bytes")


class Table(NamedTuple):
    """A table of plain text; numbers: from which column on there are numbers."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: int


def bytes_(count: float) -> str:
    """`1.2 MB`; units of a thousand."""
    if count < 0:
        return f"-{bytes_(-count)}"
    unit = 0
    while count >= 999.5 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    digits = 0 if unit == 0 or count >= 99.95 else 1
    return f"{count:,.{digits}f} {_UNITS[unit]}"


def days(number: float) -> str:
    """A time in days, hours or minutes."""
    for length, unit in ((1.0, "day"), (1 / 24, "hour"), (1 / 1440, "minute")):
        if number >= length:
            count = number / length
            text = f"{count:.1f}".removesuffix(".0") if count < 10 else f"{count:,.0f}"
            return f"{text} {unit}{'' if text == '1' else 's'}"
    return "less than a minute"


def summary(found: Replayed) -> Iterator[str]:
    """What the log is, what the policy makes of it, and what cannot be known, a sentence or two each."""
    files = found.files[0] if len(found.files) == 1 else f"{len(found.files)} files"
    span = f", {found.first} to {found.last}" if found.first else ""
    yield f"{files}: {_events(found.now.events)}, {bytes_(found.now.bytes)}{span}{_rate(found, 0)}."
    yield f"Under {found.policy}: {recorded(found.under)}{_rate(found, 1)}{_change(found)}."
    if found.comparison is not None:
        change = found.under.total - found.comparison.under.total
        yield (
            f"Under {found.comparison.path}: {recorded(found.comparison.under)}. From it to {found.policy}: "
            f"{'+' if change > 0 else ''}{bytes_(change)}{_percent(change, found.comparison.under.total)}."
        )
    yield from _limits(found)
    for one in found.retention:
        yield from _kept(found, one)


def recorded(under: Recorded) -> str:
    """`120 events, 1.2 MB (0.3 MB of it estimated)`."""
    estimated = f" ({bytes_(under.estimated)} of it estimated)" if under.estimated else ""
    return f"{_events(under.events + under.added)}, {bytes_(under.total)}{estimated}"


def _events(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"


def _rate(found: Replayed, which: int) -> str:
    rate = found.per_day[which]
    return f", {bytes_(rate)} a day" if rate else ""


def _change(found: Replayed) -> str:
    return _percent(found.under.total - found.now.bytes, found.now.bytes)


def _percent(change: int, of: int) -> str:
    return f" ({change / of:+.1%})" if of else ""


def _limits(found: Replayed) -> Iterator[str]:
    """What nobody can know from this log."""
    if not found.now.events:
        yield "No audit event: is this the API server's audit log?"
        yield from _unread(found)
        return
    yield (
        "What the log's own policy does not record is not in it: neither such requests, nor bodies above the level of "
        "an event."
    )
    levels = {row.level: row.now.events for row in found.levels if row.now.events}
    if levels and not {"Request", "RequestResponse"} & levels.keys():
        yield "No event of it is above Metadata: what bodies would weigh cannot be told from it."
    if found.under.estimated:
        yield "Estimated: bodies, by the mean of like events that have theirs; stages that it lacks, by its others."
    if found.under.unknown:
        yield f"Unknown: the bodies of {_events(found.under.unknown)}, for no like event of the log has one."
    if found.folded:
        yield "There are too many users and resources to tell all apart: the smallest are counted as (others)."
    yield from _unread(found)


def _unread(found: Replayed) -> Iterator[str]:
    """Lines and files that are not counted."""
    if found.bad:
        yield f"{found.bad:,} {'line is not an audit event' if found.bad == 1 else 'lines are not audit events'}:"
        yield from (f"  {one.path}:{one.line}: {one.reason}" for one in found.bad_lines)
    yield from found.notes


def _kept(found: Replayed, one: Retention) -> Iterator[str]:
    """How long the rotation settings hold."""
    if not one.bytes:
        yield f"{one.path}: no size limit that is known deletes old logs."
    elif one.days_now:
        yield (
            f"{one.path} keeps {bytes_(one.bytes)} of logs: {days(one.days_now)} of this log, "
            f"{days(one.days_under) if one.days_under else 'for ever'} under {found.policy}"
            f"{f'; --audit-log-maxage asks for {one.max_age} days' if one.max_age else ''}."
        )
        rate = max(found.per_day[1] / 1e9, 0.001)
        yield f"For `check`: `rules: {{retention-too-short: {{log-rate: {rate:.3g}}}}}` in .kube-audit-lint.yaml."
    else:
        yield f"{one.path} keeps {bytes_(one.bytes)} of logs; this log spans too little time to tell for how long."


def tables(found: Replayed) -> Iterator[Table]:
    """All tables that have rows; none for a log without events."""
    if not found.now.events:
        return
    every = (_rules(found), _levels(found), _talkers(found), _unreached(found), *_changes(found), _proposals(found))
    yield from (table for table in every if table.rows)


def rule_name(row: RuleRow) -> str:
    """`rule 3 (line 12)`."""
    return f"rule {row.rule} (line {row.line})" if row.rule else "no rule"


def _amounts(now: tuple[int, int], under: Recorded) -> tuple[str, ...]:
    return (f"{now[0]:,}", bytes_(now[1]), *_kept_amounts(under))


def _kept_amounts(under: Recorded) -> tuple[str, str]:
    """Events and bytes that the policy records; ~ marks estimates, ? what is unknown."""
    return f"{under.events + under.added:,}", _size(under.total, bool(under.estimated), bool(under.unknown))


def _size(size: int, estimated: bool, unknown: bool) -> str:
    return f"{'~' if estimated else ''}{bytes_(size)}{' + ?' if unknown else ''}"


def _rules(found: Replayed) -> Table:
    rows = [(rule_name(row), row.level, *_amounts(row.now, row.under)) for row in found.rules]
    head = ("rule", "level", "events now", "bytes now", "events", "bytes")
    return Table("By rule, in the log and under the policy (~ estimated, ? unknown)", head, rows, 2)


def _levels(found: Replayed) -> Table:
    rows = [(row.level, *_amounts(row.now, row.under)) for row in found.levels]
    return Table("By level", ("level", "events now", "bytes now", "events", "bytes"), rows, 1)


def _talkers(found: Replayed) -> Table:
    rows = [(one.user, one.verb, one.resource, *_kept_amounts(one.under), f"{one.share:.1%}") for one in found.talkers]
    head = ("user", "verb", "resource", "events", "bytes", "share")
    return Table("Who makes the policy record most, and what dropping it would save", head, rows, 3)


def _unreached(found: Replayed) -> Table:
    rows = [(rule_name(row), row.level) for row in found.unreached]
    return Table("Rules that decide no event of this log", ("rule", "level"), rows, 2)


def _changes(found: Replayed) -> Iterator[Table]:
    than = "the log" if found.comparison is None else found.comparison.path
    for title, changes in (
        (f"Recorded by {than}, and not by the policy", found.dropped),
        (f"Recorded with less by the policy than by {than}: the bytes that this saves", found.reduced),
        (f"Recorded by the policy, and not, or with less, by {than}", found.recorded),
    ):
        levels = {row.rule: row.level for row in found.rules}
        yield Table(title, _HEAD_OF_CHANGES, [_change_row(one, levels[one.rule]) for one in changes], 4)


def _change_row(one: Changed, level: str) -> tuple[str, ...]:
    """level: the rule's, which records nothing of a stage that it omits."""
    rule = f"rule {one.rule}" if one.rule else "no rule"
    what = f"{one.verb or 'OPTIONS'} {one.resource}"
    becomes = "omitStages" if one.becomes == "None" != level else one.becomes
    return what, rule, one.level, becomes, f"{one.events:,}", _size(one.bytes, one.estimated, one.unknown)


def _proposals(found: Replayed) -> Table:
    rows = [
        (one.user, ", ".join(one.verbs), one.what, one.refused or "proposed", f"{one.events:,}", f"{one.share:.1%}")
        for one in found.proposals
    ]
    return Table("Noise of the control plane", ("who", "verbs", "what", "rule", "events", "share"), rows, 4)
