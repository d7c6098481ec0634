"""Who reads a form, how that ends for what it does not take, and keys that it does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import is_unknown

DROPPED = "it is dropped, and nothing of it reaches kube-apiserver"


class Reader(NamedTuple):
    """The program that reads a form.

    unknown: what happens to a key that it does not know; `{key}` stands for the key. refused: what happens to a value
    of a wrong type. here: how a message goes on behind "no setting of NAME".
    version: what decides the shape of extraArgs. list_hint: what else to write instead of a list where a map belongs.
    schema: the path of the section in a custom resource, where a schema is held against it; "" where Go's reader is.
    numbers: whether a bare number or boolean is taken for a string. lists: whether a flag may have a list.
    go: the name of the Go field in its messages; "" when its messages are not known.
    """

    name: str
    unknown: str = DROPPED
    refused: str = ""
    here: str = " here"
    version: str = ""
    list_hint: str = ""
    schema: str = ""
    numbers: bool = False
    lists: bool = False
    go: str = ""

    def cannot(self, what: str, wanted: str = "string") -> str:
        """The message of Go's reader, in brackets."""
        return f" (`json: cannot unmarshal {what} into Go struct field {self.go} of type {wanted}`)" if self.go else ""

    def says(self, got: str, field: str, wanted: str) -> str:
        """The words in which a value of a wrong type is refused; `got` and `wanted` as Go's reader has them."""
        if not self.schema:
            return f"json: cannot unmarshal {got} into Go struct field {field} of type {wanted}"
        got = {"bool": "boolean", "number": "integer"}.get(got, got)
        wanted = {"map[string]string": "object", "string": "string"}.get(wanted, "array")
        return f'{self.schema}: Invalid value: "{got}": must be of type {wanted}'


def unknown_keys(
    section: Mapping,
    known: Iterable[str],
    reader: Reader,
    help: str = "",
    *,
    near_only: bool = False,
    where: Callable[[Entry], bool] = lambda entry: True,
) -> Iterator[Misshape]:
    """Keys near to known ones and, unless `near_only`, unknown keys that can only be about auditing.

    help: what to do with the latter. where: which entries count.
    """
    names = frozenset(known)
    for key, entry in section.entries.items():
        if key in names or is_unknown(key) or entry.merged or not where(entry):
            continue
        near = near_key(section, key, names)
        if near is not None or ("audit" in key.lower() and not near_only):
            yield unknown_key(entry.key, reader, f"Write `{near}`." if near else help)


def unknown_key(key: Scalar, reader: Reader, help: str = "") -> Misshape:
    """A key that the reader does not know."""
    unknown = reader.unknown.replace("{key}", key.value)
    message = f"`{key.value}` is no setting of {reader.name}{reader.here}: {unknown}."
    return Misshape("unknown-key", key.place, message, help)


def near_key(section: Mapping, key: str, known: Iterable[str]) -> str | None:
    """The known key that was meant, when the section does not have that one too."""
    from kube_audit_lint.kubernetes.spelling import nearest

    near = nearest(key, known)
    return near if near is not None and near not in section.entries else None


def meant(section: Mapping, name: str) -> str:
    """The key under which a setting is written: its own, else a misspelt one (which is a finding of its own)."""
    if name in section.entries:
        return name
    return next((key for key in section.entries if near_key(section, key, (name,)) == name), name)


def in_branches(first: Node, second: Node) -> bool:
    """Whether a template's statement is between two nodes, so that it may take but one of them."""
    between = first.source.text[first.end : second.start]
    return any(mark in between for mark in ("{{", "{%", "%{", "<%", "#@"))


def twice(section: Node | None, reader: str, names: Iterable[str] = ()) -> Iterator[Misshape]:
    """Keys that occur twice, all or those of some names: YAML's readers in Go keep the last one, without a word."""
    wanted = frozenset(names)
    for lost, wins in section.duplicates if isinstance(section, Mapping) else ():
        name = lost.key.value
        if lost.merged or wins.merged:  # a key of one's own goes before one that `<<` brings
            continue
        if (not wanted or name in wanted) and wins.key.start != lost.key.start and not in_branches(lost.key, wins.key):
            line = wins.key.source.position(wins.key.start)[0]
            message = f"`{name}` stands twice, here and in line {line}: {reader} takes the last one, "
            message += "and nothing of this one reaches kube-apiserver."
            yield Misshape(
                "wrong-shape", lost.key.place, message, f"Keep one `{name}`, with everything that was meant."
            )
