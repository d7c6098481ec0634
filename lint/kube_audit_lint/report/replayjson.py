"""The figures of a replay for programs: `schemas/replay.schema.json` describes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint.model.replayed import Replayed
from kube_audit_lint.report.safe import json_text

VERSION = 1


def render(found: Replayed) -> Iterator[str]:
    """One JSON document. A rule is null for events that no rule matches."""
    data = {
        "version": VERSION,
        "policy": found.policy,
        "log": {
            "files": found.files,
            "first": found.first or None,
            "last": found.last or None,
            "seconds": found.seconds,
            "noEvents": {"count": found.bad, "first": [one._asdict() for one in found.bad_lines]},
            "notes": found.notes,
            "smallestPutTogether": found.folded,
        },
        **_two(found),
        "gigabytesPerDay": _rates(found),
        "rules": [_row(row) for row in found.rules],
        "levels": [_row(row) for row in found.levels],
        "rulesNotReached": [{"rule": row.rule, "line": row.line, "level": row.level} for row in found.unreached],
        "talkers": [_row(row) for row in found.talkers],
        "newlyDropped": [_row(row) for row in found.dropped],
        "recordedWithLess": [_row(row) for row in found.reduced],
        "newlyRecorded": [_row(row) for row in found.recorded],
        "retention": [_retention(one._asdict()) for one in found.retention],
        "comparison": None if found.comparison is None else _row(found.comparison),
        "proposals": [{**one._asdict(), "refused": one.refused or None} for one in found.proposals],
    }
    yield json_text(data, indent=1) + "\n"


def _rates(found: Replayed) -> dict[str, float | None]:
    now, under = (round(rate / 1e9, 6) if found.has_rate else None for rate in found.per_day)
    return {"now": now, "under": under}


def _two(of: Any) -> dict[str, Any]:
    return {"now": of.now._asdict(), "under": of.under._asdict()}


def _row(row: Any) -> dict[str, Any]:
    data = {key: value._asdict() if hasattr(value, "_asdict") else value for key, value in row._asdict().items()}
    if "rule" in data:
        data["rule"] = data["rule"] or None
    if "line" in data:
        data["line"] = data["line"] or None
    return data


def _retention(data: dict[str, Any]) -> dict[str, Any]:
    names = {"max_age": "maxAgeDays", "days_now": "daysNow", "days_under": "daysUnder"}
    return {names.get(key, key): value for key, value in data.items()}
