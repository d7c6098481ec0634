"""What a caller gives: accepted where it is clear what is meant, else refused with a UsageError, never an accident."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from kube_audit_lint.errors import UsageError
from kube_audit_lint.model.version import Versions
from kube_audit_lint.pipeline.options import versions_of

T = TypeVar("T")


def text(value: object, name: str) -> str:
    """A text. Raises UsageError."""
    return instance(value, str, name, "a text")


def switch(value: object, name: str) -> bool:
    """True or False. Raises UsageError, for "no" would count as true."""
    return instance(value, bool, name, "True or False")


def instance(value: object, wanted: type[T], name: str, what: str) -> T:
    """A value of a type. Raises UsageError."""
    if not isinstance(value, wanted):
        raise UsageError(f"{name} must be {what}, not {_shown(value)}")
    return value


def mapping(value: object, name: str, what: str) -> Mapping[Any, Any]:
    """A mapping. Raises UsageError."""
    if not isinstance(value, Mapping):
        raise UsageError(f"{name} must be {what}, not {_shown(value)}")
    return value


def texts(value: object, name: str) -> tuple[str, ...]:
    """Several texts; one text is one of them, and not its letters. Raises UsageError."""
    given = [value] if isinstance(value, str) else several(value, name, "texts")
    return tuple(text(one, f"each of {name}") for one in given)


def several(value: object, name: str, what: str) -> Iterator[Any]:
    """The members of an iterable. Raises UsageError, also for one text or one mapping, which would be split."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise UsageError(f"{name} must be an iterable of {what}, not {_shown(value)}")
    return iter(value)


def path(value: object, name: str) -> str:
    """A path. Raises UsageError."""
    found = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(found, str) or not found or "\0" in found or not _encodable(found):
        raise UsageError(f"{name} must be a path, not {_shown(value)}")
    return found


def content(value: object, name: str) -> bytes:
    """The bytes of a file. Raises UsageError."""
    try:
        data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    except UnicodeEncodeError:
        raise UsageError(f"{name} holds half a surrogate pair: no file holds such a text") from None
    return instance(data, bytes, name, "a text or bytes")


def versions(value: object) -> Versions | None:
    """The versions that a text names; None for "" and None. Raises UsageError."""
    if value is not None and not isinstance(value, str):
        raise UsageError(f"versions are a text such as '1.30' (a number loses its last zero), not {_shown(value)}")
    return versions_of(value or None)


def _encodable(path: str) -> bool:
    """Whether the system has a name for it."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: object) -> str:
    """A value in a message: short, and on one line."""
    shown = repr(value) if isinstance(value, str | bytes | int | float | None) else type(value).__name__
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
