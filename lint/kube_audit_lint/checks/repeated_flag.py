"""The same flag twice: the last one wins (spf13/pflag sets the value again)."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes import flags
from kube_audit_lint.model.finding import Related
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit for every occurrence of an audit flag that a later one replaces."""
    server = subject.server
    for flag in server.flags:
        last = server.flag(flag.name)
        if last is None or last is flag or flags.spec(flag.name) is None:
            continue
        related = (Related(last.place, "this one counts"),)
        if last.value == flag.value:
            message = f"--{flag.name} is given twice, with the same value."
            yield Hit(flag.place, message, related, severity="info", help="Remove one of them.")
        else:
            value = "nothing" if last.value is None else f"`{last.value}`" if last.value else "empty"
            message = f"--{flag.name} is given again later, and the last one wins: it is {value}, not this."
            yield Hit(flag.place, message, related)
