"""Settings in lines `key = value`, with positions: INI, Java's properties, inventories of Ansible.

Sources: java.util.Properties `load` (comments `#` and `!`, `=` or `:` behind a key, a backslash continues a line);
Python's configparser (sections, comments `#` and `;`); Ansible's inventory plugin `ini` (lines of hosts with
`name=value` words, and `[group:vars]`, whose values are literals of Python). Dots in a key of properties, and numbers
in brackets behind it, are the levels that programs make of them.
"""

from __future__ import annotations

import re

from kube_audit_lint.syntax.nodes import Entry, Kind, Mapping, Node, PiecedScalar, Scalar, Sequence
from kube_audit_lint.syntax.source import Chunk, OffsetMap, Source

_SECTION = re.compile(r"\[([^\[\]\r\n]+)\][ \t]*\r?\Z")
_PAIR = re.compile(r"([\w./:-]+(?:\[\d+\])?)[ \t]*=[ \t]*")
_PROPERTY = re.compile(r"([\w./-]+(?:\[\d+\])?)[ \t]*[=:][ \t]*")
_HOST = re.compile(r"[\w.:\[\]-]+(?=[ \t])")
_WORD = re.compile(r"[ \t]+(\w+)=(\"[^\"\r\n]*\"|'[^'\r\n]*'|[^\s\"']*)(?=[ \t\r]|\Z)")
_PART = re.compile(r"[^.\[\]]+")
_LITERALS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"\d+\Z"), "int"),
    (re.compile(r"(?:[Tt]rue|[Ff]alse)\Z"), "bool"),
)


def read_ini(source: Source, properties: bool = False) -> Mapping | None:
    """The sections and settings of a text; None where a line is none of theirs. properties: Java's, with `:`, too."""
    reader = _Reader(source, properties)
    return reader.root if all(map(reader.line, _lines(source.text))) else None


def _lines(text: str) -> list[list[tuple[int, int]]]:
    """The lines by their offsets, each with those that continue it."""
    found: list[list[tuple[int, int]]] = []
    start, continued = 0, False
    for line in text.split("\n"):
        stripped = line.rstrip("\r")
        slashes = len(stripped) - len(stripped.rstrip("\\"))
        content = start + len(stripped) - (slashes % 2)
        first = start + len(line) - len(line.lstrip(" \t"))
        if continued:
            found[-1].append((min(first, content), content))
        else:
            found.append([(min(first, content), content)])
        continued = slashes % 2 == 1 and not line.lstrip().startswith(("#", ";", "!"))
        start += len(line) + 1
    return found


class _Reader:
    def __init__(self, source: Source, properties: bool) -> None:
        self.source = source
        self.pair = _PROPERTY if properties else _PAIR
        self.dotted = properties
        self.root = self.table = Mapping(source, 0, 0, {})

    def line(self, pieces: list[tuple[int, int]]) -> bool:
        """Takes a line in; False where it is none of such a text."""
        (start, end), text = pieces[0], self.source.text
        if start == end or text[start] in "#;!":
            return True
        section = _SECTION.match(text[start:end])
        if section is not None:
            self.table = self.below(self.root, section[1].strip(), start + 1)
            return True
        found = self.pair.match(text, start, end)
        if found is None:
            return self.host(start, end)
        pieces = [(found.end(), end), *pieces[1:]]
        self.put(self.table, found[1], start, self.value(pieces))
        return True

    def host(self, start: int, end: int) -> bool:
        """A line that begins with a host, or is no more than a name."""
        text = self.source.text
        head = _HOST.match(text, start, end)
        if head is None:
            return " " not in text[start:end].strip()
        table, at = Mapping(self.source, start, end, {}), head.end()
        while (word := _WORD.match(text, at, end)) is not None:
            self.put(table, word[1], word.start(1), self.value([word.span(2)]))
            at = word.end()
        if text[at:end].strip()[:1] not in ("", "#", ";") or not table.entries:
            return False
        self.table.put(Entry(self.scalar(start, head.end()), table))
        return True

    def put(self, table: Mapping, key: str, at: int, value: Node) -> None:
        """Adds a setting, below the mappings that the parts of its key name."""
        parts = list(_PART.finditer(key)) if self.dotted or "[" in key else []
        listed = bool(parts) and key.endswith("]")
        names = parts[:-1] if listed else parts
        for one in names[:-1]:
            table = self.below(table, one[0], at + one.start())
        name = self.scalar(at + names[-1].start(), at + names[-1].end()) if names else self.scalar(at, at + len(key))
        before = table.get(name.value)
        if listed and isinstance(before, Sequence):
            before.items.append(value)
        else:
            table.put(Entry(name, Sequence(self.source, value.start, value.end, [value]) if listed else value))

    def below(self, table: Mapping, name: str, at: int) -> Mapping:
        inner = table.get(name)
        if not isinstance(inner, Mapping):
            inner = Mapping(self.source, at, at + len(name), {})
            table.put(Entry(self.scalar(at, at + len(name)), inner))
        return inner

    def value(self, pieces: list[tuple[int, int]]) -> Node:
        """A value: a number, a boolean, a list or mapping in JSON, or a string, without the quotes around it."""
        text = self.source.text
        start, end = pieces[0][0], pieces[-1][1]
        if len(pieces) > 1:
            chunks: list[Chunk] = [(text[first:last], first, last - first) for first, last in pieces]
            return PiecedScalar(self.source, start, end, chunks)
        raw = text[start:end].rstrip()
        end = start + len(raw)
        if raw[:1] in ("'", '"') and raw[-1:] == raw[0] and len(raw) > 1:
            return self.scalar(start + 1, end - 1)
        if raw[:1] in ("{", "["):
            return self.flow(start, raw) or self.scalar(start, end)
        kind: Kind = next((kind for pattern, kind in _LITERALS if pattern.match(raw)), "string")
        return self.scalar(start, end, kind)

    def flow(self, start: int, raw: str) -> Node | None:
        from kube_audit_lint.syntax.offsets import ChunkMap
        from kube_audit_lint.syntax.reader import read_documents

        offsets = ChunkMap([(raw, start, len(raw))], OffsetMap(), start)
        documents = read_documents(self.source, raw, offsets)
        return documents[0].root if len(documents) == 1 and documents[0].problem is None else None

    def scalar(self, start: int, end: int, kind: Kind = "string") -> Scalar:
        text = self.source.text[start:end]
        return Scalar(self.source, start, end, kind, text.lower() if kind == "bool" else text)
