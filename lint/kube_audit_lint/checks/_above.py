"""Requests that are recorded above a level, for the template `level`: who does it, and what is written of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.analysis.stages import written
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import concerns, joined, level_place, proof_of, query_of, versions_of
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.policy import LEVELS, GroupResources, PolicyRule
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Recorded
    from kube_audit_lint.analysis.query import Query

_BODIES = ("request", "response")
_READS = ("get", "list")
_PARTS = (("create", "update", "patch"), _READS, ("deletecollection",), ("delete",), ("watch",))
"""Verbs by which bodies hold the object that is targeted; the most telling first."""

_NOTHING, _ABOVE, _LEAKS = range(3)


class _Case(NamedTuple):
    """Requests of a class that a rule records above what the class allows, and how bad that is."""

    weight: int
    found: Recorded
    target: Params


def too_much(subject: PolicySubject, analysis: Analysis, params: Params) -> Iterator[Hit]:
    """One hit for each rule, about the worst that it records."""
    cases: dict[int, list[_Case]] = {}
    for request in params["requests"]:
        target = {**params, **request}
        if concerns(request, analysis.policy):
            for query in _by_bodies(request):
                for found in analysis.levels(query):
                    weight = _weight(found, target)
                    if weight:
                        cases.setdefault(found.rule, []).append(_Case(weight, found, target))
    for rule, group in sorted(cases.items()):
        worst = max(case.weight for case in group)
        if worst == _LEAKS or not params.get("only-bodies"):
            hit = _hit(subject, analysis, rule, [case for case in group if case.weight == worst])
            if "named" not in params or rule == NO_RULE:
                yield hit
            else:
                yield from _where_named(hit, analysis.policy.rules[rule], params)


def _where_named(hit: Hit, rule: PolicyRule, params: Params) -> Iterator[Hit]:
    """The hit, less grave where the author wants these bodies: the rule names the resource, or even the objects."""
    named = [
        entry
        for entry in rule.resources
        for target in params["requests"]
        if entry.group == target.get("group", "") and not {*target["resources"]}.isdisjoint(entry.resources)
    ]
    if not named:
        yield hit
    elif not all(entry.resource_names for entry in named):
        yield hit._replace(severity=params["named"])


def _by_bodies(request: dict[str, Any]) -> list[Query]:
    """The class in parts, by which bodies can be recorded."""
    if "urls" in request:
        return [query_of(request)]
    target = set(request.get("verbs", ()))
    parts = []
    for verbs in _PARTS:
        common = [verb for verb in verbs if not target or verb in target]
        if common:
            parts.append(query_of({**request, "verbs": common}))
    return parts


def _weight(found: Recorded, target: Params) -> int:
    """How bad it is: a body that holds what is targeted is written, or could be at a higher level, or neither."""
    most = LEVELS.index(target.get("at-most", LEVELS[-1]))
    if LEVELS.index(found.level) <= most or not found.decision.records:
        return _NOTHING
    if _leaking(found, target):
        return _LEAKS
    # What is sent to delete something are options; they hold nothing, and a rule may want them.
    options = found.level == "Request" and found.witness.verb in ("delete", "deletecollection")
    return _NOTHING if options and "sensitive" in target else _ABOVE


def _leaking(found: Recorded, target: Params) -> list[str]:
    """The bodies that are written and hold what is targeted."""
    verb = found.witness.verb
    what = written(found.witness, found.decision)
    holds = {
        "request": what.request_body and verb in ("create", "update", "patch"),
        # The answer to a single delete tells that it succeeded.
        "response": what.response_body and verb != "delete",
    }
    return [body for body in target.get("sensitive", _BODIES) if holds[body]]


def _hit(subject: PolicySubject, analysis: Analysis, rule: int, cases: list[_Case]) -> Hit:
    first = cases[0]
    witness, decision = first.found.witness, first.found.decision
    leaks = first.weight == _LEAKS
    minors = tuple(sorted({minor for case in cases for minor in case.found.minors}))
    return Hit(
        level_place(subject, rule),
        f"{_named(cases)} are recorded at {first.found.level}: {_leak(cases) if leaks else _no_leak(first.found)}.",
        (),
        versions_of(minors),
        "" if leaks or "sensitive" not in first.target else "warning",
        _help(analysis, rule, cases),
        witness.to_json(),
        proof_of(subject, witness, decision),
    )


def _named(cases: list[_Case]) -> str:
    """The classes, or what they are together where the rule is about one."""
    target = cases[0].target
    names = list(dict.fromkeys(case.target["name"] for case in cases if "name" in case.target))
    text: str = joined(names) if names and len(target["requests"]) > 1 else target["what"]
    return text[:1].upper() + text[1:]


def _leak(cases: list[_Case]) -> str:
    target = cases[0].target
    bodies = [body for body in _BODIES if any(body in _leaking(case.found, case.target) for case in cases)]
    effect = f"the {' and '.join(bodies)} {'bodies are' if bodies[1:] else 'body is'} written to the audit log"
    return f"{effect}, {target['because']}" if "because" in target else effect


def _no_leak(found: Recorded) -> str:
    """Why nothing is written that was not to be seen."""
    if "ResponseComplete" in found.omit_stages:
        return "no body is written, only because the stage ResponseComplete is omitted"
    if found.witness.verb == "delete":
        return "the answer to a delete tells of its success, but holds the whole object while a finalizer keeps it"
    if found.witness.verb in (*_READS, "watch"):
        return "these are reads, of which this level records no answer, so nothing leaks yet"
    return "they carry no body that this level records, so nothing leaks yet"


def _help(analysis: Analysis, rule: int, cases: list[_Case]) -> str:
    """What to do to this rule; "" where the rule file's help is best."""
    classes = {case.target["name"]: case.target for case in cases if "name" in case.target}.values()
    if not classes or any("resources" not in target or "verbs" in target for target in classes):
        return ""
    every = cases[0].target["requests"]
    level = LEVELS[min(LEVELS.index(one.get("at-most", cases[0].target["at-most"])) for one in every)]
    items = joined([_items(target) for target in classes])
    entries = analysis.policy.rules[rule].resources
    if entries and all(entry.resources and _about(entry, entry.resources, classes) for entry in entries):
        return f"Write `level: {level}` in this rule."
    if any(_about(entry, [item], classes) for entry in entries for item in entry.resources):
        return f"Move {items} from this rule to one with `level: {level}` in front of it."
    return f"Put a rule with `level: {level}` for {items} in front of this one."


def _items(target: Params) -> str:
    names = ", ".join(f"`{resource}`" for resource in target["resources"])
    return f"{names} ({'group `' + target['group'] + '`' if target.get('group') else 'core group'})"


def _about(entry: GroupResources, items: Collection[str], classes: Collection[Params]) -> bool:
    """Whether the items of an entry name nothing but resources of the classes, by their own names."""
    return all(
        any(entry.group == target.get("group", "") and item in target["resources"] for target in classes)
        for item in items
    )
