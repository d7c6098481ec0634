"""Requests: from HTTP, from audit events, and as people know them."""

from __future__ import annotations

import pytest

from kube_audit_lint.analysis.describe import describe
from kube_audit_lint.analysis.http import from_http
from kube_audit_lint.analysis.request import Request, RequestURLError, from_audit_event

GROUPS = frozenset({"system:authenticated"})


@pytest.mark.parametrize(
    ("method", "url", "seen"),
    [
        ("GET", "/api/v1/namespaces/shop/pods", ("list", "", "pods", "", "shop", "")),
        ("GET", "/api/v1/namespaces/shop/pods?watch=1", ("watch", "", "pods", "", "shop", "")),
        ("GET", "/api/v1/namespaces/shop/pods?watch=false", ("list", "", "pods", "", "shop", "")),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name%3Dweb", ("list", "", "pods", "", "", "web")),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name!=web", ("list", "", "pods", "", "", "")),
        ("HEAD", "/api/v1/namespaces/shop/pods/web", ("get", "", "pods", "", "shop", "web")),
        ("GET", "/api/v1/namespaces/shop/pods/web/exec?command=sh", ("get", "", "pods", "exec", "shop", "web")),
        ("POST", "/api/v1/namespaces/shop/pods/web/exec", ("create", "", "pods", "exec", "shop", "web")),
        (
            "DELETE",
            "/apis/apps/v1/namespaces/shop/deployments",
            ("deletecollection", "apps", "deployments", "", "shop", ""),
        ),
        ("PUT", "/api/v1/namespaces/shop/finalize", ("update", "", "namespaces", "finalize", "shop", "shop")),
        ("GET", "/api/v1/namespaces/shop", ("get", "", "namespaces", "", "shop", "shop")),
        ("GET", "/api/v1/watch/namespaces/shop/pods/web", ("watch", "", "pods", "", "shop", "web")),
        ("GET", "/api/v1/proxy/namespaces/shop/pods/web/x", ("proxy", "", "pods", "", "shop", "web")),
        ("OPTIONS", "/api/v1/nodes/n/proxy", ("", "", "nodes", "proxy", "", "n")),
        ("GET", "https://host:6443/api/v1/nodes/n%2Fa", ("get", "", "nodes", "a", "", "n")),
    ],
)
def test_resources(method: str, url: str, seen: tuple[str, ...]) -> None:
    request = from_http(method, url, "jane", GROUPS)
    assert request[2:8] == seen
    assert request.url is None


@pytest.mark.parametrize("path", ["/", "/healthz", "/api", "/api/v1", "/apis/apps/v1", "/api/v1/", "/logs/kube"])
def test_urls(path: str) -> None:
    request = from_http("POST", f"{path}?x=y", None)
    assert (request.verb, request.url, request.user) == ("post", path, None)


def test_what_the_server_refuses_before_any_policy_is_asked() -> None:
    with pytest.raises(RequestURLError):
        from_http("GET", "/api/v1/watch", "jane")


def test_from_an_audit_event() -> None:
    event = {
        "verb": "create",
        "requestURI": "/apis/apps/v1/namespaces/shop/deployments/web/scale",
        "user": {"username": "jane", "groups": ["system:authenticated"]},
        "impersonatedUser": {"username": "root"},
        "objectRef": {
            "apiGroup": "apps",
            "apiVersion": "v1",
            "resource": "deployments",
            "subresource": "scale",
            "namespace": "shop",
            "name": "web",
        },
    }
    expected = Request("jane", GROUPS, "create", "apps", "deployments", "scale", "shop", "web", None, "v1")
    assert from_audit_event(event) == expected


def test_from_the_event_of_a_failed_authentication() -> None:
    request = from_audit_event({"verb": "get", "requestURI": "/healthz?verbose", "user": {}})
    assert request == Request(None, frozenset(), "get", url="/healthz")


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (Request("jane", GROUPS, "get", "", "secrets", "", "shop", "db"), "kubectl get secret db -n shop by jane"),
        (Request("jane", GROUPS, "list", "", "pods"), "kubectl get pods -A by jane"),
        (Request("jane", GROUPS, "get", "", "pods", "log", "shop", "web"), "kubectl logs web -n shop by jane"),
        (
            Request("jane", GROUPS, "delete", "", "namespaces", "", "shop", "shop"),
            "kubectl delete namespace shop by jane",
        ),
        (
            Request("jane", GROUPS, "update", "apps", "deployments", "", "a", "b"),
            "PUT /apis/apps/v1/namespaces/a/deployments/b by jane",
        ),
        (
            Request(None, frozenset(), "get", url="/healthz"),
            "curl -k https://API-SERVER/healthz (authentication fails: no user)",
        ),
        (
            Request("jane", GROUPS, "list", "cert-manager.io", "certificates", "", "a"),
            "kubectl get certificates.cert-manager.io -n a by jane",
        ),
        (
            Request("jane", GROUPS, "create", "", "serviceaccounts", "token", "a", "b"),
            "kubectl create token b -n a by jane",
        ),
        (Request("jane", GROUPS | {"devs"}, "watch", "", "nodes"), "kubectl get nodes --watch by jane (devs)"),
    ],
)
def test_descriptions(request_: Request, text: str) -> None:
    assert describe(request_) == text


def test_as_data_leaves_out_what_is_not_there() -> None:
    data = Request("jane", GROUPS, "list", "", "nodes").to_json()
    assert data == {
        "user": "jane",
        "groups": ["system:authenticated"],
        "verb": "list",
        "group": "",
        "resource": "nodes",
    }
