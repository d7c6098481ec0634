"""What kustomizations make of the files of a repository: which servers each file has instead of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found, Misshape, Note
from kube_audit_lint.model.server import ApiServer, Overlay
from kube_audit_lint.pipeline.composed import Variant
from kube_audit_lint.pipeline.kustomization import at
from kube_audit_lint.syntax.source import Place

_Spot = tuple[str, int, int]
"""A place by its path: what was read twice has two sources."""


class Composition:
    """The servers that were put together, by the files that they are made of.

    own: what the forms find in the file at an absolute path by itself. parts: the files whose patches could not be
    laid over them.
    """

    def __init__(
        self,
        variants: Iterable[Variant],
        own: Callable[[str], Found],
        parts: Iterable[str] = (),
        notes: Iterable[Note] = (),
    ) -> None:
        self._own = own
        self._parts = frozenset(parts)
        self._servers: dict[str, dict[int, ApiServer]] = {}
        self._replaced: dict[str, list[Place]] = {}
        self._laid: dict[str, list[Place]] = {}
        self._policies: dict[_Spot, PolicyDocument] = {}
        self._more: dict[str, Found] = {}
        self._by: set[_Spot] = set()
        """What puts something together: no note that it was not."""
        for note in notes:
            self._add(note.place, Found(notes=(note,)))
        groups: dict[_Spot, list[Variant]] = {}
        for one in variants:
            groups.setdefault(_spot(one.one.base.place), []).append(one)
        for group in groups.values():
            if any(one.found is not None for one in group):
                self._take(group)

    def servers(self, path: str) -> tuple[ApiServer, ...]:
        """The servers that a file is a part of."""
        return tuple(self._servers.get(path, {}).values())

    def bases(self, path: str) -> list[str]:
        """The files that hold the objects of the servers that a file is a part of."""
        overlays = [one.overlay for one in self.servers(path) if one.overlay is not None]
        return list(dict.fromkeys(_path(one.base) for one in overlays))

    def __contains__(self, path: str) -> bool:
        return path in self._servers or path in self._more or path in self._parts

    def changed(self, path: str, own: Found) -> Found:
        """What a file holds: of its own what was not put together, and what came of it that is in this file."""
        spans = self._replaced.get(path, [])
        laid = [*spans, *self._laid.get(path, [])]
        own = own._replace(
            servers=tuple(one for one in own.servers if not _inside(one.place, laid)),
            misshapes=tuple(one for one in own.misshapes if not _inside(one.place, spans)),
            policies=tuple(
                one for one in own.policies if not _inside(one.place, spans) or _spot(one.place) in self._policies
            ),
        )
        if path in self._parts:
            own = own.with_servers(lambda one: one._replace(partial=True))
        more = self._more.get(path, Found())
        known = {_spot(one.place) for one in own.policies} | {_spot(one.place) for one in own.kubeconfigs}
        misshapes = {(one.kind, _spot(one.place), one.message): one for one in (*own.misshapes, *more.misshapes)}
        return own._replace(
            policies=(*own.policies, *(one for one in more.policies if _spot(one.place) not in known)),
            misshapes=tuple(misshapes.values()),
            notes=tuple(dict.fromkeys(one for one in (*own.notes, *more.notes) if _spot(one.place) not in self._by)),
            kubeconfigs=(*own.kubeconfigs, *(one for one in more.kubeconfigs if _spot(one.place) not in known)),
        )

    def _take(self, group: list[Variant]) -> None:
        """What kustomizations make of one object: servers that are alike are one."""
        base = group[0].one.base.place
        own = self._own(_path(base))
        inside = tuple(one for one in own.servers if _inside(one.place, [base]))
        made: list[tuple[tuple[ApiServer, ...], list[Variant]]] = []
        for one in group:
            found = None if one.found is None else one.found.with_policies(self._known)
            servers = inside if found is None else _anchored(found.servers, inside, base)
            alike = next((variants for known, variants in made if known == servers), None)
            if alike is None:
                made.append((servers, [one]))
            else:
                alike.append(one)
            if found is not None:
                self._add_all(found)
        if not any(servers for servers, _ in made) and not inside:
            return
        self._replaced.setdefault(_path(base), []).append(base)
        self._by.update(_spot(one.by) for one in group)
        for servers, variants in made:
            by = tuple(one.by for one in variants)
            others = tuple(one.by for one in group if one.by not in by)
            for server in servers:
                self._put(server._replace(overlay=Overlay(base, by, others)), variants)

    def _known(self, policy: PolicyDocument) -> PolicyDocument:
        """The one of several policies that were read at one place: a file's own, else the first."""
        spot = _spot(policy.place)
        if spot not in self._policies:
            own = (one for one in self._own(_path(policy.place)).policies if _spot(one.place) == spot)
            self._policies[spot] = next(own, policy)
        return self._policies[spot]

    def _put(self, server: ApiServer, variants: list[Variant]) -> None:
        assert server.overlay is not None
        places = [server.overlay.base, *server.overlay.by, *([server.version_place] if server.version_place else ())]
        paths = {_path(place) for place in places}
        for one in variants:
            for patch in one.one.patches:
                paths.add(_path(patch.place))
                self._laid.setdefault(_path(patch.place), []).append(patch.place)
        folder = os.path.dirname(_path(server.place))
        paths.update(at(folder, file.local.text) for file in server.files if file.local is not None)
        for path in paths:
            self._servers.setdefault(path, {})[id(server)] = server

    def _add_all(self, found: Found) -> None:
        """What was found in an object that was put together, each in the file where it is."""
        for misshape in found.misshapes:
            self._add(misshape.place, Found(misshapes=(misshape,)))
        for policy in found.policies:
            self._add(policy.place, Found(policies=(policy,)))
        for kubeconfig in found.kubeconfigs:
            self._add(kubeconfig.place, Found(kubeconfigs=(kubeconfig,)))

    def _add(self, place: Place, found: Found) -> None:
        path = _path(place)
        old = self._more.get(path, Found())
        self._more[path] = Found(
            tuple({id(one): one for one in (*old.policies, *found.policies)}.values()),
            (),
            _unique(old.misshapes, found.misshapes),
            tuple(dict.fromkeys((*old.notes, *found.notes))),
            tuple({_spot(one.place): one for one in (*old.kubeconfigs, *found.kubeconfigs)}.values()),
        )


def _anchored(made: tuple[ApiServer, ...], own: tuple[ApiServer, ...], base: Place) -> tuple[ApiServer, ...]:
    """The servers with the place of the base's own, where a patch does not bring auditing: what is missing is there."""
    if len(made) != len(own):
        return made
    return tuple(
        one if one.place.source is base.source or (one.audited and not was.audited) else one._replace(place=was.place)
        for one, was in zip(made, own, strict=True)
    )


def _unique(old: tuple[Misshape, ...], new: tuple[Misshape, ...]) -> tuple[Misshape, ...]:
    return tuple({(one.kind, _spot(one.place), one.message): one for one in (*old, *new)}.values())


def _path(place: Place) -> str:
    return at(os.getcwd(), place.source.path)


def _spot(place: Place) -> _Spot:
    return place.source.path, place.start, place.end


def _inside(place: Place, spans: Iterable[Place]) -> bool:
    """Whether a place begins in one of some spans of its file."""
    return any(
        one.source.path == place.source.path and one.start <= place.start < max(one.end, one.start + 1) for one in spans
    )
