"""The policy that the server loads is not among the files, though it was expected there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._server import place_of_value
from kube_audit_lint.checks._subject import Params, ServerSubject
from kube_audit_lint.kubernetes.flags import POLICY_FILE

SUBJECT = "server"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}


def check(subject: ServerSubject, params: Params) -> Iterator[Hit]:
    """Speaks when linking says why a policy was expected."""
    if subject.policy_missing and subject.policy is None:
        message = f"The audit policy was not found, so nothing can be said of it: {subject.policy_missing}."
        yield Hit(place_of_value(subject.server, POLICY_FILE), message)
