"""Values that a template decides: what is where `{{ name }}` or `${name}` stood.

A template is read with each placeholder replaced by a run of one private character of the same
length, so that offsets stay true. No rule reports on a value that is unknown. What comes from outside,
by any encoding or escape, goes through `from_outside`: no input holds the character itself.
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


_MOST_FILLED = 131_072
"""So many characters variables may add to a file's commands: Linux starts nothing with a longer argument
(MAX_ARG_STRLEN in include/uapi/linux/binfmts.h), and a few lines could need gigabytes of them."""


class Room:
    """What the variables of one file may still add to its commands; what goes beyond is unknown."""

    def __init__(self) -> None:
        self.left = _MOST_FILLED

    def holds(self, characters: int) -> bool:
        """Whether so many more fit."""
        self.left -= characters
        return self.left >= 0
