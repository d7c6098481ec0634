"""Advice on rules of level None that match less than they say: what they would hide if it were followed.

A rule that excludes nothing does no harm. Told how it is written right, its author would turn it into one that hides
shells and secrets: where that is so, the advice is to do without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.catalogue.selection import Applied
from kube_audit_lint.checks._decided import level_place
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.checks.blind_spot import check
from kube_audit_lint.kubernetes.written import Text, WrittenEntry, WrittenRule
from kube_audit_lint.model.finding import SEVERITIES, Finding
from kube_audit_lint.model.policy import GroupResources, Policy, PolicyRule
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import Any

_FIELDS = {"users": "users", "userGroups": "user_groups", "verbs": "verbs", "namespaces": "namespaces"}
_TO_GROUP = r'`userGroups: \["([^"]+)"\]` in place of'
_TO_USER = r'Write `users: \["([^"]+)"\]` in place of'
_FIELD_OUT = r"[Ll]eave `(?:users|userGroups|verbs|namespaces|resourceNames)` out"
_ITEM_OUT = r"\ALeave (?:it|`[^`]+`) out"
_IN_GROUP = r'an item with `group: "([^"]*)"`'
_GROUP = r'Write `group: "([^"]*)"`'
_WRITTEN = r"\AWrite ((?:`[^`:]+`(?:, | and )?)+)"
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
            help = _careful(policy, rule, one, blind)
            one = one._replace(help=help) if help else one
        yield one


def _holds(rule: WrittenRule, finding: Finding) -> bool:
    return rule.item.start <= finding.place.start < rule.item.end


def _careful(policy: PolicySubject, rule: WrittenRule, finding: Finding, blind: Applied) -> str:
    """The advice to do without what would hide requests; "" where it hides none."""
    loaded = policy.loaded.policy
    if loaded is None or rule.number >= len(loaded.rules):
        return ""
    followed = _followed(rule, loaded.rules[rule.number], finding)
    if followed is None:
        return ""
    try:
        before = _worst(policy, rule.number, blind)
        rules = (*loaded.rules[: rule.number], followed.rule, *loaded.rules[rule.number + 1 :])
        after = _worst(_with(policy, loaded._replace(rules=rules)), rule.number, blind)
    except UndecidedError:
        return ""
    if after[0] <= before[0]:
        return ""
    what = "Remove this rule" if followed.alone else f"Leave `{finding.place.text.strip(chr(34))}` out"
    hidden = after[1].partition(". ")[0].replace("Not recorded", "these would not be recorded", 1)
    return f"{what}: it excludes nothing as it stands. As it is meant, {hidden}."


def _worst(policy: PolicySubject, number: int, blind: Applied) -> tuple[int, str]:
    """The severity of what a rule hides, -1 for nothing, and the message about it."""
    if policy.analysis is None or not policy.analysis.recorded_at_all():
        return len(SEVERITIES), "nothing would be recorded at all"
    found = (hit for hit in check(policy, blind.params) if hit.place == level_place(policy, number))
    return max(((SEVERITIES.index(blind.severity_of(hit.severity)), hit.message) for hit in found), default=(-1, ""))


def _with(policy: PolicySubject, changed: Policy) -> PolicySubject:
    """A policy as another one that is at the same places."""
    return policy.with_analysis(Analysis(changed, policy.loaded.policy_versions))


def _followed(rule: WrittenRule, own: PolicyRule, finding: Finding) -> _Followed | None:
    """The rule after what a finding's help says; None for a help that changes no condition."""
    help = finding.help
    for field, name in _FIELDS.items():
        items = rule.lists[field]
        if any(item.place == finding.place for item in items):
            alone = len(items) == 1
            if re.search(_FIELD_OUT, help):
                return _Followed(_with_list(own, name, ()), alone)
            if (group := re.search(_TO_GROUP, help)) is not None:
                return _Followed(own._replace(users=(), user_groups=(group[1],)), alone)
            if (user := re.search(_TO_USER, help)) is not None:
                return _Followed(own._replace(users=(user[1],), user_groups=()), alone)
            values = _replaced(items, finding)
            return None if values is None else _Followed(_with_list(own, name, values), alone)
    for at, entry in enumerate(rule.entries):
        changed = _entry(entry, finding)
        if changed is not None and at < len(own.resources):
            others = (*own.resources[:at], *own.resources[at + 1 :])
            return _Followed(own._replace(resources=(*others, *changed)), not others and len(entry.resources) < 2)
    return None


def _with_list(rule: PolicyRule, name: str, values: tuple[str, ...]) -> PolicyRule:
    changed: dict[str, Any] = {name: values}
    return rule._replace(**changed)


def _entry(entry: WrittenEntry, finding: Finding) -> tuple[GroupResources, ...] | None:
    """What an item of `resources` becomes; None where the finding is not about it, or its help changes nothing."""
    help, names = finding.help, tuple(one.text for one in entry.names)
    own = GroupResources(entry.group_name, tuple(one.text for one in entry.resources), names)
    if entry.group is not None and entry.group.place == finding.place:
        group = re.search(_GROUP, help)
        return None if group is None else (own._replace(group=group[1]),)
    if any(item.place == finding.place for item in entry.names):
        return (own._replace(resource_names=()),) if re.search(_FIELD_OUT, help) else None
    if not any(item.place == finding.place for item in entry.resources):
        return None
    values = _replaced(entry.resources, finding)
    moved = re.search(_IN_GROUP, help)
    if moved is not None:
        written = re.search(_WRITTEN, help)
        new = re.findall(r"`([^`]+)`", written[1]) if written else [finding.place.text.strip("\"'")]
        return own, GroupResources(moved[1], tuple(new), names)
    return None if values is None else (own._replace(resources=values),)


def _replaced(items: list[Text], finding: Finding) -> tuple[str, ...] | None:
    """A list after one of its items was written otherwise or left out."""
    written = re.search(_WRITTEN, finding.help)
    if written is None and re.search(_ITEM_OUT, finding.help) is None:
        return None
    new = re.findall(r"`\"?([^`\"]+)\"?`", written[1]) if written else []
    values: list[str] = []
    for item in items:
        values += new if item.place == finding.place else [item.text]
    return tuple(values)
