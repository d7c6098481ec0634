"""HCL (Terraform, OpenTofu, Terragrunt) to bodies, blocks and expressions, each with where it is.

The parser is tree-sitter's grammar of HCL, the extra `[terraform]`: it gives every node its bytes, goes on behind a
mistake, and reads a megabyte in half a second (docs/forms/terraform.md tells what else was tried). Here is all that
knows of it. A top-level block is turned into Python only when a user reads it.

Sources: HCL's native syntax specification (templates, escapes, heredocs, flush heredocs).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from kube_audit_lint.syntax.nodes import Kind
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Chunk
from kube_audit_lint.syntax.unknown import from_outside

LARGEST = 400_000
"""Characters above which a file is not parsed."""
MOST_PARTS = 200_000
"""Nodes above which a file is not read, as many as 450 KB of what people write have: these take two seconds."""
MOST_IN_A_LINE = 2_000
"""Quotes, equals signs or odd spaces in one line above which a file is not parsed.

Nobody writes so many, and the parser's way on behind as many mistakes takes it the square of their number.
"""
DEEPEST = 60
"""Expressions in each other above which what is inside is not looked at."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)|\$\$\{|%%\{", re.DOTALL)
_ESCAPED_BRACE = re.compile(r"\$\$\{|%%\{")
_BEFORE, _BEHIND = "x = <<END_OF_THE_TEMPLATE\n", "END_OF_THE_TEMPLATE"
"""What makes a heredoc of a template's file."""
_WORD = re.compile(r"[\w./:@=*, -]+")
_NAMED = {"n": "\n", "r": "\r", "t": "\t"}


class Literal(NamedTuple):
    """A number, boolean or null, with its canonical text."""

    start: int
    end: int
    kind: Kind
    value: str


class Interpolation(NamedTuple):
    """`${...}` in a template."""

    start: int
    end: int
    value: Expression


class Template(NamedTuple):
    """A string in quotes or a heredoc: its pieces in order. Directives (`%{ if }`) stay in its text.

    opening: where a heredoc's `<<EOT` ends; where a string ends.
    """

    start: int
    end: int
    opening: int
    pieces: tuple[Chunk | Interpolation, ...]


class Object(NamedTuple):
    """`{ key = value }`."""

    start: int
    end: int
    items: tuple[tuple[Expression, Expression], ...]


class Tuple(NamedTuple):
    """`[value, value]`."""

    start: int
    end: int
    items: tuple[Expression, ...]


class Call(NamedTuple):
    """A function with its arguments. spread: whether the last one is followed by `...`."""

    start: int
    end: int
    name: str
    arguments: tuple[Expression, ...]
    spread: bool = False


class Reference(NamedTuple):
    """A name with its attributes: `local.x`, `var.y.z`."""

    start: int
    end: int
    names: tuple[str, ...]


class Other(NamedTuple):
    """Anything else; `parts` are the expressions in it."""

    start: int
    end: int
    parts: tuple[Expression, ...]


Expression = Literal | Template | Object | Tuple | Call | Reference | Other


class Attribute(NamedTuple):
    """`name = value` in a body. start, end: of the name."""

    start: int
    end: int
    name: str
    value: Expression


class Block:
    """A block: `type "label" { ... }`. start: of its type. end: behind its brace. type_end: of its type."""

    def __init__(self, tree: Tree, node: Any) -> None:
        self._tree, self._node = tree, node
        self.start, self.end = tree.span(node)
        head = [one for one in node.children if one.type in ("identifier", "string_lit")]
        self.type_end = tree.span(head[0])[1]
        self.type = tree.text[self.start : self.type_end]
        self.labels = tuple(tree.words(one) for one in head[1:])

    @cached_property
    def body(self) -> Body:
        """What is between its braces."""
        return self._tree.body(next((one for one in self._node.children if one.type == "body"), None))


class Body(NamedTuple):
    """Attributes and blocks, each in their order."""

    attributes: tuple[Attribute, ...]
    blocks: tuple[Block, ...]


class Tree:
    """A file. wrong: where its first mistake is, None where it has none."""

    def __init__(self, text: str, root: Any, places: array[int] | None, given_up: bool = False) -> None:
        self.text = text
        self._root = root
        self._given_up = given_up
        self._places = places

    def span(self, node: Any) -> tuple[int, int]:
        """Where a node is, in characters."""
        start, end = node.start_byte, node.end_byte
        return (start, end) if self._places is None else (self._places[start], self._places[end])

    @property
    def is_too_large(self) -> bool:
        """Whether there is more in the file than is read."""
        return self._given_up or bool(self._root.descendant_count > MOST_PARTS)

    @property
    def wrong(self) -> tuple[int, int] | None:
        """Where the first mistake is."""
        node = self._root
        if not node.has_error:
            return None
        while not (node.is_error or node.is_missing):
            node = next((one for one in node.children if one.has_error or one.is_missing), None)
            if node is None:
                return None
        start, end = self.span(node)
        line = self.text.find("\n", start)
        return start, min(max(end, start + 1), line if line > start else end, len(self.text))

    @cached_property
    def heredocs(self) -> list[tuple[int, int]]:
        """The texts of all heredocs, each from its first line to that of its end."""
        found: list[tuple[int, int]] = []
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            if node.type == "heredoc_template":
                start, end = self.span(node)
                found.append((self.text.find("\n", start, end) + 1 or end, self.text.rfind("\n", start, end) + 1))
            waiting += node.children
        return found

    def takes(self, start: int, end: int, new: str) -> bool:
        """Whether a part of the file can be replaced without regard to the syntax: in a heredoc, and within a word."""
        if any(first <= start and end <= last for first, last in self.heredocs):
            return True
        if _WORD.fullmatch(new) is None or _WORD.fullmatch(self.text[start:end]) is None:
            return False
        line = self.text[self.text.rfind("\n", 0, start) + 1 : start].replace('\\"', "")
        return line.count('"') % 2 == 1 or (new.isdigit() and self.text[start:end].isdigit())

    @cached_property
    def top(self) -> Body:
        """The file's own body."""
        return self.body(next((one for one in self._root.children if one.type == "body"), None))

    def body(self, node: Any) -> Body:
        """A body's attributes and blocks; what cannot be read in it is left out."""
        attributes: list[Attribute] = []
        blocks: list[Block] = []
        for child in node.children if node is not None else ():
            if child.type == "attribute":
                name = child.child(0)
                value = next((one for one in child.children if one.type == "expression"), None)
                if value is not None and name is not None and not any(one.is_error for one in child.children):
                    start, end = self.span(name)
                    attributes.append(Attribute(start, end, self.text[start:end], self._expression(value, 0)))
            elif child.type == "block" and child.children and child.child(0).type == "identifier":
                blocks.append(Block(self, child))
        return Body(tuple(attributes), tuple(blocks))

    def words(self, node: Any) -> str:
        """The text of a block's label."""
        start, end = self.span(node)
        return self.text[start:end].strip('"')

    def _expression(self, node: Any, depth: int) -> Expression:
        """What an `expression` holds; of parentheses what is in them."""
        start, end = self.span(node)
        children = [one for one in node.children if one.is_named and one.type != "comment"]
        if depth > DEEPEST or not children:
            return Other(start, end, ())
        first = children[0]
        if len(children) > 1 or first.type == "variable_expr":
            return self._reference(children, start, end, depth)
        if first.type == "expression":
            return self._expression(first, depth + 1)
        if first.type in ("literal_value", "template_expr", "collection_value"):
            return self._value(first.child(0), depth)
        if first.type == "function_call":
            return self._call(first, depth)
        if first.type == "operation" and (number := self._negative(first)) is not None:
            return number
        return Other(start, end, tuple(self._inside(first, depth + 1)))

    def _value(self, node: Any, depth: int) -> Expression:
        start, end = self.span(node)
        kind = node.type
        if kind in ("string_lit", "quoted_template"):
            return Template(
                start, end, end, tuple(self._pieces(node, start + 1, max(end - 1, start + 1), depth, False))
            )
        if kind == "heredoc_template":
            return self._heredoc(node, depth)
        if kind == "object":
            return Object(start, end, tuple(self._items(node, depth)))
        if kind == "tuple":
            items = [one for one in node.children if one.type == "expression"]
            if any(one.type == "for_expr" for one in node.children):
                return Other(start, end, tuple(self._inside(node, depth + 1)))
            return Tuple(start, end, tuple(self._expression(one, depth + 1) for one in items))
        if kind == "numeric_lit":
            return _number(start, end, self.text[start:end])
        if kind in ("bool_lit", "null_lit"):
            return Literal(start, end, "null" if kind == "null_lit" else "bool", self.text[start:end])
        return Other(start, end, tuple(self._inside(node, depth + 1)))

    def _items(self, node: Any, depth: int) -> Iterator[tuple[Expression, Expression]]:
        for element in node.children:
            sides = [one for one in element.children if one.type == "expression"]
            if element.type == "object_elem" and len(sides) == 2:
                key = self._expression(sides[0], depth + 1)
                if self.text.startswith("(", self.span(sides[0])[0]) and isinstance(key, Reference):
                    key = Other(key.start, key.end, ())  # a value, where without brackets a name is the key itself
                yield key, self._expression(sides[1], depth + 1)

    def _call(self, node: Any, depth: int) -> Expression:
        start, end = self.span(node)
        name_start, name_end = self.span(node.child(0))
        given = [one for one in node.children if one.type == "function_arguments"]
        children = given[0].children if given else []
        arguments = tuple(self._expression(one, depth + 1) for one in children if one.type == "expression")
        spread = any(one.type == "ellipsis" for one in children)
        return Call(start, end, self.text[name_start:name_end], arguments, spread)

    def _reference(self, children: list[Any], start: int, end: int, depth: int) -> Expression:
        if children[0].type == "variable_expr" and all(one.type == "get_attr" for one in children[1:]):
            spans = [self.span(one) for one in children]
            return Reference(start, end, tuple(self.text[at:last].strip(". ") for at, last in spans))
        parts = [part for one in children for part in self._inside(one, depth + 1)]
        return Other(start, end, tuple(parts))

    def _negative(self, node: Any) -> Literal | None:
        start, end = self.span(node)
        return _number(start, end, self.text[start:end]) if re.fullmatch(r"-[0-9.]+", self.text[start:end]) else None

    def _inside(self, node: Any, depth: int) -> Iterator[Expression]:
        """The expressions directly in anything else."""
        if depth > DEEPEST:
            return
        for child in node.children:
            if child.type == "expression":
                yield self._expression(child, depth + 1)
            elif child.type in ("literal_value", "template_expr", "collection_value"):
                yield self._value(child.child(0), depth + 1)
            elif child.type == "function_call":
                yield self._call(child, depth + 1)
            elif child.is_named:
                yield from self._inside(child, depth + 1)

    def _heredoc(self, node: Any, depth: int) -> Template:
        start, end = self.span(node)
        names = [one for one in node.children if one.type == "heredoc_identifier"]
        opening = self.span(names[0])[1]
        line = self.text.find("\n", opening)
        last = self.span(names[-1])[0] if len(names) > 1 else end
        first = min(line + 1, last) if line >= 0 else last
        last = max(first, self.text.rfind("\n", first, last) + 1)  # what indents the end is no part of the text
        pieces = list(self._pieces(node, first, last, depth, True))
        if self.text.startswith("<<-", start):
            pieces = list(_flushed(pieces, self.text, first, last))
        return Template(start, end, opening, tuple(pieces))

    def _pieces(self, node: Any, at: int, last: int, depth: int, heredoc: bool) -> Iterator[Chunk | Interpolation]:
        """What is in a template. Blanks beside an interpolation are in no node of the grammar: all text counts."""
        for one in self._interpolations(node):
            start, end = self.span(one)
            yield from _unescaped(self.text, at, start, heredoc)
            inner = next((child for child in one.children if child.type == "expression"), None)
            value = Other(start, end, ()) if inner is None else self._expression(inner, depth + 1)
            yield Interpolation(start, end, value)
            at = end
        yield from _unescaped(self.text, at, last, heredoc)

    def _interpolations(self, node: Any) -> Iterator[Any]:
        """The interpolations of a template's text, those between its directives, too."""
        waiting = list(reversed(node.children))
        while waiting:
            one = waiting.pop()
            if one.type == "template_interpolation":
                yield one
            elif one.type.startswith("template_") and not one.type.endswith(("_intro", "_end", "_literal", "_start")):
                waiting += reversed(one.children)


def _number(start: int, end: int, text: str) -> Literal:
    return Literal(start, end, "int" if re.fullmatch(r"-?[0-9]+", text) else "float", text)


def _unescaped(text: str, at: int, end: int, heredoc: bool) -> Iterator[Chunk]:
    for found in (_ESCAPED_BRACE if heredoc else _ESCAPE).finditer(text, at, end):
        if found.start() > at:
            yield text[at : found.start()], at, found.start() - at
        piece, at = found[0], found.end()
        if piece[0] in "$%":
            yield piece[0], found.start(), 2
            yield "{", at - 1, 1
        elif piece[1] in "uU" and len(piece) > 2:
            code = int(piece[2:], 16)
            yield from_outside(chr(code)) if code <= 0x10FFFF else "\ufffd", found.start(), len(piece)
        else:
            yield _NAMED.get(piece[1], piece[1]), found.start(), len(piece)
    if at < end:
        yield text[at:end], at, end - at


def _flushed(pieces: list[Chunk | Interpolation], text: str, first: int, last: int) -> Iterator[Chunk | Interpolation]:
    """The pieces of `<<-` without the indentation that all lines have in common."""
    lines = [line for line in text[first:last].split("\n") if line.strip()]
    cut = min((len(line) - len(line.lstrip(" \t")) for line in lines), default=0)
    for piece in pieces:
        if isinstance(piece, Interpolation) or len(piece[0]) != piece[2]:
            yield piece
            continue
        part, at, _ = piece
        for line in part.splitlines(keepends=True) if cut else [part]:
            begins = at == first or text[at - 1] == "\n"
            blanks = min(cut, len(line) - len(line.lstrip(" \t"))) if begins else 0
            if len(line) > blanks:
                yield line[blanks:], at + blanks, len(line) - blanks
            at += len(line)


def parse(text: str) -> Tree:
    """The tree of a file. Raises ImportError where the extra is not installed."""
    import tree_sitter
    import tree_sitter_hcl

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))
    data = _SURROGATES.sub("?", text).encode()
    odd = (b'"', b"=", b"\xe2\x80", b"\xc2")
    if any(line.count(one) > MOST_IN_A_LINE for line in data.splitlines() for one in odd):
        return Tree(text, parser.parse(b"").root_node, None, given_up=True)
    return Tree(text, parser.parse(data).root_node, None if len(data) == len(text) else _characters(text))


def parse_template(text: str) -> Template | None:
    """A file that is a template, as a heredoc of the same text: where it is in the file. None where it is none."""
    ends = "" if text.endswith("\n") else "\n"
    tree = parse(f"{_BEFORE}{text}{ends}{_BEHIND}\n")
    value = tree.top.attributes[0].value if tree.wrong is None and tree.top.attributes else None
    if not isinstance(value, Template) or len(tree.top.attributes) > 1:
        return None
    pieces = [_moved(piece, -len(_BEFORE)) for piece in value.pieces]
    return Template(0, len(text), 0, tuple(pieces))


def _moved(piece: Chunk | Interpolation, by: int) -> Chunk | Interpolation:
    """A piece at another place. What is inside of an interpolation keeps its own: only its value counts."""
    if isinstance(piece, Interpolation):
        return piece._replace(start=piece.start + by, end=piece.end + by)
    return piece[0], piece[1] + by, piece[2]


def _characters(text: str) -> array[int]:
    """The character at each byte of a text in UTF-8, and behind its end."""
    places = array("I")
    for at, character in enumerate(text):
        code = ord(character)
        width = 1 if code < 0x80 or 0xD800 <= code <= 0xDFFF else 2 if code < 0x800 else 3 if code < 0x10000 else 4
        places.extend((at,) * width)
    places.append(len(text))
    return places
