"""A query: a class of requests, in the words of a policy's rule."""

from __future__ import annotations

from kube_audit_lint.analysis.space import Region
from kube_audit_lint.analysis.worlds import CONTROL_PLANE, EVERYONE, KINDS, ORDINARY, of_kind
from kube_audit_lint.model.policy import GroupResources, PolicyRule
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kube_audit_lint.analysis.symbolic import Conditions


class Query(NamedTuple):
    """A class of requests. What is empty is no condition; items mean what they mean in a rule.

    `resources` or `namespaces` or `names` alone: no URLs. `urls` alone: no resources. Both: either.
    `who`: ordinary users, control-plane identities, and "nobody" for requests that fail authentication.
    """

    resources: tuple[GroupResources, ...] = ()
    verbs: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    user_groups: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    who: tuple[str, ...] = (ORDINARY, CONTROL_PLANE)

    @property
    def matches_all(self) -> bool:
        """Whether every request by its kinds of user is in the class."""
        return not any(self[:-1])

    @property
    def is_plain(self) -> bool:
        """Whether the class is limited by resources and verbs only."""
        return not (self.namespaces or self.names or self.users or self.user_groups or self.urls)

    def rules(self) -> list[PolicyRule]:
        """Rules of which one matches exactly the requests of the class."""
        plain = PolicyRule("None", self.users, self.user_groups, self.verbs)
        rules = []
        if self.resources or self.namespaces or self.names:
            rules.append(plain._replace(resources=self._entries(), namespaces=self.namespaces))
        if self.urls:
            rules.append(plain._replace(non_resource_urls=self.urls))
        return rules or [plain]

    def _entries(self) -> tuple[GroupResources, ...]:
        if not self.names:
            return self.resources
        entries = self.resources or (GroupResources("*"),)
        return tuple(
            entry if entry.resource_names else GroupResources(entry.group, entry.resources or ("*",), self.names)
            for entry in entries
        )


EVERYTHING = Query(who=KINDS)
"""Every request, with or without a user."""

RESOURCES = GroupResources("*")
"""As the one entry of a query's resources: every resource request."""


def region_of(rules: Iterable[PolicyRule], conditions: Conditions, who: Iterable[str] = KINDS) -> Region:
    """Where requests that one of the rules matches can be found; `conditions` are those of the rules."""
    resources: set[tuple[str, str]] | None = set()
    paths = False
    for rule in rules:
        if rule.resources:
            resources = _named(rule.resources, resources)
        elif rule.namespaces:
            resources = None
        elif rule.non_resource_urls:
            paths = True
        else:
            paths, resources = True, None
    found = None if resources is None else frozenset(resources)
    return Region(conditions.bits, found, paths, kinds_bits(who))


def kinds_bits(who: Iterable[str]) -> int:
    """Kinds of user as worlds of minor 0."""
    return sum(of_kind(1, kind) for kind in set(who)) & EVERYONE


def _named(entries: Iterable[GroupResources], known: set[tuple[str, str]] | None) -> set[tuple[str, str]] | None:
    """Adds (group, resource) of each entry, an empty resource for a whole group; None for everything."""
    for entry in entries:
        if known is None or entry.group == "*":
            return None
        for item in entry.resources or ("*",):
            name = item.partition("/")[0]
            known.add((entry.group, "" if name == "*" else name))
    return known
