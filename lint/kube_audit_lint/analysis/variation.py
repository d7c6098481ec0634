"""A served request that differs from another in one value: mostly what shows that a rule needs the value, too.

A guess, and cheap: who asks holds it against `evaluate`, and searches where it fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis import familiar
from kube_audit_lint.analysis.identities import ANONYMOUS, API_SERVER, UNSECURED, is_coupled
from kube_audit_lint.analysis.space import NAME_ANY, NAME_NONE, NAMESPACE_EMPTY, NAMESPACE_IS_NAME

if TYPE_CHECKING:
    from kube_audit_lint.analysis.probe import Dimensions
    from kube_audit_lint.analysis.request import Request
    from kube_audit_lint.model.policy import PolicyRule

_OF_SOME_MINORS = (API_SERVER, UNSECURED)


def varied(request: Request, field: str, alone: PolicyRule, made: Dimensions) -> Request | None:
    """The request with the one value that `alone` lists in the field; None where that is not easily said."""
    if request.user in _OF_SOME_MINORS:
        return None
    if field in ("verbs", "resources"):
        return _for_target(request, field, alone, made)
    if field == "users":
        return _by(request, alone.users[0], made)
    if field == "user_groups":
        group = alone.user_groups[0]
        if request.user in (None, ANONYMOUS) or is_coupled(group) or "*" in group:
            return None
        return request._replace(groups=request.groups | {group})
    if field == "non_resource_urls":
        path = alone.non_resource_urls[0].rstrip("*")
        return request._replace(url=path) if path.startswith("/") and made.space.serves_path(path) else None
    return _placed(request, field, alone)


def _by(request: Request, user: str, made: Dimensions) -> Request | None:
    """By another user, in the same groups where they are free to have."""
    called = made.users_called(user)
    if not called or user in _OF_SOME_MINORS or not called[0].identity.free:
        return None
    free = (group for group in request.groups if not is_coupled(group))
    return request._replace(user=user, groups=called[0].identity.groups.union(free))


def _placed(request: Request, field: str, alone: PolicyRule) -> Request | None:
    """In another namespace, or for another name."""
    old, new = request.namespace, alone.namespaces[0] if field == "namespaces" else ""
    if field == "resource_names":
        old, new = request.name, alone.resources[0].resource_names[0]
    # A namespace's name is its namespace; an empty one goes with some verbs only.
    if request.resource == "namespaces" or not old or not new or "*" in new:
        return None
    return request._replace(namespace=new) if field == "namespaces" else request._replace(name=new)


def _for_target(request: Request, field: str, alone: PolicyRule, made: Dimensions) -> Request | None:
    """With another verb, or for another resource."""
    group, items, verb = request.group, [request.combined], request.verb
    if field == "verbs":
        verb = alone.verbs[0]
    else:
        group, named = alone.resources[0].group, alone.resources[0].resources
        items = list(named) if len(named) == 1 and named[0] != "*" else made.items_of(group)
    found = ((item, one.shape) for item in items for one in made.targets_of(group, item) if one.verb == verb)
    item, shape = next(found, ("", None))
    if shape is None or shape.namespace == NAMESPACE_IS_NAME:
        return None
    resource, _, subresource = item.partition("/")
    namespace = "" if shape.namespace == NAMESPACE_EMPTY else request.namespace or familiar.NAMESPACES[0]
    name = "" if shape.name in (NAME_NONE, NAME_ANY) else request.name or familiar.OBJECT
    return request._replace(
        verb=verb, group=group, resource=resource, subresource=subresource, namespace=namespace, name=name
    )
