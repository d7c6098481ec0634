"""With which verbs requests of a class are hidden, for the template `blind-spot`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kube_audit_lint.analysis.request import RESOURCE_VERBS
from kube_audit_lint.checks._subject import Params
from kube_audit_lint.kubernetes import resources as catalogue

if TYPE_CHECKING:
    from kube_audit_lint.analysis.answers import Recorded
    from kube_audit_lint.analysis.request import Request


def verbs_of(found: Recorded, target: Params, request: Request) -> tuple[list[str], list[str]]:
    """The verbs with which requests like this one are hidden by its rule, and the others of the class.

    It is sent for each resource of the class, by the same user in the same place.
    """
    hidden: set[str] = set()
    seen: set[str] = set()
    for one in _alike(target, request):
        decision = found.decide(one)
        hides = decision.rule == found.rule and not decision.records
        (hidden if hides else seen).add(one.verb)
    return _named(hidden), _named(seen - hidden)


def _named(verbs: set[str]) -> list[str]:
    """The verbs, familiar ones first; the empty one by the HTTP method that has it."""
    return [verb or "OPTIONS" for verb in (*RESOURCE_VERBS, "") if verb in verbs]


def _alike(target: Params, request: Request) -> Iterator[Request]:
    """Every request of the class by the same user for the same object, and that one."""
    yield request
    for item in target.get("resources", ()):
        resource, _, subresource = item.partition("/")
        spans = catalogue.find(target.get("group", ""), resource)
        if spans:
            served = spans[-1].subresources.get(subresource, frozenset()) if subresource else spans[-1].verbs
            namespace = (request.namespace or "payments") if spans[-1].namespaced else ""
            like = request._replace(group=target.get("group", ""), resource=resource, subresource=subresource)
            for verb in served.intersection(target.get("verbs", served)):
                named = subresource or verb not in catalogue.WITHOUT_NAME
                name = (request.name or "web") if named else ""
                where = name if resource == "namespaces" and named else namespace
                yield like._replace(verb=verb, namespace=where, name=name)
