"""The resources and paths that two policies tell apart, each with the verbs that are served for it.

A resource that stands for any that no rule mentions is None in its key: of a group, a resource or a subresource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.request import RESOURCE_VERBS
from kube_audit_lint.analysis.space import (
    MOST_TARGETS,
    URL_SHAPE,
    Shape,
    mentioned_in,
    open_groups,
    paths,
    shapes,
)
from kube_audit_lint.analysis.symbolic import Remembered
from kube_audit_lint.kubernetes import resources as catalogue
from kube_audit_lint.model.policy import URL_VERBS
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from kube_audit_lint.analysis.space import Profile, Resource, Served
    from kube_audit_lint.analysis.symbolic import Conditions, Joint

VERBS_OF_REQUESTS = tuple(dict.fromkeys((*RESOURCE_VERBS, "", *URL_VERBS)))
VERB_ORDER = {verb: index for index, verb in enumerate(VERBS_OF_REQUESTS)}

Key = tuple["str | None", "str | None", "str | None"]
"""Group, resource, subresource."""


Verbs = list[tuple[str, Shape, int]]
"""Each verb that is served, where such requests are, and what accepts them."""


class Part(NamedTuple):
    """Some requests of a row, the worlds in which they are served, and an example of the row."""

    verbs: Verbs
    worlds: int
    example: Resource | str


class Rows:
    """All rows: `keys`, and the parts of each; paths come after resources."""

    def __init__(self, space: Served, joint: Joint, conditions: Conditions) -> None:
        self.keys: list[Key | str] = []
        self.parts: list[list[Part]] = []
        self.groups: dict[str | None, tuple[frozenset[str], frozenset[str]]] = {}
        """The groups that are not built in, None for those not mentioned, with the names and subresources mentioned."""
        self._at: dict[Key | str, int] = {}
        self._verbs = Remembered(joint.verb)
        self._profiles: dict[tuple[int, Profile], Verbs] = {}
        self._urls: dict[int, Verbs] = {}
        self._take_groups(joint)
        for resource, profile, worlds in space.resources(joint, None):
            verbs = self._verbs_of(conditions.accepts_resource(resource), profile)
            self._row(self.key(resource)).append(Part(verbs, worlds, resource))
        self.resources = len(self.keys)
        for path in dict.fromkeys(paths(joint)):
            if space.serves_path(path):
                self._row(path).append(Part(self._verbs_of_url(joint.url(path)), space.everyone, path))

    def _take_groups(self, joint: Joint) -> None:
        for number, (group, items) in enumerate(open_groups(joint)):
            names, subs = mentioned_in(items)
            self.groups[group if number else None] = frozenset(names), frozenset(subs)

    def key(self, resource: Resource) -> Key:
        """The key of the row that a resource belongs to."""
        group, name, sub = resource
        if catalogue.is_builtin_group(group):
            return resource
        known = group if group in self.groups else None
        names, subs = self.groups[known]
        return known, name if name in names else None, sub if sub in subs or not sub else None

    def _row(self, key: Key | str) -> list[Part]:
        index = self._at.get(key)
        if index is None:
            if len(self.keys) > MOST_TARGETS // 4:
                raise UndecidedError(too_large=True)
            index = self._at[key] = len(self.keys)
            self.keys.append(key)
            self.parts.append([])
        return self.parts[index]

    def _verbs_of(self, bits: int, profile: Profile) -> Verbs:
        """The same list for rows that nothing tells apart."""
        verbs = self._profiles.get((bits, profile))
        if verbs is None:
            verbs = [(verb, shape, bits & self._verbs[verb]) for verb, shape in shapes(profile)]
            self._profiles[bits, profile] = verbs
        return verbs

    def _verbs_of_url(self, bits: int) -> Verbs:
        """The same list for paths that nothing tells apart."""
        verbs = self._urls.get(bits)
        if verbs is None:
            verbs = self._urls[bits] = [(verb, URL_SHAPE, bits & self._verbs[verb]) for verb in URL_VERBS]
        return verbs

    def url(self, row: int) -> str | None:
        """The path that a row is."""
        key = self.keys[row]
        return key if isinstance(key, str) else None

    def subresource(self, row: int) -> str:
        """The subresource of a row that is a resource; an example for any."""
        key = self.keys[row]
        return "" if isinstance(key, str) else "status" if key[2] is None else key[2]
