"""TOML with positions, as far as settings need it: tables, keys with dots, strings, numbers, arrays, inline tables.

Source: the TOML specification 1.0. A text with anything else (strings of several lines, escapes, dates) is not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from kube_audit_lint.syntax.nodes import PLAIN, QUOTED, Entry, Kind, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Source

T = TypeVar("T")

_BLANK = re.compile(r"(?:[ \t]|#[^\n]*)*")
_BLANKS = re.compile(r"(?:\s|#[^\n]*)*")
_KEY = re.compile(r"[\w-]+|\"[^\"\\\n]*\"|'[^'\n]*'")
_STRING = re.compile(r"\"(?!\"\")[^\"\\\n]*\"|'(?!'')[^'\n]*'")
_OTHER = re.compile(r"true\b|false\b|[+-]?\d[\d_]*(?:\.\d+)?(?![\w:-])")
_END = re.compile(r"[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)")


def read_toml(source: Source) -> Mapping | None:
    """The document; None where it is not TOML, or holds what is not read here."""
    try:
        return _Reader(source).run()
    except (_NotReadError, RecursionError):
        return None


class _NotReadError(Exception):
    pass


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.root = self.mapping(0)

    def run(self) -> Mapping:
        table = self.root
        self.skip(_BLANKS)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.take(_END)
            self.skip(_BLANKS)
        return self.root

    def header(self) -> Mapping:
        """`[a.b]`, or `[[a.b]]` for the next item of a list."""
        listed = self.text.startswith("[[", self.at)
        self.at += 2 if listed else 1
        keys = self.keys()
        self.expect("]]" if listed else "]")
        table = self.below(self.root, keys[:-1] if listed else keys)
        return self.item(table, keys[-1]) if listed else table

    def item(self, table: Mapping, key: Scalar) -> Mapping:
        one = self.mapping(key.start)
        listed = table.get(key.value)
        if isinstance(listed, Sequence):
            listed.items.append(one)
        else:
            table.put(Entry(key, Sequence(self.source, key.start, key.end, [one])))
        return one

    def pair(self, table: Mapping) -> None:
        keys = self.keys()
        self.expect("=")
        self.skip(_BLANK)
        self.below(table, keys[:-1]).put(Entry(keys[-1], self.value()))

    def below(self, table: Mapping, keys: list[Scalar]) -> Mapping:
        for key in keys:
            inner = table.get(key.value)
            if isinstance(inner, Sequence) and inner.items:
                inner = inner.items[-1]
            if inner is None:
                inner = self.mapping(key.start)
                table.put(Entry(key, inner))
            if not isinstance(inner, Mapping):
                raise _NotReadError
            table = inner
        return table

    def keys(self) -> list[Scalar]:
        found = [self.key()]
        while self.text.startswith(".", self.at):
            self.at += 1
            found.append(self.key())
        return found

    def key(self) -> Scalar:
        self.skip(_BLANK)
        start, word = self.at, self.take(_KEY)
        self.skip(_BLANK)
        return self.scalar(start, word)

    def value(self) -> Node:
        start = self.at
        if self.text.startswith("[", start):
            return Sequence(self.source, start, start + 1, self.several("]", self.value))
        if self.text.startswith("{", start):
            table = self.mapping(start)
            self.several("}", lambda: self.pair(table))
            return table
        if self.text[start : start + 1] in ("'", '"'):
            return self.scalar(start, self.take(_STRING))
        word = self.take(_OTHER)
        kind: Kind = "bool" if word in ("true", "false") else "float" if "." in word else "int"
        return Scalar(self.source, start, self.at, kind, word, PLAIN)

    def several(self, end: str, read: Callable[[], T]) -> list[T]:
        """What is between commas up to a bracket."""
        found: list[T] = []
        self.at += 1
        self.skip(_BLANKS)
        while not self.text.startswith(end, self.at):
            found.append(read())
            self.skip(_BLANKS)
            if self.text.startswith(",", self.at):
                self.at += 1
                self.skip(_BLANKS)
            elif not self.text.startswith(end, self.at):
                raise _NotReadError
        self.at += 1
        return found

    def scalar(self, start: int, word: str) -> Scalar:
        quoted = word[:1] in ("'", '"')
        return Scalar(self.source, start, start + len(word), "string", word[1:-1] if quoted else word, QUOTED)

    def mapping(self, start: int) -> Mapping:
        return Mapping(self.source, start, start, {})

    def skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found is not None else self.at

    def take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise _NotReadError
        self.at = found.end()
        return found[0]

    def expect(self, text: str) -> None:
        if not self.text.startswith(text, self.at):
            raise _NotReadError
        self.at += len(text)
