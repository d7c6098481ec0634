"""Template `events-group`: events are dropped in one of the two groups that serve them.

Source: k8s.io/api core/v1 and events/v1, which pkg/registry/core/event serves from one storage: client-go's recorder
of `tools/record` writes into the core group, that of `tools/events` into events.k8s.io. kube-scheduler has used the
latter since 1.19 (pkg/scheduler/profile), so that each pod that is started is such an event. A rule matches the group
that the request names (k8s.io/apiserver pkg/audit/policy/checker.go), whatever the object is stored as.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.analysis.query import Query
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import level_place, proof_of, versions_of
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.model.policy import GroupResources, PolicyRule
from kube_audit_lint.syntax.typed import Any

SUBJECT = "policy"
PARAMS: dict[str, Any] = {"type": "object", "additionalProperties": False}

_CORE, _EVENTS = "", "events.k8s.io"
_WRITES = frozenset(("*", "create", "patch", "update"))
_SCHEDULER = 19
"""From 1.19 on kube-scheduler writes its events into events.k8s.io; before, hardly anybody did."""


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each rule that drops everybody's events of one group, where those of the other are recorded."""
    analysis = subject.analysis
    for index, rule in enumerate(analysis.policy.rules if analysis is not None else ()):
        groups = _groups(rule)
        if analysis is None or len(groups) != 1:
            continue
        other = _EVENTS if groups == {_CORE} else _CORE
        if other == _EVENTS and rule.verbs and _WRITES.isdisjoint(rule.verbs):
            continue  # hardly anybody reads events in that group
        query = Query(resources=(GroupResources(other, ("events",)),), verbs=rule.verbs or ("create",))
        oldest = 0 if other == _CORE else _SCHEDULER
        recorded = [
            one
            for one in analysis.levels(query)
            if one.rule != NO_RULE and one.level != "None" and max(one.minors) >= oldest
        ]
        if recorded:
            found = recorded[0]
            message = (
                f"Events are served in two groups, and this rule drops those of {_named(groups.pop())} only: those of "
            )
            message += f"{_named(other)} are recorded at {found.level}, by rule {found.rule + 1}."
            if other == _EVENTS:
                message += " kube-scheduler writes one there for each pod that it places."
            name = '""' if other == _CORE else other
            yield Hit(
                level_place(subject, index),
                message,
                (),
                versions_of(found.minors),
                severity="warning" if other == _CORE else "info",
                help=f"Add `- {{group: {name}, resources: [events]}}` to the `resources` of this rule.",
                witness=found.witness.to_json(),
                proof=proof_of(subject, found.witness, found.decision),
            )


def _groups(rule: PolicyRule) -> set[str]:
    """The groups whose events a rule drops for everybody."""
    if rule.level != "None" or rule.users or rule.user_groups or rule.namespaces:
        return set()
    entries = [one for one in rule.resources if _takes_events(one) and not one.resource_names]
    return {one.group for one in entries if one.group in (_CORE, _EVENTS)}


def _takes_events(entry: GroupResources) -> bool:
    """Whether an item means events: of events.k8s.io, where nothing else is, also as a whole group."""
    whole = entry.group == _EVENTS and (not entry.resources or "*" in entry.resources)
    return whole or "events" in entry.resources


def _named(group: str) -> str:
    return group or "the core group"
