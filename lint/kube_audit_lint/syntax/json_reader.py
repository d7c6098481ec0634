"""JSON to nodes with positions, as Go's encoding/json reads it, with its messages."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from kube_audit_lint.syntax.nodes import (
    PLAIN,
    QUOTED,
    Document,
    Entry,
    Inner,
    InnerScalar,
    Kind,
    Mapping,
    Node,
    Scalar,
    Sequence,
    SyntaxProblem,
)
from kube_audit_lint.syntax.scalars import replace_invalid
from kube_audit_lint.syntax.source import Chunk, OffsetMap, Place, Shifted, Source
from kube_audit_lint.syntax.unknown import from_outside

MAX_DEPTH = 10000

_Waiting = list[tuple[Callable[[Node], object], Node, Node]]

_SEPARATOR = re.compile(r"(?<=[\r\n])---[ \t]*(?:\r\n|[\r\n]|\Z)\s*")
_SPACE = re.compile(r"[ \t\r\n]*")
_SIMPLE = re.compile(r'"[^"\\\x00-\x1f\ud800-\udfff]*"')
_RUN = re.compile(r'[^"\\\x00-\x1f]*')
_ONE_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)((?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)")
_ESCAPE = re.compile(r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))")
_NAMED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"t": "true", "f": "false", "n": "null"}


class _BrokenError(Exception):
    def __init__(self, context: str, offset: int) -> None:
        super().__init__(context)
        self.context = context
        self.offset = offset


def read_json(source: Source, text: str, offsets: OffsetMap) -> list[Document]:
    """The documents of a JSON text: one, or several with lines of `---` between them.

    kubectl takes the latter (k8s.io/apimachinery `pkg/util/yaml/decoder.go`), and kube-apiserver does not: a policy
    that such a line follows is broken. What is behind a line may be YAML.
    """
    reader = _Reader(source, text, offsets)
    documents: list[Document] = []
    start = 0
    while True:
        first = offsets.outer(start)
        try:
            root, stop = reader.read(start)
        except _BrokenError as broken:
            end = offsets.outer_end(len(text))
            return [*documents, Document(source, first, end, None, reader.problem(broken), json=True)]
        separator = _SEPARATOR.match(text, stop)
        last = offsets.outer_end(len(text) if separator is None else stop)
        read = Document(source, first, last, root, json=True)
        if stop < len(text) and (separator is None or _is_policy(root)):
            read.root, read.problem = None, reader.problem(_BrokenError("after top-level value", stop))
        documents.append(read)
        if separator is None:
            return documents
        start = separator.end()
        if text[start : start + 1] != "{":
            return documents + _behind(source, text, offsets, separator.start())


def _is_policy(root: Node) -> bool:
    """Whether kube-apiserver reads the document, and no other program."""
    version = root.get("apiVersion") if isinstance(root, Mapping) else None
    return isinstance(version, Scalar) and version.value.startswith("audit.k8s.io/")


def _behind(source: Source, text: str, offsets: OffsetMap, start: int) -> list[Document]:
    """The documents of YAML that begin with a line of `---`, none where nothing follows it."""
    if not text[start:].strip("- \t\r\n"):
        return []
    from kube_audit_lint.syntax.yaml_reader import read_yaml

    return read_yaml(source, text[start:], Shifted(offsets, start))


class _Reader:
    def __init__(self, source: Source, text: str, offsets: OffsetMap) -> None:
        self.source = source
        self.text = text
        self._start = offsets.outer
        self._end = offsets.outer_end
        self._inner = None if text is source.text else Inner(text, offsets)
        self._known: dict[str, str] = {}

    def problem(self, broken: _BrokenError) -> SyntaxProblem:
        """Go's words, and the character at which it stopped."""
        at = broken.offset
        if at >= len(self.text):
            message = "unexpected end of JSON input"
        else:
            message = f"invalid character {_quote(self.text[at])} {broken.context}"
        stop = min(at + 1, len(self.text))
        return SyntaxProblem(message, Place(self.source, self._start(at), self._end(stop)))

    def read(self, start: int) -> tuple[Node, int]:
        """The value at an offset, and where the next begins; without recursion, for nesting is the user's choice."""
        text = self.text
        levels: list[Mapping | Sequence] = []
        keys: list[Scalar | None] = []
        at = self._skip(start)
        while True:
            char = text[at : at + 1]
            node: Node
            if char in ("{", "["):
                if len(levels) >= MAX_DEPTH:
                    raise _BrokenError("exceeded max depth", at)
                node = opened = self._open(char, at)
                at = self._skip(at + 1)
                if text[at : at + 1] != ("}" if char == "{" else "]"):
                    key, at = self._key(at) if isinstance(opened, Mapping) else (None, at)
                    levels.append(opened)
                    keys.append(key)
                    continue
                at += 1
                opened.end = self._end(at)
            else:
                node, at = self._scalar(at)
            while levels:
                self._add(levels[-1], keys[-1], node)
                at = self._skip(at)
                char = text[at : at + 1]
                if char == ",":
                    at = self._skip(at + 1)
                    if isinstance(levels[-1], Mapping):
                        keys[-1], at = self._key(at)
                    break
                at = self._close(levels[-1], at)
                keys.pop()
                node = levels.pop()
            else:
                return node, self._skip(at)

    def _open(self, char: str, at: int) -> Mapping | Sequence:
        if char == "{":
            return Mapping(self.source, self._start(at), 0, {})
        return Sequence(self.source, self._start(at), 0, [])

    def _close(self, node: Mapping | Sequence, at: int) -> int:
        mapping = isinstance(node, Mapping)
        if self.text[at : at + 1] != ("}" if mapping else "]"):
            raise _BrokenError("after object key:value pair" if mapping else "after array element", at)
        node.end = self._end(at + 1)
        return at + 1

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _key(self, at: int) -> tuple[Scalar, int]:
        if self.text[at : at + 1] != '"':
            raise _BrokenError("looking for beginning of object key string", at)
        key, at = self._string(at)
        at = self._skip(at)
        if self.text[at : at + 1] != ":":
            raise _BrokenError("after object key", at)
        return key, self._skip(at + 1)

    def _add(self, node: Mapping | Sequence, key: Scalar | None, value: Node) -> None:
        if isinstance(node, Sequence):
            node.items.append(value)
        elif key is not None:
            lost = node.entries.pop(key.value, None)
            if lost is None:
                node.entries[key.value] = Entry(key, value)
            else:
                entry = node.entries[key.value] = Entry(key, _over(lost.value, value))
                node.lose(lost, entry)

    def _scalar(self, at: int) -> tuple[Scalar, int]:
        char = self.text[at : at + 1]
        if char == '"':
            return self._string(at)
        if char in _WORDS and char:
            return self._word(at, _WORDS[char])
        if char == "-" or "0" <= char <= "9":
            return self._number(at)
        raise _BrokenError("looking for beginning of value", at)

    def _make(self, start: int, end: int, kind: Kind, value: str, style: int = PLAIN) -> Scalar:
        value = self._known.setdefault(value, value)
        if self._inner is None:
            return Scalar(self.source, start, end, kind, value, style)
        return InnerScalar(self.source, self._inner, start, end, kind, value, style)

    def _string(self, at: int) -> tuple[Scalar, int]:
        text = self.text
        simple = _SIMPLE.match(text, at)
        if simple:
            end = simple.end()
            return self._make(at, end, "string", text[at + 1 : end - 1], QUOTED), end
        end = self._string_end(at + 1)
        if text[end : end + 1] != '"':
            raise self._broken_string(end)
        value = _ESCAPE.sub(_unescape, replace_invalid(text[at + 1 : end]))
        return self._make(at, end + 1, "string", value, QUOTED), end + 1

    def _string_end(self, at: int) -> int:
        """Where the closing quote is, or the first character that no string may hold."""
        text = self.text
        while True:
            run = _RUN.match(text, at)
            at = run.end() if run else at
            escape = _ONE_ESCAPE.match(text, at)
            if escape is None:
                return at
            at = escape.end()

    def _broken_string(self, at: int) -> _BrokenError:
        text = self.text
        if text[at : at + 1] != "\\":
            return _BrokenError("in string literal", at)
        if text[at + 1 : at + 2] != "u":
            return _BrokenError("in string escape code", at + 1)
        at += 2
        while text[at : at + 1] in "0123456789abcdefABCDEF" and at < len(text):
            at += 1
        return _BrokenError("in \\u hexadecimal character escape", at)

    def _word(self, at: int, word: str) -> tuple[Scalar, int]:
        for ahead, letter in enumerate(word):
            if self.text[at + ahead : at + ahead + 1] != letter:
                raise _BrokenError(f"in literal {word} (expecting '{letter}')", at + ahead)
        end = at + len(word)
        return self._make(at, end, "null" if word == "null" else "bool", word), end

    def _number(self, at: int) -> tuple[Scalar, int]:
        match = _NUMBER.match(self.text, at)
        if match is None:
            raise _BrokenError("in numeric literal", at + 1)
        end = match.end()
        after = self.text[end : end + 1]
        if after == "." and not match[1]:
            raise _BrokenError("after decimal point in numeric literal", end + 1)
        if after in ("e", "E") and not re.search("[eE]", match[1]):
            signed = self.text[end + 1 : end + 2] in ("+", "-")
            raise _BrokenError("in exponent of numeric literal", end + 2 if signed else end + 1)
        return self._make(at, end, "float" if match[1] else "int", match[0]), end


def _over(old: Node, new: Node) -> Node:
    """A repeated key's value: Go decodes it over what the first one left in the same structure.

    The old mappings and the new lists are changed: copying them for every repetition would take too long.
    """
    top = [new]
    waiting: _Waiting = [(partial(top.__setitem__, 0), old, new)]
    while waiting:
        put, before, after = waiting.pop()
        put(_laid_over(before, after, waiting))
    return top[0]


def _laid_over(old: Node, new: Node, waiting: _Waiting) -> Node:
    """One node laid over another; what is to be done below them is added to `waiting`."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name, entry in new.entries.items():
            lost = old.entries.pop(name, None)
            old.entries[name] = entry
            if lost is not None:
                waiting.append((partial(setattr, entry, "value"), lost.value, entry.value))
        return Mapping(new.source, new.start, new.end, old.entries, new.duplicates)
    if isinstance(old, Sequence) and isinstance(new, Sequence):
        for at, (before, after) in enumerate(zip(old.items, new.items)):  # noqa: B905
            waiting.append((partial(new.items.__setitem__, at), before, after))
        return new
    if isinstance(new, Scalar) and new.kind == "null" and isinstance(old, Scalar) and old.kind != "bool":
        return old
    return new


def _unescape(match: re.Match[str]) -> str:
    high, low, single, named = match.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
    if single:
        return from_outside(replace_invalid(chr(int(single, 16))))
    return _NAMED.get(named, named)


def _quote(char: str) -> str:
    byte = ord(char) & 0xFF if "\udc80" <= char <= "\udcff" else char.encode("utf-8", "replace")[0]
    if char in "'\"":
        return "'" + ("\\'" if char == "'" else char) + "'"
    if char == "\\":
        return "'\\\\'"
    named = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
    if byte in named:
        return f"'{named[byte]}'"
    if byte < 0x20 or byte == 0x7F:
        return f"'\\x{byte:02x}'"
    return f"'{chr(byte)}'" if byte < 0x7F or (byte > 0xA0 and byte != 0xAD) else f"'\\u{byte:04x}'"


def json_chunks(text: str, start: int, end: int) -> list[Chunk]:
    """What the value of the string from `start` to `end` is put together from."""
    chunks: list[Chunk] = []
    at = start + 1
    while at < end - 1:
        escape = _ESCAPE.match(text, at)
        if escape:
            chunks.append((_unescape(escape), at, escape.end() - at))
            at = escape.end()
        else:
            stop = text.find("\\", at, end - 1)
            stop = end - 1 if stop < 0 else stop
            chunks.append((replace_invalid(text[at:stop]), at, stop - at))
            at = stop
    return chunks
