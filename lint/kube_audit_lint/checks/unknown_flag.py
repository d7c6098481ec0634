"""Audit flags that kube-apiserver does not have in any version. It does not start with them.

Source: spf13/pflag's errors `unknown flag`, `unknown shorthand flag` and `bad flag syntax`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import name_of, name_place
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes import flags
from kube_audit_lint.model.server import Flag
from kube_audit_lint.syntax.typed import Any
from kube_audit_lint.syntax.unknown import is_unknown

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

_REFUSES_ARGUMENTS = 19


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """One hit for every flag that is meant as an audit flag and is none."""
    for flag in subject.server.flags:
        if flags.spec(flag.name) is not None or is_unknown(flag.name):
            continue
        from kube_audit_lint.kubernetes.meant_flags import is_about_auditing, meant

        if is_about_auditing(flag.name):
            help = _help(flag, meant(flag.name))
            if flag.argument:
                yield _argument(subject, flag, help)
            else:
                yield Hit(name_place(flag), f"kube-apiserver does not start: {_error(flag)}", help=help)


def _argument(subject: ServerSubject, flag: Flag, help: str) -> Hit:
    """That a word is no flag. Source: `Args` of cmd/kube-apiserver/app/server.go, from 1.19 on."""
    whole = flag.written if flag.value is None else f"{flag.written}={flag.value}"
    if subject.versions.last < _REFUSES_ARGUMENTS:
        message = f"`{whole}` does not begin with `--`: kube-apiserver passes over it, and the flag is not set."
    else:
        shown = "".join(char if char.isprintable() and char not in '"\\' else _escaped(char) for char in whole)
        message = f'kube-apiserver does not start: "kube-apiserver" does not take any arguments, got ["{shown}"]'
    return Hit(name_place(flag), message, help=help)


def _escaped(char: str) -> str:
    """A character as Go's `%q` shows it."""
    return f"\\{char}" if char in '"\\' else f"\\u{ord(char):04x}"


def _error(flag: Flag) -> str:
    if not flag.name.startswith("-"):
        return f"unknown flag: --{flag.name}"
    together = flag.value is not None and flag.value_place.start < flag.place.end
    whole = f"{flag.written}={flag.value}" if together else flag.written
    if flag.written.startswith("--"):
        return f"bad flag syntax: {whole}"
    first = chr(flag.written[1:2].encode("utf-8", "replace")[0])  # pflag shows one byte
    return f"unknown shorthand flag: '{first}' in {whole}"


def _help(flag: Flag, near: str | None) -> str:
    _, space, value = flag.name.strip("- ").partition(" ")
    if near and space and value.strip():
        own = "" if flag.argument else ", or the value as an argument of its own"
        return f"Write `--{near}={value.strip()}`{own}."
    if near:
        return f"Write `--{near}`{_foreign(flag.written)}."
    return f"Remove it, or look it up in `kube-apiserver --help`{_foreign(flag.written)}."


def _foreign(written: str) -> str:
    """What in a name is no ASCII, which may not be seen."""
    if written.isascii():
        return ", without the space" if written != written.strip() else ""
    names = dict.fromkeys(name_of(char) for char in written if not char.isascii())
    return f": the name holds {' and '.join(names)}, as word processors and web pages write it"
