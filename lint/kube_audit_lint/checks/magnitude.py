"""Numbers that were written in another unit than the one that the flag has.

Sources: pkg/server/options/audit.go of k8s.io/apiserver (what each flag counts, and the defaults 102400 and 10485760
bytes, 400 and 10000 events, 10 s); pkg/util/webhook (WithExponentialBackoff: each wait is half as long again);
plugin/pkg/audit/truncate (an event that is too large loses its bodies; when it still is,
it is dropped); plugin/pkg/audit/buffered (the buffer is made as a whole at the start).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes import flags, go_values
from kube_audit_lint.model.server import NEVER_ROTATED, ApiServer, Flag
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

_LEAST_EVENT = 1000
"""Bytes. The event of a request, without any body, has more."""
_LONGEST_WAIT = 120
"""Seconds."""
_MOST_EVENTS = 1_000_000
_MOST_MEGABYTES = 1_000_000


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit for each number that can only be meant in another unit."""
    for flag in subject.server.flags:
        spec = flags.spec(flag.name) if flag.name.startswith("audit-") and flag.value else None
        if spec is None or subject.server.flag(flag.name) is not flag:
            continue
        if flags.parse_value(spec, flag.value or "", subject.versions.last) is not None:
            continue
        if flag.name.endswith("-initial-backoff"):
            yield from _of_backoff(flag, go_values.parse_duration(flag.value or ""))
        elif spec.type in ("int", "int64"):
            yield from _of_number(subject.server, flag, go_values.parse_int(flag.value or ""))


def _of_backoff(flag: Flag, nanoseconds: int) -> Iterator[Hit]:
    """A wait in minutes or hours before the first retry of a request that failed."""
    if nanoseconds >= _LONGEST_WAIT * 10**9:
        message = f"After a request to the webhook has failed, kube-apiserver waits {flag.value} before it sends the "
        message += "events again, and longer each time; where it stops meanwhile, they are lost."
        yield Hit(flag.value_place, message, help=f"Write `--{flag.name}=10s`, which is the default.")


def _of_number(server: ApiServer, flag: Flag, number: int) -> Iterator[Hit]:
    if flag.name.endswith("-truncate-max-event-size") and 0 < number < _LEAST_EVENT and _truncates(server, flag):
        size = "1 byte" if number == 1 else f"{number} bytes"
        message = f"--{flag.name} counts bytes: an event of more than {size} loses its bodies, and when it is still "
        message += "larger, as every event is, it is dropped."
        yield Hit(flag.value_place, message, help=f"Write `--{flag.name}=102400`; these are bytes.")
    elif flag.name.endswith(("-batch-max-size", "-batch-buffer-size")) and number >= _MOST_EVENTS:
        message = f"--{flag.name} counts events, not bytes: {number:,} of them are kept in memory."
        default = 400 if flag.name.endswith("-batch-max-size") else 10000
        yield Hit(flag.value_place, message, help=f"Write `--{flag.name}={default}`; these are events.")
    elif flag.name == "audit-log-maxsize" and _MOST_MEGABYTES <= number < NEVER_ROTATED:
        message = (
            f"--{flag.name} counts megabytes: with {number:,} the log is one file of {number // 1000:,} GB before "
        )
        message += "it is rotated, which no disk holds."
        yield Hit(flag.value_place, message, help=f"Write `--{flag.name}=100`; these are megabytes.")


def _truncates(server: ApiServer, flag: Flag) -> bool:
    """Whether events are truncated at all, or a part of the settings does not show it."""
    switch = server.value(flag.name.replace("max-event-size", "enabled"))
    return switch == "true" or (server.partial and switch is None)
