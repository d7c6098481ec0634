"""The characters that YAML 1.1 gives a meaning, as pieces of regular expressions, and syntax errors.

A scanned text ends in NULs, so that looking ahead needs no bounds; NUL itself is never allowed in YAML.
"""

from __future__ import annotations

import re
from functools import cache

WIDE_BREAKS = "\x85\u2028\u2029"
BREAKS = "\r\n" + WIDE_BREAKS
BREAK = "(?:\r\n|[\r\n\x85\u2028\u2029])"
ENDS = BREAKS + "\0"
BLANK_OR_END = frozenset(" \t\0" + BREAKS)
COMMENT = rf"[ \t]*(?:#[^{ENDS}]*)?"
END = "\0\0\0\0"
MARK = "\ufeff"


class YamlError(Exception):
    """What breaks a text, in go-yaml's words, and where.

    `opened` is where the construct begins that was never closed. The parser counts lines from 0
    and the scanner from 1, as go-yaml does: `parser` is whether it is an error of the parser. `stop` is where the place
    ends, of an error that go-yaml names no line for.
    """

    def __init__(
        self, message: str, at: int, opened: int | None = None, parser: bool = False, stop: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.opened = opened
        self.parser = parser
        self.stop = stop


@cache
def compiled(pattern: str, ascii: bool) -> re.Pattern[str]:
    """A pattern of line ends (ENDS); Python takes long to compile sets with the Unicode ones, which ASCII has not."""
    return re.compile(pattern.replace(WIDE_BREAKS, "") if ascii else pattern)


def break_end(text: str, at: int) -> int:
    """Where a line break ends that begins at `at`; `at` where there is none."""
    if text[at] not in BREAKS:
        return at
    return at + 2 if text.startswith("\r\n", at) else at + 1


def normal_break(text: str) -> str:
    """A line break as go-yaml keeps it: the Unicode separators stay, all others become a newline."""
    return text if text in "\u2028\u2029" else "\n"


def document_mark(text: str, at: int) -> bool:
    """Whether `---` or `...` is alone at the start of a line that begins at `at`."""
    return text[at : at + 3] in ("---", "...") and text[at + 3] in BLANK_OR_END
