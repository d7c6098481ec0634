"""Template `managed-fields`: bodies are recorded with their managedFields.

Source: k8s.io/apiserver `pkg/audit/request.go` (encodeObject, copyWithoutManagedFields), from 1.23.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kube_audit_lint.analysis.stages import written
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import level_place, name_of, proof_of, query_of
from kube_audit_lint.model.version import Versions
from kube_audit_lint.subject import Params, PolicySubject

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis, Recorded

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}

_SINCE = 23


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for a policy that does so, at the first rule."""
    analysis = subject.analysis
    if analysis is None or analysis.versions.last < _SINCE:
        return
    from kube_audit_lint.analysis.analysis import UndecidedError

    try:
        wide = _with_managed_fields(analysis)
    except UndecidedError:
        return  # the rule `undecided` says so
    if wide:
        first = wide[0]
        others = f", and so do {', '.join(name_of(subject, one.rule) for one in wide[1:])}" if wide[1:] else ""
        yield Hit(
            level_place(subject, first.rule),
            f"Rule {first.rule + 1} records bodies with their managedFields{others}: often half of an object, and of "
            "no use to who reads the log.",
            (),
            Versions(max(_SINCE, analysis.versions.first), analysis.versions.last),
            witness=first.witness.to_json(),
            proof=proof_of(subject, first.witness, first.decision),
        )


def _with_managed_fields(analysis: Analysis) -> list[Recorded]:
    """For each rule that records a body with them, such requests: writes carry one from Request on, reads later."""
    wide: dict[int, Recorded] = {}
    for verbs in (["create", "update", "patch"], ["get", "list"]):
        for one in analysis.levels(query_of({"group": "*", "verbs": verbs})):
            what = written(one.witness, one.decision)
            if (what.request_body or what.response_body) and not one.decision.omit_managed_fields:
                wide.setdefault(one.rule, one)
    return [wide[rule] for rule in sorted(wide)]
