"""Characters to tokens, with go-yaml's rules for what may be a key without `?`.

go-yaml descends from libyaml, and differs from it: it looks at a possible key only when that key is
the next token to hand out, so that it complains of a missing `:` later, or not at all.
"""

from __future__ import annotations

from collections import deque

from kube_audit_lint.syntax.chars import BLANK_OR_END, BREAKS, COMMENT, END, ENDS, MARK, YamlError, break_end, compiled
from kube_audit_lint.syntax.literals import scan_plain
from kube_audit_lint.syntax.nodes import BLOCK, PLAIN, QUOTED
from kube_audit_lint.syntax.typed import Any

(
    STREAM_END,
    VERSION,
    TAG_DIRECTIVE,
    DOCUMENT_START,
    DOCUMENT_END,
    SEQUENCE,
    MAPPING,
    BLOCK_END,
    FLOW_SEQUENCE,
    FLOW_SEQUENCE_END,
    FLOW_MAPPING,
    FLOW_MAPPING_END,
    ENTRY,
    FLOW_ENTRY,
    KEY,
    VALUE,
    ALIAS,
    ANCHOR,
    TAG,
    SCALAR,
) = range(20)

MAX_DEPTH = 10000
# How much of a file of two marks go-yaml has read before its buffer moves, in characters.
_BUFFER = 507

# kind, start, end, value, extra: the style of a scalar, the suffix of a tag, the prefix of a directive
Token = tuple[int, int, int, str, Any]


class _Key:
    """A place at which a key may begin that is known as one only when its `:` is seen."""

    __slots__ = ("at", "number", "possible", "required")

    def __init__(self, possible: bool, required: bool, number: int, at: int) -> None:
        self.possible = possible
        self.required = required
        self.number = number
        self.at = at


_SPACES = rf" *(?:#[^{ENDS}]*)?"
_NAME = r"[0-9A-Za-z_-]*"
_BEFORE_TOKENS = frozenset(" \t#" + BREAKS)
_NOT_PLAIN = frozenset("\t-?:,[]{}#&*!|>'\"%@`")
_AFTER_NAME = BLANK_OR_END | frozenset("?:,]}%@`")
_SIMPLE_SINGLE = f"'[^'{ENDS}]*'(?!')"
_SIMPLE_DOUBLE = rf'"[^"\\{ENDS}]*"'


class Scanner:
    """Hands out the tokens of a text.

    `marked` is whether a byte order mark stood before it. If another one follows, go-yaml drops the
    first character of every line, for as long as the mark is the first character of its buffer.
    """

    def __init__(self, text: str, marked: bool = False) -> None:
        self.text = text + END
        self._ascii = text.isascii()
        self._spaces, self._blanks = compiled(_SPACES, self._ascii), compiled(COMMENT, self._ascii)
        # A mark that nothing took away: the text comes from inside another one.
        self.at = self.line = int(not marked and text.startswith(MARK))
        self._dropping = min(len(text), _BUFFER) if marked and text.startswith(MARK) else 0
        self.forced_line = False
        self._tokens: deque[Token] = deque()
        self._handed = 0
        self._available = False
        self._indent = -1
        self._indents: list[int] = []
        self._flow = 0
        self._allowed = True
        self._keys = [_Key(False, False, 0, 0)]
        self._by_number: dict[int, _Key] = {}

    def peek(self) -> Token:
        """The next token."""
        tokens = self._tokens
        if not self._available:
            while True:
                if tokens:
                    key = self._by_number.get(self._handed)
                    if key is None or not self._is_valid(key):
                        break
                self._fetch()
            self._available = True
        return tokens[0]

    def skip(self) -> None:
        """Take the next token away."""
        self._available = False
        self._handed += 1
        self._tokens.popleft()

    # Keys without `?`

    def _is_valid(self, key: _Key) -> bool:
        if not key.possible:
            return False
        if key.at < self.line or key.at + 1024 < self.at:
            if key.required:
                raise YamlError("could not find expected ':'", self.at, key.at)
            key.possible = False
            return False
        return True

    def _save_key(self) -> None:
        if self._allowed:
            required = not self._flow and self._indent == self.at - self.line
            number = self._handed + len(self._tokens)
            self._remove_key()
            self._keys[-1] = self._by_number[number] = _Key(True, required, number, self.at)

    def _remove_key(self) -> None:
        key = self._keys[-1]
        if key.possible:
            if key.required:
                raise YamlError("could not find expected ':'", self.at, key.at)
            key.possible = False
            self._by_number.pop(key.number, None)

    # Indentation

    def _roll(self, column: int, number: int, kind: int, at: int) -> None:
        if self._flow or self._indent >= column:
            return
        self._indents.append(self._indent)
        self._indent = column
        if len(self._indents) > MAX_DEPTH:
            raise YamlError(f"exceeded max depth of {MAX_DEPTH}", self.at)
        self._insert(number, (kind, at, at, "", None))

    def _unroll(self, column: int) -> None:
        if not self._flow:
            while self._indent > column:
                self._tokens.append((BLOCK_END, self.at, self.at, "", None))
                self._indent = self._indents.pop()

    def _insert(self, number: int, token: Token) -> None:
        position = number - self._handed
        if number < 0 or position < 0:
            self._tokens.append(token)
        else:
            self._tokens.insert(position, token)

    # Tokens

    def _fetch(self) -> None:
        self._to_next()
        text, at = self.text, self.at
        if at + 4 > self._dropping:
            self._dropping = 0
        column = at - self.line
        self._unroll(column)
        char = text[at]
        if char == "\0":
            self._stream_end()
        elif column == 0 and char in "%-." and self._line_start(char):
            return
        else:
            self._dispatch(char, text[at + 1])

    def _to_next(self) -> None:
        """Pass blanks, comments and line breaks; a tab may not be where a key may begin."""
        text, at = self.text, self.at
        if text[at] not in _BEFORE_TOKENS and not self._dropping:
            return
        blanks = self._blanks if self._flow or not self._allowed else self._spaces
        while True:
            if at == self.line and self._dropping:
                at += 1
            match = blanks.match(text, at)
            if match:
                at = match.end()
            end = break_end(text, at)
            if end == at:
                break
            if at + 2 > self._dropping:
                self._dropping = 0
            at = self.line = end
            if not self._flow:
                self._allowed = True
                blanks = self._spaces
        self.at = at

    def _stream_end(self) -> None:
        if self.at != self.line:
            self.forced_line = True
            self.line = self.at
        self._unroll(-1)
        self._remove_key()
        self._allowed = False
        self._tokens.append((STREAM_END, self.at, self.at, "", None))

    def _line_start(self, char: str) -> bool:
        """A directive or a document mark at the start of a line."""
        text, at = self.text, self.at
        if char == "%":
            self._end_document()
            self._directive()
            return True
        if text[at : at + 3] not in ("---", "...") or text[at + 3] not in BLANK_OR_END:
            return False
        self._end_document()
        self.at += 3
        self._tokens.append((DOCUMENT_START if char == "-" else DOCUMENT_END, at, at + 3, "", None))
        return True

    def _end_document(self) -> None:
        self._unroll(-1)
        self._remove_key()
        self._allowed = False

    def _dispatch(self, char: str, following: str) -> None:
        if char not in _NOT_PLAIN:
            self._plain()
        elif char in "[{":
            self._flow_start(FLOW_SEQUENCE if char == "[" else FLOW_MAPPING)
        elif char in "]}":
            self._flow_end(FLOW_SEQUENCE_END if char == "]" else FLOW_MAPPING_END)
        elif char == ",":
            self._remove_key()
            self._allowed = True
            self._one(FLOW_ENTRY)
        elif char == "-" and following in BLANK_OR_END:
            self._block_entry()
        elif char == "?" and (self._flow or following in BLANK_OR_END):
            self._explicit_key()
        elif char == ":" and (self._flow or following in BLANK_OR_END):
            self._value()
        elif char in "-?:":
            self._plain()
        else:
            self._special(char)

    def _special(self, char: str) -> None:
        if char in "*&":
            self._save_key()
            self._allowed = False
            self._name(ALIAS if char == "*" else ANCHOR)
        elif char == "!":
            self._save_key()
            self._allowed = False
            self._tag()
        elif char in "'\"":
            self._quoted(char)
        elif char in "|>" and not self._flow:
            self._block_scalar()
        else:
            raise YamlError("found character that cannot start any token", self.at)

    def _one(self, kind: int) -> None:
        """A token of one character."""
        self._tokens.append((kind, self.at, self.at + 1, "", None))
        self.at += 1

    def _flow_start(self, kind: int) -> None:
        self._save_key()
        number = self._handed + len(self._tokens)
        self._keys.append(_Key(False, False, number, self.at))
        self._flow += 1
        if self._flow > MAX_DEPTH:
            raise YamlError(f"exceeded max depth of {MAX_DEPTH}", self.at)
        self._allowed = True
        self._one(kind)

    def _flow_end(self, kind: int) -> None:
        self._remove_key()
        if self._flow:
            self._flow -= 1
            # The number may be that of the bracket's own key: go-yaml forgets it then.
            self._by_number.pop(self._keys.pop().number, None)
        self._allowed = False
        self._one(kind)

    def _block_entry(self) -> None:
        if not self._flow:
            if not self._allowed:
                raise YamlError("block sequence entries are not allowed in this context", self.at)
            self._roll(self.at - self.line, -1, SEQUENCE, self.at)
        self._remove_key()
        self._allowed = True
        self._one(ENTRY)

    def _explicit_key(self) -> None:
        if not self._flow:
            if not self._allowed:
                raise YamlError("mapping keys are not allowed in this context", self.at)
            self._roll(self.at - self.line, -1, MAPPING, self.at)
        self._remove_key()
        self._allowed = not self._flow
        self._one(KEY)

    def _value(self) -> None:
        key = self._keys[-1]
        if self._is_valid(key):
            self._insert(key.number, (KEY, key.at, key.at, "", None))
            self._roll(key.at - self.line, key.number, MAPPING, key.at)
            key.possible = False
            self._by_number.pop(key.number, None)
            self._allowed = False
        else:
            if not self._flow:
                if not self._allowed:
                    raise YamlError("mapping values are not allowed in this context", self.at)
                self._roll(self.at - self.line, -1, MAPPING, self.at)
            self._allowed = not self._flow
        self._one(VALUE)

    # Scalars

    def _plain(self) -> None:
        self._save_key()
        self._allowed = False
        start = self.at
        scanned = scan_plain(self.text, start, self.line, self._indent + 1, self._flow > 0)
        self.at, self.line = scanned.after, scanned.line
        if scanned.broke:
            self._allowed = True
        self._tokens.append((SCALAR, start, scanned.end, scanned.value, PLAIN))

    def _quoted(self, char: str) -> None:
        self._save_key()
        self._allowed = False
        start = self.at
        simple = compiled(_SIMPLE_SINGLE if char == "'" else _SIMPLE_DOUBLE, self._ascii).match(self.text, start)
        if simple:
            self.at = simple.end()
            self._tokens.append((SCALAR, start, self.at, self.text[start + 1 : self.at - 1], QUOTED))
            return
        from kube_audit_lint.syntax.quoted import scan_quoted

        scanned = scan_quoted(self.text, start, self.line)
        self.at, self.line = scanned.after, scanned.line
        self._tokens.append((SCALAR, start, scanned.end, scanned.value, QUOTED))

    def _block_scalar(self) -> None:
        from kube_audit_lint.syntax.blocks import scan_block

        self._remove_key()
        self._allowed = True
        start = self.at
        scanned = scan_block(self.text, start, self.line, self._indent)
        self.at, self.line = scanned.after, scanned.line
        self._tokens.append((SCALAR, start, scanned.end, scanned.value, BLOCK))

    # Anchors, tags, directives

    def _name(self, kind: int) -> None:
        start = self.at
        match = compiled(_NAME, self._ascii).match(self.text, start + 1)
        end = match.end() if match else start + 1
        self.at = end
        if end == start + 1 or self.text[end] not in _AFTER_NAME:
            raise YamlError("did not find expected alphabetic or numeric character", end, start)
        self._tokens.append((kind, start, end, self.text[start + 1 : end], None))

    def _tag(self) -> None:
        from kube_audit_lint.syntax.tags import scan_tag

        start = self.at
        handle, suffix, end = scan_tag(self.text, start)
        self.at = end
        self._tokens.append((TAG, start, end, handle, suffix))

    def _directive(self) -> None:
        from kube_audit_lint.syntax.tags import scan_directive

        start = self.at
        name, value, prefix, end = scan_directive(self.text, start)
        self.at = break_end(self.text, end)
        if self.at > end:
            self.line = self.at
        self._tokens.append((VERSION if name == "YAML" else TAG_DIRECTIVE, start, end, value, prefix))
