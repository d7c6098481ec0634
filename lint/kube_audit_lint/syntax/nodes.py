"""The nodes of a document, as kube-apiserver's YAML or JSON library understands them.

The tree is already resolved: aliases are followed, merges applied in their order, of a key that
occurs twice the value that wins is kept. Offsets are those of the file that the user wrote, also
for a document that is inside another (a block scalar, base64).
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as SequenceType

from kube_audit_lint.syntax.source import Chunk, OffsetMap, Place, Source
from kube_audit_lint.syntax.typed import Literal

Kind = Literal["string", "int", "float", "bool", "null"]

PLAIN, QUOTED, BLOCK = range(3)
"""How a scalar is written: without quotes, with them, behind `|` or `>`."""


class Scalar:
    """A string, number, boolean or null.

    `value` is the decoded string; for the other kinds the canonical JSON text (`true`, `511`, `null`).
    `style` is PLAIN, QUOTED or BLOCK. Files hold more scalars than all else, so each is kept small: the width is
    an integer that Python has only once.
    """

    __slots__ = ("_start", "_width", "kind", "source", "style", "value")

    def __init__(self, source: Source, start: int, end: int, kind: Kind, value: str, style: int = QUOTED) -> None:
        self.source = source
        self._start = start
        self._width = end - start
        self.kind = kind
        self.value = value
        self.style = style

    @property
    def start(self) -> int:
        """Where it begins in the file."""
        return self._start

    @property
    def end(self) -> int:
        """Where it ends in the file."""
        return self._start + self._width

    @property
    def place(self) -> Place:
        """Where it is written (an alias: where the anchor's node is written)."""
        return Place(self.source, self.start, self.end)

    @property
    def plain(self) -> bool:
        """Whether it was written without quotes and not as a block."""
        return self.style == PLAIN

    @property
    def block(self) -> bool:
        """Whether it was written behind `|` or `>`."""
        return self.style == BLOCK

    def __repr__(self) -> str:
        return f"Scalar({self.kind}, {self.value!r})"


class Inner:
    """A text that is not the file's own, one inside it or a template made readable; `offsets` tell where it is."""

    __slots__ = ("offsets", "text")

    def __init__(self, text: str, offsets: OffsetMap) -> None:
        self.text = text
        self.offsets = offsets


class InnerScalar(Scalar):
    """A scalar of a text that is not the file's own. `at` is where in that text it is."""

    __slots__ = ("inner",)

    def __init__(
        self, source: Source, inner: Inner, start: int, end: int, kind: Kind, value: str, style: int = QUOTED
    ) -> None:
        super().__init__(source, start, end, kind, value, style)
        self.inner = inner

    @property
    def at(self) -> tuple[int, int]:
        """Where it begins and ends in the text that was read."""
        return self._start, self._start + self._width

    @property
    def start(self) -> int:
        return self.inner.offsets.outer(self._start)

    @property
    def end(self) -> int:
        return self.inner.offsets.outer_end(self._start + self._width)


class PiecedScalar(Scalar):
    """A string of a language that puts its values together from pieces: `chunks` say where each of them is."""

    __slots__ = ("chunks",)

    def __init__(self, source: Source, start: int, end: int, chunks: list[Chunk], style: int = QUOTED) -> None:
        super().__init__(source, start, end, "string", "".join([chunk[0] for chunk in chunks]), style)
        self.chunks = chunks


class _Collection:
    __slots__ = ("end", "source", "start")

    def __init__(self, source: Source, start: int, end: int) -> None:
        self.source = source
        self.start = start
        self.end = end

    @property
    def place(self) -> Place:
        """Where it is written (an alias: where the anchor's node is written)."""
        return Place(self.source, self.start, self.end)


class Sequence(_Collection):
    """A list."""

    __slots__ = ("items",)

    def __init__(self, source: Source, start: int, end: int, items: list[Node]) -> None:
        super().__init__(source, start, end)
        self.items = items

    def __repr__(self) -> str:
        return f"Sequence({self.items!r})"


class Entry:
    """A key with its value. `key.value` is the key as a JSON key (`on` is `true`, `1` is `1`)."""

    __slots__ = ("key", "value")

    merged = False
    alias: Place | None = None

    def __init__(self, key: Scalar, value: Node) -> None:
        self.key = key
        self.value = value

    def __repr__(self) -> str:
        return f"{self.key.value!r}: {self.value!r}"


class EntryFromElsewhere(Entry):
    """An entry whose value is written in another place.

    `merged` is whether it came through `<<`. `alias` is where the value's alias is written, if it
    is one: the value itself is where the anchor is.
    """

    __slots__ = ("alias", "merged")

    def __init__(self, key: Scalar, value: Node, merged: bool = False, alias: Place | None = None) -> None:
        super().__init__(key, value)
        self.merged = merged
        self.alias = alias


class Mapping(_Collection):
    """A mapping. `entries` in written order, each key once; `duplicates` the entries that lost.

    A duplicate's pair is (the entry that was overwritten, the entry that wins).
    """

    __slots__ = ("duplicates", "entries")

    def __init__(
        self,
        source: Source,
        start: int,
        end: int,
        entries: dict[str, Entry],
        duplicates: SequenceType[tuple[Entry, Entry]] = (),
    ) -> None:
        super().__init__(source, start, end)
        self.entries = entries
        self.duplicates = duplicates

    def put(self, entry: Entry) -> None:
        """Adds an entry behind all others; one of the same key loses."""
        lost = self.entries.pop(entry.key.value, None)
        self.entries[entry.key.value] = entry
        if lost is not None:
            self.lose(lost, entry)

    def lose(self, lost: Entry, wins: Entry) -> None:
        """Notes that an entry was overwritten."""
        if not isinstance(self.duplicates, list):
            self.duplicates = list(self.duplicates)
        self.duplicates.append((lost, wins))

    def get(self, key: str) -> Node | None:
        """The value of a key, or None when the key is not there."""
        entry = self.entries.get(key)
        return None if entry is None else entry.value

    def key(self, key: str) -> Scalar | None:
        """The node of the key itself."""
        entry = self.entries.get(key)
        return None if entry is None else entry.key

    def string(self, key: str) -> str | None:
        """The value of a key when it is a string."""
        node = self.get(key)
        return node.value if isinstance(node, Scalar) and node.kind == "string" else None

    def mapping(self, key: str) -> Mapping | None:
        """The value of a key when it is a mapping."""
        node = self.get(key)
        return node if isinstance(node, Mapping) else None

    def items(self, key: str) -> list[Node]:
        """The items of a key's value when it is a list; else an empty list."""
        node = self.get(key)
        return node.items if isinstance(node, Sequence) else []

    def __repr__(self) -> str:
        return f"Mapping({list(self.entries.values())!r})"


Node = Scalar | Sequence | Mapping


class SyntaxProblem:
    """Why a stream cannot be read: kube-apiserver's own words where they are known, and where.

    `opened` is where the quote, bracket or key is whose end was not found.
    """

    __slots__ = ("message", "opened", "place")

    def __init__(self, message: str, place: Place, opened: Place | None = None) -> None:
        self.message = message
        self.place = place
        self.opened = opened

    def __repr__(self) -> str:
        return f"SyntaxProblem({self.message!r}, {self.place.start}-{self.place.end})"


class Document:
    """One document of a stream. `root` is None when it is empty (only comments) or unreadable."""

    __slots__ = ("end", "json", "problem", "root", "source", "start")

    def __init__(
        self,
        source: Source,
        start: int,
        end: int,
        root: Node | None,
        problem: SyntaxProblem | None = None,
        json: bool = False,
    ) -> None:
        self.source = source
        self.start = start
        self.end = end
        self.root = root
        self.problem = problem
        self.json = json

    @property
    def mapping(self) -> Mapping | None:
        """The root when it is a mapping."""
        return self.root if isinstance(self.root, Mapping) else None


def locate(root: Node, *path: str | int) -> Node:
    """The node at a path of keys and indexes; where the path ends early, the deepest node that is there."""
    node = root
    for step in path:
        below: Node | None = None
        if isinstance(node, Mapping) and isinstance(step, str):
            below = node.get(step)
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            below = node.items[step]
        if below is None:
            return node
        node = below
    return node


def strings(node: Node | None) -> Iterator[Scalar]:
    """The string scalars of a list; nothing for anything else."""
    if isinstance(node, Sequence):
        for item in node.items:
            if isinstance(item, Scalar) and item.kind == "string":
                yield item


def scalar_spans(node: Node | None) -> Iterator[tuple[int, int]]:
    """Where the scalars of a node are written, keys included."""
    if isinstance(node, Mapping):
        for entry in node.entries.values():
            yield entry.key.start, entry.key.end
            yield from scalar_spans(entry.value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from scalar_spans(item)
    elif node is not None:
        yield node.start, node.end
