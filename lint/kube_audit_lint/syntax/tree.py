"""Builds the resolved tree of a document from what the parser sees, in go-yaml's order.

go-yaml works in phases: it parses the whole document (an unknown anchor fails there), then decodes
it (tags, merges, aliases), then turns it into a JSON value (keys), then writes that (infinities).
What fails in an earlier phase hides all later failures; `problem` is the one the server reports.
"""

from __future__ import annotations

from kube_audit_lint.syntax.chars import YamlError
from kube_audit_lint.syntax.nodes import (
    PLAIN,
    Document,
    Entry,
    EntryFromElsewhere,
    Inner,
    InnerScalar,
    Mapping,
    Node,
    Scalar,
    Sequence,
    SyntaxProblem,
)
from kube_audit_lint.syntax.scalars import (
    MAX_INT,
    MERGE_TAG,
    UNWRITABLE,
    ScalarError,
    json_key,
    resolve_plain,
    resolve_tagged,
)
from kube_audit_lint.syntax.source import OffsetMap, Place, Source

MAX_JSON_DEPTH = 10000
_TOO_DEEP = "invalid character '[' exceeded max depth"
_MERGE_NEEDS_MAP = "yaml: map merge requires map or sequence of maps as the value"


class _Level:
    """A collection that is still open."""

    __slots__ = ("anchor", "count", "items", "key", "merge", "node")

    def __init__(self, node: Sequence | Mapping, anchor: str | None, count: int) -> None:
        self.node = node
        self.items = node.items if isinstance(node, Sequence) else None
        self.anchor = anchor
        self.count = count
        self.key: Node | None = None
        self.merge = False


class TreeBuilder:
    """Takes scalars, aliases and the ends of collections in the order in which they are written.

    `text` is what is read: the source's own text, or one that is in it where `offsets` say.
    """

    def __init__(self, source: Source, text: str, offsets: OffsetMap) -> None:
        self.source = source
        self._start = offsets.outer
        self._end = offsets.outer_end
        self._inner = None if text is source.text else Inner(text, offsets)
        self._known: dict[str, str] = {}
        self.reset()

    def reset(self) -> None:
        """Begin a new document."""
        self.root: Node | None = None
        self.last_end = 0
        self._decode_problem: SyntaxProblem | None = None
        self._late: list[tuple[Node, str]] = []
        self._levels: list[_Level] = []
        self._top: _Level | None = None
        self._anchors: dict[str, _Level | tuple[Node, int]] = {}
        self._collections = 0
        self._count = 1
        self._aliased = 0

    # What the parser calls

    def scalar(
        self,
        start: int,
        end: int,
        value: str,
        style: int,
        tag: str | None = None,
        anchor: str | None = None,
    ) -> None:
        """A scalar."""
        self.last_end = end
        self._count += 1
        top = self._top
        if top is not None and top.merge:
            self._fail(_MERGE_NEEDS_MAP, self._start(start), self._end(end))
        if tag is None:
            kind, text = resolve_plain(value) if style == PLAIN else ("string", value)
        else:
            try:
                kind, text = resolve_tagged(tag, value)
            except ScalarError as error:
                kind, text = "string", value
                self._fail(str(error), self._start(start), self._end(end))
        text = self._known.setdefault(text, text)  # keys and levels are the same few words
        if self._inner is None:
            node = Scalar(self.source, start, end, kind, text, style)
        else:
            node = InnerScalar(self.source, self._inner, start, end, kind, text, style)
        if kind == "float" and text in UNWRITABLE:
            self._late.append((node, f"json: unsupported value: {text}"))
        if anchor is not None:
            self._anchors[anchor] = node, 1
        if value == "<<" and top is not None and top.items is None and top.key is None:
            top.merge = (style == PLAIN and tag is None) or tag in ("!", MERGE_TAG)
            self._count -= top.merge
        self._add(node)

    def alias(self, start: int, end: int, name: str) -> None:
        """A reference to an anchor."""
        self.last_end = end
        target = self._anchors.get(name)
        node: Node
        if target is None:
            raise YamlError(f"unknown anchor '{name}' referenced", start, stop=end)
        if isinstance(target, tuple):
            node, size = target
        else:
            node, size = self._alias_inside(start, end, name), 1
        self._count += 1 + size
        self._aliased += size
        self._check_aliasing(start, end)
        self._add(node, (start, end))

    def _alias_inside(self, start: int, end: int, name: str) -> Scalar:
        first, last = self._start(start), self._end(end)
        self._fail(f"yaml: anchor '{name}' value contains itself", first, last)
        return Scalar(self.source, first, last, "null", "null")

    def empty(self, at: int) -> None:
        """A value that is not there."""
        self.scalar(at, at, "", PLAIN)

    def open_mapping(self, start: int, anchor: str | None = None) -> None:
        """A mapping begins."""
        self._open(Mapping(self.source, self._start(start), 0, {}), anchor)

    def open_sequence(self, start: int, anchor: str | None = None) -> None:
        """A sequence begins."""
        self._open(Sequence(self.source, self._start(start), 0, []), anchor)

    def close(self, end: int | None = None) -> None:
        """The innermost collection ends; a block ends with its last item."""
        if end is not None:
            self.last_end = end
        level = self._levels.pop()
        node = level.node
        node.end = self._end(self.last_end)
        if level.anchor is not None and self._anchors[level.anchor] is level:
            self._anchors[level.anchor] = node, self._count - level.count
        self._top = self._levels[-1] if self._levels else None
        self._add(node)

    # What follows from it

    def document(self, start: int) -> Document:
        """The finished document, which begins at an offset."""
        problem = self._decode_problem or self._late_problem()
        first, last = self._start(start), self._end(self.last_end)
        return Document(self.source, first, last, None if problem else self.root, problem)

    def place(self, start: int, end: int) -> Place:
        """A place in the file, by the offsets of the text that is read."""
        return Place(self.source, self._start(start), self._end(end))

    def _open(self, node: Sequence | Mapping, anchor: str | None) -> None:
        level = _Level(node, anchor, self._count)
        if anchor is not None:
            self._anchors[anchor] = level
        self._count += 1
        self._collections += 1
        self._levels.append(level)
        self._top = level

    def _fail(self, message: str, start: int, end: int) -> None:
        if self._decode_problem is None:
            self._decode_problem = SyntaxProblem(message, Place(self.source, start, end))

    def _check_aliasing(self, start: int, end: int) -> None:
        count = self._count
        if self._aliased > 100 and count > 1000 and self._aliased > _allowed_aliases(count) * count:
            self._fail("yaml: document contains excessive aliasing", self._start(start), self._end(end))

    def _add(self, node: Node, alias: tuple[int, int] | None = None) -> None:
        top = self._top
        if top is None:
            self.root = node
        elif top.items is not None:
            top.items.append(node)
        elif top.key is None:
            top.key = node
            if not isinstance(node, Scalar):
                self._fail(f"yaml: invalid map key: {_go(node)}", node.start, node.end)
        else:
            key, top.key = top.key, None
            if top.merge:
                top.merge = False
                self._merge(top.node, node, alias)  # type: ignore[arg-type]
            elif isinstance(key, Scalar):
                self._set(top.node, key, node, alias)  # type: ignore[arg-type]

    def _set(self, mapping: Mapping, key: Scalar, value: Node, alias: tuple[int, int] | None) -> None:
        if key.kind != "string":
            key = self._as_json_key(key, value)
        if alias is None:
            mapping.put(Entry(key, value))
        else:
            at = Place(self.source, self._start(alias[0]), self._end(alias[1]))
            mapping.put(EntryFromElsewhere(key, value, alias=at))

    def _as_json_key(self, key: Scalar, value: Node) -> Scalar:
        """A key as JSON writes it; a copy, for the key may be an alias to a value."""
        name = json_key(key.kind, key.value)
        copy = Scalar(key.source, key.start, key.end, key.kind, name, key.style)
        go_type = None
        if key.kind == "null":
            go_type = "%!s(<nil>), key: <nil>"
        elif key.kind == "int" and int(name) > MAX_INT:
            go_type = f"uint64, key: {int(name):#x}"
        if go_type is not None:
            self._late.append((copy, f"unsupported map key of type: {go_type}, value: {_go_top(value)}"))
        return copy

    def _merge(self, mapping: Mapping, value: Node, alias: tuple[int, int] | None) -> None:
        if self._decode_problem is not None:
            return
        if isinstance(value, Mapping):
            parts: list[Node] = [value]
        elif isinstance(value, Sequence) and alias is None:
            self._count -= 1
            parts = value.items[::-1]
        else:
            parts = [value]
        for part in parts:
            if isinstance(part, Mapping):
                for entry in part.entries.values():
                    mapping.put(EntryFromElsewhere(entry.key, entry.value, merged=True))
            else:
                self._fail(_MERGE_NEEDS_MAP, value.start, value.end)

    def _late_problem(self) -> SyntaxProblem | None:
        """A problem of the JSON phases, which see only what is left of the document by then."""
        if self._late:
            present = _reachable(self.root)
            # sorted() is stable: keys are converted before anything is written.
            for node, message in sorted(self._late, key=lambda late: late[1].startswith("json:")):
                if id(node) in present:
                    return SyntaxProblem(message, node.place)
        deepest = self._too_deep() if self._collections > MAX_JSON_DEPTH else None
        return None if deepest is None else SyntaxProblem(_TOO_DEEP, deepest.place)

    def _too_deep(self) -> Node | None:
        """A collection that is too deep for the JSON library that reads the result."""
        heights: dict[int, int] = {}
        waiting: list[Node] = [] if self.root is None else [self.root]
        while waiting:
            node = waiting[-1]
            below = _collections(node)
            missing = [child for child in below if id(child) not in heights]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            heights[id(node)] = 1 + max((heights[id(child)] for child in below), default=0)
        if self.root is None or heights[id(self.root)] <= MAX_JSON_DEPTH:
            return None
        node = self.root
        for _ in range(MAX_JSON_DEPTH):
            node = max(_collections(node), key=lambda child: heights[id(child)])
        return node


def _collections(node: Node) -> list[Node]:
    if isinstance(node, Sequence):
        return [item for item in node.items if not isinstance(item, Scalar)]
    if isinstance(node, Mapping):
        return [entry.value for entry in node.entries.values() if not isinstance(entry.value, Scalar)]
    return []


def _allowed_aliases(count: int) -> float:
    """The share of a document's nodes that may come from aliases."""
    if count <= 400_000:
        return 0.99
    if count >= 4_000_000:
        return 0.10
    return 0.99 - 0.89 * (count - 400_000) / 3_600_000


def _reachable(root: Node | None) -> set[int]:
    """The identities of the nodes, and of the keys, that the finished document holds."""
    found: set[int] = set()
    waiting: list[Node] = [] if root is None else [root]
    while waiting:
        node = waiting.pop()
        if id(node) in found:
            continue
        found.add(id(node))
        if isinstance(node, Sequence):
            waiting.extend(node.items)
        elif isinstance(node, Mapping):
            for entry in node.entries.values():
                found.add(id(entry.key))
                waiting.append(entry.value)
    return found


def _go(node: Node, depth: int = 0) -> str:
    """A value as Go's `%#v` prints it; deep ones are cut short."""
    if isinstance(node, Scalar):
        return _go_scalar(node)
    if depth > 8:
        return "..."
    if isinstance(node, Sequence):
        return "[]interface {}{" + ", ".join(_go(item, depth + 1) for item in node.items[:100]) + "}"
    pairs = sorted(f"{_go_scalar(e.key)}:{_go(e.value, depth + 1)}" for e in node.entries.values())
    return "map[interface {}]interface {}{" + ", ".join(pairs[:100]) + "}"


def _go_scalar(node: Scalar) -> str:
    if node.kind == "string":
        return go_quote(node.value)
    if node.kind == "int" and int(node.value) > MAX_INT:
        return f"{int(node.value):#x}"
    infinite = {".inf": "+Inf", "-.inf": "-Inf", ".nan": "NaN", "null": "interface {}(nil)"}
    return infinite.get(node.value, node.value)


def go_quote(text: str) -> str:
    """A string as Go quotes it."""
    named = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char == " " or char.isprintable():
            out.append(char)
        else:
            code = ord(char)
            short = f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
            out.append(named.get(char) or (f"\\x{code:02x}" if code < 0x80 else short))
    return '"' + "".join(out) + '"'


def _go_top(node: Node) -> str:
    return "<nil>" if isinstance(node, Scalar) and node.kind == "null" else _go(node)
