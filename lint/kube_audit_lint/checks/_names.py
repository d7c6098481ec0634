"""What parameters of rules name: groups, resources, verbs and flags that there are not make a rule find nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.checks._decided import query_of
from kube_audit_lint.checks.unknown_group import meant_group
from kube_audit_lint.checks.unknown_resource import called, meant_by
from kube_audit_lint.checks.unknown_verb import FOR_RESOURCES, FOR_URLS, METHODS, RESOURCE_VERBS
from kube_audit_lint.kubernetes import flags, resources
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.kubernetes.validation import meant_url
from kube_audit_lint.model.policy import Policy, PolicyRule
from kube_audit_lint.model.version import NEWEST, OLDEST, Versions

Keys = tuple[str | int, ...]
Problem = tuple[Keys, str]
"""Where something is in the parameters, and what is wrong with it."""


def of_requests(requests: Sequence[Mapping[str, Any]], at: str) -> Iterator[Problem]:
    """What the items of a parameter like `REQUESTS` name that there is not. at: the parameter."""
    for number, one in enumerate(requests):
        found = False
        for keys, message in _of_request(one):
            found = True
            yield (at, number, *keys), message
        if not found and not _is_possible(one):
            yield (at, number), f"no request fits all of this{_too_much(one)}"


def _of_request(one: Mapping[str, Any]) -> Iterator[Problem]:
    group = one.get("group", "")
    yield from ((("group",), message) for message in _of_group(group))
    for index, item in enumerate(one.get("resources", ())):
        yield from ((("resources", index), message) for message in _of_resource(item, group))
    for index, verb in enumerate(one.get("verbs", ())):
        yield from ((("verbs", index), message) for message in _of_verb(verb, one))
    for index, url in enumerate(one.get("urls", ())):
        if url != "*" and (not url.startswith("/") or "*" in url[:-1]):
            meant = meant_url(url)
            hint = f"; did you mean {meant}?" if meant else ": a path begins with / and may end with *"
            yield ("urls", index), f"{url or 'an empty text'} matches no path{hint}"


def _is_possible(one: Mapping[str, Any]) -> bool:
    """Whether any version serves a request of the class: nodes are in no namespace, a create names no object."""
    everything = Policy((PolicyRule("Metadata"),))
    return bool(Analysis(everything, Versions(OLDEST, NEWEST)).levels(query_of(dict(one))))


def _too_much(one: Mapping[str, Any]) -> str:
    """The first condition without which there are requests."""
    keys = ("namespaces", "names", "verbs", "users", "user-groups", "who", "urls")
    without = ((key, {name: value for name, value in one.items() if name != key}) for key in keys if key in one)
    return next((f"; without {key} there are some" for key, rest in without if rest and _is_possible(rest)), "")


def _of_group(group: str) -> Iterator[str]:
    if group == "*" or resources.is_builtin_group(group):
        return
    meant = meant_group(group)
    if meant is not None:
        written = '""' if meant == "core" else meant
        yield f"there is no API group {group}" + (f"; did you mean {written}?" if written else "")


def _of_resource(item: str, group: str) -> Iterator[str]:
    """A resource that no version has in a built-in group; other groups may hold anything."""
    name, slash, sub = item.partition("/")
    if group == "*" or not resources.is_builtin_group(group) or item in ("*", "*/*"):
        return
    if not name or (slash and not sub) or "/" in sub or ("*" in name and name != "*") or ("*" in sub and sub != "*"):
        yield f"{item or 'an empty text'} matches nothing: write RESOURCE, RESOURCE/SUBRESOURCE, * or */SUBRESOURCE"
        return
    names = resources.names(group)
    spans = [span for one in (names if name == "*" else (name,)) for span in resources.find(group, one)]
    if not spans:
        yield f"there is no resource {name} in {called(group)}{_hint(name, group)}"
    elif sub not in ("", "*") and not any(sub in span.subresources for span in spans):
        known = sorted({one for span in spans for one in span.subresources})
        near = nearest(sub, known)
        hint = f"; did you mean {name}/{near}?" if near else f"; there is {', '.join(known)}" if known else ""
        yield f"{name} has no subresource {sub} in {called(group)}{hint}"


def _hint(name: str, group: str) -> str:
    elsewhere = [other for other, _, _ in resources.groups_serving(name.lower())]
    if elsewhere and group not in elsewhere:
        return f"; it is in {called(elsewhere[0])}"
    meant = meant_by(name, resources.names(group))
    return f"; did you mean {meant}?" if meant else ""


def _of_verb(verb: str, request: Mapping[str, Any]) -> Iterator[str]:
    """A verb that no request has; of paths they are HTTP's methods."""
    of_urls = "urls" in request and not ("resources" in request or "group" in request)
    every = of_urls or any(key in request for key in ("resources", "group", "names", "namespaces"))
    known = METHODS if of_urls else RESOURCE_VERBS if every else (*RESOURCE_VERBS, *METHODS)
    if verb in known or not verb:
        return
    low = verb.lower()
    meant = low if low in known else (FOR_URLS if of_urls else FOR_RESOURCES).get(low) or nearest(low, known)
    yield f"no such request has the verb {verb}" + (f"; did you mean {meant}?" if meant else f": {', '.join(known)}")


def of_flags(names: Iterable[str], at: Keys) -> Iterator[Problem]:
    """Names that are meant as audit flags and are none; at: where they are, each by its number."""
    for number, name in enumerate(names):
        yield from (((*at, number), message) for message in of_flag(name))


def of_flag(name: str) -> Iterator[str]:
    """The same for one."""
    from kube_audit_lint.kubernetes.meant_flags import is_about_auditing, meant

    bare = name.lstrip("-")
    if bare != name and flags.spec(bare) is not None:
        yield f"write the flag without dashes: {bare}"
    elif flags.spec(bare) is None:
        near = nearest(bare, flags.all_names()) or (meant(bare) if is_about_auditing(bare) else None)
        if near or is_about_auditing(bare):
            yield f"kube-apiserver has no flag --{bare}" + (f"; did you mean {near}?" if near else "")
