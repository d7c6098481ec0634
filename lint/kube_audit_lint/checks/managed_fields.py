"""Template `managed-fields`: bodies are recorded with their managedFields.

Source: k8s.io/apiserver `pkg/audit/request.go` (encodeObject, copyWithoutManagedFields), from 1.23.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kube_audit_lint.analysis.stages import written
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import level_place, proof_of, query_of, rules_named
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.version import Versions

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Recorded

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}

_SINCE = 23


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for a policy that does so, at the first rule."""
    analysis = subject.analysis
    if analysis is None or analysis.versions.last < _SINCE:
        return
    wide = _with_managed_fields(analysis)
    if wide:
        first = wide[0]
        who = rules_named(subject, [one.rule for one in wide])
        yield Hit(
            level_place(subject, first.rule),
            f"{who[:1].upper()}{who[1:]} record{'s'[len(wide) - 1 :]} bodies with their managedFields: "
            "often half of an object, and of no use to who reads the log.",
            (),
            Versions(max(_SINCE, analysis.versions.first), analysis.versions.last),
            witness=first.witness.to_json(),
            proof=proof_of(subject, first.witness, first.decision),
        )


def _with_managed_fields(analysis: Analysis) -> list[Recorded]:
    """For each rule that records a body with them, such requests.

    Who updates an object sends it as it was read, managedFields and all; who creates or patches one sends none.
    """
    wide: dict[int, Recorded] = {}
    for verbs in (["update"], ["create", "patch"], ["get", "list"]):
        for one in analysis.levels(query_of({"group": "*", "verbs": verbs})):
            what = written(one.witness, one.decision)
            holds = what.response_body or (what.request_body and verbs == ["update"])
            if holds and not one.decision.omit_managed_fields:
                wide.setdefault(one.rule, one)
    return [wide[rule] for rule in sorted(wide)]
