"""Single requests of a command (`explain`, `test`): what an API server sees of them, or why there are none.

How names and namespaces follow from verbs: k8s.io/apiserver `pkg/endpoints/request/requestinfo.go`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kube_audit_lint.analysis import familiar, identities
from kube_audit_lint.analysis.http import from_http, http_of_request
from kube_audit_lint.analysis.request import OPTIONS_SERVED, RESOURCE_VERBS, Request, RequestURLError
from kube_audit_lint.checks.unknown_resource import SUBRESOURCES, called, meant_by
from kube_audit_lint.checks.unknown_verb import FOR_RESOURCES, FOR_URLS, METHODS
from kube_audit_lint.kubernetes import resources as catalogue
from kube_audit_lint.kubernetes.names import group_meant, is_role
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.model.version import NEWEST, Versions
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from kube_audit_lint.kubernetes.resources import Resource
    from kube_audit_lint.model.policy import Policy

_OF_RESOURCES = ("resources", "namespaces", "names")


class NoRequestError(ValueError):
    """No client sends such a request, or the version does not serve it; the message names what is nearest to it."""


class Single(NamedTuple):
    """A request, and what was added to or left out of what the user gave."""

    request: Request
    notes: tuple[str, ...] = ()


class Wanted(NamedTuple):
    """What the user gave of a request. url: alone with user, groups and verb."""

    user: str | None = None
    groups: tuple[str, ...] = ()
    verb: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    url: str | None = None


def single(wanted: Wanted, policy: Policy, versions: Versions) -> Single:
    """The request in the newest of the versions that serves it. Raises NoRequestError.

    policy: where a request has a namespace or a name and none is given, it gets one that no rule names.
    """
    if wanted.groups and wanted.user is None:
        raise NoRequestError("groups are those of a user, and a request that fails authentication has none")
    if wanted.url is not None:
        answer = _of_url(wanted, wanted.url, versions.last)
    else:
        answer = _of_resource(wanted, policy, versions)
    return answer._replace(notes=(*_notes_of_user(wanted.user), *answer.notes))


def _notes_of_user(user: str | None) -> tuple[str, ...]:
    """That a name is not a user's: rules compare it with `users` all the same."""
    if not user:
        return ()
    group = group_meant(user)
    if group:
        what = "a group" if group == user else f"only the start of names of members of {group}"
        return (f"{user} is {what}: no user is called so. Give --group {group}, and --user with a name.",)
    if is_role(user):
        return (f"{user} is a ClusterRole, which users are bound to: no user is called so, and no rule sees roles.",)
    return ()


def groups_of(user: str | None, groups: Iterable[str], minor: int = NEWEST) -> frozenset[str]:
    """The groups of a user, with those that a minor gives every such user."""
    return frozenset() if user is None else identities.groups_of(user, minor).union(groups)


def _of_url(wanted: Wanted, url: str, minor: int) -> Single:
    """A request for a path, which may name a resource after all."""
    if wanted.namespace or wanted.name:
        raise NoRequestError("a path holds all there is: a namespace and a name go with a resource")
    request = request_of_url(wanted.verb or "get", url, wanted.user, groups_of(wanted.user, wanted.groups, minor))
    return Single(request, _notes_of_url(request, url))


def request_of_url(verb: str, url: str, user: str | None, groups: frozenset[str]) -> Request:
    """What kube-apiserver makes of a path and an HTTP method, in capitals or not. Raises NoRequestError."""
    method = verb.lower()
    if method not in METHODS:
        meant = FOR_URLS.get(method) or nearest(method, METHODS) or ", ".join(METHODS)
        raise NoRequestError(f"the verb of a path is the HTTP method, not `{verb}`: {meant}")
    if not url.startswith("/") and "://" not in url:
        raise NoRequestError(f"a path begins with a slash: `/{url}`, not `{url}`")
    try:
        return from_http(method.upper(), url, user, groups)
    except RequestURLError as error:
        raise NoRequestError(f"kube-apiserver answers 500 before it looks at the policy: {error}") from error


def _notes_of_url(request: Request, url: str) -> tuple[str, ...]:
    if request.url is None:
        verb = f"the verb {request.verb}" if request.verb else "the empty verb of OPTIONS"
        where = f" in the namespace {request.namespace}" if request.namespace else ""
        group = f" of the group {request.group}" if request.group else ""
        named = f", the name {request.name}" if request.name else ""
        return (f"The path names a resource, so rules see {verb}, {request.combined}{group}{where}{named}.",)
    return (f"No rule sees a query: {url} is the path {request.url}.",) if "?" in url else ()


def _of_resource(wanted: Wanted, policy: Policy, versions: Versions) -> Single:
    plain, slash, subresource = wanted.resource.partition("/")
    plain, _, group = plain.partition(".")
    if not plain or (slash and not subresource) or "/" in subresource:
        raise NoRequestError(f"a resource is RESOURCE[.GROUP][/SUBRESOURCE], such as pods/exec, not {wanted.resource}")
    check_verb(wanted.verb)
    minor, namespaced = versions.last, None
    if catalogue.is_builtin_group(group):
        found = served(group, plain, subresource, wanted.verb, versions)
        minor, namespaced = max(versions.first, min(found.last, versions.last)), found.namespaced
        if found.last == catalogue.known_minors()[-1]:
            minor = versions.last
    request = Request(wanted.user, groups_of(wanted.user, wanted.groups, minor), wanted.verb, group, plain, subresource)
    answer = _placed(request, wanted, policy, namespaced)
    _check_sent(answer.request)
    return answer


def _check_sent(request: Request) -> None:
    """Raises for what no HTTP request is seen as: a path may mean something else."""
    method, url = http_of_request(request)
    try:
        seen = from_http(method, url, request.user, request.groups)
    except RequestURLError as error:
        raise NoRequestError(f"no HTTP request is seen so: kube-apiserver answers 500: {error}") from error
    if seen._replace(version="") != request:
        what = f"a {seen.verb} of {seen.combined}" if seen.url is None else "one for a path"
        raise NoRequestError(f"no HTTP request is seen so: {method} {url} is {what}")


def check_verb(verb: str) -> None:
    """Raises for what is no verb of a request for a resource."""
    if verb in RESOURCE_VERBS:
        return
    low = verb.strip().lower()
    if low in ("", "options"):
        raise NoRequestError(
            f"OPTIONS has an empty verb, and only {OPTIONS_SERVED} serve it: ask for the path, with the verb options"
        )
    meant = low if low in RESOURCE_VERBS else FOR_RESOURCES.get(low) or nearest(low, RESOURCE_VERBS)
    of = f" of {SUBRESOURCES[low]}" if low in SUBRESOURCES else ""
    raise NoRequestError(
        f"no request for a resource has the verb `{verb}`: it is {meant.replace(', ', ' or ')}{of}"
        if meant
        else f"no request for a resource has the verb `{verb}`: it is one of {', '.join(RESOURCE_VERBS)}"
    )


def check_class(wanted: dict[str, Any], versions: Versions) -> None:
    """Raises NoRequestError for a verb or resource of a class that no request has: the class seems to hold more."""
    for verb in filter(None, wanted.get("verbs", ())):
        if verb not in METHODS or ("urls" not in wanted and any(key in wanted for key in _OF_RESOURCES)):
            check_verb(verb)
    for item in wanted.get("resources", ()):
        plain, _, sub = item.partition("/")
        name, _, group = plain.partition(".")
        if "*" not in item and catalogue.is_builtin_group(group):
            served(group, name, sub, "", versions)


def served(group: str, name: str, sub: str, verb: str, versions: Versions) -> Resource:
    """The newest form of a built-in resource that serves such a request, or any ("") in one of the versions.

    Raises NoRequestError where none does.
    """
    whole = f"{name}/{sub}" if sub else name
    first, last = catalogue.clamp(versions.first), catalogue.clamp(versions.last)
    known = catalogue.find(group, name)
    spans = [span for span in known if span.first <= last and first <= span.last]
    if not spans:
        raise NoRequestError(_unknown(group, name, sub, known))
    with_sub = [span for span in spans if not sub or sub in span.subresources]
    if not with_sub:
        every = sorted({one for span in spans for one in span.subresources})
        meant = nearest(sub, every)
        near = f"{name}/{meant}" if meant else ", ".join(f"{name}/{one}" for one in every) or name
        raise NoRequestError(f"there is no {whole} in {called(group)}; there is {near}")
    fitting = [span for span in with_sub if not verb or verb in (span.subresources[sub] if sub else span.verbs)]
    if not fitting:
        verbs = with_sub[-1].subresources[sub] if sub else with_sub[-1].verbs
        raise NoRequestError(f"{whole} is not served with {verb}, only with {_listed(verbs)}")
    return fitting[-1]


def _listed(verbs: frozenset[str]) -> str:
    return ", ".join(verb for verb in RESOURCE_VERBS if verb in verbs) or "its subresources"


def _unknown(group: str, name: str, sub: str, known: tuple[Resource, ...]) -> str:
    """That no version serves the resource, and the nearest that is there. known: its forms in other versions."""
    text = f"these versions serve no {name} in {called(group)}"
    if known:
        until = "and later" if known[-1].last == catalogue.known_minors()[-1] else f"to 1.{known[-1].last}"
        text += f" (1.{known[0].first} {until} have it)"
    near = SUBRESOURCES[name] if name in SUBRESOURCES and not sub else _near(group, name, sub, bool(known))
    return f"{text}; there is {near}" if near else text


def _near(group: str, name: str, sub: str, known: bool) -> str:
    """The resource that was meant, with its group: of the same name elsewhere, or of a name like it."""
    newest = catalogue.known_minors()[-1]
    homes = [home for home, _, last in catalogue.groups_serving(name.lower()) if last == newest and home != group]
    home, meant = (homes[0], name.lower()) if homes else (group, None)
    if meant is None and not known:
        meant = meant_by(name, catalogue.names(group))
        if meant is None:
            meant = meant_by(name, sorted({one for each in catalogue.groups() for one in catalogue.names(each)}))
            home = catalogue.groups_serving(meant)[0][0] if meant else ""
    return f"{meant}{'.' * bool(home)}{home}{'/' * bool(sub)}{sub}" if meant else ""


def _placed(request: Request, wanted: Wanted, policy: Policy, namespaced: bool | None) -> Single:
    """With the namespace and the name that such a request has. namespaced: None where either is possible."""
    verb, what, notes = request.verb, request.combined, []
    named = request.subresource != "" or verb in ("get", "update", "patch", "delete")
    if request.subresource and verb in ("list", "deletecollection"):
        raise NoRequestError(f"a {verb} is of a whole resource, and {what} belongs to one object")
    if wanted.name and not named and verb in ("create", "deletecollection"):
        raise NoRequestError(f"a {verb} of {what} carries no name: leave it out")
    if wanted.name in (".", "..") or "/" in wanted.name + wanted.namespace:
        raise NoRequestError("a namespace or name is one segment of a path")
    name = wanted.name
    if named and not name:
        taken = {each for rule in policy.rules for entry in rule.resources for each in entry.resource_names}
        taken.update(space for rule in policy.rules for space in rule.namespaces if request.resource == "namespaces")
        name = familiar.pick((familiar.OBJECTS.get(request.resource, familiar.OBJECT),), taken)
        notes.append(f"A {verb} of {what} names an object: without a name, {name} stands for any that no rule names.")
    # The legacy GET /api/v1/watch/namespaces/NAME is the one watch of namespaces that has the namespace.
    legacy = verb == "watch" and name != "" and wanted.namespace == name
    if request.resource == "namespaces" and not namespaced and (legacy or (named and wanted.namespace in ("", name))):
        return Single(request._replace(namespace=name, name=name), tuple(notes))
    if namespaced is False and wanted.namespace:
        raise NoRequestError(f"{request.resource} are in no namespace: leave it out")
    namespace = wanted.namespace
    if namespaced and not namespace and verb not in ("list", "watch"):
        namespace = familiar.pick(familiar.NAMESPACES, {each for rule in policy.rules for each in rule.namespaces})
        notes.append(f"{what} are in a namespace: without one, {namespace} stands for any that no rule names.")
    return Single(request._replace(namespace=namespace, name=name), tuple(notes))


def wanted_of(data: dict[str, Any]) -> Wanted:
    """The request of a file of tests."""
    text = {key: str(data[key]) for key in ("verb", "resource", "namespace", "name", "user", "url") if key in data}
    return Wanted(groups=tuple(data.get("groups", ())), **text)
