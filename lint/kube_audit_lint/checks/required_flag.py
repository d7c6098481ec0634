"""A flag that has to be set."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import is_set
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kube_audit_lint.checks._names import Problem

SUBJECT = "server"

_NAMES = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}

PARAMS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "any-of": {**_NAMES, "minItems": 1, "description": "flags of which one has to be set"},
        "when": {**_NAMES, "description": "only where one of these is set"},
        "unless": {**_NAMES, "description": "not where one of these is set"},
        "idle": {**_NAMES, "description": "flags that do nothing meanwhile"},
        "consequence": {"type": "string", "description": "what happens without it"},
    },
    "required": ["any-of", "consequence"],
    "additionalProperties": False,
}


def problems(params: Params) -> Iterator[Problem]:
    """Flags that there are not, and those that are to be set where the rule counts only without them."""
    from kube_audit_lint.checks._names import of_flags

    for key in ("any-of", "when", "unless", "idle"):
        yield from of_flags(params.get(key, ()), (key,))
    for number, name in enumerate(params.get("unless", ())):
        if name in params["any-of"]:
            yield ("unless", number), f"{name} is one of any-of: such a rule finds nothing"


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """Reports that none of the flags is set; nothing where the file shows only a part of the settings.

    What holds for each server whose file sets nothing of auditing is reported once a run.
    """
    server = subject.server
    names = params["any-of"]
    if server.partial or server.flags_fixed or any(is_set(server, name) for name in names):
        return
    if any(is_set(server, name) for name in params.get("unless", ())):
        return
    if params.get("when") and not any(is_set(server, name) for name in params["when"]):
        return
    flags = [flag for name in names if (flag := server.flag(name))]
    empty = flags[-1] if flags else None
    if empty is not None:
        message = f"--{empty.name} is empty, which is the same as not set."
    elif len(names) == 1:
        message = f"--{names[0]} is not set."
    else:
        message = f"None of {', '.join(f'--{name}' for name in names)} is set."
    place = empty.place if empty is not None else server.place
    idle = _idle(server, params.get("idle", ()))
    yield Hit(place, f"{message} {params['consequence']}", idle, once=not server.audited)


def _idle(server: ApiServer, names: list[str]) -> tuple[Related, ...]:
    flags = [server.flag(name) for name in names if is_set(server, name)]
    return tuple(Related(flag.place, "has no effect meanwhile") for flag in flags if flag is not None)
