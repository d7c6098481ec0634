"""A log through a policy: from the sums of its cells to the figures of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from heapq import nsmallest
from typing import Any

from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.auditlog.outcome import Cell, Group, Like, Outcome, amount_of, recorded_of
from kube_audit_lint.auditlog.source import Log
from kube_audit_lint.auditlog.tally import Tally
from kube_audit_lint.model.policy import LEVELS
from kube_audit_lint.model.replayed import (
    Amount,
    BadLine,
    Changed,
    Comparison,
    LevelRow,
    Recorded,
    Replayed,
    RuleRow,
    Talker,
    amounts,
    records,
)
from kube_audit_lint.pipeline.requests import OpenedPolicy

OTHERS = "(others)"
NOBODY = "(nobody)"


def replayed(opened: OpenedPolicy, log: Log, tally: Tally, top: int, other: OpenedPolicy | None = None) -> Replayed:
    """The figures of a log under a policy; with another one, changes are told against that and not against the log."""
    groups = Outcome(tally, opened.policy).groups
    before = Outcome(tally, other.policy, 1).groups if other is not None else None
    under = _recorded(groups)
    rules = _rules(opened, groups)
    reached = {row.rule for row in rules}
    return Replayed(
        opened.path,
        tuple(log.paths),
        tally.first,
        tally.last,
        _seconds(tally),
        _amount(groups),
        under,
        rules,
        _levels(groups),
        tuple(row for row in _every(opened) if row.rule not in reached),
        _talkers(groups, under.total, top),
        _changed(opened, groups, before, _is_dropped, top),
        _changed(opened, groups, before, _is_reduced, top),
        _changed(opened, groups, before, _is_raised, top),
        tally.bad,
        tuple(BadLine(*bad) for bad in tally.shown),
        tuple(log.notes),
        tally.folded,
        comparison=Comparison(other.path, _recorded(before)) if other is not None and before is not None else None,
    )


def _amount(groups: Iterable[Group]) -> Amount:
    return amounts(group.now for group in groups)


def _recorded(groups: Iterable[Group]) -> Recorded:
    return records(group.under for group in groups)


def _seconds(tally: Tally) -> float:
    """The time between the first and the last event."""
    if not tally.first:
        return 0.0
    try:
        first, last = (datetime.fromisoformat(time[:26].rstrip("Z")) for time in (tally.first, tally.last))
    except ValueError:
        return 0.0
    return (last - first).total_seconds()


def _every(opened: OpenedPolicy) -> list[RuleRow]:
    return [_row(opened, index, []) for index in range(len(opened.policy.rules))]


def _row(opened: OpenedPolicy, rule: int, groups: list[Group]) -> RuleRow:
    none = rule == NO_RULE
    level = "None" if none else opened.policy.rules[rule].level
    line = 0 if none else opened.line(rule)
    return RuleRow(rule + 1, line, level, _amount(groups), _recorded(groups))


def _rules(opened: OpenedPolicy, groups: list[Group]) -> tuple[RuleRow, ...]:
    """The rules that decide events, in the order of the file; what no rule matches comes last."""
    found: dict[int, list[Group]] = {}
    for group in groups:
        found.setdefault(group.decision.rule, []).append(group)
    rows = [_row(opened, rule, each) for rule, each in found.items()]
    return tuple(sorted(rows, key=lambda row: (row.rule == 0, row.rule)))


def _levels(groups: list[Group]) -> tuple[LevelRow, ...]:
    rows = []
    for level in (*LEVELS, ""):
        now = _amount(one for one in groups if (one.like.level if one.like.level in LEVELS else "") == level)
        under = _recorded(one for one in groups if one.decision.level == level)
        if now.events or under.events or under.added:
            rows.append(LevelRow(level or "unknown", now, under))
    return tuple(rows)


def _talkers(groups: list[Group], total: int, top: int) -> tuple[Talker, ...]:
    """Who makes the policy record most, the largest first."""
    found: dict[tuple[Any, ...], list[Cell]] = {}
    for group in groups:
        if group.kept:
            verb, what, rule = group.like.verb, group.like.what, group.decision.rule
            for cell in group.cells:
                found.setdefault((cell.user, verb, what, rule), []).append(cell)
    named = (item for item in found.items() if item[0][0] is not None)
    return tuple(_talker(key, cells, total) for key, cells in nsmallest(top, named, key=_largest_first))


def _largest_first(item: tuple[tuple[Any, ...], list[Cell]]) -> tuple[Any, ...]:
    (user, verb, what, rule), cells = item
    size = 0
    for _, _, under in cells:
        size += under.total
    return -size, user or NOBODY, verb, what or OTHERS, rule


def _talker(key: tuple[Any, ...], cells: list[Cell], total: int) -> Talker:
    user, verb, what, rule = key
    under = recorded_of(cells)
    share = under.total / total if total else 0.0
    return Talker(user or NOBODY, verb, what or OTHERS, rule + 1, amount_of(cells), under, share)


def _is_dropped(group: Group, before: Group | None) -> bool:
    """Whether events are not recorded that the log has, or that the other policy records."""
    return not group.kept and (before.kept if before is not None else group.now.events > 0)


def _is_reduced(group: Group, before: Group | None) -> bool:
    """Whether events are recorded at a lower level than in the log, or than by the other policy."""
    level = group.like.level if before is None else before.decision.level if before.kept else ""
    return group.kept and level in LEVELS and LEVELS.index(group.decision.level) < LEVELS.index(level)


def _is_raised(group: Group, before: Group | None) -> bool:
    """Whether bodies or events are recorded that the log does not have, or that the other policy does not record."""
    if before is None:
        return bool(group.under.estimated or group.under.unknown or group.under.added)
    if not group.kept:
        return False
    return not before.kept or LEVELS.index(group.decision.level) > LEVELS.index(before.decision.level)


def _changed(
    opened: OpenedPolicy,
    groups: list[Group],
    before: list[Group] | None,
    wanted: Callable[[Group, Group | None], bool],
    top: int,
) -> tuple[Changed, ...]:
    """Events that are recorded otherwise, by rule, verb and resource, the most bytes first."""
    old = {group.like: group for group in before or ()}
    found: dict[tuple[int, str, str, str], list[Group]] = {}
    for group in groups:
        if wanted(group, old.get(group.like)):
            one = group if wanted is not _is_raised or old else _with_more(group)
            key = group.decision.rule + 1, group.like.verb, group.like.what or OTHERS, _level(group, old)
            found.setdefault(key, []).append(one)
    rows = [_change(key, each, old, wanted is _is_raised) for key, each in found.items()]
    rows.sort(key=lambda row: (-row.bytes, -row.events, row.rule, row.verb, row.resource))
    return tuple(rows[:top])


def _with_more(group: Group) -> Group:
    """Those of a group's cells of which the policy records more than the log has."""
    cells = [cell for cell in group.cells if cell.under.estimated or cell.under.unknown or cell.under.added]
    return group._replace(cells=cells, now=amount_of(cells), under=recorded_of(cells))


def _change(key: tuple[int, str, str, str], groups: list[Group], old: dict[Like, Group], raised: bool) -> Changed:
    under, was = _recorded(groups), records(_before(group, old) for group in groups)
    size = under.total if raised else was.total - under.total
    guessed = [under] if raised else [under, was]
    events = _amount(groups).events + under.added
    becomes = groups[0].decision.level if groups[0].kept else "None"
    estimated, unknown = any(one.estimated for one in guessed), any(one.unknown for one in guessed)
    return Changed(*key, becomes, events, size, estimated, unknown)


def _before(group: Group, old: dict[Like, Group]) -> Recorded:
    """What the log has of some events, or what the other policy records of them."""
    if not old:
        return Recorded(*group.now)
    before = old.get(group.like)
    return before.under if before is not None else Recorded()


def _level(group: Group, old: dict[Like, Group]) -> str:
    """The level that events had before: that of the log, or of the other policy."""
    if old:
        before = old.get(group.like)
        return before.decision.level if before is not None and before.kept else "None"
    return group.like.level or "None"
