"""Texts with `@name@` for values, and lines of nothing else for blocks."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BLOCK = re.compile(r"([ ]*)@([\w-]+)@\Z")
_VALUE = re.compile(r"@([\w-]+)@")


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its values.

    A line of nothing but a name becomes the lines of the value, each moved in as far as the name stood, and none
    where the value is empty.
    """
    lines: list[str] = []
    for line in text.splitlines():
        block = _BLOCK.match(line)
        if block is None:
            lines.append(_VALUE.sub(lambda found: values[found[1]], line))
        else:
            moved = filled(values[block[2]], values) if "@" in values[block[2]] else values[block[2]]
            lines += [f"{block[1]}{one}" if one else "" for one in moved.splitlines()]
    return "\n".join(lines) + ("\n" if lines else "")
