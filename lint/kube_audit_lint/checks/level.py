"""Template `level`: requests that must be recorded at most, or at least, at a level, or at some stage.

This is what organisations write rules with: "requests for vaultsecrets.example.com never above Metadata".
`sensitive` names the body that carries what must not be written; where the level records no such body, the finding
is a warning. Which requests carry bodies: analysis/stages.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import REQUESTS, concerns, query_of
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.policy import LEVELS, STAGES
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.evaluate import Decision
    from kube_audit_lint.checks._names import Problem

SUBJECT = "policy"
PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["what", "requests"],
    "properties": {
        "what": {"type": "string", "description": "What the requests are about, for the message."},
        "requests": REQUESTS,
        "at-most": {"enum": list(LEVELS)},
        "at-least": {"enum": list(LEVELS)},
        "stage": {"enum": list(STAGES), "description": "A stage that must leave an event."},
        "sensitive": {
            "type": "array",
            "items": {"enum": ["request", "response"]},
            "description": "The bodies that hold what must not be written; without it, the level alone counts.",
        },
        "only-bodies": {"type": "boolean", "description": "Say nothing where no such body is recorded."},
        "named": {
            "enum": ["info", "warning"],
            "description": "The severity where the author's rule names the resource; nothing is said where by name.",
        },
        "because": {"type": "string", "description": "What the bodies hold, for the message."},
    },
}


def problems(params: Params) -> Iterator[Problem]:
    """What makes such a rule find nothing: names that there are not, and requests without a bound."""
    from kube_audit_lint.checks._names import of_requests

    yield from of_requests(params["requests"], "requests")
    least = LEVELS.index(params.get("at-least", "None"))
    for number, one in enumerate(params["requests"]):
        most = LEVELS.index(one.get("at-most", params.get("at-most", LEVELS[-1])))
        if most < least:
            yield ("requests", number), f"cannot be at least {LEVELS[least]} and at most {LEVELS[most]}"
        elif least == 0 and most == len(LEVELS) - 1 and "stage" not in params:
            bound = "give at-most, at-least or stage"
            if "at-least" in params or "at-most" in {*params, *one}:
                bound = f"every level is at least {LEVELS[0]} and at most {LEVELS[-1]}"
            yield ("requests", number), f"has no bound: {bound}"


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each rule that decides such requests otherwise than the rule wants."""
    analysis = subject.analysis
    if analysis is None:
        return
    if _too_much_possible(analysis, params):
        from kube_audit_lint.checks._above import too_much

        yield from too_much(subject, analysis, params)
    if "at-least" in params or "stage" in params:
        from kube_audit_lint.checks._below import too_little

        yield from too_little(subject, analysis, params)


def _too_much_possible(analysis: Analysis, params: Params) -> bool:
    """Whether some rule above the level may decide such requests: a look that spares good policies the rest."""
    for request in params["requests"]:
        level = request.get("at-most", params.get("at-most"))
        if level is None or not concerns(request, analysis.policy):
            continue
        above = analysis.deciding(partial(_is_above, LEVELS.index(level)))
        if analysis.might(query_of(request), above):
            return True
    return False


def _is_above(level: int, decision: Decision) -> bool:
    return LEVELS.index(decision.level) > level
