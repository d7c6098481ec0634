"""From an HTTP request to what a policy sees of it, and back.

Source: k8s.io/apiserver `pkg/endpoints/request/requestinfo.go`, NewRequestInfo with the API prefixes `api`
(without groups) and `apis` that kube-apiserver sets; alike from 1.17 to 1.36.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qs, quote, unquote, urlencode

from kube_audit_lint.analysis.request import (
    NAMESPACE_SUBRESOURCES,
    SPECIAL_VERBS,
    Request,
    RequestURLError,
    is_resource_path,
)

_VERBS = {
    "POST": "create",
    "GET": "get",
    "HEAD": "get",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_METHODS = {
    "create": "POST",
    "get": "GET",
    "list": "GET",
    "watch": "GET",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETE",
    "": "OPTIONS",
}
_BEST_KNOWN_VERSIONS = {"extensions": "v1beta1", "metrics.k8s.io": "v1beta1"}
_NUMBERS = ("limit", "timeoutSeconds")
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_DROPPED = re.compile(r";|%(?![0-9A-Fa-f]{2})")
_TERM = re.compile(r"(?:\\.|[^,\\])+\\?")
_SELECTED = re.compile(r"[\\,=]")
_ESCAPED = re.compile(r"\\([\\,=])")
_BAD_VALUE = re.compile(r"(?<!\\)(?:\\\\)*(?:=|\\(?![\\,=]))")


def http_of_request(request: Request) -> tuple[str, str]:
    """Method and URL of an HTTP request that a policy sees so; of a verb that no method gives, the verb itself."""
    if request.url is not None:
        return request.verb.upper(), escaped(request.url)
    method = _METHODS.get(request.verb, request.verb)
    version = request.version or _BEST_KNOWN_VERSIONS.get(request.group, "v1")
    parts = ["apis", request.group, version] if request.group else ["api", version]
    of_namespace = request.subresource in ("", *NAMESPACE_SUBRESOURCES)
    is_namespace = request.resource == "namespaces" and request.namespace == request.name and of_namespace
    query = {"watch": "1"} if request.verb == "watch" else {}
    named = request.name and (request.subresource or is_namespace)
    if request.verb == "watch" and (named or (request.resource in SPECIAL_VERBS and not request.namespace)):
        # Only the legacy path has a watch with a name in the path, or of all that is called like a verb.
        parts.append("watch")
        query = {}
    elif request.verb in ("list", "watch") and request.name:
        query["fieldSelector"] = "metadata.name=" + _SELECTED.sub(r"\\\g<0>", request.name)
        request = request._replace(name="")
    if request.namespace and not (is_namespace and request.name):
        parts += ["namespaces", request.namespace]
    parts += [request.resource, request.name, request.subresource]
    path = "/" + "/".join(escaped(part).replace("/", "%2F") for part in parts if part)
    return method, path + ("?" + urlencode(query) if query else "")


def escaped(path: str) -> str:
    """A path as it is sent, and as a shell leaves it alone."""
    return quote(path, safe="/:@,+=", errors="surrogateescape")


def from_http(method: str, url: str, user: str | None, groups: Iterable[str] = ()) -> Request:
    """The request as a policy sees it; raises RequestURLError where kube-apiserver answers 500 before."""
    groups = frozenset(groups)
    path, _, query = _after_host(url).partition("?")
    path = unquote(path)
    if not is_resource_path(path):
        return Request(user, groups, method.lower(), url=path)
    parts = path.strip("/").split("/")
    group, version, parts = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
    verb, parts = _verb_and_rest(method, parts, url)
    namespace, parts = _namespace_and_rest(parts)
    resource, name = parts[0], parts[1] if len(parts) > 1 else ""
    subresource = parts[2] if len(parts) > 2 and verb != "proxy" else ""
    if not name and verb == "get":
        verb, name = _list_or_watch(query)
    if not name and verb == "delete":
        verb = "deletecollection"
    return Request(user, groups, verb, group, resource, subresource, namespace, name, None, version)


def _after_host(url: str) -> str:
    scheme, found, rest = url.partition("://")
    if not found or "/" in scheme or "?" in scheme:
        return url
    slash = rest.find("/")
    return "/" if slash < 0 else rest[slash:]


def _verb_and_rest(method: str, parts: list[str], url: str) -> tuple[str, list[str]]:
    """The legacy `/watch/...` and `/proxy/...` name their verb in the path."""
    if parts[0] not in SPECIAL_VERBS:
        return _VERBS.get(method, ""), parts
    if len(parts) < 2:
        raise RequestURLError(f"unable to determine kind and namespace from url, {url}")
    return parts[0], parts[1:]


def _namespace_and_rest(parts: list[str]) -> tuple[str, list[str]]:
    if parts[0] != "namespaces" or len(parts) < 2:
        return "", parts
    if len(parts) > 2 and parts[2] not in NAMESPACE_SUBRESOURCES:
        return parts[1], parts[2:]
    return parts[1], parts


def _list_or_watch(query: str) -> tuple[str, str]:
    """A get without a name, and the name that its field selector requires; none when an option is not a number."""
    # Go drops a pair with a semicolon or a broken escape.
    pairs = (pair for pair in query.split("&") if not _DROPPED.search(pair))
    values = parse_qs("&".join(pairs), keep_blank_values=True)
    watch = "watch" in values and values["watch"][0].lower() not in ("false", "0")
    numbers = [values[key][0] for key in _NUMBERS if key in values]
    name = _selected_name(values.get("fieldSelector", [""])[0]) if all(map(_INTEGER.match, numbers)) else ""
    return "watch" if watch else "list", name


def _selected_name(selector: str) -> str:
    """The name that `metadata.name=X` requires; a selector that cannot be parsed requires none.

    Source: k8s.io/apimachinery `pkg/fields/selector.go`; terms are read in sorted order. Only what can be
    a segment of a path counts as a name.
    """
    terms = sorted(term for term in _TERM.findall(selector) if term)
    if not all("=" in term for term in terms):
        return ""
    found = None
    for term in terms:
        field, _, value = term.partition("=")
        value = value if field.endswith("!") else value.removeprefix("=")
        if _BAD_VALUE.search(value):
            return ""
        if found is None and field == "metadata.name":
            found = _ESCAPED.sub(r"\1", value)
    return found if found and found not in (".", "..") and "/" not in found and "%" not in found else ""
