"""Template `unknown-verb`: a verb that no request has.

Source: staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go, Kubernetes 1.12 to 1.37: requests for
resources get one of nine verbs, all others the HTTP method in lower case.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.analysis import request
from kube_audit_lint.analysis.evaluate import item_matches
from kube_audit_lint.analysis.request import OPTIONS_SERVED
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.kubernetes import resources as catalogue
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.kubernetes.written import Text, WrittenRule
from kube_audit_lint.model.advice import Advice, leave_out, write
from kube_audit_lint.model.policy import URL_VERBS

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}

RESOURCE_VERBS = (*request.RESOURCE_VERBS, "proxy")
METHODS = (*URL_VERBS, "connect", "trace")

FOR_RESOURCES = {
    "post": "create",
    "put": "update",
    "replace": "update",
    "apply": "patch",
    "head": "get",
    "read": "get, list, watch",
    "write": "create, update, patch, delete, deletecollection",
    "edit": "update, patch",
    "modify": "update, patch",
    "change": "update, patch",
    "add": "create",
    "remove": "delete",
    "deletecollections": "deletecollection",
    "connect": "create, get",
    "exec": "create, get",
    "attach": "create, get",
    "portforward": "create, get",
    "port-forward": "create, get",
    "run": "create",
    "expose": "create",
    "scale": "update, patch",
    "rollout": "patch",
    "label": "patch",
    "annotate": "patch",
    "logs": "get",
    "describe": "get",
}
FOR_URLS = {
    "list": "get",
    "watch": "get",
    "create": "post",
    "update": "put",
    "deletecollection": "delete",
    "read": "get",
}
_RBAC_ONLY = {
    "use": "a right in RBAC",
    "bind": "a right in RBAC",
    "escalate": "a right in RBAC",
    "approve": "a right in RBAC",
    "sign": "a right in RBAC",
    "attest": "a right in RBAC",
    "impersonate": "a right in RBAC",
}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each verb that no request of the rule's kind has."""
    for rule in subject.loaded.rules:
        verbs = rule.lists["verbs"]
        known = _known(rule)
        alone = all(other.known and other.text not in known and other.text for other in verbs)
        for verb in verbs:
            if verb.text == "":
                if not _may_be_empty(rule):
                    yield _of_empty(verb, alone=len(verbs) == 1)
            # `*` has a rule of its own.
            elif verb.text not in known and verb.known and "*" not in verb.text:
                yield _hit(verb, rule, alone, known)


def _may_be_empty(rule: WrittenRule) -> bool:
    """Whether the rule may match the requests that have an empty verb; an aggregated API may serve some, too."""
    if rule.urls_only:
        return False
    return not rule.entries or any(
        not catalogue.is_builtin_group(entry.group_name)
        or (entry.group_name == "" and (not entry.resources or any(map(_takes_proxies, entry.resources))))
        for entry in rule.entries
    )


def _takes_proxies(item: Text) -> bool:
    return not item.known or any(item_matches(item.text, name, "proxy") for name in ("pods", "services", "nodes"))


def _of_empty(verb: Text, alone: bool) -> Hit:
    end = "so the rule never applies" if alone else "so this item matches nothing"
    return Hit(
        verb.place,
        f"An empty verb is that of OPTIONS on {OPTIONS_SERVED}. This rule takes none of these, {end}.",
        help=Advice("leave out", "Leave the empty item out", ", and the field for all verbs."),
    )


def _known(rule: WrittenRule) -> tuple[str, ...]:
    if rule.urls_only:
        return METHODS
    return RESOURCE_VERBS if rule.resources_only else tuple(dict.fromkeys(RESOURCE_VERBS + METHODS))


def _hit(verb: Text, rule: WrittenRule, alone: bool, known: tuple[str, ...]) -> Hit:
    low = verb.text.strip().lower()
    what = "request for a URL" if rule.urls_only else "request for a resource" if rule.resources_only else "request"
    message = f"No {what} has the verb `{verb.text}`"
    if low in _RBAC_ONLY:
        message += f": it is {_RBAC_ONLY[low]} and not what a request does"
    elif low in known:
        message += ": verbs are in lower case"
    elif rule.urls_only and low in RESOURCE_VERBS:
        message += ": there it is the HTTP method in lower case"
    message += ", so the rule never applies." if alone else ", so this item matches nothing."
    return Hit(verb.place, message, help=_help(verb.text, low, rule, known))


def _help(text: str, low: str, rule: WrittenRule, known: tuple[str, ...]) -> str | Advice:
    parts = [part for part in text.replace(",", " ").split() if part]
    if len(parts) > 1 and all(part.lower() in known for part in parts):
        items = tuple(part.lower() for part in parts)
        return Advice("write", f"Make an item of each: `[{', '.join(items)}]`", values=items)
    if low in _RBAC_ONLY:
        return leave_out(text)
    meant = low if low in known else (FOR_URLS if rule.urls_only else FOR_RESOURCES).get(low) or nearest(low, known)
    return write(*meant.split(", ")) if meant else f"Write one of {', '.join(known)}."
