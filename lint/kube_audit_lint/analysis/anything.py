"""The weaker space of any attributes at all, whether a server ever serves them so or not: what logic alone can say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis import familiar
from kube_audit_lint.analysis.identities import Builder, Identities
from kube_audit_lint.analysis.request import RESOURCE_VERBS, URL_VERBS
from kube_audit_lint.analysis.space import (
    ANY_SHAPE,
    URL_SHAPE,
    Profile,
    Region,
    Resource,
    Served,
    Target,
    open_groups,
    open_resources,
)
from kube_audit_lint.analysis.worlds import NOBODY, of_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kube_audit_lint.analysis.symbolic import Joint


class Anything(Served):
    """Any request that can be written down."""

    def resources(
        self, joint: Joint, only: frozenset[tuple[str, str]] | None
    ) -> Iterator[tuple[Resource, Profile, int]]:
        """Every group is open, and every verb is possible with every name."""
        mentioned = joint.mentioned("verbs")
        verbs = frozenset((*RESOURCE_VERBS, *mentioned, familiar.pick(familiar.VERBS, mentioned)))
        for group, items in open_groups(joint):
            for resource, sub, _ in open_resources(group, items):
                yield (group, resource, sub), Profile(verbs, True, True, False), self.everyone

    def targets(self, joint: Joint, region: Region) -> list[Target]:
        """As served, but a namespace and a name go with every verb."""
        return [
            target if target.shape is URL_SHAPE else target._replace(shape=ANY_SHAPE)
            for target in super().targets(joint, region._replace(resources=None))
        ]

    def url_verbs(self, joint: Joint) -> Sequence[str]:
        """Every verb."""
        mentioned = joint.mentioned("verbs")
        return (*URL_VERBS, *mentioned, familiar.pick(familiar.VERBS, mentioned))

    def serves_path(self, path: str) -> bool:
        """Any path, as if none named a resource."""
        return True

    def identities(self, joint: Joint) -> Identities:
        """Any user with any groups."""
        return _any_identities(joint, self.minors)


def _any_identities(joint: Joint, minors: int) -> Identities:
    """Any user with any groups, and nobody."""
    users, groups = joint.mentioned("users"), joint.mentioned("groups")
    free = [(group, joint.group(group)) for group in groups]
    build = Builder(joint, minors, 0)
    for _, bits in free:
        build.free |= bits
    for user in (familiar.pick(familiar.USERS, users), *users):
        build.add_free(user)
    build.add_fixed(None, frozenset(), of_kind(minors, NOBODY))
    return Identities(*build.classes(), free)
