"""Typographic quotes and spaces where YAML knows none: they become a part of the value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import name_of
from kube_audit_lint.kubernetes.flags import LOG_PATH, POLICY_FILE, WEBHOOK_CONFIG
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.found import Found
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place, Source
from kube_audit_lint.syntax.unknown import is_unknown

_MARKS = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u201a\u201b"
_QUOTED = rf"(?:[=:,\[]|^[ \t]*-[ \t])[ \t]*([{_MARKS}][^\n{_MARKS}]*[{_MARKS}]?)"
"""What is in such quotes as a value or an item."""
_SPACES = "\u00a0\u00ad\u2000-\u200f\u202f\u205f\u2060\u3000\ufeff"
_AROUND = rf"\A[{_SPACES}\s]|[{_SPACES}\s]\Z|[{_SPACES}]"
"""A space around a value, or one in it that is none to any reader and cannot be told from one."""
_PATHS = (LOG_PATH, POLICY_FILE, WEBHOOK_CONFIG)


def of_quotes(found: Found) -> Iterator[Hit]:
    """One hit for the policies and one for the flags of a file, with every place; the same of spaces."""
    sources = {server.source.path: server.source for server in found.servers}
    policies = [place for policy in found.policies for place in _in(policy.root, _is_quoted)]
    spaced = [place for policy in found.policies for place in _in(policy.root, _is_spaced)]
    paths = (flag for server in found.servers for flag in server.flags if flag.name in _PATHS)
    spaced += [flag.value_place for flag in paths if _is_path_spaced(flag.value or "")]
    if spaced:
        yield _spaces(spaced)
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


def _spaces(places: list[Place]) -> Hit:
    first, *others = dict.fromkeys(places)
    around = re.search(_AROUND, first.text)
    which = f" ({name_of(around[0])})" if around is not None else ""
    message = (
        f"There is a space{which} in `{first.text.strip()}` that YAML and kube-apiserver take for a letter of the "
        "value: such a path is another file's, such a level or stage is refused, such a user or resource is nobody's."
    )
    related = tuple(Related(place, "here too") for place in others)
    return Hit(first, message, related, help=f"Delete the space{' at each of these places' if others else ''}.")


def _in(root: Node | None, wanted: Callable[[str], bool]) -> list[Place]:
    """The scalars of a policy that are as wanted, without recursion: a policy may be very deep."""
    found: list[Place] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            waiting += [part for entry in node.entries.values() for part in (entry.key, entry.value)]
        elif isinstance(node, Sequence):
            waiting += node.items
        elif isinstance(node, Scalar) and node.kind == "string" and node.plain and wanted(node.value):
            found.append(node.place)
    return sorted(found, key=lambda place: place.start)


def _is_quoted(text: str) -> bool:
    return text[:1] in tuple(_MARKS) or text[-1:] in tuple(_MARKS)


def _is_path_spaced(path: str) -> bool:
    if path.isascii() and path == path.strip():
        return False  # as nearly all
    return re.search(_AROUND, path) is not None and not is_unknown(path)


def _is_spaced(text: str) -> bool:
    return not text.isascii() and re.search(rf"[{_SPACES}]", text) is not None


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
