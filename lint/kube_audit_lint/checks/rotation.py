"""The flags that limit how long, how many and how large audit logs are kept.

Sources: pkg/server/options/audit.go of k8s.io/apiserver (defaults from 1.36: 366, 100, 100; before: 0),
natefinch/lumberjack (0 days or backups is no limit, 0 megabytes is 100), and from 1.36 its wrapper there,
with which `--audit-log-maxsize=0` is a plain file that is never rotated.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import log_file, misspelt, only, place_of_value, span, who
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import LOG_PATH
from kube_audit_lint.model.finding import Related, Severity
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import is_unknown

SUBJECT = "server"

PARAMS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "flag": {"enum": ["audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize"]},
        "at-least": {"type": "integer", "minimum": 1, "description": "the least number that will do"},
        "explicit": {
            "type": "boolean",
            "description": "ask for the flag even where kube-apiserver's own default would do",
        },
    },
    "required": ["flag", "at-least"],
    "additionalProperties": False,
}

OWN_ROTATION = 36
"""From 1.36 the flags have defaults, and a maxsize of 0 is no rotation at all."""

_LUMBERJACK_SIZE = 100
_SIZE = "audit-log-maxsize"
_UNITS = {"audit-log-maxage": "days", "audit-log-maxbackup": "old files", _SIZE: "MB"}
_ORDER = ("error", "warning", "info")


class _Case(NamedTuple):
    """What is wrong in one minor. number: what the limit is there; 0 when there is none."""

    severity: Severity
    kind: str
    number: int = 0


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit when the limit is missing, is none, or is below what the rule wants."""
    server, versions = subject.server, subject.versions
    name = params["flag"]
    text = server.value(name)
    if not _concerns(server, params) or (text is not None and is_unknown(text)):
        return
    if text is None and (server.flag(name) is not None or server.partial or server.flags_fixed):
        return
    if text is None and misspelt(server, name):
        return
    cases: dict[int, _Case] = {}
    for minor in range(versions.first, versions.last + 1):
        case = None if _never_rotated(server, name, minor) else _case(text, minor, params)
        if case is not None:
            cases[minor] = case
    if cases:
        worst = min(cases.values(), key=lambda case: _ORDER.index(case.severity))
        part = span(versions, lambda minor: cases.get(minor) == worst) or versions
        yield _hit(server, params, worst, part, versions)


def _concerns(server: ApiServer, params: Params) -> bool:
    """Whether a log is written to a file: certain from its path, likely from a part that sets its limit.

    Where a standard wants the flag to be written it counts without a log as well: every control is named.
    """
    if params.get("explicit"):
        return not server.partial or server.flag(params["flag"]) is not None
    shown = server.partial and server.value(LOG_PATH) is None and server.flag(params["flag"]) is not None
    return shown or log_file(server) is not None


def _number(name: str, text: str, minor: int) -> int | None:
    """The number that kube-apiserver reads; None when it refuses it (rule invalid-flag-value)."""
    from kube_audit_lint.kubernetes import flags, go_values

    flag = flags.spec(name)
    if flag is None or flags.parse_value(flag, text, minor) is not None:
        return None
    number = go_values.parse_int(text, literals=minor >= flags.GO_NUMBER_LITERALS)
    return number if number >= 0 else None


def _default(name: str, minor: int) -> int:
    from kube_audit_lint.kubernetes import flags

    default = flags.default(name, minor)
    return default if isinstance(default, int) else 0


def _never_rotated(server: ApiServer, name: str, minor: int) -> bool:
    """Whether the log is one endless file, so that age and number of old files say nothing."""
    size = server.value(_SIZE)
    return name != _SIZE and minor >= OWN_ROTATION and size is not None and _number(_SIZE, size, minor) == 0


def _case(text: str | None, minor: int, params: Params) -> _Case | None:
    name, least = params["flag"], params["at-least"]
    number = _default(name, minor) if text is None else _number(name, text, minor)
    if number is None:
        return None
    if name == _SIZE and number == 0 and minor >= OWN_ROTATION:
        return _Case("error", "never")
    means = _LUMBERJACK_SIZE if name == _SIZE and number == 0 else number
    if means == 0:
        return _Case("warning", "unlimited")
    if means < least:
        return _Case("warning", "low", means)
    if text is None or number == 0:
        return _Case("warning" if params.get("explicit") else "info", "implicit", means)
    return None


def _hit(server: ApiServer, params: Params, case: _Case, part: Versions, checked: Versions) -> Hit:
    name, least = params["flag"], params["at-least"]
    flag, text = server.flag(name), server.value(name)
    if text is None:
        setting = f"--{name} is not set"
    elif flag is None:
        setting = f"--{name} is {text} here, set by the distribution"
    else:
        setting = f"--{name} is {text}"
    message = _message(setting, case, who(part, checked), params)
    if text is None and part != checked and part.last < OWN_ROTATION:
        message += f" From 1.36 on the default is {_default(name, OWN_ROTATION)} {_UNITS[name]}."
    related: tuple[Related, ...] = ()
    log = server.flag(LOG_PATH)
    if flag is None and log is not None:
        related = (Related(log.place, "the log"),)
    verb = "Write" if flag is not None else "Add"
    help = f"{verb} `--{name}={least}`{'' if case.kind == 'never' else ' or more'}."
    place = place_of_value(server, name)
    return Hit(place, message, related, only(part, checked), case.severity, help)


def _message(setting: str, case: _Case, server: str, params: Params) -> str:
    name, least = params["flag"], params["at-least"]
    unit = _UNITS[name]
    if case.kind == "never":
        return (
            f"{setting}: {server} never rotates the audit log. It is one file that grows until the disk is full, "
            "and --audit-log-maxage and --audit-log-maxbackup do nothing."
        )
    if case.kind == "unlimited":
        limit = "because of its age" if name == "audit-log-maxage" else "because there are too many"
        return f"{setting}: {server} never deletes an old audit log {limit}."
    if case.kind == "low":
        return f"{setting}: {server} keeps {_kept(name, case.number)}. At least {least} {unit} are asked for."
    return (
        f"{setting}: {server} then takes {case.number} {unit} by itself, which is enough; "
        "the standards and their scanners ask for the number to be written."
    )


def _kept(name: str, number: int) -> str:
    one = number == 1
    if name == "audit-log-maxage":
        return f"old audit logs for {'one day' if one else f'{number} days'}"
    if name == _SIZE:
        return f"{number} MB in one file before it starts the next"
    return "one old file" if one else f"{number} old files"
