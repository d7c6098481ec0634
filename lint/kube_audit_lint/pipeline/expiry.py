"""How long something is ignored: `until=2027-03-31`, a day that still counts."""

from __future__ import annotations

import os
import re
import time

from kube_audit_lint.errors import UsageError

SOON = 30
"""So many days before its end a suppression is noted."""

CLOCK = "SOURCE_DATE_EPOCH"
"""The environment variable with the time, in seconds since 1970, for runs that are to be repeated."""

_DAY = 86400


def days_left(until: str) -> int | None:
    """The days from today (in UTC) to a date, below zero for one that is over; None for what is no date."""
    from datetime import date

    if not is_written(until):
        return None
    try:
        return date.fromisoformat(until).toordinal() - date(1970, 1, 1).toordinal() - _today()
    except ValueError:
        return None


def is_written(day: str) -> bool:
    """Whether something is written as a date, if there is such a day or not."""
    return re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day) is not None


def _today() -> int:
    """Days since 1970. Raises UsageError."""
    given = os.environ.get(CLOCK)
    if not given:
        return int(time.time()) // _DAY
    try:
        return int(given) // _DAY
    except ValueError:
        raise UsageError(f"{CLOCK} in the environment must be seconds since 1970, not {given!r}") from None
