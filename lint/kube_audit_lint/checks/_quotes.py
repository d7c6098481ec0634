"""Typographic quotes where YAML knows none: they become a part of the value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.found import Found
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place, Source

_MARKS = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u201a\u201b"
_QUOTED = rf"(?:[=:,\[]|^[ \t]*-[ \t])[ \t]*([{_MARKS}][^\n{_MARKS}]*[{_MARKS}]?)"
"""What is in such quotes as a value or an item."""


def of_quotes(found: Found) -> Iterator[Hit]:
    """One hit for the policies and one for the flags of a file, with every place."""
    sources = {server.source.path: server.source for server in found.servers}
    policies = [place for policy in found.policies for place in _in(policy.root)]
    if policies:
        yield _hit(policies, f'Write straight quotes, such as `"{policies[0].text.strip(_MARKS)}"`, or none')
    flags = [place for source in sources.values() for place in _in_text(source)]
    if flags:
        yield _hit(
            flags, "Remove these quotes; where YAML or a shell needs some, put straight ones around the whole flag"
        )


def _hit(places: list[Place], help: str) -> Hit:
    first, *others = dict.fromkeys(places)
    message = (
        f"YAML and kube-apiserver know the quotes ' and \" only: those of `{first.text}` are letters of the value. "
        "A level, a stage, a group, a path or a flag written so is refused, and kube-apiserver does not start; "
        "a user, a verb or a resource written so is nobody's and matches nothing."
    )
    related = tuple(Related(place, "here too") for place in others)
    return Hit(first, message, related, help=f"{help}{', at each of these places' if others else ''}.")


def _in(root: Node | None) -> list[Place]:
    """The scalars of a policy that begin or end with such a quote, without recursion: a policy may be very deep."""
    found: list[Place] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            waiting += [part for entry in node.entries.values() for part in (entry.key, entry.value)]
        elif isinstance(node, Sequence):
            waiting += node.items
        elif isinstance(node, Scalar) and node.kind == "string" and node.plain and _is_quoted(node.value):
            found.append(node.place)
    return sorted(found, key=lambda place: place.start)


def _is_quoted(text: str) -> bool:
    return text[:1] in tuple(_MARKS) or text[-1:] in tuple(_MARKS)


def _in_text(source: Source) -> Iterator[Place]:
    """The flags and settings of auditing in such quotes, and those whose value is; not in comments."""
    if source.text.isascii():
        return
    start = 0
    for line in source.text.splitlines(keepends=True):
        if "audit" in line.lower():
            for found in re.finditer(_QUOTED, line.partition(" #")[0]):
                yield Place(source, start + found.start(1), start + found.end(1))
        start += len(line)
