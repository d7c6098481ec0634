"""Advice on rules of level None that match less than they say: what they would hide if it were followed.

A rule that excludes nothing does no harm. Told how it is written right, its author would turn it into one that hides
shells and secrets: where that is so, the advice is to do without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.catalogue.selection import Applied
from kube_audit_lint.checks._decided import level_place
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.checks.blind_spot import check
from kube_audit_lint.kubernetes.written import Text, WrittenEntry, WrittenRule
from kube_audit_lint.model.advice import Advice, leave_out
from kube_audit_lint.model.finding import SEVERITIES, Finding
from kube_audit_lint.model.policy import GroupResources, Policy, PolicyRule
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import Any

_FIELDS = {"users": "users", "userGroups": "user_groups", "verbs": "verbs", "namespaces": "namespaces"}
_NOTHING = "it excludes nothing"
_MOST = 20
"""Of more findings about one policy the others keep their advice."""


class _Followed(NamedTuple):
    """A rule after the advice. alone: whether nothing else than the item that it is about lets the rule match."""

    rule: PolicyRule
    alone: bool


def with_care(
    policy: PolicySubject, findings: Iterable[Finding], blind: Applied, dead: Iterable[str]
) -> Iterator[Finding]:
    """Findings about items that match nothing, with other advice where theirs would hide what matters for security."""
    spared = 0
    for one in findings:
        about = policy.loaded.rules if one.rule in dead and spared < _MOST else ()
        rule = next((rule for rule in about if _holds(rule, one)), None)
        if rule is not None and rule.level is not None and rule.level.text == "None" and not rule.strange:
            spared += 1
            advice = _careful(policy, rule, one, blind)
            one = one._replace(help=advice.help, advice=advice) if advice is not None else one
        yield one


def _holds(rule: WrittenRule, finding: Finding) -> bool:
    return rule.item.start <= finding.place.start < rule.item.end


def _careful(policy: PolicySubject, rule: WrittenRule, finding: Finding, blind: Applied) -> Advice | None:
    """The advice to do without what would hide requests; None where it hides none."""
    loaded, advice = policy.loaded.policy, finding.advice
    if loaded is None or rule.number >= len(loaded.rules) or advice is None:
        return None
    followed = _followed(rule, loaded.rules[rule.number], finding.place, advice)
    if followed is None:
        return None
    try:
        before = _worst(policy, rule.number, blind)
        rules = (*loaded.rules[: rule.number], followed.rule, *loaded.rules[rule.number + 1 :])
        after = _worst(_with(policy, loaded._replace(rules=rules)), rule.number, blind)
    except UndecidedError:
        return None
    if after[0] <= before[0]:
        return None
    hidden = after[1].partition(". ")[0].replace("Not recorded", "these would not be recorded", 1)
    rest = f" as it stands. As it is meant, {hidden}."
    if followed.alone:
        return Advice("remove rule", f"Remove this rule: {_NOTHING}", rest, lossy=True)
    return leave_out(finding.place.text.strip('"'), f": {_NOTHING}{rest}")


def _worst(policy: PolicySubject, number: int, blind: Applied) -> tuple[int, str]:
    """The severity of what a rule hides, -1 for nothing, and the message about it."""
    if policy.analysis is None or not policy.analysis.recorded_at_all():
        return len(SEVERITIES), "nothing would be recorded at all"
    found = (hit for hit in check(policy, blind.params) if hit.place == level_place(policy, number))
    return max(((SEVERITIES.index(blind.severity_of(hit.severity)), hit.message) for hit in found), default=(-1, ""))


def _with(policy: PolicySubject, changed: Policy) -> PolicySubject:
    """A policy as another one that is at the same places."""
    return policy.with_analysis(Analysis(changed, policy.loaded.policy_versions))


def _followed(rule: WrittenRule, own: PolicyRule, place: Place, advice: Advice) -> _Followed | None:
    """The rule after what is advised about the item at a place; None where that changes no condition."""
    for field, name in _FIELDS.items():
        items = rule.lists[field]
        if any(item.place == place for item in items):
            alone = len(items) == 1
            if advice.act == "to list":
                own = own._replace(users=(), user_groups=())
                return _Followed(_with_list(own, _FIELDS[advice.field], advice.values), alone)
            values = _changed(items, place, advice)
            return None if values is None else _Followed(_with_list(own, name, values), alone)
    for at, entry in enumerate(rule.entries):
        changed = _entry(entry, place, advice)
        if changed is not None and at < len(own.resources):
            others = (*own.resources[:at], *own.resources[at + 1 :])
            return _Followed(own._replace(resources=(*others, *changed)), not others and len(entry.resources) < 2)
    return None


def _with_list(rule: PolicyRule, name: str, values: tuple[str, ...]) -> PolicyRule:
    changed: dict[str, Any] = {name: values}
    return rule._replace(**changed)


def _entry(entry: WrittenEntry, place: Place, advice: Advice) -> tuple[GroupResources, ...] | None:
    """What an item of `resources` becomes; None where the place is not in it, or nothing of it changes."""
    names = tuple(one.text for one in entry.names)
    own = GroupResources(entry.group_name, tuple(one.text for one in entry.resources), names)
    if entry.group is not None and entry.group.place == place:
        return (own._replace(group=advice.values[0]),) if advice.field == "group" else None
    if any(item.place == place for item in entry.names):
        changed = _changed(entry.names, place, advice)
        return None if changed is None else (own._replace(resource_names=changed),)
    item = next((item for item in entry.resources if item.place == place), None)
    if item is not None and advice.act == "to group":
        return own, GroupResources(advice.field, advice.values or (item.text,), names)
    values = None if item is None else _changed(entry.resources, place, advice)
    return None if values is None else (own._replace(resources=values),)


def _changed(items: list[Text], place: Place, advice: Advice) -> tuple[str, ...] | None:
    """A list after one of its items was written otherwise or left out, or all of it."""
    if advice.act not in ("write", "leave out"):
        return None
    if advice.field:
        return ()
    return tuple(text for item in items for text in (advice.values if item.place == place else (item.text,)))
