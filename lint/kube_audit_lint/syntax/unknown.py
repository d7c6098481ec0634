"""Values that a template decides: what stands where `{{ name }}` or `${name}` stood.

A template is read with each placeholder replaced by a run of one private character of the same
length, so that offsets stay true. No rule reports on a value that is unknown. What comes from outside,
by whatever encoding or escape, goes through `from_outside`: no input holds the character itself.
"""

from __future__ import annotations

UNKNOWN = "\ue000"
_INSTEAD = "\ufffd"
"""Of the same length in characters and in UTF-8, so that offsets of both kinds stay true."""


def from_outside(text: str) -> str:
    """The text of a file, or what an escape in it stands for, with nothing in it that looks like a placeholder."""
    return text.replace(UNKNOWN, _INSTEAD)


def is_unknown(text: str) -> bool:
    """Whether any part of the value is not known before a template is filled."""
    return UNKNOWN in text
