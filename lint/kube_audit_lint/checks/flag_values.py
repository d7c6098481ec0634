"""Values that kube-apiserver refuses. It does not start with them."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import is_placeholder, only, place_of_value, span, who
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes import flags
from kube_audit_lint.kubernetes.flags import FlagSpec
from kube_audit_lint.model.advice import Advice
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import is_unknown

SUBJECT = "server"
_PATHS = (flags.POLICY_FILE, *flags.SWITCHES.values())
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit for every value that cannot be read, and for those that validation refuses."""
    server, versions = subject.server, subject.versions
    unread: set[str] = set()
    for flag in server.flags:
        spec = flags.spec(flag.name) if flag.name.startswith("audit") else None
        if spec is None or _is_open(flag.value or ""):
            continue
        hit = _unreadable(flag, spec, versions)
        if hit is not None:
            unread.add(flag.name)
            yield hit
    yield from _refused(server, versions, unread)


def _unreadable(flag: Flag, spec: FlagSpec, versions: Versions) -> Hit | None:
    """Every occurrence is parsed, so one that a later one replaces stops the server all the same."""
    if flag.value is None:
        part, error = span(versions, spec.exists), f"flag needs an argument: --{flag.name}"
    else:
        text = flag.value
        part = span(versions, lambda minor: spec.exists(minor) and bool(flags.parse_value(spec, text, minor)))
        error = (flags.parse_value(spec, text, part.last) or "") if part else ""
    if part is None:
        return None
    help = _help_unreadable(flag, spec)
    return Hit(flag.value_place, _message(part, versions, error), versions=only(part, versions), help=help)


def _is_open(text: str) -> bool:
    """Whether a template or a user has yet to write the value."""
    return is_unknown(text) or is_placeholder(text)


def _message(part: Versions, checked: Versions, error: str) -> str:
    return f"{who(part, checked)} does not start: {error}"


def _refused(server: ApiServer, versions: Versions, unread: set[str]) -> Iterator[Hit]:
    values = _values(server)
    if all(_is_harmless(name, text) for name, text in values.items()):
        return
    minors: dict[tuple[str, str], list[int]] = {}
    for minor in range(versions.first, versions.last + 1):
        for name, message in flags.validate(values, minor, dynamic_auditing=_dynamic_auditing(server)):
            minors.setdefault((name, message), []).append(minor)
    reported: set[str] = set(unread)
    for (name, message), where in minors.items():
        if name in reported or server.flag(name) is None or _is_open(server.value(name) or ""):
            continue
        reported.add(name)
        part = Versions(where[0], where[-1])
        yield Hit(
            place_of_value(server, name),
            _message(part, versions, message),
            versions=only(part, versions),
            help=_help_refused(server, name, part),
        )


def _is_harmless(name: str, text: str) -> bool:
    """Whether no version can have anything against a value: it is no audit flag's, a path or a plain number."""
    if not name.startswith("audit-") or name in _PATHS:
        return True
    return name.startswith("audit-log-max") and text.isdigit()


def _values(server: ApiServer) -> dict[str, str]:
    """The values that count. What a part does not show or a template decides: the backends are on."""
    values = {name: text for name, text in server.defaults.items() if not is_unknown(text)}
    for flag in server.flags:
        values.pop(flag.name, None)
        if flag.value is not None and not is_unknown(flag.value):
            values[flag.name] = flag.value
    for switch in flags.SWITCHES.values():
        unknown = is_unknown(server.value(switch) or "")
        if unknown or (server.partial and server.flag(switch) is None):
            values.setdefault(switch, "/unknown")
    return values


def _dynamic_auditing(server: ApiServer) -> bool:
    """Whether the gate of --audit-dynamic-configuration is on, or may be."""
    gates = server.value("feature-gates") or ""
    return server.partial or is_unknown(gates) or "DynamicAuditing=true" in gates or "AllAlpha=true" in gates


def _help_unreadable(flag: Flag, spec: FlagSpec) -> str | Advice:
    text = (flag.value or "").strip()
    if spec.type in ("int", "int64"):
        digits = text.rstrip("dDhHmMgGkKiIbB ").strip("\"'")
        if digits.isdigit():
            cause = "The quotes are a part of the value here. " if text[:1] in ("'", '"') else ""
            return _value(flag.name, digits, f"{cause}Write the number alone: ")
        return f"Write a whole number, such as `--{flag.name}={_example(spec)}`."
    if spec.type == "duration":
        unit = f"{text}s" if text.isdigit() else "30s"
        return _value(flag.name, unit, "Write the unit: ")
    if spec.type == "bool":
        return f"Write `--{flag.name}=true` or `--{flag.name}=false`."
    return f"Give --{flag.name} a value."


def _example(spec: FlagSpec) -> int:
    return {"audit-log-maxage": 30, "audit-log-maxbackup": 10}.get(spec.name, 100)


def _value(name: str, value: str, how: str = "Write ") -> Advice:
    return Advice("write", f"{how}`--{name}={value}`", field=name, values=(value,))


def _help_refused(server: ApiServer, name: str, part: Versions) -> str | Advice:
    from kube_audit_lint.kubernetes.spelling import nearest

    allowed = flags.allowed(name, part.last)
    if allowed:
        near = nearest(server.value(name) or "", allowed) or (allowed[0] if len(allowed) == 1 else None)
        if near:
            return _value(name, near)
        return f"Write one of {', '.join(f'`{value}`' for value in allowed)}."
    return ""
