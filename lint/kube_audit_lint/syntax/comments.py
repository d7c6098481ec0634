"""Where the comments of a YAML text are: for suppressions, and so loaded only when one is likely."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.syntax.chars import BREAK, ENDS, YamlError
from kube_audit_lint.syntax.nodes import BLOCK
from kube_audit_lint.syntax.scanner import SCALAR, STREAM_END, Scanner, Token

_COMMENT = re.compile(rf"#[^{ENDS}]*")
_WHOLE_LINE = re.compile(rf"(?:\A|{BREAK})[ \t]*(#[^{ENDS}]*)")
_BLOCK_HEADER = re.compile(rf"[|>][0-9+-]*[ \t]*(#[^{ENDS}]*)?")


def comments(text: str) -> list[tuple[int, int]]:
    """The start and end of every comment; `#` in scalars is none.

    Behind a mistake that makes the text unreadable only comments that have a line of their own are known.
    """
    text = text.replace("\0", " ")
    found: list[tuple[int, int]] = []
    passed = 0
    try:
        for token in _tokens(text):
            kind, start, end, _, style = token
            found += [match.span() for match in _COMMENT.finditer(text, passed, max(start, passed))]
            passed = max(passed, end)
            if kind == SCALAR and style == BLOCK:
                header = _BLOCK_HEADER.match(text, start)
                if header and header[1]:
                    found.append(header.span(1))
    except YamlError as error:
        found += [match.span(1) for match in _WHOLE_LINE.finditer(text, max(passed, error.opened or 0))]
    return found


def _tokens(text: str) -> Iterator[Token]:
    scanner = Scanner(text)
    while True:
        token = scanner.peek()
        yield token
        if token[0] == STREAM_END:
            return
        scanner.skip()
