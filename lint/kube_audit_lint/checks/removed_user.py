"""Template `removed-user`: a user that the API server itself no longer makes."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject

SUBJECT = "policy"
PARAMS = {
    "type": "object",
    "properties": {"user": {"type": "string"}, "since": {"type": "integer"}},
    "required": ["user", "since"],
    "additionalProperties": False,
}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each use of the user, where no version of the range has it."""
    if subject.versions.first < params["since"]:
        return
    for rule in subject.loaded.rules:
        for item in rule.lists["users"]:
            if item.text == params["user"]:
                since = f"Kubernetes 1.{params['since']}"
                yield Hit(
                    item.place,
                    f"From {since} on nothing sends requests as `{item.text}`: this item only matches whoever has a "
                    "certificate of that very name.",
                )
