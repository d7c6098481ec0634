"""Settings put into a document that is there, by edits that add and change nothing else.

What is wanted is a document as well: what the other lacks of it is added, at the end of the mapping or list where it
belongs, in the lines of the one and at the indentation of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kube_audit_lint.fixes import Edit, NotEditable
from kube_audit_lint.fixes._lines import line_break, line_start, rest_of_line
from kube_audit_lint.fixes._tree import end_of, is_flow, with_entry, with_item, written
from kube_audit_lint.fixes._write import JSON, PLAIN, Style, flow, string
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence

_WHOLE = frozenset(("auditPolicy", "policy"))
"""Keys whose value is a policy: two of them are not put together."""

_ONE = frozenset(("containers", "nodes"))
"""Lists in which the one that is meant has to be there already."""

_IDENTITIES = ("name", "path", "containerPath", "role")
"""What tells the items of a list apart, the first that they have."""

Path = tuple[str, ...]


class Refused(Exception):  # noqa: N818 (a reason, not a fault)
    """Why a document cannot be given the settings, in words for its author."""


def next_edit(target: Node, wanted: Node) -> Edit | None:
    """The first edit that brings the target nearer to what is wanted; None when nothing is missing.

    Raises Refused where the target has another value about auditing, or is written so that nothing can be added.
    """
    try:
        return next(_edits(target, wanted, ()), None)
    except NotEditable as error:
        raise Refused(str(error)) from error


def _edits(target: Node, wanted: Node, path: Path) -> Iterator[Edit]:
    if isinstance(target, Mapping) and isinstance(wanted, Mapping):
        for key, entry in wanted.entries.items():
            yield from _of_entry(target, key, entry, (*path, key))
    elif isinstance(target, Sequence) and isinstance(wanted, Sequence):
        for item in wanted.items:
            yield from _of_item(target, item, path)
    elif type(target) is not type(wanted):
        raise Refused(f"`{_shown(path)}` is written otherwise there than init writes it")
    elif value(target) != value(wanted) and _is_about_auditing(path):
        raise Refused(f"`{_shown(path)}` is set already, to {string(str(value(target))).splitlines()[0][:80]}")


def _of_entry(target: Mapping, key: str, entry: Entry, path: Path) -> Iterator[Edit]:
    own = target.entries.get(key)
    if own is None:
        yield _added(target, entry)
    elif own.merged or own.alias is not None:
        raise Refused(f"`{_shown(path)}` comes from an anchor")
    elif _is_empty(own.value) and not isinstance(entry.value, Scalar):
        yield _filled(target, own, entry)
    elif key in _WHOLE:
        if value(own.value) != value(entry.value):
            raise Refused(f"`{_shown(path)}` holds a policy already")
    else:
        yield from _edits(own.value, entry.value, path)


def _of_item(target: Sequence, item: Node, path: Path) -> Iterator[Edit]:
    name = _identity(item)
    same = [one for one in target.items if _identity(one) == name]
    if len(same) > 1:
        raise Refused(f"`{_shown(path)}` has {name} several times")
    if same:
        yield from _edits(same[0], item, (*path, name))
    elif _is_patch(item) and any(map(_is_patch, target.items)):
        raise Refused(f"`{_shown(path)}` has a patch of the API server already: put the lines into that one by hand")
    elif path[-1] in _ONE:
        raise Refused(f"`{_shown(path)}` has no {name}")
    elif not _is_word(item):  # else the name of the program, which another path may stand for
        lines = _lines_of(item, item.start)
        yield with_item(target, len(target.items), flow(value(item), _style(target)), lines)


def _added(target: Mapping, entry: Entry) -> Edit:
    """The mapping with an entry behind its last one that others can be behind."""
    entries = written(target)
    if not entries:
        raise Refused("a mapping without entries cannot be added to")
    text = f"{string(entry.key.value, _style(target).json)}: {flow(value(entry.value), _style(target))}"
    lines = _lines_of(entry.value, entry.key.start, keyed=True)
    if isinstance(entries[-1].value, Scalar) and entries[-1].value.block:
        return with_entry(target, entries[-1], text, lines, before=True)
    return with_entry(target, entries[-1], text, lines)


def _filled(target: Mapping, own: Entry, entry: Entry) -> Edit:
    """The entry in place of one that is there and empty; a comment stays behind the key."""
    text = own.key.source.text
    colon = text.index(":", own.key.end) + 1
    end = max(end_of(own), colon)
    if is_flow(target):
        return Edit(own.key.end, end, f": {flow(value(entry.value), _style(target))}")
    rest = rest_of_line(text, end)
    if rest is None or text[colon:rest].lstrip()[:1] in ("&", "!"):
        raise Refused(f"something else stands on the line of `{own.key.value}`")
    indent = " " * (own.key.start - line_start(text, own.key.start))
    _, *lines = _lines_of(entry.value, entry.key.start, keyed=True)
    moved = [f":{text[end:rest]}", *(f"{indent}{line}" if line else "" for line in lines)]
    return Edit(own.key.end, rest, line_break(text, end).join(moved))


def _lines_of(node: Node, start: int, keyed: bool = False) -> list[str]:
    """The lines in which something is written that begins at an offset, moved to the margin.

    keyed: whether it is an entry; the list that is its value may be as far left as the key.
    """
    text = node.source.text
    column = start - line_start(text, start)
    first, *others = text[start:].split("\n")
    lines = [first]
    for line in others:
        indent = len(line) - len(line.lstrip(" "))
        inside = indent > column or (indent == column and (not keyed or line.startswith("- ", column)))
        if line.strip() and (not inside or (not keyed and isinstance(node, Scalar) and not node.block)):
            break
        lines.append(line[column:])
    while not lines[-1].strip():
        lines.pop()
    return lines


def value(node: Node) -> object:
    """A node as plain data, strings and numbers as they were written."""
    if isinstance(node, Mapping):
        return {key: value(entry.value) for key, entry in node.entries.items()}
    if isinstance(node, Sequence):
        return [value(item) for item in node.items]
    if node.kind == "bool":
        return node.value == "true"
    return int(node.value) if node.kind == "int" else node.value


def _identity(item: Node) -> str:
    """What an item of a list is called: the field that names it, the flag, or the text itself."""
    if isinstance(item, Mapping):
        return next((name for key in _IDENTITIES if (name := item.string(key))), "")
    if isinstance(item, Scalar) and "\n" not in item.value:
        return item.value.partition("=")[0].lstrip("-").replace("_", "-")
    return item.value if isinstance(item, Scalar) else ""


def _is_word(item: Node) -> bool:
    return isinstance(item, Scalar) and "\n" not in item.value and "=" not in item.value


def _is_patch(item: Node) -> bool:
    """Whether it is a patch of kubeadm's configuration, as kind has them, that changes the API server."""
    return isinstance(item, Scalar) and "ClusterConfiguration" in item.value and "apiServer" in item.value


def _is_empty(node: Node) -> bool:
    if isinstance(node, Scalar):
        return node.kind == "null"
    return not (node.entries if isinstance(node, Mapping) else node.items)


def _is_about_auditing(path: Path) -> bool:
    """Whether two values must not differ there. How much of the log is kept may: its author decides."""
    return _any(path, lambda part: "audit" in part) and not _any(path, lambda part: "max" in part)


def _any(path: Path, holds: Callable[[str], bool]) -> bool:
    return any(holds(part.lower()) for part in path)


def _style(node: Node) -> Style:
    """How what is around is written."""
    return JSON if node.source.text.lstrip().startswith("{") else PLAIN


def _shown(path: Path) -> str:
    return ".".join(path)
