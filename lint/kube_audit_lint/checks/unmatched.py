"""Template `unmatched`: served requests that no rule matches, and that are silently not recorded."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.analysis.worlds import CONTROL_PLANE, ORDINARY
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import list_place, proof_of, versions_of
from kube_audit_lint.subject import Params, PolicySubject

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit when there are such requests."""
    analysis = subject.analysis
    if analysis is None:
        return
    from kube_audit_lint.analysis.analysis import Query, UndecidedError

    try:
        found = analysis.unmatched(Query(who=(ORDINARY, CONTROL_PLANE)))
    except UndecidedError:
        return  # the rule `undecided` says so
    if found is not None:
        yield Hit(
            list_place(subject),
            "Some requests match no rule. kube-apiserver does not record them, without a word.",
            (),
            versions_of(found.minors),
            witness=found.witness.to_json(),
            proof=proof_of(subject, found.witness, found.decision),
        )
