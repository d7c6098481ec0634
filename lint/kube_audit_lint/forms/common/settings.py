"""What forms share that keep flags in a map of names and values, and policies as a part of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kube_audit_lint.forms.common.shapes import meant, near_key
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

__all__ = ["Reader", "first_place", "in_map", "meant", "misspelt", "part_as_policy", "shape_of_flags"]


class Reader(NamedTuple):
    """Who reads a form, and how that ends.

    unknown: what happens to a key that is not known. refused: what happens to a value of a wrong type.
    numbers: whether a bare number or boolean is taken for a string. lists: whether a flag may have a list.
    go: the name of the Go field in its messages; "" when its messages are not known.
    """

    name: str
    unknown: str
    refused: str
    numbers: bool = False
    lists: bool = False
    go: str = ""

    def cannot(self, what: str, wanted: str = "string") -> str:
        """The message of Go's reader, in brackets."""
        return f" (`json: cannot unmarshal {what} into Go struct field {self.go} of type {wanted}`)" if self.go else ""


def misspelt(section: Mapping, known: Iterable[str], reader: Reader, help: str = "") -> Iterator[Misshape]:
    """Keys near to known ones, and unknown keys that can only be about auditing.

    help: what to do with the latter.
    """
    names = frozenset(known)
    for entry in section.entries.values():
        key = entry.key.value
        if key in names or is_unknown(key) or entry.merged:
            continue
        near = near_key(section, key, names)
        if near is not None or "audit" in key.lower():
            message = f"`{key}` is no setting of {reader.name} here: {reader.unknown}."
            yield Misshape("unknown-key", entry.key.place, message, f"Write `{near}`." if near else help)


def shape_of_flags(arguments: Node | None, reader: Reader) -> Iterator[Misshape]:
    """What is wrong with a map of flags."""
    if isinstance(arguments, Sequence) and arguments.items:
        yield Misshape(
            "wrong-shape",
            first_place(arguments),
            f"This is a list, and {reader.name} takes a map here: {reader.refused}"
            f"{reader.cannot('array', 'map[string]string')}.",
            'Write `audit-log-maxage: "30"` for each flag.',
        )
    for entry in arguments.entries.values() if isinstance(arguments, Mapping) else ():
        if entry.key.value.startswith("-"):
            yield Misshape(
                "wrong-shape",
                entry.key.place,
                f"{reader.name} puts `--` in front of the name itself: kube-apiserver gets `--{entry.key.value}` and "
                "does not start.",
                f"Write `{entry.key.value.lstrip('-')}`.",
            )
        yield from _shape_of_value(entry.value, reader)


def _shape_of_value(value: Node, reader: Reader) -> Iterator[Misshape]:
    if isinstance(value, Scalar) and value.kind in ("int", "float", "bool") and not reader.numbers:
        kind = "bool" if value.kind == "bool" else "number"
        message = f"{value.place.text} is a {kind}, and only strings are taken here: {reader.refused}"
        help = f'Write "{value.place.text}" in quotes.'
        yield Misshape("wrong-shape", value.place, f"{message}{reader.cannot(kind)}.", help)
    elif isinstance(value, Mapping) or (isinstance(value, Sequence) and not reader.lists):
        what = "object" if isinstance(value, Mapping) else "array"
        message = f"The value of a flag is a string here: {reader.refused}{reader.cannot(what)}."
        yield Misshape("wrong-shape", first_place(value), message, "Write the value as one string.")


def in_map(name: str, value: str) -> str:
    """How a flag is written in a map of strings."""
    return f'{name}: "{value}"' if value else name


def part_as_policy(node: Node, place: Place, form: str, versions: Versions | None = None) -> PolicyDocument:
    """A policy that is a part of a larger document."""
    document = Document(node.source, node.start, node.end, node)
    return PolicyDocument(document, place, form=form, versions=versions, embedded=True)


def first_place(node: Node) -> Place:
    """What to underline of something long: its first key, or its first line."""
    if isinstance(node, Sequence) and node.items:
        return first_place(node.items[0])
    if isinstance(node, Mapping) and node.entries:
        return next(iter(node.entries.values())).key.place
    return node.place
