"""Template `redundant-omit-stages`: a rule omits a stage that the policy omits already.

Source: staging/src/k8s.io/apiserver/pkg/audit/policy/checker.go, 1.9 to 1.37: the union of both is omitted.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.finding import Related

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each stage that is omitted twice."""
    written = subject.loaded.written
    if written is None:
        return
    already = {stage.text: stage.place for stage in written.omit_stages}
    for rule in written.rules:
        for stage in rule.lists["omitStages"]:
            if stage.known and stage.text in already:
                yield Hit(
                    stage.place,
                    f"The policy omits `{stage.text}` for every rule already.",
                    (Related(already[stage.text], "It is omitted for every rule here."),),
                )
