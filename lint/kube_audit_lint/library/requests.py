"""The requests that callers have a policy decide: as kube-apiserver sees them, or refused."""

from __future__ import annotations

import re
from typing import Any

from kube_audit_lint.analysis import request as analysis
from kube_audit_lint.auditlog.event import NoEventError, request_of
from kube_audit_lint.errors import UsageError
from kube_audit_lint.kubernetes.resources import is_builtin_group
from kube_audit_lint.library import given
from kube_audit_lint.model.version import Versions
from kube_audit_lint.pipeline.single import NoRequestError, check_verb, request_of_url, served
from kube_audit_lint.syntax.record import NamedTuple

_BUILT_IN = re.compile(r"[a-z0-9-]+\Z")
_AUTHENTICATED = ("system:authenticated",)


class Request(NamedTuple):
    """A request for a resource (`pods`, `pods/log`), or with `url` for a path that names none (`/healthz`).

    user: None for one whose authentication fails. verb: with `url`, the HTTP method. namespace: "" for a cluster-wide
    request. Of an authenticated user kube-apiserver adds the group system:authenticated: name it, too, where you give
    groups. A `url` that names a resource is a request for it, as kube-apiserver sees it. A built-in resource is one
    that a version of the policy serves.
    """

    user: str | None
    verb: str
    resource: str = ""
    group: str = ""
    namespace: str = ""
    name: str = ""
    groups: tuple[str, ...] = _AUTHENTICATED
    url: str = ""


def request_from(one: object, versions: Versions) -> analysis.Request:
    """The request that was given, or that of an event. Raises UsageError; what a log has was sent, served or not."""
    if isinstance(one, Request):
        found = _request(one)
        if one.resource:
            _check_served(found, versions)
        return found
    event = given.mapping(one, "what is decided", "a Request, or an audit event as a mapping")
    try:
        return request_of(dict(event))
    except NoEventError as error:
        raise UsageError(f"this is not an audit event: {error}") from error


def _request(one: Request) -> analysis.Request:
    for key in ("verb", "resource", "group", "namespace", "name", "url"):
        given.text(getattr(one, key), f"{key} of a request")
    if one.user is not None:
        given.text(one.user, "user of a request")
    groups = frozenset(given.texts(one.groups, "groups of a request"))
    if bool(one.url) == bool(one.resource):
        raise UsageError("a request has either a resource or a url")
    if one.user is None:
        if groups - set(_AUTHENTICATED):
            raise UsageError("groups are those of a user, and a request that fails authentication has none")
        groups = frozenset()
    try:
        return _of_url(one, groups) if one.url else _of_resource(one, groups)
    except NoRequestError as error:
        raise UsageError(str(error)) from error


def _of_url(one: Request, groups: frozenset[str]) -> analysis.Request:
    if one.group or one.namespace or one.name:
        raise UsageError("a path holds all there is: a group, a namespace and a name go with a resource")
    return request_of_url(one.verb, one.url, one.user, groups)


def _of_resource(one: Request, groups: frozenset[str]) -> analysis.Request:
    resource, slash, subresource = one.resource.partition("/")
    _check_names(one, resource, subresource, slash != "")
    if one.verb not in ("", *analysis.SPECIAL_VERBS):  # "" is OPTIONS
        check_verb(one.verb)
    if one.name and not subresource and one.verb in ("create", "deletecollection") and resource != "namespaces":
        raise UsageError(f"a {one.verb} of {resource} carries no name that a policy sees: leave it out")
    return analysis.Request(one.user, groups, one.verb, one.group, resource, subresource, one.namespace, one.name)


def _check_names(one: Request, resource: str, subresource: str, has_subresource: bool) -> None:
    """Raises UsageError for a resource, group, namespace or name that no path has."""
    if one.group in ("core", "v1"):
        raise UsageError(f'the core group is "", not {one.group!r}')
    if "/" in one.group:
        raise UsageError(f"group: {one.group.partition('/')[0]!r}, without a version, not {one.group!r}")
    parts = (resource, subresource) if has_subresource else (resource,)
    if is_builtin_group(one.group):
        if "." in resource:
            plain, _, group = resource.partition(".")
            raise UsageError(f"the group has its own field: resource={plain!r}, group={group!r}, not {one.resource!r}")
        good = all(map(_BUILT_IN.match, parts))
    else:
        good = all(parts) and "/" not in subresource and "*" not in parts
    if not good:
        raise UsageError(f"a resource is such as pods or pods/log, not {one.resource!r}")
    if one.name in (".", "..") or "/" in one.name + one.namespace:
        raise UsageError("a namespace or name is one segment of a path")


def _check_served(request: analysis.Request, versions: Versions) -> None:
    if is_builtin_group(request.group):
        try:
            served(request.group, request.resource, request.subresource, "", versions)
        except NoRequestError as error:
            raise UsageError(str(error)) from error


def event_line(event: Any) -> str | bytes:
    """A line of a log, or an event as one. Raises UsageError."""
    if isinstance(event, str | bytes):
        return event
    from kube_audit_lint.auditlog.sizes import compact

    try:
        return compact(dict(given.mapping(event, "each of the events", "a line, or an event as a mapping")))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"an event is no JSON: {error}") from error
