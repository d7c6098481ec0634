"""Audit flags that kube-apiserver does not have in any version. It does not start with them.

Source: spf13/pflag's errors `unknown flag`, `unknown shorthand flag` and `bad flag syntax`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import name_place
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes import flags
from kube_audit_lint.model.server import Flag
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import is_unknown

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit for every flag that is meant as an audit flag and is none."""
    for flag in subject.server.flags:
        if flags.spec(flag.name) is not None or is_unknown(flag.name):
            continue
        from kube_audit_lint.kubernetes.meant_flags import is_about_auditing, meant

        if is_about_auditing(flag.name):
            error, help = _error(flag), _help(flag.name, meant(flag.name))
            yield Hit(name_place(flag), f"kube-apiserver does not start: {error}", help=help)


def _error(flag: Flag) -> str:
    if not flag.name.startswith("-"):
        return f"unknown flag: --{flag.name}"
    together = flag.value is not None and flag.value_place.start < flag.place.end
    whole = f"{flag.written}={flag.value}" if together else flag.written
    if flag.written.startswith("--"):
        return f"bad flag syntax: {whole}"
    return f"unknown shorthand flag: '{flag.written[1:2]}' in {whole}"


def _help(name: str, near: str | None) -> str:
    _, space, value = name.strip("- ").partition(" ")
    if near and space and value.strip():
        return f"Write `--{near}={value.strip()}`, or the value as an argument of its own."
    if near:
        return f"Write `--{near}`."
    return "Remove it, or look it up in `kube-apiserver --help`."
