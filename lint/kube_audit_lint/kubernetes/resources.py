"""The resources that kube-apiserver itself serves, minor by minor.

Source: the paths of the `kubernetes` client wheels, 1.12 to 1.37, folded by `scripts/generate_resources.py`
into `resource_table.py`; that script has what the paths do not show.

GROUPS has `{GROUP: {RESOURCE: [SPAN, ...]}}`, where SPAN is
`[first, last, namespaced, verbs, {SUBRESOURCE: verbs}]` and verbs are letters: g get, l list, w watch,
c create, u update, p patch, d delete, x deletecollection, o the empty verb of OPTIONS.

Minors are plain integers: 1.24 is 24. The core group is "". Built-in groups are closed: a resource not named
here is not served. All other groups (custom resources, aggregated APIs such as metrics.k8s.io) are open.
"""

from __future__ import annotations

from functools import cache

from kube_audit_lint.kubernetes.resource_table import GROUPS, MINORS
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

VERBS = {
    "g": "get",
    "l": "list",
    "w": "watch",
    "c": "create",
    "u": "update",
    "p": "patch",
    "d": "delete",
    "x": "deletecollection",
    "o": "",
}
WITHOUT_NAME = ("create", "list", "watch", "deletecollection")
"""The verbs of requests that may have no name in their path."""

# Groups that clusters often serve through aggregation or custom resources, and that look built in: open, no
# misspellings. Not complete, and not meant to be: any group that is not built in is open.
WELL_KNOWN_OPEN_GROUPS = frozenset(
    (
        "metrics.k8s.io",
        "custom.metrics.k8s.io",
        "external.metrics.k8s.io",
        "gateway.networking.k8s.io",
        "policy.networking.k8s.io",
        "snapshot.storage.k8s.io",
        "groupsnapshot.storage.k8s.io",
        "autoscaling.k8s.io",
        "cluster.x-k8s.io",
    )
)


class Resource:
    """A built-in resource over a run of minors in which nothing about it changes.

    `first` and `last` are minors, both included; a `last` that is the newest known minor means nothing for
    later ones. `verbs` are those of the resource itself, and are empty when only subresources are served;
    `subresources` maps each name to its verbs. `namespaced` is false for `namespaces` too.
    """

    __slots__ = ("first", "group", "last", "name", "namespaced", "subresources", "verbs")

    def __init__(self, group: str, name: str, span: list[Any]) -> None:
        self.group = group
        self.name = name
        self.first: int = span[0]
        self.last: int = span[1]
        self.namespaced = bool(span[2])
        self.verbs = verbs_of(span[3])
        self.subresources: Mapping[str, frozenset[str]] = {sub: verbs_of(text) for sub, text in span[4].items()}

    def __repr__(self) -> str:
        return f"<Resource {self.name}.{self.group or 'core'} 1.{self.first}-1.{self.last}>"


@cache
def verbs_of(letters: str) -> frozenset[str]:
    """The verbs that the letters of a span stand for."""
    return frozenset([VERBS[letter] for letter in letters])


def spans() -> Iterator[tuple[str, str, list[Any]]]:
    """Group, name and SPAN, as the table has it, of everything: for who goes through all of it."""
    for group, resources in GROUPS.items():
        for name, found in resources.items():
            for span in found:
                yield group, name, span


def known_minors() -> range:
    """Every minor of which the catalogue knows the resources."""
    first, last = MINORS
    return range(first, last + 1)


def clamp(minor: int) -> int:
    """The known minor nearest to `minor`: for what is newer than the catalogue its newest."""
    known = known_minors()
    return min(max(minor, known[0]), known[-1])


def groups() -> tuple[str, ...]:
    """Every group that is built in in some known minor, the core group "" first."""
    return tuple(GROUPS)


@cache
def group_minors(group: str) -> tuple[int, int] | None:
    """The first and the last known minor that serve anything in the group; None when it is never built in."""
    resources = GROUPS.get(group)
    if resources is None:
        return None
    spans = [span for found in resources.values() for span in found]
    return min(span[0] for span in spans), max(span[1] for span in spans)


def is_builtin_group(group: str, minors: Iterable[int] | None = None) -> bool:
    """Whether any of the minors (by default any known one) serves the group itself, so that it is closed."""
    span = group_minors(group)
    if span is None or minors is None:
        return span is not None
    return any(span[0] <= clamp(minor) <= span[1] for minor in minors)


@cache
def find(group: str, resource: str) -> tuple[Resource, ...]:
    """The spans of a resource (plain name, no subresource), oldest first; empty when it is not built in."""
    spans = GROUPS.get(group, {}).get(resource, ())
    return tuple(Resource(group, resource, span) for span in spans)


@cache
def served(group: str, resource: str, minor: int) -> Resource | None:
    """The resource as that minor serves it, or None. Minors outside the known ones are clamped."""
    minor = clamp(minor)
    return next((span for span in find(group, resource) if span.first <= minor <= span.last), None)


@cache
def names(group: str) -> tuple[str, ...]:
    """Every resource that a built-in group has in some known minor, sorted; empty for other groups."""
    return tuple(GROUPS.get(group, ()))


@cache
def groups_serving(resource: str) -> tuple[tuple[str, int, int], ...]:
    """(group, first minor, last minor) for each built-in group that ever had it, those served longest first.

    For "deployments is not in the core group, it belongs to apps". Plain names only, exact spelling.
    """
    found = ((group, find(group, resource)) for group in groups())
    known = [(group, spans[0].first, spans[-1].last) for group, spans in found if spans]
    return tuple(sorted(known, key=lambda entry: (-entry[2], entry[1], entry[0])))


def removed(group: str, resource: str) -> int | None:
    """The first minor that no longer serves the resource; None when it is unknown, or still served."""
    spans = find(group, resource)
    return spans[-1].last + 1 if spans and spans[-1].last < known_minors()[-1] else None
