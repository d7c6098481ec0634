"""Template `undecided`: a policy so large and entangled that its analysis was given up."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import list_place
from kube_audit_lint.subject import Params, PolicySubject

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit when some check got no answer; all of them have asked by then (speaking.py)."""
    if subject.undecided:
        yield Hit(
            list_place(subject),
            "This policy is so entangled that what it records could not be decided in reasonable time. The rules "
            "about first match and about what is recorded say nothing about it, or not everything.",
        )
