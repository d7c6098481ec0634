"""Whether the sizes that are kept can hold the days that are required.

lumberjack deletes by age and by number, whichever comes first: what is kept is at most
maxsize x (maxbackup + 1) megabytes, the current file included.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import log_file, only, place_of_value, span
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.checks.rotation import OWN_ROTATION
from kube_audit_lint.kubernetes import flags, go_values
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import is_unknown

SUBJECT = "server"
PARAMS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "log-rate": {
            "type": "number",
            "exclusiveMinimum": 0,
            "description": "gigabytes of audit log that the API server writes in a day",
        }
    },
    "additionalProperties": False,
}

_AGE, _BACKUPS, _SIZE = "audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize"


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit when the limits of size are reached before the limit of age, which is set, at a rate that is known."""
    server, versions = subject.server, subject.versions
    if "log-rate" not in params or log_file(server) is None or server.flag(_AGE) is None or server.partial:
        return  # how long a log lasts cannot be told without the rate at which it grows
    rate = params["log-rate"] * 1000
    minors = range(versions.first, versions.last + 1)
    short = {minor: kept for minor in minors if (kept := _kept(server, minor, rate))}
    part = span(versions, short.__contains__)
    if part is None:
        return
    megabytes, days = short[part.last]
    message = (
        f"{_round(megabytes / 1000)} GB of audit logs are kept (--{_SIZE} for each of --{_BACKUPS} old files and "
        f"the current one). At {_round(rate / 1000)} GB a day that is "
        f"{_days(megabytes / rate)}, not {days} days."
    )
    related = tuple(Related(flag.place, "limits the size") for name in (_SIZE, _BACKUPS) if (flag := server.flag(name)))
    yield Hit(place_of_value(server, _AGE), message, related, only(part, versions))


class Limits(NamedTuple):
    """What kube-apiserver keeps of its log: days, old files and the megabytes of each; 0 where there is no limit.

    None for what cannot be told: a value that a template decides, or that the server refuses.
    """

    days: int | None
    backups: int | None
    size: int | None

    @property
    def megabytes(self) -> int:
        """All that is kept at most, the current file included; 0 where that is not limited, or not known."""
        return self.size * (self.backups + 1) if self.backups and self.size else 0


def limits(server: ApiServer, minor: int) -> Limits:
    """The limits that a server's flags and their defaults set."""
    days, backups, size = (_number(server, name, minor) for name in (_AGE, _BACKUPS, _SIZE))
    if size == 0 and minor < OWN_ROTATION:
        size = 100
    return Limits(days, backups, size)


def _kept(server: ApiServer, minor: int, rate: float) -> tuple[int, int] | None:
    """Megabytes kept and days required where the former cannot hold the latter."""
    found = limits(server, minor)
    if not found.days or not found.megabytes or found.megabytes >= found.days * rate:
        return None
    return found.megabytes, found.days


def _number(server: ApiServer, name: str, minor: int) -> int | None:
    text = server.value(name)
    spec = flags.spec(name)
    if text is None:
        default = flags.default(name, minor) if server.flag(name) is None else None
        return default if isinstance(default, int) else None
    if spec is None or is_unknown(text) or flags.parse_value(spec, text, minor) is not None:
        return None
    return go_values.parse_int(text, literals=minor >= flags.GO_NUMBER_LITERALS)


def _round(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 10 else f"{number:.0f}"


def _days(number: float) -> str:
    if number < 1:
        hours = max(1, round(number * 24))
        return "one hour" if hours == 1 else f"{hours} hours"
    rounded = _round(number)
    return "one day" if rounded == "1" else f"{rounded} days"
