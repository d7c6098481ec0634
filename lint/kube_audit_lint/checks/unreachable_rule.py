"""Template `unreachable-rule`: a rule that no served request ever reaches, because earlier rules take them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import name_of, rule_place, rules_named, unlimited
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.finding import Finding, Related
from kube_audit_lint.model.policy import PolicyRule
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Reach

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}
_BEHIND = "never reached"


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each such rule, a warning where earlier rules record the same.

    Everything behind an early catch-all has one cause, and is one hit about the catch-all.
    """
    analysis = subject.analysis
    if analysis is None:
        return
    rules = analysis.policy.rules
    last = next((at for at, rule in enumerate(rules) if unlimited(rule)), len(rules) - 1)
    for rule in range(last + 1):
        hit = _about(subject, analysis, rule)
        if hit is not None:
            yield hit
    yield from behind(subject, analysis, last)


def _about(subject: PolicySubject, analysis: Analysis, rule: int) -> Hit | None:
    reach = analysis.reach(rule)
    if not reach:
        return _hit(subject, rule, reach, analysis) if reach.blockers else None
    alone = _custom_alone(subject, analysis, rule)
    if alone is not None:
        return alone
    checked = range(analysis.versions.first, analysis.versions.last + 1)
    if len(reach.minors) == len(checked):
        return None
    missing = [minor for minor in checked if minor not in reach.minors]
    if not missing or missing[-1] - missing[0] + 1 != len(missing):
        return None
    # In some versions it decides nothing: either nothing that it matches is served there, or others take it.
    span = Versions(missing[0], missing[-1])
    part = analysis.within(span)
    inner = part.reach(rule)
    return _hit(subject, rule, inner, part, span) if not inner and inner.blockers else None


def _custom_alone(subject: PolicySubject, analysis: Analysis, rule: int) -> Hit | None:
    """That nothing but custom resources of these names is left to a rule with the group `*`."""
    if all(entry.group != "*" for entry in analysis.policy.rules[rule].resources):
        return None
    from kube_audit_lint.checks import _blocked

    reach = _blocked.custom_alone(analysis, rule)
    if reach is None:
        return None
    first = min(blocker.rule for blocker in reach.blockers)
    takers = _blocked.takers(subject, analysis, reach, "requests for the built-in resources that it names")
    return Hit(
        rule_place(subject, rule),
        f"Rule {rule + 1} decides no request for a built-in resource: {takers}. Only custom or aggregated resources "
        f"of these names are left to it. {_blocked.outcome(analysis, rule, reach)}.",
        _blocked.related(subject, reach),
        None,
        "info",
        f"Move rule {rule + 1} in front of {name_of(subject, first)}, or name the groups that it is about.",
        _blocked.witness(reach),
        _blocked.proof(subject, analysis, reach),
    )


def _hit(subject: PolicySubject, rule: int, reach: Reach, analysis: Analysis, span: Versions | None = None) -> Hit:
    what = f"The catch-all, rule {rule + 1}," if unlimited(analysis.policy.rules[rule]) else f"Rule {rule + 1}"
    from kube_audit_lint.checks import _blocked

    same = _blocked.same(analysis, rule, reach)
    return Hit(
        rule_place(subject, rule),
        f"{what} never decides anything: {_blocked.takers(subject, analysis, reach)}. "
        f"{_blocked.outcome(analysis, rule, reach)}.",
        _blocked.related(subject, reach),
        span,
        "warning" if same else "",
        _help(subject, analysis, rule, reach, same),
        _blocked.witness(reach),
        _blocked.proof(subject, analysis, reach),
    )


def unreached(finding: Finding) -> list[Place]:
    """The places of the rules that a finding of this template calls never reached."""
    return [one.place for one in finding.related if one.message == _BEHIND] or [finding.place]


def behind(subject: PolicySubject, analysis: Analysis, catch_all: int) -> Iterator[Hit]:
    """The rules behind a rule without a condition: none of them is ever reached."""
    every = range(catch_all + 1, len(analysis.policy.rules))
    reaches = {rule: reach for rule in every if (reach := analysis.reach(rule)).blockers}
    if reaches:
        yield _behind(subject, analysis, catch_all, reaches)


def _behind(subject: PolicySubject, analysis: Analysis, catch_all: int, reaches: dict[int, Reach]) -> Hit:
    from kube_audit_lint.checks import _blocked

    behind = list(reaches)
    differing = [rule for rule in behind if not _blocked.same(analysis, rule, reaches[rule])]
    first = (differing or behind)[0]
    names = rules_named(subject, behind)
    verb = "decides" if len(behind) == 1 else "decide"
    return Hit(
        rule_place(subject, catch_all),
        f"Rule {catch_all + 1} has no condition and takes every request: behind it, {names} never {verb} anything. "
        f"{_blocked.outcome(analysis, first, reaches[first], name_of(subject, first))}.",
        tuple(Related(rule_place(subject, rule), _BEHIND) for rule in behind),
        None,
        "" if differing else "warning",
        _help_behind(subject, analysis, catch_all, behind if not differing else ()),
        _blocked.witness(reaches[first]),
        _blocked.proof(subject, analysis, reaches[first]),
    )


def _help_behind(subject: PolicySubject, analysis: Analysis, catch_all: int, useless: Sequence[int]) -> str:
    """useless: the rules behind it, where nothing would be gained by reaching them."""
    if useless:
        return f"Remove {rules_named(subject, useless)}."
    rules = analysis.policy.rules
    other = next((at for at in range(catch_all + 1, len(rules)) if unlimited(rules[at])), None)
    if other is None:
        help = f"Move {name_of(subject, catch_all)}, which takes every request, to the end."
    else:
        help = f"Remove {name_of(subject, catch_all)}: {name_of(subject, other)} takes every request that is left."
    return help + keeping_secrets(rules[catch_all + 1 :])


def keeping_secrets(reached: Sequence[PolicyRule]) -> str:
    """What the help adds where rules that are to be reached would record what is in secrets."""
    if not any(_takes_bodies_of_secrets(rule) for rule in reached):
        return ""
    return " A rule that keeps secrets at Metadata has to stand in front."


def _help(subject: PolicySubject, analysis: Analysis, rule: int, reach: Reach, same: bool) -> str:
    first = min(blocker.rule for blocker in reach.blockers)
    if same:
        return f"Remove rule {rule + 1}."
    move = f"Move rule {rule + 1} in front of {name_of(subject, first)}, or narrow that rule."
    if _takes_bodies_of_secrets(analysis.policy.rules[rule]):
        return f"{move} A rule that keeps secrets at Metadata has to stand in front of both."
    return move


def _takes_bodies_of_secrets(rule: PolicyRule) -> bool:
    """Whether the rule would record what is in secrets, once it is reached."""
    if rule.level not in ("Request", "RequestResponse") or rule.non_resource_urls:
        return False
    core = [entry.resources for entry in rule.resources if entry.group in ("", "*")]
    return not rule.resources or any(not items or not {"*", "secrets", "secrets/*"}.isdisjoint(items) for items in core)
