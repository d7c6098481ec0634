"""A log through a policy: from the sums of its cells to the figures of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from heapq import nsmallest
from typing import Any

from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.auditlog.outcome import Cell, Outcome
from kube_audit_lint.auditlog.source import Log
from kube_audit_lint.auditlog.tally import BYTES, EVENTS, Tally
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
)
from kube_audit_lint.pipeline.requests import OpenedPolicy
from kube_audit_lint.syntax.record import make

OTHERS = "(others)"
NOBODY = "(nobody)"


def replayed(opened: OpenedPolicy, log: Log, tally: Tally, top: int, other: OpenedPolicy | None = None) -> Replayed:
    """The figures of a log under a policy; with another one, changes are told against that and not against the log."""
    cells = Outcome(tally, opened.policy).cells
    before = Outcome(tally, other.policy, 1).cells if other is not None else None
    under = _recorded(cells)
    rules = _rules(opened, cells)
    reached = {row.rule for row in rules}
    return Replayed(
        opened.path,
        tuple(log.paths),
        tally.first,
        tally.last,
        _seconds(tally),
        _amount(cells),
        under,
        rules,
        _levels(cells),
        tuple(row for row in _every(opened) if row.rule not in reached),
        _talkers(cells, under.total, top),
        _changed(opened, cells, before, _is_dropped, top),
        _changed(opened, cells, before, _is_reduced, top),
        _changed(opened, cells, before, _is_raised, top),
        tally.bad,
        tuple(BadLine(*bad) for bad in tally.shown),
        tuple(log.notes),
        tally.folded,
        comparison=Comparison(other.path, _recorded(before)) if other is not None and before is not None else None,
    )


def _amount(cells: Iterable[Cell]) -> Amount:
    events = size = 0
    for cell in cells:
        sums = cell.sums
        events, size = events + sums[EVENTS], size + sums[BYTES]
    return Amount(events, size)


def _recorded(cells: Iterable[Cell]) -> Recorded:
    return Recorded(*map(sum, zip(*(cell.under for cell in cells), strict=True))) if cells else Recorded()


def _seconds(tally: Tally) -> float:
    """The time between the first and the last event."""
    if not tally.first:
        return 0.0
    try:
        first, last = (datetime.fromisoformat(time[:26].rstrip("Z")) for time in (tally.first, tally.last))
    except ValueError:
        return 0.0
    return (last - first).total_seconds()


def _grouped(cells: Iterable[Cell], key: Callable[[Cell], object]) -> list[list[Cell]]:
    groups: dict[object, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(key(cell), []).append(cell)
    return list(groups.values())


def _every(opened: OpenedPolicy) -> list[RuleRow]:
    return [_row(opened, index, []) for index in range(len(opened.policy.rules))]


def _row(opened: OpenedPolicy, rule: int, cells: list[Cell]) -> RuleRow:
    none = rule == NO_RULE
    level = "None" if none else opened.policy.rules[rule].level
    line = 0 if none else opened.line(rule)
    return RuleRow(rule + 1, line, level, _amount(cells), _recorded(cells))


def _rules(opened: OpenedPolicy, cells: list[Cell]) -> tuple[RuleRow, ...]:
    """The rules that decide events, in the order of the file; what no rule matches comes last."""
    rows = [_row(opened, group[0].decision.rule, group) for group in _grouped(cells, lambda cell: cell.decision.rule)]
    return tuple(sorted(rows, key=lambda row: (row.rule == 0, row.rule)))


def _levels(cells: list[Cell]) -> tuple[LevelRow, ...]:
    rows = []
    for level in (*LEVELS, ""):
        now = _amount(cell for cell in cells if cell.key.level == level or (not level and cell.key.level not in LEVELS))
        under = _recorded([cell for cell in cells if cell.decision.level == level])
        if now.events or under.events or under.added:
            rows.append(LevelRow(level or "unknown", now, under))
    return tuple(rows)


def _talkers(cells: list[Cell], total: int, top: int) -> tuple[Talker, ...]:
    """Who makes the policy record most, the largest first."""
    groups = _grouped(
        (cell for cell in cells if cell.key.user is not None and cell.kept),
        lambda cell: (cell.key.user, cell.key.verb, cell.key.what, cell.decision.rule),
    )
    return tuple(_talker(group, total) for group in nsmallest(top, groups, key=_largest_first))


def _largest_first(group: list[Cell]) -> tuple[Any, ...]:
    key = group[0].key
    size = sum(cell.under.total for cell in group)
    return -size, key.user or NOBODY, key.verb, key.what or OTHERS, group[0].decision.rule


def _talker(group: list[Cell], total: int) -> Talker:
    key, under = group[0].key, _recorded(group)
    share = under.total / total if total else 0.0
    rule = group[0].decision.rule + 1
    return Talker(key.user or NOBODY, key.verb, key.what or OTHERS, rule, _amount(group), under, share)


def _is_dropped(cell: Cell, before: Cell | None) -> bool:
    """Whether events are not recorded that the log has, or that the other policy records."""
    return not cell.kept and (before.kept if before is not None else cell.sums[EVENTS] > 0)


def _is_reduced(cell: Cell, before: Cell | None) -> bool:
    """Whether events are recorded at a lower level than in the log, or than by the other policy."""
    level = cell.key.level if before is None else before.decision.level if before.kept else ""
    return cell.kept and level in LEVELS and LEVELS.index(cell.decision.level) < LEVELS.index(level)


def _is_raised(cell: Cell, before: Cell | None) -> bool:
    """Whether bodies or events are recorded that the log does not have, or that the other policy does not record."""
    if before is None:
        return bool(cell.under.estimated or cell.under.unknown or cell.under.added)
    if not cell.kept:
        return False
    return not before.kept or LEVELS.index(cell.decision.level) > LEVELS.index(before.decision.level)


def _changed(
    opened: OpenedPolicy,
    cells: list[Cell],
    before: list[Cell] | None,
    wanted: Callable[[Cell, Cell | None], bool],
    top: int,
) -> tuple[Changed, ...]:
    """Events that are recorded otherwise, by rule, verb and resource, the most bytes first."""
    old: dict[object, Cell] = {cell.key: cell for cell in before or ()}
    found = [cell for cell in cells if wanted(cell, old.get(cell.key) if old else None)]
    groups = _grouped(found, lambda cell: (cell.decision.rule, cell.key.verb, cell.key.what, _level(cell, old)))
    rows = []
    for group in groups:
        cell, under = group[0], _recorded(group)
        was = [_before(each, old) for each in group]
        becomes = cell.decision.level if cell.kept else "None"
        size = under.total if wanted is _is_raised else sum(each.total for each in was) - under.total
        guessed = [under] if wanted is _is_raised else [under, *was]
        events = _amount(group).events + sum(each.under.added for each in group)
        row = cell.decision.rule + 1, cell.key.verb, cell.key.what or OTHERS, _level(cell, old), becomes, events, size
        rows.append(Changed(*row, any(one.estimated for one in guessed), any(one.unknown for one in guessed)))
    rows.sort(key=lambda row: (-row.bytes, -row.events, row.rule, row.verb, row.resource))
    return tuple(rows[:top])


def _before(cell: Cell, old: dict[object, Cell]) -> Recorded:
    """What the log has of a cell's events, or what the other policy records of them."""
    if not old:
        return make(Recorded, (cell.sums[EVENTS], cell.sums[BYTES], 0, 0, 0))
    before = old.get(cell.key)
    return before.under if before is not None else Recorded()


def _level(cell: Cell, old: dict[object, Cell]) -> str:
    """The level that events had before: that of the log, or of the other policy."""
    if old:
        before = old.get(cell.key)
        return before.decision.level if before is not None and before.kept else "None"
    return cell.key.level or "None"
