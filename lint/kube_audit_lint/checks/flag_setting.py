"""A flag that is set to a value that a user does not want."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import is_set, place_of_value
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.model.version import DEFAULT
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kube_audit_lint.checks._names import Problem

SUBJECT = "server"
PARAMS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "settings": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "description": "flag name to the values that are not wanted",
        },
        "when": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "flag name to a flag that must be set for it to matter",
        },
        "consequence": {"type": "string", "description": "what happens with it"},
    },
    "required": ["settings", "consequence"],
    "additionalProperties": False,
}


def problems(params: Params) -> Iterator[Problem]:
    """Flags that there are not, and values that a flag never has."""
    from kube_audit_lint.checks._names import of_flag
    from kube_audit_lint.kubernetes import flags

    for name, values in params["settings"].items():
        yield from ((("settings", name), message) for message in of_flag(name))
        spec = flags.spec(name)
        known = flags.allowed(name, DEFAULT.last) if spec is not None else None
        for number, value in enumerate(values):
            if known and value not in known:
                yield ("settings", name, number), f"--{name} is never {value}: it is one of {', '.join(known)}"
            elif spec is not None and (wrong := flags.parse_value(spec, value, DEFAULT.last)):
                yield ("settings", name, number), f"kube-apiserver does not start with this value: {wrong}"
    for name, switch in params.get("when", {}).items():
        for message in (*of_flag(name), *of_flag(switch)):
            yield ("when", name), message
        if name not in params["settings"]:
            yield ("when", name), f"is about no flag of settings: {', '.join(params['settings'])}"


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit when a flag has one of the values."""
    server = subject.server
    for name, unwanted in params["settings"].items():
        value = server.value(name)
        switch = params.get("when", {}).get(name)
        if value not in unwanted or (switch and not server.partial and not is_set(server, switch)):
            continue
        yield Hit(place_of_value(server, name), f"--{name} is `{value}`: {params['consequence']}")
