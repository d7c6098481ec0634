"""Where the characters of a text that lies inside a file stand in that file."""

from __future__ import annotations


class OffsetMap:
    """The map of a text that is the file itself."""

    __slots__ = ()

    def outer(self, offset: int) -> int:
        """The offset in the file of the character at `offset`, or of the text's end."""
        return offset

    def outer_end(self, offset: int) -> int:
        """The offset in the file just behind the character before `offset`."""
        return offset
