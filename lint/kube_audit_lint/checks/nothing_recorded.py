"""Template `nothing-recorded`: a policy under which no served request leaves an event."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.analysis.evaluate import NO_RULE, decision_of
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import level_place, name_of, rule_place, rules_named, unlimited
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Recorded

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit when nothing is recorded."""
    analysis = subject.analysis
    if analysis is None:
        return
    if analysis.recorded_at_all():
        return
    deciders = [found for found in analysis.levels() if found.rule != NO_RULE]
    catch_all = _early_catch_all(subject, deciders)
    if catch_all != NO_RULE:
        yield _behind(subject, analysis, catch_all)
        return
    why, help = _why(deciders)
    single = deciders[0].rule if len(deciders) == 1 else 0 if len(analysis.policy.rules) == 1 else NO_RULE
    yield Hit(level_place(subject, single), _message(why), help=help)


def _message(why: str) -> str:
    return f"Under this policy kube-apiserver records no request at all: {why}. The audit log stays empty."


def _early_catch_all(subject: PolicySubject, deciders: list[Recorded]) -> int:
    """The rule with the level None that takes every request before others could; NO_RULE when there is none."""
    if any(found.level != "None" for found in deciders):
        return NO_RULE
    taking = (found.rule for found in deciders if unlimited(found.policy.rules[found.rule]))
    return next((rule for rule in taking if rule < len(subject.loaded.rules) - 1), NO_RULE)


def _behind(subject: PolicySubject, analysis: Analysis, catch_all: int) -> Hit:
    """That nothing is recorded because of a catch-all, at its place and with what `unreachable-rule` reports of it.

    That finding has the same cause and yields to this one, which has to name all that it names.
    """
    from kube_audit_lint.checks.unreachable_rule import behind

    why = f"{name_of(subject, catch_all)} takes every request with the level None, and no rule behind it is reached"
    place, help = rule_place(subject, catch_all), _help_behind(subject, analysis, catch_all)
    for hit in behind(subject, analysis, catch_all):
        return Hit(place, _message(why), hit.related, help=help, witness=hit.witness, proof=hit.proof)
    return Hit(place, _message(why), help=help)


def _help_behind(subject: PolicySubject, analysis: Analysis, catch_all: int) -> str:
    """What leaves one catch-all that records, at the end of the rules."""
    from kube_audit_lint.checks.unreachable_rule import keeping_secrets

    rules, name = analysis.policy.rules, name_of(subject, catch_all)
    behind = range(catch_all + 1, len(rules))
    if not any(decision_of(analysis.policy, rule).records for rule in behind):
        return f"Write `level: Metadata` in {name}, and remove {rules_named(subject, list(behind))}."
    other = next((rule for rule in behind if unlimited(rules[rule])), None)
    if other is None:
        help = f"Move {name} to the end, and write `level: Metadata` there."
    elif decision_of(analysis.policy, other).records:
        help = f"Remove {name}: {name_of(subject, other)} takes every request that is left."
    else:
        help = f"Remove {name}, and write `level: Metadata` without `omitStages` in {name_of(subject, other)}."
    return help + keeping_secrets(rules[catch_all + 1 :])


def _why(deciders: list[Recorded]) -> tuple[str, str]:
    """What is wrong with the rules that decide anything, and what to do."""
    if not deciders:
        return (
            "no request matches any of its rules",
            "End the rules with one that has no condition: `- level: Metadata`.",
        )
    if any(found.level != "None" for found in deciders):
        return "what is not None omits every stage", "Leave only RequestReceived in `omitStages`."
    why = "every rule that a request reaches has the level None"
    if any(unlimited(found.policy.rules[found.rule]) for found in deciders):
        return why, "Write `level: Metadata` in the last rule."
    return why, "End the rules with one that has no condition: `- level: Metadata`."
