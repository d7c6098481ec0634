"""Flags out of a program's arguments, as kube-apiserver reads them. Every form ends here.

Sources: spf13/pflag `FlagSet.parseArgs`, `parseLongArg` and `parseSingleShortArg` (an unknown single-dash
word is a cluster of shorthands, and an error); k8s.io/component-base `cli/flag.WordSepNormalizeFunc`
(`_` is `-` in names); cobra's default of flags that may follow other words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kube_audit_lint.kubernetes.flags import is_boolean, spec, takes_value
from kube_audit_lint.model.server import Flag
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.source import Place

_DASHES = "[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]"
_BEFORE_NAME = rf"\A(?:[-\s'\"\u2018-\u201f\u200b-\u200d\u2060\ufeff]|{_DASHES})+"

_BOOLEANS = ("true", "false", "1", "0", "t", "f")

Part = Callable[[Value, int, int], "Place | None"]
"""Gives the place of a part of a value's text, from an offset to another; None when it cannot tell."""


def flags_of(arguments: Sequence[Value], part: Part = lambda value, start, end: None) -> tuple[Flag, ...]:
    """The flags among a program's arguments, in order.

    A word that pflag does not accept as a flag (`-audit-log-maxage=1`, `---x`) keeps dashes in its name,
    so that no rule takes it for the flag it looks like; so does one that only looks like a flag of auditing, for it
    begins with a dash of a word processor (an en dash), an invisible space, or nothing. The arguments of
    flags that are not known here are guessed: a following word that does not start with `-` is the value.
    """
    flags: list[Flag] = []
    at = 0
    while at < len(arguments):
        word = arguments[at]
        at += 1
        if word.text == "--":
            break
        if len(word.text) > 1 and word.text[0] == "-":
            follows = arguments[at] if at < len(arguments) else None
            flag, used = _flag(word, follows, part)
            flags.append(flag)
            at += used
            if (
                follows is not None
                and follows.text.lower() in _BOOLEANS
                and is_boolean(flag.name)
                and "=" not in word.text
            ):
                flags.append(_meant_as_value(flag, follows, part))
        elif "audit" in word.text and (found := _argument(word, part)) is not None:
            flags.append(found)
    return tuple(flags)


def _meant_as_value(flag: Flag, word: Value, part: Part) -> Flag:
    """What is meant as the value of a flag that takes none from the next word, and is an argument to pflag."""
    place = _whole(word, part)
    return Flag(f" {flag.name} {word.text}", word.text, None, place, place, argument=True)


def _argument(word: Value, part: Part) -> Flag | None:
    """What is meant as a flag of auditing, and is none to pflag: an argument."""
    head, equals, text = word.text.partition("=")
    bare = re.sub(_BEFORE_NAME, "", head)
    name = re.sub(_DASHES, "-", bare).replace("_", "-")
    if spec(name) is None and not (equals and name.startswith("audit-") and bare != head):
        return None
    place = _whole(word, part)
    value_place = part(word, len(head) + 1, len(word.text)) or _after_equals(place, head) if equals else place
    return Flag(f" {head}", head, text if equals else None, place, value_place, argument=True)


def setting(name: Value, value: Value | None) -> Flag:
    """A flag that a form writes as a key with its value (`extraArgs`); without dashes in front."""
    whole = name.place if value is None else _join(name.place, value.place)
    text = None if value is None else value.text
    return Flag(_normal(name.text), name.text, text, whole, _inner(value or name))


def _flag(word: Value, follows: Value | None, part: Part) -> tuple[Flag, int]:
    """The flag in a word, and how many of the following words are its value."""
    head, equals, text = word.text.partition("=")
    name = _name(head)
    place = _whole(word, part)
    if equals:
        value_place = part(word, len(head) + 1, len(word.text)) or _after_equals(place, head)
        return Flag(name, head, text, place, value_place), 0
    if is_boolean(name):
        return Flag(name, head, "true", place, place), 0
    guessed = not takes_value(name) and name != "v"
    if follows is None or (guessed and (name.startswith("-") or follows.text.startswith("-"))):
        return Flag(name, head, None, place, place), 0
    return Flag(name, head, follows.text, place, _whole(follows, part)), 1


def _whole(value: Value, part: Part) -> Place:
    return part(value, 0, len(value.text)) or _inner(value)


def _name(head: str) -> str:
    if head == "-v":  # the only shorthand of kube-apiserver besides -h
        return "v"
    if head.startswith("--") and head[2:3] not in ("-", ""):
        return _normal(head[2:])
    return head


def _normal(name: str) -> str:
    return name.replace("_", "-")


def _inner(value: Value) -> Place:
    """Where a value is, without the quotes around it."""
    raw = value.place.text
    if len(raw) > 1 and raw[0] in "'\"" and raw[-1] == raw[0]:
        return Place(value.place.source, value.place.start + 1, value.place.end - 1)
    return value.place


def _after_equals(place: Place, head: str) -> Place:
    """Where the value is in a word that is written as it reads, or with quotes in it; else the word."""
    at = place.text.find("=")
    if at < 0 or not place.text.startswith(head[:1]):
        return place
    rest = Place(place.source, place.start + at + 1, place.end)
    return _inner(Value("", rest))


def _join(first: Place, second: Place) -> Place:
    """From one place to the end of another when both are on one line in this order; else the first."""
    between = first.source.text[first.end : second.start]
    if first.source is second.source and first.end <= second.start and "\n" not in between:
        return Place(first.source, first.start, second.end)
    return first
