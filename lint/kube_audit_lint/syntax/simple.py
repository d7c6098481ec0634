"""The fast way to read YAML: line by line, for what nearly every policy is written in.

Block collections, scalars on one line, block scalars, flow collections of simple scalars. Whatever
else it meets (an anchor, a tag, a scalar over two lines, any mistake) raises `NotSimpleError`, and the
exact parser reads the text from its start. What it does accept it reads as the exact parser would.
"""

from __future__ import annotations

import re

from kube_audit_lint.syntax.chars import END, YamlError
from kube_audit_lint.syntax.tree import TreeBuilder

# Listed rather than excluded, and for ASCII alone where that will do: compiling classes of Unicode would take
# longer than reading a policy.
_UNUSUAL_ASCII = re.compile("[\0-\t\x0b-\x1f\x7f]")
_UNUSUAL = "[\0-\t\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"

# No group is repeated without limit: Python's engine would keep every round of it in memory.
_LINE = re.compile(
    r"( *)((?:- +){0,500})(-(?=[\n\0]))?"
    r"(?:([A-Za-z0-9_./$][A-Za-z0-9_./$-]{0,200}|\"[^\"\\\n\0]{0,200}\"|'[^'\n\0]{0,200}'):(?=[ \n\0]))? *"
)
_EMPTY = re.compile(r" *(?:#[^\n\0]*)?(?:\n|(?=\0))")
_TAIL = re.compile(r" *(?:(?<= )#[^\n\0]*)?(?:\n|(?=\0))")
_QUOTED = re.compile(r"\"[^\"\\\n\0]*\"|'[^'\n\0]*'(?!')")
_PLAIN_END = re.compile(r":(?=[ \n\0])|(?<= )#|[\n\0]")
_FLOW_PLAIN = re.compile(r"[A-Za-z0-9_/.$~(][^,\[\]{}?:# \n\0]*(?::[A-Za-z0-9_/][^,\[\]{}?:# \n\0]*){0,100}")
_FLOW_REST = re.compile(r" *(?:(?<=[ \n])#[^\n\0]*)?")
_NOT_PLAIN = frozenset("-?:,[]{}#&*!|>'\"%@` \n\0")
_MAX_DEPTH = 1000
_MAX_KEY = 200


def is_unusual(text: str) -> bool:
    """Whether a text holds characters that only the exact parser may judge."""
    found = _UNUSUAL_ASCII.search(text) if text.isascii() else re.search(_UNUSUAL, text)
    return found is not None


class NotSimpleError(Exception):
    """The text needs the exact parser."""


class SimpleReader:
    """Reads documents one by one into a tree builder, as `Parser` does.

    `lines` is the text with its line ends made newlines, at the same offsets.
    """

    def __init__(self, text: str, lines: str, builder: TreeBuilder) -> None:
        self.start = 0
        self._text = lines + END
        self._written = self._text if lines is text else text + END
        self._at = 0
        self._builder = builder
        # The open block collections: the columns of their entries, and which of them are sequences.
        self._columns: list[int] = []
        self._sequences: list[bool] = []
        # Where the value that is awaited stands if it turns out to be empty: behind `:` or `-`.
        self._awaited = -1

    def next_document(self) -> bool:
        """Read a document into the builder; False when the stream has ended."""
        builder, text = self._builder, self._text
        builder.reset()
        at = self._skip_empty(self._at)
        if text[at] == "\0":
            return False
        self.start = at
        if self._at_mark(at):
            builder.last_end = at + 3
            at = self._skip_empty(self._tail(at + 3))
        else:
            while text[self.start] == " ":
                self.start += 1
        self._at = self._lines(at)
        self._close(-1)
        return True

    def _lines(self, at: int) -> int:
        """Read lines up to the end of the document."""
        text, line = self._text, _LINE.match
        while text[at] != "\0":
            found = line(text, at)
            if found is None:
                raise NotSimpleError
            if found[2] or found[3]:
                at = self._items(at, found)
            elif found[4]:
                start = found.end(1)
                self._place(start - at, start, False)
                at = self._pair(found)
            elif text[found.end()] in "\n#\0":
                at = self._skip_empty(at)
            elif self._at_mark(at):
                return at
            else:
                at = self._lone_value(at, found.end())
        return at

    def _at_mark(self, at: int) -> bool:
        text = self._text
        return text.startswith("---", at) and text[at + 3] in " \n\0"

    def _skip_empty(self, at: int) -> int:
        """Pass empty lines and lines of comment."""
        text = self._text
        while text[at] in " #\n" and (found := _EMPTY.match(text, at)):
            at = found.end()
        return at

    def _tail(self, at: int) -> int:
        """The start of the next line; nothing but a comment may stand in this one."""
        found = _TAIL.match(self._text, at)
        if found is None:
            raise NotSimpleError
        return found.end()

    # Lines

    def _items(self, line: int, found: re.Match[str]) -> int:
        """A line that begins with dashes."""
        text = self._text
        at = found.end(1)
        self._place(at - line, at, True)
        self._awaited = at + 1
        for dash in range(at + 1, found.end(3) if found[3] else found.end(2)):
            if text[dash] == "-":
                self._open(dash - line, dash, True)
                self._awaited = dash + 1
        if not found[4]:
            return self._value(found.end())
        self._open(found.start(4) - line, found.start(4), False)
        return self._pair(found)

    def _pair(self, found: re.Match[str]) -> int:
        """A key, and what follows it on its line."""
        key = found[4]
        start, end = found.span(4)
        if key[0] in "\"'":
            self._builder.scalar(start, end, key[1:-1], False)
        else:
            self._builder.scalar(start, end, key, True)
        self._awaited = end + 1
        return self._value(found.end())

    def _lone_value(self, line: int, at: int) -> int:
        """A value on a line of its own, which belongs to the key or the dash above."""
        if self._awaited < 0 or at - line <= self._columns[-1]:
            raise NotSimpleError
        return self._value(at)

    def _value(self, at: int) -> int:
        """What follows a key or a dash, if anything does; the start of the next line."""
        text = self._text
        char = text[at]
        if char in "\n#\0":
            return self._tail(at)
        self._awaited = -1
        if char in "[{":
            return self._tail(self._flow(at))
        if char in "|>":
            return self._block_scalar(at)
        if char in "\"'":
            return self._tail(self._quoted(at))
        if char in _NOT_PLAIN and (char != "-" or text[at + 1] in " \n\0"):
            raise NotSimpleError
        stop = _PLAIN_END.search(text, at)
        value = text[at : stop.start() if stop else None].rstrip(" ")
        end = at + len(value)
        self._builder.scalar(at, end, value, True)
        return self._tail(end)

    def _quoted(self, at: int) -> int:
        text = self._text
        found = _QUOTED.match(text, at)
        if found is None:
            raise NotSimpleError
        end = found.end()
        self._builder.scalar(at, end, text[at + 1 : end - 1], False)
        return end

    def _block_scalar(self, at: int) -> int:
        from kube_audit_lint.syntax.literals import scan_block

        text = self._text
        try:
            scanned = scan_block(self._written, at, text.rfind("\n", 0, at) + 1, self._columns[-1])
        except YamlError:
            raise NotSimpleError from None
        self._builder.scalar(at, scanned.end, scanned.value, False, block=True)
        return scanned.after if text[scanned.after] == "\0" else scanned.line

    # Block collections

    def _place(self, column: int, at: int, sequence: bool) -> None:
        """Open or close collections so that an entry may begin at a column."""
        columns = self._columns
        if self._awaited >= 0 or not columns:
            top = columns[-1] if columns else -1
            if column > top or (sequence and column == top and not self._sequences[-1]):
                self._open(column, at, sequence)
                return
        self._close(column)
        if columns and columns[-1] == column and self._sequences[-1] and not sequence:
            self._end_collection()
        if not columns or columns[-1] != column or self._sequences[-1] is not sequence:
            raise NotSimpleError

    def _open(self, column: int, at: int, sequence: bool) -> None:
        if len(self._columns) > _MAX_DEPTH or (self._builder.root and not self._columns):
            raise NotSimpleError
        self._awaited = -1
        self._columns.append(column)
        self._sequences.append(sequence)
        if sequence:
            self._builder.open_sequence(at)
        else:
            self._builder.open_mapping(at)

    def _close(self, column: int) -> None:
        """Close the collections that begin right of a column."""
        if self._awaited >= 0:
            self._builder.empty(self._awaited)
            self._awaited = -1
        columns = self._columns
        while columns and columns[-1] > column:
            self._end_collection()

    def _end_collection(self) -> None:
        self._columns.pop()
        self._sequences.pop()
        self._builder.close()

    # Flow collections

    def _flow(self, at: int) -> int:
        """A flow collection; the offset behind it."""
        depth = self._flow_open(at)
        at = self._between(at + 1)
        closers = [depth]
        while closers:
            char = self._text[at]
            if char == closers[-1]:
                closers.pop()
                self._builder.close(at + 1)
                at += 1
                if closers:
                    at = self._separator(at, closers[-1])
                continue
            if closers[-1] == "}":
                at = self._flow_key(at)
                char = self._text[at]
            if char in "[{":
                if len(closers) > _MAX_DEPTH:
                    raise NotSimpleError
                closers.append(self._flow_open(at))
                at = self._between(at + 1)
            else:
                at = self._separator(self._flow_scalar(at), closers[-1])
        return at

    def _flow_open(self, at: int) -> str:
        if self._text[at] == "[":
            self._builder.open_sequence(at)
            return "]"
        self._builder.open_mapping(at)
        return "}"

    def _flow_scalar(self, at: int) -> int:
        text = self._text
        if text[at] in "\"'":
            return self._quoted(at)
        found = _FLOW_PLAIN.match(text, at)
        if found is None:
            raise NotSimpleError
        end = found.end()
        self._builder.scalar(at, end, text[at:end], True)
        return end

    def _flow_key(self, at: int) -> int:
        """A key of a flow mapping; where its value begins, on the same line."""
        end = self._flow_scalar(at)
        text = self._text
        if end - at > _MAX_KEY or text[end] != ":" or text[end + 1] != " ":
            raise NotSimpleError
        end += 2
        while text[end] == " ":
            end += 1
        return end

    def _separator(self, at: int, closer: str) -> int:
        """Pass a comma; where the next item or the closing bracket stands."""
        at = self._between(at)
        char = self._text[at]
        if char == ",":
            return self._between(at + 1)
        if char != closer:
            raise NotSimpleError
        return at

    def _between(self, at: int) -> int:
        """Pass blanks, comments and line breaks inside a flow collection."""
        text = self._text
        while text[at] in " \n" and (found := _FLOW_REST.match(text, at)):
            at = found.end()
            if text[at] != "\n":
                break
            at += 1
            if text[at] in "-.%#":
                raise NotSimpleError
        return at
