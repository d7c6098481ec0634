"""Audit flags that the version does not have yet or any more. kube-apiserver does not start with them.

The feature gates of auditing count as well: an unknown gate stops the start too. Sources:
pkg/server/options/audit.go and pkg/features/kube_features.go of k8s.io/apiserver.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import name_place, only, span, who
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes import flags
from kube_audit_lint.model.server import Flag
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import Any

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

_GATES: dict[str, tuple[int, int | None]] = {"AdvancedAuditing": (7, 27), "DynamicAuditing": (13, 18)}
"""Feature gates of auditing with the first and the last minor that has them."""


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit for every audit flag and gate that some of the versions do not have."""
    versions = subject.versions
    for flag in subject.server.flags:
        spec = flags.spec(flag.name) if flag.name.startswith("audit") else None
        if spec is not None:
            help = f"Use --{spec.replacement}." if spec.replacement else ""
            what = f"unknown flag: --{flag.name}"
            yield from _hits(name_place(flag), what, (spec.since, spec.until), versions, help)
        elif flag.name == "feature-gates" and flag.value:
            yield from _gates(flag, flag.value, versions)


def _gates(flag: Flag, value: str, versions: Versions) -> Iterator[Hit]:
    for setting in value.split(","):
        gate = setting.partition("=")[0].strip()
        if gate in _GATES:
            place, what = _inside(flag.value_place, setting), f"unrecognized feature gate: {gate}"
            yield from _hits(place, what, _GATES[gate], versions, f"Remove `{setting}`.")


def _hits(place: Place, what: str, known: tuple[int, int | None], versions: Versions, help: str) -> Iterator[Hit]:
    first, last = known
    part = span(versions, lambda minor: minor < first or (last is not None and minor > last))
    if part is not None:
        had = f"since 1.{first}" if last is None else f"1.{first} to 1.{last} only"
        message = f"{who(part, versions)} does not start: {what} ({had})"
        yield Hit(place, message, versions=only(part, versions), help=help)


def _inside(place: Place, part: str) -> Place:
    at = place.text.find(part)
    return place if at < 0 else Place(place.source, place.start + at, place.start + at + len(part))
