"""Template `name-never-sent`: resourceNames for requests that carry no name.

Source: staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go, Kubernetes 1.12 to 1.37: the name is in
the path, and `create` of a resource and `deletecollection` have none there. `list` and `watch` may: with
`fieldSelector=metadata.name=...`. `create` of a subresource has one: `pods/NAME/exec`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.kubernetes.resources import is_builtin_group
from kube_audit_lint.kubernetes.written import WrittenEntry

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}

_NAMELESS = {"create", "deletecollection"}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each item whose names no request of the rule's verbs can carry."""
    for rule in subject.loaded.rules:
        verbs = {verb.text for verb in rule.lists["verbs"]}
        if not verbs or not verbs <= _NAMELESS:
            continue
        shown = " and ".join(f"`{verb}`" for verb in sorted(verbs))
        for entry in rule.entries:
            if _names_only(entry) and ("create" not in verbs or _plain(entry)):
                key = entry.node.key("resourceNames") if entry.node is not None else None
                yield Hit(
                    entry.place if key is None else key.place,
                    f"A request to {shown} carries no name in its path, so this item matches nothing.",
                )


def _names_only(entry: WrittenEntry) -> bool:
    return bool(entry.names) and all(name.text and name.known for name in entry.names)


def _plain(entry: WrittenEntry) -> bool:
    """Whether only resources themselves are meant, whose `create` has no name."""
    return is_builtin_group(entry.group_name) and all(
        "/" not in item.text and "*" not in item.text and item.known for item in entry.resources
    )
