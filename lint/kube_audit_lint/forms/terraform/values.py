"""What expressions of Terraform come to: the nodes that other readers give, unknown where only a run of it can tell.

A literal is certain, and so is what `local.x` and `var.x` name where a literal stands for them in the file or in
another of its folder. Strings know where each of their characters is. All else is an unknown value, which touches
only itself. Of `merge` and `concat` the known parts are there, beside an unknown key or item for the rest.

Sources: the language reference of Terraform (Expressions, Functions); HCL's native syntax specification (a template
that is one interpolation has the value of it, of whatever type).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kube_audit_lint.forms.terraform.encoding import encoded
from kube_audit_lint.syntax.hcl import Block as Written
from kube_audit_lint.syntax.hcl import (
    Body,
    Call,
    Expression,
    Interpolation,
    Literal,
    Object,
    Reference,
    Template,
    Tuple,
)
from kube_audit_lint.syntax.nodes import PLAIN, QUOTED, Entry, Kind, Mapping, Node, PiecedScalar, Scalar, Sequence
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Chunk, Source
from kube_audit_lint.syntax.unknown import UNKNOWN, is_unknown

Lookup = Callable[[str, str], "Node | None"]
"""Gives the value of `local.NAME` or `var.NAME` (`local` or `var`, and the name); None where nobody can tell."""

FILES = ("file", "templatefile", "filebase64")
ENCODERS = ("jsonencode", "yamlencode")
_SAME = frozenset(
    (
        *("base64encode", "base64gzip", "chomp", "trimspace", "sensitive", "nonsensitive", "tostring", "tomap"),
        *("tolist", "toset", "tonumber", "tobool", "try"),
    )
)
"""Functions whose value is that of their first argument, as far as anybody reads it."""
_LARGEST = 4_000_000
"""How many characters all values of a file may come to: values that name others may grow without end."""

_COST_OF_BLOCK = 10_000
"""How many of them a block counts for that `for_each` makes: such blocks may be in each other."""


class Head(NamedTuple):
    """What is in front of a block's body: its type and labels, and where the type is."""

    type: str
    labels: tuple[str, ...]
    start: int
    end: int


class Block(Mapping):
    """A block's body. dynamic: whether an expression decides how many of it there are."""

    __slots__ = ("dynamic",)

    def __init__(self, source: Source, start: int, end: int, entries: dict[str, Entry], dynamic: bool = False) -> None:
        super().__init__(source, start, end, entries)
        self.dynamic = dynamic


class LocalFile(Scalar):
    """The content of a file of the repository: unknown here. path: from the folder of the file that names it."""

    __slots__ = ("path", "variables")

    def __init__(self, source: Source, start: int, end: int, path: str, variables: Mapping | None) -> None:
        super().__init__(source, start, end, "string", UNKNOWN, PLAIN)
        self.path = path
        self.variables = variables

    def given(self, variables: Mapping | None) -> LocalFile:
        """The same with other variables."""
        return LocalFile(self.source, self.start, self.end, self.path, variables)


class Values:
    """Evaluates the expressions of one file. variables: of a template, those that it is given."""

    def __init__(self, source: Source, lookup: Lookup, variables: Mapping | None = None) -> None:
        self.source = source
        self._lookup = lookup
        self._variables = variables
        self._each: dict[str, Mapping] = {}
        self._left = _LARGEST
        self._sizes: dict[int, int] = {}
        self._kept: list[Node] = []  # so that no other node gets the id of one of them

    def of_body(self, body: Body, start: int, end: int, dynamic: bool = False) -> Block:
        """A body as a mapping: blocks of one type become a list where there are several."""
        block = Block(self.source, start, end, {}, dynamic)
        for one in body.attributes:
            block.entries[one.name] = Entry(self._text(one.start, one.end, one.name), self.of(one.value))
        for inner in body.blocks:
            dynamic_one = inner.type == "dynamic" and inner.labels
            name = inner.labels[0] if dynamic_one else inner.type
            values = self._repeated(inner) if dynamic_one else [self.of_body(inner.body, inner.start, inner.end)]
            for value in values:
                self._add(block, name, self._text(inner.start, inner.type_end, name), value)
        return block

    def _repeated(self, dynamic: Written) -> Iterator[Block]:
        """What a `dynamic` block becomes: a block for each known item of `for_each`; one of its own kind where that is
        not known."""
        content = next((one for one in dynamic.body.blocks if one.type == "content"), None)
        body = content.body if content else Body((), ())
        given = {one.name: one.value for one in dynamic.body.attributes}
        each = self.of(given["for_each"]) if "for_each" in given and self._left > 0 else None
        items = _items_of(each)
        self._left -= _COST_OF_BLOCK * len(items or ())
        if items is None or self._left < 0:
            yield self.of_body(body, dynamic.start, dynamic.end, True)
            return
        named = given.get("iterator")
        iterator = named.names[0] if isinstance(named, Reference) else dynamic.labels[0]
        outer = dict(self._each)
        for key, value in items:
            entries = {"key": Entry(key, key), "value": Entry(key, value)}
            self._each[iterator] = Mapping(self.source, dynamic.start, dynamic.end, entries)
            yield self.of_body(body, dynamic.start, dynamic.end)
        self._each = outer

    def _add(self, block: Block, name: str, key: Scalar, value: Block) -> None:
        before = block.entries.get(name)
        if before is None:
            block.entries[name] = Entry(key, value)
        elif isinstance(before.value, Sequence):
            before.value.items.append(value)
        else:
            start, end = before.value.start, value.end
            block.entries[name] = Entry(before.key, Sequence(self.source, start, end, [before.value, value]))

    def of(self, expression: Expression) -> Node:
        """The value of an expression."""
        start, end = expression.start, expression.end
        if isinstance(expression, Literal):
            return Scalar(self.source, start, end, expression.kind, expression.value, PLAIN)
        if isinstance(expression, Template):
            return self._template(expression)
        if isinstance(expression, Object):
            return self._object(expression)
        if isinstance(expression, Tuple):
            return Sequence(self.source, start, end, [self.of(one) for one in expression.items])
        if isinstance(expression, Call):
            return self._call(expression)
        if isinstance(expression, Reference):
            return self._reference(expression)
        return self.unknown(start, end)

    def unknown(self, start: int, end: int) -> Scalar:
        """A value that nobody knows."""
        return Scalar(self.source, start, end, "string", UNKNOWN, PLAIN)

    def _text(self, start: int, end: int, value: str) -> Scalar:
        return Scalar(self.source, start, end, "string", value, PLAIN)

    def _reference(self, expression: Reference) -> Node:
        names = expression.names
        if names == ("path", "module"):
            return self._text(expression.start, expression.end, ".")
        found, at = None, 2
        if self._variables is not None:
            found, at = self._variables.get(names[0]), 1
        elif names[0] in self._each:
            found, at = self._each[names[0]], 1
        elif len(names) > 1 and names[0] in ("local", "var"):
            found = self._lookup(names[0], names[1])
        for name in names[at:]:
            found = found.get(name) if isinstance(found, Mapping) else None
        if found is None or not self._affords(found):
            return self.unknown(expression.start, expression.end)
        if found.source is not self.source:
            return _placed(found, self.source, expression.start, expression.end)
        return found

    def _affords(self, node: Node) -> bool:
        """Whether a value may be in one more place."""
        self._left -= self._size(node)
        return self._left >= 0

    def _size(self, node: Node) -> int:
        """How many nodes and characters a value comes to, where each reference to another stands for itself."""
        if isinstance(node, Scalar):
            return 1 + len(node.value)
        size = self._sizes.get(id(node))
        if size is None:
            inner = [entry.value for entry in node.entries.values()] if isinstance(node, Mapping) else node.items
            size = self._sizes[id(node)] = 1 + sum(map(self._size, inner))
            self._kept.append(node)
        return size

    def _object(self, expression: Object) -> Mapping:
        mapping = Mapping(self.source, expression.start, expression.end, {})
        for key, value in expression.items:
            mapping.put(Entry(self.key(key), self.of(value)))
        return mapping

    def key(self, expression: Expression) -> Scalar:
        """The key of an object: a name stands for itself."""
        start, end = expression.start, expression.end
        if isinstance(expression, Reference) and len(expression.names) == 1:
            return self._text(start, end, expression.names[0])
        node = self.of(expression)
        return node if isinstance(node, Scalar) else self.unknown(start, end)

    def _template(self, expression: Template) -> Scalar:
        start, end, pieces = expression.start, expression.end, expression.pieces
        if len(pieces) == 1 and isinstance(pieces[0], Interpolation):
            value = self.of(pieces[0].value)
            if not isinstance(value, Scalar) or is_unknown(value.value):
                return value if isinstance(value, LocalFile) else self.unknown(start, end)
            return value
        chunks = [chunk for piece in pieces for chunk in self._piece(piece)]
        whole = not chunks or (len(chunks) == 1 and chunks[0][1:] == (start + 1, end - start - 2))
        if whole and expression.opening == end:
            return Scalar(self.source, start, end, "string", chunks[0][0] if chunks else "", QUOTED)
        return PiecedScalar(self.source, start, expression.opening, chunks)

    def _piece(self, piece: Chunk | Interpolation) -> Iterable[Chunk]:
        if not isinstance(piece, Interpolation):
            return (piece,)
        value = self.of(piece.value)
        width = piece.end - piece.start
        if not isinstance(value, Scalar) or value.kind == "null" or not self._affords(value):
            return ((UNKNOWN * width, piece.start, width),)
        if isinstance(value, PiecedScalar) and ("\n" in value.value or is_unknown(value.value)):
            return value.chunks
        if is_unknown(value.value):
            return ((UNKNOWN * width, piece.start, width),)
        return ((letter, piece.start, width) for letter in value.value)

    def _call(self, expression: Call) -> Node:
        name, arguments = expression.name, expression.arguments
        start, end = expression.start, expression.end
        if name in ("merge", "concat") and arguments:
            values = [self.of(one) for one in arguments]
            if expression.spread:
                values[-1] = self.unknown(arguments[-1].start, arguments[-1].end)
            return self._merged(values, start, end) if name == "merge" else self._joined(values, start, end)
        if name in FILES and arguments:
            return self._file(name, arguments, start, end)
        if name in ENCODERS and len(arguments) == 1:
            value = self.of(arguments[0])
            known = self._affords(value)
            return PiecedScalar(self.source, start, end, list(encoded(value))) if known else self.unknown(start, end)
        if name == "indent" and len(arguments) == 2:
            return self._indented(self.of(arguments[0]), self.of(arguments[1]), start, end)
        if name == "join" and len(arguments) == 2:
            return self._words(self.of(arguments[0]), self.of(arguments[1]), start, end)
        return self.of(arguments[0]) if name in _SAME and arguments else self.unknown(start, end)

    def _file(self, name: str, arguments: tuple[Expression, ...], start: int, end: int) -> Scalar:
        path = self.of(arguments[0])
        if not isinstance(path, Scalar) or path.kind != "string" or is_unknown(path.value):
            return self.unknown(start, end)
        variables = self.of(arguments[1]) if name == "templatefile" and len(arguments) > 1 else None
        return LocalFile(self.source, start, end, path.value, variables if isinstance(variables, Mapping) else None)

    def _merged(self, values: list[Node], start: int, end: int) -> Mapping:
        merged = Mapping(self.source, start, end, {})
        for value in values:
            for entry in value.entries.values() if isinstance(value, Mapping) else ():
                merged.entries.pop(entry.key.value, None)
                merged.entries[entry.key.value] = entry
            if isinstance(value, Scalar) and value.kind != "null":
                more = self.unknown(value.start, value.end)
                for name in merged.entries:  # what comes later may set any of them otherwise
                    merged.entries[name] = Entry(merged.entries[name].key, more)
                merged.entries[UNKNOWN] = Entry(more, more)
        return merged

    def _joined(self, values: list[Node], start: int, end: int) -> Sequence:
        items = [item for value in values for item in (value.items if isinstance(value, Sequence) else [value])]
        return Sequence(self.source, start, end, items)

    def _indented(self, by: Node, text: Node, start: int, end: int) -> Node:
        if not isinstance(by, Scalar) or by.kind != "int" or not isinstance(text, PiecedScalar):
            return text if isinstance(text, Scalar) else self.unknown(start, end)
        blanks = " " * min(int(by.value), 100)
        chunks: list[Chunk] = []
        for part, at, width in text.chunks:
            for line in part.splitlines(keepends=True):
                one = width if len(part) != width else len(line)
                chunks.append((line, at, one))
                at += one if len(part) == width else 0
                if line.endswith("\n"):
                    chunks += [(blank, at, 0) for blank in blanks]
        return PiecedScalar(self.source, start, end, chunks)

    def _words(self, separator: Node, items: Node, start: int, end: int) -> Node:
        if not isinstance(items, Sequence) or not isinstance(separator, Scalar):
            return self.unknown(start, end)
        chunks: list[Chunk] = []
        for item in items.items:
            if chunks:
                chunks += [(letter, item.start, 0) for letter in separator.value]
            chunks += _chunks(item)
        return PiecedScalar(self.source, start, end, chunks)


def _items_of(each: Node | None) -> list[tuple[Scalar, Node]] | None:
    """The keys and values over which `for_each` goes; None where they are not known. A set's keys are its values."""
    if isinstance(each, Mapping):
        items = [(entry.key, entry.value) for entry in each.entries.values()]
    elif isinstance(each, Sequence):
        items = [(_key_of(one), one) for one in each.items]
    else:
        return None
    return None if any(is_unknown(key.value) and isinstance(value, Scalar) for key, value in items) else items


def _key_of(item: Node) -> Scalar:
    return item if isinstance(item, Scalar) else Scalar(item.source, item.start, item.end, "string", UNKNOWN, PLAIN)


def _chunks(node: Node) -> Iterator[Chunk]:
    """A scalar's text with where it is; of anything else an unknown one."""
    width = node.end - node.start
    if isinstance(node, PiecedScalar):
        yield from node.chunks
    elif isinstance(node, Scalar) and node.style == QUOTED and len(node.value) == width - 2:
        yield node.value, node.start + 1, len(node.value)
    elif isinstance(node, Scalar) and not is_unknown(node.value):
        yield from ((letter, node.start, width) for letter in node.value)
    else:
        yield UNKNOWN * max(width, 1), node.start, max(width, 1)


def _placed(node: Node, source: Source, start: int, end: int) -> Node:
    """A value of another file, as standing where it is referred to; texts stay unknown, they are read there."""
    if isinstance(node, Mapping):
        mapping = Mapping(source, start, end, {})
        for entry in node.entries.values():
            key = Scalar(source, start, end, "string", entry.key.value, PLAIN)
            mapping.entries[key.value] = Entry(key, _placed(entry.value, source, start, end))
        return mapping
    if isinstance(node, Sequence):
        return Sequence(source, start, end, [_placed(one, source, start, end) for one in node.items])
    known = "\n" not in node.value and not isinstance(node, LocalFile)
    # Of a number the readers take what is in the file, and here that is its name.
    kind: Kind = "null" if node.kind == "null" else "string"
    return Scalar(source, start, end, kind, node.value if known else UNKNOWN, PLAIN)
