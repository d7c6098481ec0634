"""One request, as an audit policy sees it.

Which attributes a policy sees: k8s.io/apiserver `pkg/endpoints/filters/authorization.go` (GetAuthorizerAttributes).
How they follow from an HTTP request: `pkg/endpoints/request/requestinfo.go`, alike from 1.17 to 1.36.
"""

from __future__ import annotations

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

RESOURCE_VERBS = ("get", "list", "create", "delete", "patch", "update", "watch", "deletecollection")
"""Every verb of a resource request that an API server serves, the most familiar first, but for the empty one."""

OPTIONS_SERVED = "the proxies of pods, services and nodes"
"""What serves OPTIONS, which has the verb "" on the path of a resource (kubernetes/resource_table.py)."""

SPECIAL_VERBS = ("proxy", "watch")
"""What the legacy paths `/api/v1/watch/...` and `/api/v1/proxy/...` begin with: the verb."""

NAMESPACE_SUBRESOURCES = ("status", "finalize")
"""The subresources of a namespace; what else comes after one is a resource in it."""


class Request(NamedTuple):
    """A request for a resource, or, when `url` is set, for a path that names no resource.

    `user` is None when nobody could be authenticated. An empty `namespace` is a cluster-scoped
    request or one over all namespaces; an empty `name` is a request that names no object.
    """

    user: str | None
    groups: frozenset[str]
    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    url: str | None = None
    version: str = ""
    """The API version in the path, `v1` when unknown. No policy can see it."""

    @property
    def combined(self) -> str:
        """The resource as a policy writes it: `pods` or `pods/log`."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource

    def to_json(self) -> dict[str, Any]:
        """The request as plain data; what it does not have is left out."""
        data: dict[str, Any] = {"user": self.user, "groups": sorted(self.groups), "verb": self.verb}
        if self.url is not None:
            data["url"] = self.url
            return data
        data |= {"group": self.group, "resource": self.resource}
        for key in ("subresource", "namespace", "name"):
            if value := getattr(self, key):
                data[key] = value
        return data


class RequestURLError(ValueError):
    """kube-apiserver answers such a URL with an error before any policy decides."""


def is_resource_path(path: str) -> bool:
    """Whether a path names a resource: `/api/VERSION/X...` or `/apis/GROUP/VERSION/X...`, X known or not."""
    if "api" not in path:
        return False
    parts = path.strip("/").split("/")
    return (parts[0] == "api" and len(parts) > 2) or (parts[0] == "apis" and len(parts) > 3)


def from_audit_event(event: Mapping[str, Any]) -> Request:
    """The request that an audit event tells of. Source: `pkg/apis/audit/types.go`, Event.

    The event's user is the real one, before impersonation. An event without `objectRef` is one of a URL
    that names no resource. The event of a failed authentication has a user without a name.
    """
    who = event.get("user") or {}
    user = who.get("username") or None
    groups = frozenset(who.get("groups") or ()) if user is not None else frozenset()
    verb = str(event.get("verb", ""))
    ref = event.get("objectRef")
    if not ref:
        path = str(event.get("requestURI", "/")).partition("?")[0]
        return Request(user, groups, verb, url=_unquote(path))
    keys = ("apiGroup", "resource", "subresource", "namespace", "name")
    group, resource, subresource, namespace, name = (str(ref.get(key) or "") for key in keys)
    version = str(ref.get("apiVersion") or "")
    return Request(user, groups, verb, group, resource, subresource, namespace, name, None, version)


def _unquote(path: str) -> str:
    from urllib.parse import unquote

    return unquote(path)
