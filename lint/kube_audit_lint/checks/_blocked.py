"""Words for what earlier rules take away from a later one, or from one of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis.evaluate import decision_of
from kube_audit_lint.checks._decided import name_of, outcome_of, proof_of, rule_place
from kube_audit_lint.finding import Related
from kube_audit_lint.subject import PolicySubject

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis, Blocker, Reach


def takers(subject: PolicySubject, reach: Reach, before: str) -> str:
    """`rule 3 (line 9) before it takes all of its requests`."""
    names = [name_of(subject, blocker.rule) for blocker in reach.blockers]
    joined = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{joined} before {before} {'takes' if len(names) == 1 else 'take'} all of its requests"


def outcome(analysis: Analysis, rule: int, reach: Reach) -> str:
    """What becomes of the requests there, against what the rule asks for."""
    if reach.same_outcome:
        return "They are recorded no differently there"
    got = sorted({outcome_of(decision_of(analysis.policy, one.rule)) for one in reach.blockers if not one.same_outcome})
    own = outcome_of(decision_of(analysis.policy, rule))
    if not got or got == [own]:
        return "They are recorded there with other stages or fields"
    return f"Asked for {own} here, they get {' or '.join(got)}"


def related(subject: PolicySubject, reach: Reach) -> tuple[Related, ...]:
    """The rules that take the requests, each with one of them."""
    return tuple(Related(rule_place(subject, one.rule), f"takes {one.witness.describe()}") for one in reach.blockers)


def proof(subject: PolicySubject, analysis: Analysis, reach: Reach) -> str:
    """A request that the rule would match, and who decides it."""
    first = _telling(reach)
    return proof_of(subject, first.witness, decision_of(analysis.policy, first.rule))


def witness(reach: Reach) -> dict[str, object]:
    """The same request as data."""
    return _telling(reach).witness.to_json()


def _telling(reach: Reach) -> Blocker:
    """A request that gets something else than was asked for, where there is one."""
    return next((one for one in reach.blockers if not one.same_outcome), reach.blockers[0])
