"""Template `blind-spot`: requests that matter for security and are not recorded for some user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from kube_audit_lint.analysis.evaluate import NO_RULE, decision_of
from kube_audit_lint.analysis.identities import ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, UNSECURED
from kube_audit_lint.analysis.request import OPTIONS_SERVED
from kube_audit_lint.analysis.worlds import CONTROL_PLANE, NOBODY, ORDINARY
from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import (
    REQUESTS,
    joined,
    level_place,
    outcome_of,
    proof_of,
    query_of,
    unlimited,
    versions_of,
)
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.kubernetes.names import is_user, may_be_name, no_user_has
from kube_audit_lint.model.advice import Advice, end_with, write
from kube_audit_lint.model.version import UNSECURED_LAST
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Recorded
    from kube_audit_lint.analysis.request import Request
    from kube_audit_lint.checks._names import Problem
    from kube_audit_lint.model.policy import GroupResources

SUBJECT = "policy"
PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["classes"],
    "properties": {"classes": REQUESTS},
}

_EVERYBODY = (AUTHENTICATED, UNAUTHENTICATED)
_READS = frozenset(("get", "list", "watch"))
_MACHINES = ("-operator", "-controller")
"""Names of users who are no people: service accounts, components, operators with certificates of their own."""
_CREDENTIALS = f" for requests without credentials (`{ANONYMOUS}`)"
_MANY = 7
"""So many classes are named, of more the first ones."""


class _Class(NamedTuple):
    """A class of requests of which a rule hides some, with one of them."""

    target: Params
    found: Recorded
    request: Request

    @property
    def verbs(self) -> str:
        """The verbs that are hidden, when others of the class are not."""
        from kube_audit_lint.checks._hidden import verbs_of

        hidden, others = verbs_of(self.found, self.target, self.request)
        if not others:
            return ""
        return joined(hidden) if len(hidden) <= len(others) + 1 else f"all but {joined(others)}"


def problems(params: Params) -> Iterator[Problem]:
    """What the classes name that there is not."""
    from kube_audit_lint.checks._names import of_requests

    return of_requests(params.get("classes", ()), "classes")


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each rule that hides requests of a class, with the classes that it hides."""
    analysis = subject.analysis
    if analysis is None:
        return
    if not analysis.recorded_at_all():
        return  # the rule `nothing-recorded` reports it
    for rule, hidden in sorted(hidden_by_rule(analysis, params, subject.is_unsecured_served).items()):
        # Where no rule is without users, failed authentications are not recorded either, and that is reported.
        if rule != NO_RULE or any(ORDINARY in found.who for _, found in hidden) or not _nobody_too(analysis, params):
            yield _hit(subject, analysis, rule, hidden)


def _nobody_too(analysis: Analysis, params: Params) -> bool:
    """Whether no rule matches some of these requests either when nobody could be authenticated for them."""
    target = (query_of({**one, "who": [NOBODY]}) for one in params["classes"])
    return any(found.rule == NO_RULE for query in target for found in analysis.levels(query))


def hidden_by_rule(
    analysis: Analysis, params: Params, unsecured: bool = True
) -> dict[int, list[tuple[Params, Recorded]]]:
    """For each rule that hides something: the classes, each with what is hidden of it. unsecured: whether anybody may
    be system:unsecured."""
    hidden: dict[int, list[tuple[Params, Recorded]]] = {}
    hiding = analysis.deciding(lambda decision: not decision.records)
    for one in params["classes"]:
        for found in analysis.levels(query_of(one), hiding):
            for by_somebody in _by_somebody(analysis, one, found, hiding, unsecured):
                hidden.setdefault(found.rule, []).append((one, by_somebody))
    return hidden


def _by_somebody(
    analysis: Analysis, target: Params, found: Recorded, hiding: int, unsecured: bool
) -> Iterable[Recorded]:
    """What is hidden of requests that a user can send: no user is called `system:nodes` or `cluster-admin`."""
    rule = None if found.rule == NO_RULE else analysis.policy.rules[found.rule]
    if rule is not None and all(map(is_user, rule.user_groups or (AUTHENTICATED,))):
        return ()  # a user is not a group: nobody is a member of it
    if rule is not None and rule.resources and not any(map(_matches_objects, rule.resources)):
        return ()  # names that no object has, which are reported
    listed = () if found.rule == NO_RULE else analysis.policy.rules[found.rule].users
    users = tuple(user for user in listed if not no_user_has(user) and (unsecured or user != UNSECURED))
    if len(users) == len(listed):
        return (found,)
    if not users:
        return ()
    return [one for one in analysis.levels(query_of({**target, "users": users}), hiding) if one.rule == found.rule]


def _matches_objects(item: GroupResources) -> bool:
    """Whether an item of `resources` is not only for names that no object has."""
    return not item.resource_names or any(may_be_name(name, item.group) for name in item.resource_names)


def _hit(subject: PolicySubject, analysis: Analysis, rule: int, hidden: list[tuple[Params, Recorded]]) -> Hit:
    kind = ORDINARY if any(ORDINARY in found.who for _, found in hidden) else CONTROL_PLANE
    classes = [_Class(one, found, found.witness_for(kind)) for one, found in hidden if kind in found.who]
    first = classes[0]
    anonymous = rule == NO_RULE and all(one.request.user == ANONYMOUS for one in classes)
    whose = _CREDENTIALS if anonymous else _whose(analysis, first, kind)
    minors = tuple(sorted({minor for one in classes for minor in one.found.minors_for(kind)}))
    if rule != NO_RULE and set(analysis.policy.rules[rule].users) == {UNSECURED}:
        minors = tuple(minor for minor in minors if minor <= UNSECURED_LAST)
    options = all(one.verbs == "OPTIONS" for one in classes)
    which = f"OPTIONS is served by {OPTIONS_SERVED}, with an empty verb. " if options else ""
    return Hit(
        level_place(subject, rule),
        f"Not recorded{whose}: {_names(classes)}. {which}{_why(analysis, rule)}.",
        (),
        versions_of(minors),
        "warning" if kind != ORDINARY or options or _of_machines(analysis, rule) else "",
        _help(analysis, rule, classes),
        first.request.to_json(),
        proof_of(subject, first.request, first.found.decision),
    )


def _of_machines(analysis: Analysis, rule: int) -> bool:
    """Whether the rule is for reads and watches of single users who are no people."""
    if rule == NO_RULE:
        return False
    own = analysis.policy.rules[rule]
    machines = all(_is_machine(user) and not no_user_has(user) and user != ANONYMOUS for user in own.users)
    return machines and bool(own.users) and bool(own.verbs) and _READS.issuperset(own.verbs)


def _is_machine(user: str) -> bool:
    return user.startswith("system:") or user.endswith(_MACHINES)


def _names(classes: list[_Class]) -> str:
    """The classes; those of which the same verbs are hidden together: `secrets, exec (get); pods (patch)`."""
    shown = classes[: _MANY - 2 if len(classes) > _MANY else _MANY]
    parts = []
    for verbs, group in groupby(shown, key=lambda one: one.verbs):
        names = [one.target["name"] for one in group]
        parts.append(f"{joined(names)} ({verbs})" if verbs else joined(names))
    if len(classes) > len(shown):
        parts.append(f"and {len(classes) - len(shown)} more kinds of requests that matter for security")
    return "; ".join(parts)


def _whose(analysis: Analysis, first: _Class, kind: str) -> str:
    """For whom and where, when the rule does not take everybody's requests."""
    if first.found.rule == NO_RULE:
        return "" if kind == ORDINARY else f" for `{first.request.user}` and the like"
    rule = analysis.policy.rules[first.found.rule]
    groups = [group for group in rule.user_groups if group in first.request.groups]
    who = ""
    if rule.users:
        others = sum(not no_user_has(user) for user in rule.users) - 1
        more = f" and {others} more" if others > 0 else ""
        who = f" for `{first.request.user}`{more}"
        if rule.users == (ANONYMOUS,):
            who = _CREDENTIALS
    elif groups and groups[0] not in _EVERYBODY:
        who = f" for members of `{groups[0]}`"
    elif groups and kind == ORDINARY and AUTHENTICATED not in rule.user_groups:
        who = " for requests without credentials"
    where = f" in the namespace `{rule.namespaces[0]}`" if len(rule.namespaces) == 1 and rule.namespaces[0] else ""
    return who + where


def _why(analysis: Analysis, rule: int) -> str:
    if rule == NO_RULE:
        return "No rule matches them"
    return f"Rule {rule + 1} decides them, with {outcome_of(decision_of(analysis.policy, rule))}"


def _help(analysis: Analysis, rule: int, classes: list[_Class]) -> str | Advice:
    """What to do to this rule; "" where the rule file's help is best."""
    if rule == NO_RULE:
        return end_with("Metadata")
    own = analysis.policy.rules[rule]
    if own.level != "None":
        return "Omit RequestReceived at most: a rule that omits every stage records nothing."
    if unlimited(own):
        rest = ", and drop what is too much by rules of its own in front of it."
        return write("Metadata", field="level", where=" here", rest=rest)
    target = {(one.target.get("group", ""), item): None for one in classes for item in one.target.get("resources", ())}
    named = [(entry.group, item) for entry in own.resources for item in entry.resources]
    if named and set(target).issuperset(named):
        rest = ", or limit it to the users and verbs whose requests are noise."
        return write("Metadata", field="level", where=" in this rule", rest=rest)
    if len(target) > _MANY or own.users:
        return ""
    items = joined([f"`{item}`{f' (`{group}`)' if group else ''}" for group, item in target])
    return f"Put a rule that records {items} in front of this one, or narrow this one to what is noise."
