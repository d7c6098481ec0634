"""Which requests are served, said once more and without the analysis: for the tests to hold it against."""

from __future__ import annotations

from random import Random

from kube_audit_lint.analysis.http import from_http, http_of_request
from kube_audit_lint.analysis.request import Request, RequestURLError
from kube_audit_lint.kubernetes import resources as catalogue

EIGHT = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")


def kind_of(request: Request) -> str:
    """ordinary, control-plane or nobody."""
    user = request.user
    if user is None:
        return "nobody"
    names = ("system:apiserver",)
    prefixes = ("system:kube-", "system:node:", "system:serviceaccount:kube-system:")
    own = user in names or user.startswith(prefixes) or "system:nodes" in request.groups
    return "control-plane" if own else "ordinary"


def is_served(request: Request, minor: int) -> bool:
    """Whether an API server of the minor serves such a request."""
    return _is_authenticated(request, minor) and (
        _is_plain_path(request) if request.url is not None else _is_resource(request, minor)
    )


def _is_plain_path(request: Request) -> bool:
    assert request.url is not None
    parts = request.url.strip("/").split("/")
    resource = (parts[0] == "api" and len(parts) >= 3) or (parts[0] == "apis" and len(parts) >= 4)
    return request.url.startswith("/") and not resource and request.verb in METHODS


def _is_authenticated(request: Request, minor: int) -> bool:
    user, groups = request.user, set(request.groups)
    if user is None:
        return not groups
    if user == "system:anonymous":
        return groups == {"system:unauthenticated"}
    if user == "system:apiserver":
        return groups == ({"system:masters"} | ({"system:authenticated"} if minor >= 29 else set()))
    if user == "system:unsecured" and minor <= 19:
        return groups == {"system:masters", "system:authenticated"}
    if user == "" or "system:authenticated" not in groups or "system:unauthenticated" in groups:
        return False
    accounts = {group for group in groups if group.split(":")[1:2] == ["serviceaccounts"]}
    parts = user.split(":")
    if len(parts) == 4 and parts[:2] == ["system", "serviceaccount"] and all(parts):
        return accounts == {"system:serviceaccounts", f"system:serviceaccounts:{parts[2]}"}
    return not accounts


def _is_resource(request: Request, minor: int) -> bool:
    group, resource, sub, verb = request.group, request.resource, request.subresource, request.verb
    if not catalogue.is_builtin_group(group):
        if not resource or verb not in EIGHT or not _has_http_request(request):
            return False
        return any(_is_placed(request, namespaced) for namespaced in (True, False))
    found = catalogue.served(group, resource, minor)
    if found is None:
        return False
    verbs = found.subresources.get(sub, frozenset()) if sub else found.verbs
    return verb in verbs and _is_placed(request, found.namespaced) and _has_http_request(request)


def _has_http_request(request: Request) -> bool:
    """Whether what is sent for a request is seen as that request: RequestInfo decides what there can be."""
    try:
        seen = from_http(*http_of_request(request), request.user, request.groups)
    except RequestURLError:
        return False
    return seen._replace(version="") == request


def _is_placed(request: Request, namespaced: bool) -> bool:
    """Namespace and name as the path gives them."""
    verb, namespace, name = request.verb, request.namespace, request.name
    no_name = verb == "deletecollection" or (verb == "create" and not request.subresource)
    may_name = verb in ("list", "watch") and not request.subresource
    if (no_name and name) or not (no_name or may_name or name):
        return False
    if namespaced:
        return bool(namespace) or may_name
    if request.resource == "namespaces":
        if (no_name or verb == "list") and not request.subresource:
            return not namespace
        return namespace == name or (verb == "watch" and not namespace)
    return not namespace


class Vocabulary:
    """Values that policies and requests of a test have in common."""

    users = (
        "jane",
        "bob",
        "kubernetes-admin",
        "system:anonymous",
        "system:apiserver",
        "system:unsecured",
        "system:kube-scheduler",
        "system:node:worker-1",
        "system:serviceaccount:payments:web",
        "system:serviceaccount:shop:cart",
        "system:serviceaccount:kube-system:endpoint-controller",
        "system:serviceaccount:odd",
    )
    groups = (
        "system:masters",
        "system:authenticated",
        "system:unauthenticated",
        "system:nodes",
        "system:serviceaccounts",
        "system:serviceaccounts:payments",
        "system:serviceaccounts:kube-system",
        "devs",
        "ops",
    )
    verbs = (*EIGHT, "head", "post", "put", "options", "*", "")
    api_groups = ("", "", "", "apps", "rbac.authorization.k8s.io", "extensions", "metrics.k8s.io", "example.com")
    items = (
        "pods",
        "pods/log",
        "pods/exec",
        "pods/*",
        "*/status",
        "*",
        "secrets",
        "configmaps",
        "namespaces",
        "namespaces/finalize",
        "nodes",
        "nodes/proxy",
        "deployments",
        "deployments/scale",
        "clusterroles",
        "widgets",
        "widgets/status",
        "*/*",
        "po*",
    )
    namespaces = ("", "payments", "kube-system", "shop", "default")
    names = ("", "web", "payments", "db-password", "worker-1")
    urls = ("*", "/healthz", "/healthz*", "/api*", "/apis/*", "/version", "/api/v1/*", "/healthz/etcd", "/metrics*")
    paths = ("/", "/healthz", "/healthz/etcd", "/healthzz", "/api", "/api/v1", "/apis/apps", "/version", "/x/y/z")


def some(random: Random, values: tuple[str, ...], most: int = 3) -> tuple[str, ...]:
    """A few of the values, in any order."""
    return tuple(random.sample(values, random.randint(1, min(most, len(values)))))


def random_request(random: Random, minor: int) -> Request:
    """A request that the minor serves, from the common vocabulary and from elsewhere."""
    while True:
        request = _random_url(random) if random.random() < 0.2 else _random_resource(random, minor)
        if is_served(request, minor):
            return request


def _random_user(random: Random, minor: int = 30) -> tuple[str | None, frozenset[str]]:
    user = random.choice((None, "carol", "system:kube-proxy", "system:serviceaccount:other:one", *Vocabulary.users))
    if user is None:
        return None, frozenset()
    if user == "system:anonymous":
        return user, frozenset({"system:unauthenticated"})
    if user == "system:apiserver":
        return user, frozenset({"system:masters"} | ({"system:authenticated"} if minor >= 29 else set()))
    if user == "system:unsecured" and minor <= 19:
        return user, frozenset({"system:masters", "system:authenticated"})
    free = [group for group in ("system:masters", "system:nodes", "devs", "ops") if random.random() < 0.3]
    groups = {"system:authenticated", *free}
    parts = user.split(":")
    if len(parts) == 4 and parts[1] == "serviceaccount":
        groups |= {"system:serviceaccounts", f"system:serviceaccounts:{parts[2]}"}
    return user, frozenset(groups)


def _random_url(random: Random) -> Request:
    user, groups = _random_user(random)
    return Request(user, groups, random.choice(METHODS), url=random.choice(Vocabulary.paths))


def _random_resource(random: Random, minor: int) -> Request:
    user, groups = _random_user(random, minor)
    group = random.choice((*Vocabulary.api_groups, "other.io", *catalogue.groups()))
    if catalogue.is_builtin_group(group):
        name = random.choice(catalogue.names(group))
        found = catalogue.served(group, name, minor)
        sub = random.choice(("", "", *(found.subresources if found else ())))
        verbs = () if found is None else found.subresources[sub] if sub else found.verbs
    else:
        name = random.choice(("widgets", "pods", "gadgets", "namespaces"))
        sub, verbs = random.choice(("", "", "status", "log", "other")), frozenset(EIGHT)
    verb = random.choice(sorted(verbs) or ["get"])
    space = random.choice((*Vocabulary.namespaces, "elsewhere"))
    object_name = random.choice((*Vocabulary.names, space, "anything"))
    return Request(user, groups, verb, group, name, sub, space, object_name)
