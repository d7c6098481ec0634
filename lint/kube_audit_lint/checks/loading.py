"""Template `loading`: what keeps kube-apiserver from loading a policy, or makes it drop a part of it.

The findings are those of kubernetes/loading.py; `problem` is the one that the rule reports.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.kubernetes.problems import Problem, Refusal
from kube_audit_lint.syntax.typed import get_args

SUBJECT = "policy"
PARAMS = {
    "type": "object",
    "properties": {"problem": {"enum": list(get_args(Refusal))}},
    "required": ["problem"],
    "additionalProperties": False,
}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each problem of the kind."""
    for problem in subject.loaded.problems:
        if problem.rule == params["problem"]:
            yield Hit(
                problem.place,
                _message(problem),
                problem.related,
                None if problem.versions == subject.versions else problem.versions,
                problem.severity,
                problem.help,
            )


def _message(problem: Problem) -> str:
    if problem.fatal and problem.server_message:
        return f"{problem.message} kube-apiserver stops with: {problem.server_message}"
    return problem.message
