"""A request as people know it: a kubectl or curl command, and who sent it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.kubernetes import resources as catalogue

if TYPE_CHECKING:
    from kube_audit_lint.analysis.request import Request

_IRREGULAR = {
    "endpoints": "endpoints",
    "ingresses": "ingress",
    "gateways": "gateway",
    "bindings": "binding",
    "componentstatuses": "componentstatus",
}


def describe(request: Request) -> str:
    """The command that sends the request, and the user who does."""
    command = _curl(request) if request.url is not None else _kubectl(request) or _plain(request)
    return f"{command} {_sender(request)}"


def _sender(request: Request) -> str:
    if request.user is None:
        return "(authentication fails: no user)"
    obvious = {"system:authenticated"} if request.user != "system:anonymous" else {"system:unauthenticated"}
    if request.user.startswith("system:serviceaccount:"):
        space = request.user.split(":")[2]
        obvious |= {"system:serviceaccounts", f"system:serviceaccounts:{space}"}
    extra = sorted(request.groups - obvious)
    if request.user == "system:apiserver" and "system:authenticated" not in request.groups:
        # Before 1.29; that it is in no other group is then what matters.
        return f"by {request.user} (groups: {', '.join(extra) or 'none'})"
    if "system:authenticated" not in request.groups and request.user != "system:anonymous":
        extra.append("without system:authenticated")
    return f"by {request.user}" + (f" ({', '.join(extra)})" if extra else "")


def _curl(request: Request) -> str:
    from kube_audit_lint.analysis.http import escaped  # with urllib, which few runs need

    assert request.url is not None
    option = {"get": "", "head": "-I "}.get(request.verb, f"-X {request.verb.upper()} ")
    if not {".", ".."}.isdisjoint(request.url.split("/")):
        option += "--path-as-is "
    return f"curl -k {option}https://API-SERVER{escaped(request.url)}"


def _kubectl(request: Request) -> str:
    """The kubectl command, or nothing when no plain one sends such a request."""
    if request.subresource:
        return _kubectl_subresource(request)
    where = _where(request)
    if request.verb == "get" and request.name:
        return f"kubectl get {_singular(request)} {request.name}{where}"
    if request.verb == "list":
        chosen = f" --field-selector metadata.name={request.name}" if request.name else ""
        return f"kubectl get {_plural(request)}{where}{chosen}"
    if request.verb == "watch" and (request.resource != "namespaces" or not request.namespace):
        chosen = f" {request.name}" if request.name else ""
        return f"kubectl get {_plural(request)}{chosen}{where} --watch"
    if request.verb in ("delete", "patch") and request.name:
        return f"kubectl {request.verb} {_singular(request)} {request.name}{where}"
    if request.verb == "create" and not request.name:
        return f"kubectl create {_singular(request)}{where}"
    return ""


def _kubectl_subresource(request: Request) -> str:
    where = _where(request)
    kind = (request.group, request.resource, request.subresource)
    if kind == ("", "pods", "exec") and request.verb in ("get", "create"):
        since = ", as kubectl sends it since 1.30" if request.verb == "get" else ""
        return f"kubectl exec {request.name}{where} -- sh (verb {request.verb}{since})"
    if kind in (("", "pods", "attach"), ("", "pods", "portforward")) and request.verb in ("get", "create"):
        command = request.subresource.replace("portforward", "port-forward")
        port = " 8080" if command == "port-forward" else ""
        return f"kubectl {command} {request.name}{port}{where} (verb {request.verb})"
    if kind == ("", "pods", "log") and request.verb == "get":
        return f"kubectl logs {request.name}{where}"
    if kind == ("", "serviceaccounts", "token") and request.verb == "create":
        return f"kubectl create token {request.name}{where}"
    if request.subresource == "scale" and request.verb in ("update", "patch"):
        return f"kubectl scale {_singular(request)} {request.name} --replicas=2{where} (verb {request.verb})"
    return ""


def _where(request: Request) -> str:
    if request.resource == "namespaces" and not request.group:
        return ""
    if request.namespace:
        return f" -n {request.namespace}"
    return " -A" if request.verb in ("list", "watch") and _is_namespaced(request) else ""


def _is_namespaced(request: Request) -> bool:
    spans = catalogue.find(request.group, request.resource)
    return bool(spans) and spans[-1].namespaced


def _plural(request: Request) -> str:
    if not request.group or catalogue.is_builtin_group(request.group):
        return request.resource
    return f"{request.resource}.{request.group}"


def _singular(request: Request) -> str:
    plural = request.resource
    if plural in _IRREGULAR:
        one = _IRREGULAR[plural]
    elif plural.endswith("ies"):
        one = plural[:-3] + "y"
    elif plural.endswith(("sses", "xes", "ches")):
        one = plural[:-2]
    else:
        one = plural.removesuffix("s")
    if not request.group or catalogue.is_builtin_group(request.group):
        return one
    return f"{one}.{request.group}"


def _plain(request: Request) -> str:
    """Method and path, or that there is no verb."""
    from kube_audit_lint.analysis.http import http_of_request

    method, url = http_of_request(request)
    return f"{method} {url}" + ("" if request.verb else " (which has no verb)")
