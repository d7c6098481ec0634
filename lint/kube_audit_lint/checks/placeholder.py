"""A placeholder of some instruction or template left in an audit setting."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._ack import log_variables
from kube_audit_lint.checks._server import placeholders
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes import flags
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
_RELATED = 20
"""So many further occurrences are shown: one argument may hold thousands."""
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit for every placeholder, at its first occurrence."""
    found: dict[str, list[Place]] = {}
    for text, place in _settings(subject.server):
        kept: dict[str, bool] = {}
        for match in placeholders(place.text):
            if match[0] not in kept:
                kept[match[0]] = match[0] in text
            if kept[match[0]]:
                part = Place(place.source, place.start + match.start(), place.start + match.end())
                found.setdefault(match[0], []).append(part)
    for text, places in found.items():
        message = f"`{text}` is a placeholder: nothing fills it in, and kube-apiserver gets it as it is written."
        if text.startswith("$("):
            message = f"`{text}` names a variable that the container does not have: kube-apiserver gets it as it is."
        related = tuple(Related(place, "here too") for place in places[1 : _RELATED + 1])
        yield Hit(places[0], message, related)


def _settings(server: ApiServer) -> Iterator[tuple[str, Place]]:
    """The values of audit flags, and the variables of audit collection, as the container gets them."""
    for flag in server.flags:
        if flag.value and flags.spec(flag.name) is not None:
            yield flag.value, flag.value_place
    for one in log_variables(server):
        name, value = one.variable.name, one.variable.value
        yield name.text, name.place
        if value is not None:
            yield value.text, value.place
