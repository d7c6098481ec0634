"""One audit event: whether it is one, and the request that its policy was asked about.

Source: k8s.io/apiserver `pkg/apis/audit/types.go` (Event) and `pkg/audit/request.go` (LogRequestMetadata,
LogRequestObject), alike from 1.10 to 1.37.
"""

from __future__ import annotations

from typing import Any

from kube_audit_lint.analysis.request import Request, from_audit_event

Event = dict[str, Any]

FIELDS = frozenset(
    [
        *("kind", "apiVersion", "level", "auditID", "stage", "requestURI", "verb", "user"),
        *("impersonatedUser", "authenticationMetadata", "sourceIPs", "userAgent", "objectRef", "responseStatus"),
        *("requestObject", "responseObject", "requestReceivedTimestamp", "stageTimestamp", "annotations"),
    ]
)
"""All that an event of audit.k8s.io/v1 has. What else is there comes from a shipper, and is none of its bytes."""

_BETA = FIELDS.union(("metadata", "timestamp"))
"""The same of v1alpha1 and v1beta1, which kube-apiserver wrote up to 1.23."""

BEGIN, ENDS = b'{"kind":"Event",', frozenset((b'"}}\n', b'Z"}\n'))
"""How a line of kube-apiserver's begins and ends: with the kind; with annotations, or the time of the stage."""

BEGINNING, ENDING = slice(len(BEGIN)), slice(-4, None)
"""Where these are: a slice is quicker than `startswith`."""


def own_fields(event: Event) -> frozenset[str]:
    """The fields that kube-apiserver gives an event of this version."""
    return FIELDS if event.get("apiVersion") in (None, "audit.k8s.io/v1") else _BETA


class NoEventError(ValueError):
    """A value is not an audit event: why, in a few words."""


def request_of(event: Any) -> Request:
    """The request of an event. An empty verb is one: kube-apiserver has it for OPTIONS on a resource.

    Raises NoEventError.
    """
    if not isinstance(event, dict):
        raise NoEventError("it is no object")
    _hold(event)
    request = from_audit_event(event)
    return _as_sent(request, event) if request.verb == "create" and request.name else request


def _hold(event: Event) -> None:
    """Raises NoEventError where a field that tells of the request has a wrong type, or none has been written."""
    if not isinstance(event.get("verb"), str):
        raise NoEventError("it has no verb")
    ref, user = event.get("objectRef"), event.get("user") or {}
    if not ref and not isinstance(event.get("requestURI"), str):
        raise NoEventError("it has neither an objectRef nor a requestURI")
    if not isinstance(ref or {}, dict) or not isinstance(user, dict):
        raise NoEventError("its objectRef and its user are no objects")
    groups = user.get("groups") or []
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        raise NoEventError("the groups of its user are no list of names")
    texts = [event.get("level"), event.get("stage"), event.get("requestURI"), user.get("username")]
    texts += [(ref or {}).get(key) for key in ("apiGroup", "resource", "subresource", "namespace", "name")]
    if not all(text is None or isinstance(text, str) for text in texts):
        raise NoEventError("a field that is a text elsewhere is none")


def _as_sent(request: Request, event: Event) -> Request:
    """A created object's name and namespace are not in the path, and no rule saw them: only its body has them."""
    uri = event.get("requestURI")
    if not isinstance(uri, str):
        return request
    from kube_audit_lint.analysis.http import from_http

    try:
        sent = from_http("POST", uri, request.user, request.groups)
    except ValueError:
        return request
    if (sent.group, sent.resource, sent.subresource) != (request.group, request.resource, request.subresource):
        return request
    return request._replace(name=sent.name, namespace=sent.namespace)
