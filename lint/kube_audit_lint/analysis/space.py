"""The requests that an API server serves, as finitely many classes for some conditions.

Every dimension of a request falls into classes that no rule tells apart. The classes of resources and verbs
carry the minors that serve them, those of users the minors and the kind of user: see `worlds.py`.

What is served: the catalogue of `kubernetes/resources.py` for the built-in groups; any resource, subresource,
scope and verb for other groups. How names and namespaces follow from verbs: `http.py`.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from itertools import count, islice, takewhile

from kube_audit_lint.analysis import UndecidedError, familiar
from kube_audit_lint.analysis.identities import Identities, served_identities
from kube_audit_lint.analysis.request import (
    NAMESPACE_SUBRESOURCES,
    RESOURCE_VERBS,
    SPECIAL_VERBS,
    is_resource_path,
)
from kube_audit_lint.analysis.symbolic import Remembered
from kube_audit_lint.analysis.tree import Branch, tree
from kube_audit_lint.analysis.worlds import EVERYONE, minor_bits, of_versions
from kube_audit_lint.kubernetes import resources as catalogue
from kube_audit_lint.model.policy import URL_VERBS
from kube_audit_lint.syntax.record import NamedTuple, make
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kube_audit_lint.analysis.symbolic import Joint
    from kube_audit_lint.model.version import Versions

NAMESPACE_SET, NAMESPACE_ANY, NAMESPACE_EMPTY, NAMESPACE_IS_NAME, NO_NAMESPACE = range(5)
NAME_NONE, NAME_SET, NAME_ANY, NO_NAME = range(4)

Resource = tuple[str, str, str]
"""Group, resource, subresource."""


PlaceClass = tuple[int, "str | None"]
"""A namespace or name, after the alternatives that accept it."""


class Shape(NamedTuple):
    """What namespace and name a request may have."""

    namespace: int
    name: int
    rare: bool = False
    """Whether hardly anybody sends such requests: others make better witnesses."""


class Target(NamedTuple):
    """A class of resources (or of paths) with one verb: all that some alternatives accept alike.

    `members` are the resources, or the one path, each with the worlds in which it is served.
    """

    bits: int
    shape: Shape
    worlds: int
    verb: str
    members: list[tuple[int, Resource | str]]


class Profile(NamedTuple):
    """All that decides which verbs, namespaces and names a resource's requests have."""

    verbs: frozenset[str]
    namespaced: bool
    subresource: bool
    is_namespaces: bool
    reserved: bool = False
    """Whether its name is a verb at the begin of a path."""


_MOST_SLASHES = 8

MOST_TARGETS = 100_000
"""Classes of resources and verbs: real policies have some hundreds, those with many groups of their own thousands."""

URL_SHAPE = Shape(NO_NAMESPACE, NO_NAME)
ALL_VERBS = frozenset(RESOURCE_VERBS)


@cache
def shapes(profile: Profile) -> tuple[tuple[str, Shape], ...]:
    """Each verb that is served, with what namespace and name its requests may have."""
    known = [verb for verb in RESOURCE_VERBS if verb in profile.verbs]
    verbs = (*known, *sorted(profile.verbs.difference(known)))
    return tuple((verb, shape) for verb in verbs for shape in _shapes_of_verb(profile, verb))


def _shapes_of_verb(profile: Profile, verb: str) -> list[Shape]:
    name = _name_of_verb(profile.subresource, verb)
    if name is None:
        return []
    if profile.is_namespaces:
        if name == NAME_SET:
            return [Shape(NAMESPACE_IS_NAME, NO_NAME)]
        # The legacy GET /api/v1/watch/namespaces/NAME is the one watch that has the namespace.
        legacy = [Shape(NAMESPACE_IS_NAME, NO_NAME)] if verb == "watch" and not profile.subresource else []
        return [Shape(NAMESPACE_EMPTY, name), *legacy]
    if profile.reserved:
        return _shapes_of_reserved(profile.namespaced, verb, name)
    if not profile.namespaced:
        return [Shape(NAMESPACE_EMPTY, name, verb == "")]
    everywhere = verb in ("list", "watch") and not profile.subresource
    return [Shape(NAMESPACE_ANY if everywhere else NAMESPACE_SET, name, verb == "")]


def _shapes_of_reserved(namespaced: bool, verb: str, name: int) -> list[Shape]:
    """The same for a resource called `watch` or `proxy`: without a namespace in front, only the legacy watch has it."""
    if not namespaced:
        return [Shape(NAMESPACE_EMPTY, name)] if verb == "watch" else []
    everywhere = verb == "watch" and name == NAME_ANY
    return [Shape(NAMESPACE_SET, name), *([Shape(NAMESPACE_EMPTY, NAME_NONE)] if everywhere else [])]


def _name_of_verb(subresource: bool, verb: str) -> int | None:
    """What name the requests with a verb have; None where no HTTP request gives the verb.

    A path has a subresource only after a name, and with a name a GET is no list and a DELETE no deletecollection.
    """
    if subresource:
        return None if verb in ("list", "deletecollection") else NAME_SET
    if verb in ("list", "watch"):
        return NAME_ANY
    if verb in ("deletecollection", "create"):
        return NAME_NONE
    return NAME_SET


@cache
def built_in(first: int, last: int) -> tuple[tuple[Resource, Profile, int], ...]:
    """What the minors serve in their built-in groups, with the minors, the most familiar first."""
    known = catalogue.known_minors()
    oldest, newest = known[0], known[-1]
    found: dict[tuple[Resource, Profile], int] = {}
    for group, name, (since, until, namespaced, letters, subresources) in catalogue.spans():
        # What is older or newer than the catalogue counts as its oldest or newest.
        start = first if since <= oldest or since < first else since
        end = last if until >= newest or until > last else until
        if start > end:
            continue
        minors = minor_bits(start, end)
        is_namespaces = name == "namespaces" and group == ""
        for sub, verbs in (("", letters), *subresources.items()):
            key = (group, name, sub), _profile(verbs, bool(namespaced), sub != "", is_namespaces)
            found[key] = found.get(key, 0) | minors
    rank = {resource: index for index, resource in enumerate(familiar.ORDER)}
    last_rank = len(rank)

    def order(row: tuple[Resource, Profile, int]) -> tuple[int, bool, int]:
        return rank.get(row[0], last_rank), row[0][2] != "", -row[2].bit_count()

    return tuple(sorted([(*key, minors) for key, minors in found.items()], key=order))


@cache
def _profile(letters: str, namespaced: bool, subresource: bool, is_namespaces: bool) -> Profile:
    return Profile(catalogue.verbs_of(letters), namespaced, subresource, is_namespaces)


@cache
def _open_profile(namespaced: bool, subresource: bool, is_namespaces: bool, reserved: bool) -> Profile:
    return Profile(ALL_VERBS, namespaced, subresource, is_namespaces, reserved)


class Region(NamedTuple):
    """The requests of a query: bits of which a request needs one, and the resources that can give one (None: all)."""

    bits: int = 0
    resources: frozenset[tuple[str, str]] | None = None
    paths: bool = True
    """Whether paths that name no resource are among them."""
    kinds: int = EVERYONE
    """The kinds of user, as worlds of minor 0."""


class _Paths:
    """Paths in the order of their plainness, each with the alternatives that accept it."""

    def __init__(self, joint: Joint, served: list[str]) -> None:
        self._rows = [(joint.url(path), path) for path in served]
        self.classes = self.classes_of(range(len(served)))
        """The first path of each class."""
        self.order = {path: index for index, path in enumerate(served)}
        self.sorted = sorted(served)

    def classes_of(self, indexes: Iterable[int]) -> list[tuple[int, str]]:
        """The first path of each class among some."""
        found: dict[int, str] = {}
        for index in indexes:
            bits, path = self._rows[index]
            found.setdefault(bits, path)
        return list(found.items())


class Served:
    """What API servers of these versions serve."""

    def __init__(self, versions: Versions) -> None:
        self.versions = versions
        self.minors = of_versions(versions)
        self.everyone = self.minors * EVERYONE

    def targets(self, joint: Joint, region: Region) -> list[Target]:
        """All classes of resources and paths in the region, the most familiar first.

        Raises UndecidedError when there are too many to look at.
        """
        classes: dict[tuple[int, Profile], list[tuple[int, Resource | str]]] = {}
        required = region.bits
        last: Resource | None = None
        accepts = joint.parts[0].accepts_resource if len(joint.parts) == 1 else joint.resource
        for row, (resource, profile, worlds) in enumerate(self.resources(joint, region.resources)):
            if row > MOST_TARGETS:
                raise UndecidedError(too_large=True)
            if resource is not last:  # the same twice, where it may have either scope
                last, bits = resource, accepts(resource)
            if required and not bits & required:
                continue
            key = bits, profile
            if key in classes:
                classes[key].append((worlds, resource))
            else:
                classes[key] = [(worlds, resource)]
        verb_bits = Remembered(joint.verb)
        found: list[Target] = []
        if len(classes) * len(ALL_VERBS) > MOST_TARGETS:
            raise UndecidedError(too_large=True)
        for (bits, profile), members in classes.items():
            worlds = union(members)
            found += [
                make(Target, (bits & verb_bits[verb], shape, worlds, verb, members)) for verb, shape in shapes(profile)
            ]
        if region.paths:
            plain = self._served_paths(joint).classes
            found += self._path_targets(joint, (one for one in plain if not required or one[0] & required))
        return found

    def paths_below(self, joint: Joint, spec: str) -> Iterator[Target]:
        """The classes of paths that one item of `nonResourceURLs` takes."""
        served = self._served_paths(joint)
        if not spec.endswith("*"):
            return self._path_targets(joint, served.classes_of([served.order[spec]] if spec in served.order else ()))
        prefix = spec.rstrip("*")
        first = bisect_left(served.sorted, prefix)
        below = takewhile(lambda path: path.startswith(prefix), islice(served.sorted, first, None))
        return self._path_targets(joint, served.classes_of(sorted(served.order[path] for path in below)))

    def _path_targets(self, joint: Joint, classes: Iterable[tuple[int, str]]) -> Iterator[Target]:
        verb_bits = [(verb, joint.verb(verb)) for verb in self.url_verbs(joint)]
        for bits, path in classes:
            members: list[tuple[int, Resource | str]] = [(self.everyone, path)]
            for verb, accepted in verb_bits:
                yield make(Target, (bits & accepted, URL_SHAPE, self.everyone, verb, members))

    def _served_paths(self, joint: Joint) -> _Paths:
        """The paths of every class, and what accepts them, made once."""
        found: _Paths | None = joint.made.get(_Paths)
        if found is None:
            # A query mostly mentions what the policy does, and then the same paths will do.
            first = joint.parts[0]
            more = tuple(spec for part in joint.parts[1:] for spec in part.urls if spec not in first.urls)
            served = first.paths.get(more)
            if served is None:
                served = first.paths[more] = list(dict.fromkeys(filter(self.serves_path, paths(joint))))
            found = joint.made[_Paths] = _Paths(joint, served)
        return found

    def resources(
        self, joint: Joint, only: frozenset[tuple[str, str]] | None
    ) -> Iterator[tuple[Resource, Profile, int]]:
        """One resource for each class, with the worlds in which it is served."""
        for resource, profile, minors in _built_in_of(self.versions, only):
            yield resource, profile, minors * EVERYONE
        groups = None if only is None else {group for group, _ in only if not catalogue.is_builtin_group(group)}
        for group, items in open_groups(joint) if groups is None or groups else ():
            if catalogue.is_builtin_group(group) or not (groups is None or group in groups):
                continue
            for name, sub, scopes in open_resources(group, items):
                resource = group, name, sub
                for namespaced in scopes:
                    if has_path(name, sub, namespaced):
                        is_namespaces = name == "namespaces" and not namespaced
                        profile = _open_profile(namespaced, sub != "", is_namespaces, name in SPECIAL_VERBS)
                        yield resource, profile, self.everyone

    def url_verbs(self, joint: Joint) -> Sequence[str]:
        """The verbs of requests that name no resource."""
        return URL_VERBS

    def serves_path(self, path: str) -> bool:
        """Whether a path names no resource."""
        return not is_resource_path(path)

    def identities(self, joint: Joint) -> Identities:
        """The classes of users, and the groups that any of them may have."""
        return served_identities(joint, self.minors)


def union(members: list[tuple[int, Resource | str]]) -> int:
    """The worlds in which any of them is served."""
    worlds = 0
    for member in members:
        worlds |= member[0]
    return worlds


def _built_in_of(
    versions: Versions, only: frozenset[tuple[str, str]] | None
) -> Iterable[tuple[Resource, Profile, int]]:
    if only is None:
        return built_in(versions.first, versions.last)
    table = _by_name(versions.first, versions.last)
    return [row for key in sorted(only) for row in table.get(key, ())]


@cache
def _by_name(first: int, last: int) -> dict[tuple[str, str], list[tuple[Resource, Profile, int]]]:
    """The rows of each resource, and under an empty name those of a whole group."""
    table: dict[tuple[str, str], list[tuple[Resource, Profile, int]]] = {}
    for row in built_in(first, last):
        group, name, _ = row[0]
        table.setdefault((group, name), []).append(row)
        table.setdefault((group, ""), []).append(row)
    return table


def open_groups(joint: Joint) -> Iterator[tuple[str, list[str]]]:
    """Each mentioned group, and one that is not mentioned, with the items that are mentioned in it."""
    items: dict[str, list[str]] = {}
    for part in joint.parts:
        for group, item in part.exact:
            items.setdefault(group, []).append(item)
        for group in part.whole:
            items.setdefault(group, [])
    anywhere = items.pop("*", [])
    other = familiar.pick((group for group, _ in familiar.OPEN), items)
    for group in (other, *items):
        yield group, list(dict.fromkeys((*items.get(group, ()), *anywhere)))


def open_resources(group: str, items: list[str]) -> Iterator[tuple[str, str, tuple[bool, ...]]]:
    """The classes of resources in a group that serves any: resource, subresource, possible scopes."""
    names, subs = mentioned_in(items)
    both = (True, False)
    other = familiar.pick((familiar.OPEN_RESOURCES.get(group, "widgets"),), names)
    cluster = familiar.CLUSTER_OPEN.get(group, other)
    free_sub = familiar.pick(familiar.SUBRESOURCES, subs)
    for sub in ("", free_sub, *subs):
        if cluster != other and cluster not in names:
            yield other, sub, (True,)
            yield cluster, sub, (False,)
        else:
            yield other, sub, both
        for name in names:
            yield name, sub, both


def has_path(resource: str, subresource: str, namespaced: bool) -> bool:
    """Whether a path can name such a resource. Source: requestinfo.go, namespaceSubresources.

    `namespaces/NAME/status` is the status of a namespace and no resource `status` in it, and after `namespaces/NAME`
    everything but status and finalize is a resource in it.
    """
    if namespaced:
        return resource not in NAMESPACE_SUBRESOURCES
    return resource != "namespaces" or subresource in ("", *NAMESPACE_SUBRESOURCES)


def mentioned_in(items: list[str]) -> tuple[list[str], list[str]]:
    """The resources and subresources that the items of a group mention, without the impossible ones."""
    names: dict[str, None] = {}
    subs: dict[str, None] = {}
    for item in items:
        name, *sub = item.split("/")
        if name and "*" not in name and len(sub) < 2 and sub != [""]:
            names[name] = None
        if len(sub) == 1 and sub[0] and "*" not in sub[0]:
            subs[sub[0]] = None
    return list(names), list(subs)


def paths(joint: Joint) -> Iterator[str]:
    """Paths of every class that the URLs of some rules tell apart, the plainest first."""
    specs = joint.mentioned("urls")
    yield from familiar.PATHS
    yield from (spec for spec in specs if not spec.endswith("*") and spec.startswith("/"))
    # Below a prefix, all paths are of one class but those below a longer one and those mentioned exactly. What
    # begins with a letter that nobody mentions is surely neither; what is but slashes never names a resource.
    endings = ("", _unmentioned(specs), *_slashes(specs))
    for prefix in ("/", *joint.mentioned("prefixes")):
        if prefix.startswith("/"):
            for ending in endings:
                yield prefix + ending


def _unmentioned(specs: list[str]) -> str:
    """A letter that is in none of them."""
    mentioned = frozenset().union(*specs)
    plain = (letter for letter in "xzq-_~" if letter not in mentioned)
    return next(plain, "") or next(chr(code) for code in count(0xE0) if chr(code) not in mentioned)


def _slashes(specs: list[str]) -> list[str]:
    """Slashes alone, up to one more than any spec ends in; of absurdly many only the most."""
    ends = [spec.rstrip("*") for spec in specs]
    longest = max((len(end) - len(end.rstrip("/")) for end in ends), default=0)
    return ["/" * number for number in (*range(1, min(longest, _MOST_SLASHES) + 1), longest + 1)]


def places(joint: Joint, what: str, kind: int, every: bool = False) -> list[PlaceClass]:
    """The classes of namespaces, names, or both in one that requests of the kind may have, made once.

    every: each mentioned value by itself, though no rule may tell it from another.
    """
    key = what, kind, every
    found: list[PlaceClass] | None = joint.made.get(key)
    if found is None:
        if what == "both":
            found = _same_classes(joint)
        elif what == "namespace":
            found = _namespace_classes(joint, kind)
        else:
            found = _name_classes(joint, kind)
        found = joint.made[key] = found if every else _merged(found)
    return found


def place_tree(joint: Joint, what: str, kind: int) -> Branch:
    """The same classes as a tree."""
    key = what, kind, tree
    found: Branch | None = joint.made.get(key)
    if found is None:
        found = joint.made[key] = tree(places(joint, what, kind))
    return found


def places_called(joint: Joint, what: str, kind: int, value: str) -> list[PlaceClass]:
    """Of the same, those of the one value."""
    key = what, kind
    found: dict[str | None, list[PlaceClass]] | None = joint.made.get(key)
    if found is None:
        found = joint.made[key] = {}
        for place in places(joint, what, kind, every=True):
            found.setdefault(place[1], []).append(place)
    return found.get(value, [])


def _namespace_classes(joint: Joint, kind: int) -> list[PlaceClass]:
    """The namespaces that a request of the kind may have; None is one that no rule mentions."""
    if kind == NAMESPACE_EMPTY:
        return [(joint.namespace(""), "")]
    values: list[str | None] = [None, *filter(_is_namespace, familiar.plainest(joint.mentioned("namespaces")))]
    if kind == NAMESPACE_ANY:
        values.append("")
    return [(joint.namespace(value), value) for value in values]


def _name_classes(joint: Joint, kind: int) -> list[PlaceClass]:
    """The names that a request of the kind may have; None is one that no rule mentions."""
    if kind == NAME_NONE:
        return [(joint.name(""), "")]
    possible = _is_selected if kind == NAME_ANY else _is_segment
    values: list[str | None] = [None, *filter(possible, familiar.plainest(joint.mentioned("names")))]
    if kind == NAME_ANY:
        values.insert(0, "")
    return [(joint.name(value), value) for value in values]


def _same_classes(joint: Joint) -> list[PlaceClass]:
    """Requests for a namespace: its name is their namespace too."""
    both = (*joint.mentioned("namespaces"), *joint.mentioned("names"))
    values: list[str | None] = [None, *dict.fromkeys(filter(_is_namespace, familiar.plainest(both)))]
    return [(joint.namespace(value) & joint.name(value), value) for value in values]


def _merged(classes: list[PlaceClass]) -> list[PlaceClass]:
    """One class for all that the rules do not tell apart: the first."""
    found: dict[int, str | None] = {}
    for bits, value in classes:
        found.setdefault(bits, value)
    return list(found.items())


def _is_namespace(name: str) -> bool:
    """Whether a namespace can be called so: who writes `*` means a pattern."""
    return _is_segment(name) and "*" not in name


def _is_segment(name: str) -> bool:
    """Whether a path can have the name."""
    return name != "" and "/" not in name


def _is_selected(name: str) -> bool:
    """Whether a field selector can select the name: requestinfo.go accepts what is valid as a segment of a path."""
    return _is_segment(name) and name not in (".", "..") and "%" not in name
