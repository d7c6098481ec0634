"""The kind `flag`: a flag of kube-apiserver is set, spelt right, or removed, in the keys of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kube_audit_lint.fixes import Claim, Edit, Fix, NotEditable, Target
from kube_audit_lint.fixes._settings import with_flag, without_flag
from kube_audit_lint.kubernetes.meant_flags import meant
from kube_audit_lint.model.server import Flag

PARAMS: dict[str, Any] = {
    "type": "object",
    "required": ["what"],
    "additionalProperties": False,
    "properties": {
        "what": {
            "enum": ["least", "value", "name", "repeated"],
            "description": "The least value that is asked for is written, the value or name that was meant, or the "
            "occurrence that does not count taken out.",
        }
    },
}

_UNITS = {"audit-log-maxage": ("d", "day", "days"), "audit-log-maxsize": ("m", "mb", "mi", "mib")}
"""Units that say what the number means without them."""


def fixes(target: Target) -> Iterator[Fix]:
    """The flag as it is to be."""
    yield from _WHAT[target.params["what"]](target)


def _claim(*names: str) -> Claim:
    return Claim(settings=frozenset(("flag", name) for name in names))


def _least(target: Target) -> Iterator[Fix]:
    name, value = target.checked["flag"], str(target.checked["at-least"])
    server = target.server.server
    flag = server.flag(name)
    if flag is None:
        for edits in with_flag(target, name, value):
            yield Fix(edits, f"Add --{name}={value}", _claim(name))
    else:
        yield Fix((_with_value(target, flag, value),), f"Write --{name}={value}", _claim(name))


def _with_value(target: Target, flag: Flag, value: str) -> Edit:
    """Another value in place of a flag's."""
    place = flag.value_place
    if place.source is not target.source or flag.value is None or place.text != flag.value:
        raise NotEditable("the value is not written in this file as it is read")
    return Edit(place.start, place.end, value)


def _flag_at(target: Target) -> Flag | None:
    """The flag that the finding is about."""
    place = target.finding.place
    for flag in target.server.server.flags:
        for own in (flag.value_place, flag.place):
            if own.source is place.source and own.start <= place.start and place.end <= own.end:
                return flag
    return None


def _value(target: Target) -> Iterator[Fix]:
    advice, flag = target.finding.advice, _flag_at(target)
    if advice is None or flag is None:
        return
    (value,) = advice.values
    old = (flag.value or "").strip()
    unit = re.sub(r"\A[\"']?[\d\s]+", "", old).strip(" \"'").lower()
    kept = not old[:1].isdigit() or not value.isdigit() or unit in ("", *_UNITS.get(flag.name, ()))
    yield Fix((_with_value(target, flag, value),), f"Write --{flag.name}={value}", _claim(flag.name), kept)


def _name(target: Target) -> Iterator[Fix]:
    flag, server = _flag_at(target), target.server.server
    near = meant(flag.name) if flag is not None else None
    if flag is None or near is None or server.flag(near) is not None or " " in flag.name.strip():
        return
    place = target.finding.place
    if place.text != flag.written:
        raise NotEditable("the name is not written in this file as it is read")
    dashes = "--" if _is_word(flag) else ""
    yield Fix((Edit(place.start, place.end, dashes + near),), f"Write --{near}", _claim(flag.name, near))


def _is_word(flag: Flag) -> bool:
    """Whether the flag is a word of a command, and no key."""
    return flag.argument or flag.written.startswith("-")


def _repeated(target: Target) -> Iterator[Fix]:
    server = target.server.server
    flag = next((one for one in server.flags if one.place == target.finding.place), None)
    if flag is None:
        return
    last = server.flag(flag.name)
    same = last is not None and last.value == flag.value
    yield Fix((without_flag(target, flag),), f"Remove this --{flag.name}", _claim(flag.name), same)


_WHAT = {"least": _least, "value": _value, "name": _name, "repeated": _repeated}
