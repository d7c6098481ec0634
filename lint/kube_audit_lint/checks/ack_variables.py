"""The four variables that make Logtail collect the audit log of an ACK registered cluster."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._ack import PREFIX, SUFFIXES, LogVariable, log_variables
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import is_unknown

SUBJECT = "server"
PARAMS: dict[str, Any] = {
    "type": "object",
    "properties": {"required": {"type": "boolean", "description": "also report that there is no such variable at all"}},
    "additionalProperties": False,
}

_VALUES = {"_tags": "audit=apiserver", "_product": "k8s-audit", "_jsonfile": "true"}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit when a variable is missing, belongs to another cluster, or has another value."""
    server = subject.server
    found = log_variables(server)
    if not found:
        # Other forms make the container themselves: what variables it gets is not in their files.
        if params.get("required") and server.is_pod and not server.partial:
            message = f"No {PREFIX}<cluster id> variable is set: Logtail does not collect the audit log."
            yield Hit(server.place, message)
        return
    usual = _usual(found)
    for one in found:
        if one.cluster != usual.cluster:
            yield _stranger(one, usual)
        elif one.suffix in _VALUES:
            yield from _value(one, _VALUES[one.suffix])
    if not server.partial:
        yield from _missing(found, usual)


def _usual(found: list[LogVariable]) -> LogVariable:
    """A variable of the cluster that most of them name; of two as good the one that gives the path."""
    clusters = [one.cluster for one in found]
    return max(found, key=lambda one: (clusters.count(one.cluster), one.suffix == ""))


def _stranger(one: LogVariable, usual: LogVariable) -> Hit:
    message = (
        f"This variable is for the cluster `{one.cluster}`, the others are for `{usual.cluster}`: "
        "Logtail takes them for two configurations, and neither is complete."
    )
    related = (Related(usual.variable.name.place, "the other cluster"),)
    name = f"{PREFIX}{usual.cluster}{one.suffix}"
    return Hit(one.variable.name.place, message, related, help=f"Write `{name}`.")


def _missing(found: list[LogVariable], usual: LogVariable) -> Iterator[Hit]:
    there = {one.suffix for one in found}
    missing = [f"{PREFIX}{usual.cluster}{suffix}" for suffix in SUFFIXES if suffix not in there]
    if missing:
        names = " and ".join(f"`{name}`" for name in missing)
        verb = "is" if len(missing) == 1 else "are"
        message = f"{names} {verb} missing: Logtail does not take the log for an audit log without."
        values = ", ".join(f"`{_VALUES[suffix]}`" for suffix in SUFFIXES if suffix in _VALUES and suffix not in there)
        help = f"Add {names}" + (f" with the value {values}." if values else " with the path of the log.")
        yield Hit(usual.variable.name.place, message, help=help)


def _value(one: LogVariable, wanted: str) -> Iterator[Hit]:
    value = one.variable.value
    if value is None or is_unknown(value.text):
        return
    if value.text != wanted:
        message = f"`{one.variable.name.text}` is `{value.text}`, but Logtail expects `{wanted}`."
        yield Hit(value.place, message, help=f"Write `value: {_quoted(wanted)}`.")
    elif wanted == "true" and not _is_quoted(value):
        message = (
            "A variable's value must be a string, and true without quotes is a boolean. The pod is refused: "
            "json: cannot unmarshal bool into Go struct field EnvVar.value of type string"
        )
        yield Hit(value.place, message, help='Write `value: "true"`.')


def _quoted(text: str) -> str:
    return f'"{text}"' if text == "true" else text


def _is_quoted(value: Value) -> bool:
    at = value.place.start
    return at > 0 and value.place.source.text[at - 1] in "'\""
