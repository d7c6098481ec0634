"""Template `redundant-rule`: without this rule every served request would be recorded exactly the same."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import rule_place
from kube_audit_lint.subject import Params, PolicySubject

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each such rule; rules that are never reached are another rule's."""
    analysis = subject.analysis
    if analysis is None:
        return
    from kube_audit_lint.analysis.analysis import UndecidedError

    try:
        for rule in range(len(analysis.policy.rules)):
            if analysis.reach(rule) and analysis.redundant(rule):
                yield Hit(
                    rule_place(subject, rule),
                    f"Without rule {rule + 1} every request would be recorded exactly as it is: what it decides, "
                    "later rules, or the lack of one, would decide the same way.",
                )
    except UndecidedError:
        return  # the rule `undecided` says so
