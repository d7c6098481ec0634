"""Template `never-matches`: conditions of a rule that no request meets together, though each of them could be met.

Sources: requestinfo.go of k8s.io/apiserver pkg/endpoints/request (a request for a cluster-scoped object has no
namespace, one for the namespace itself has its name), the resources and verbs of kubernetes/resources.py, and the
groups that go with a user (analysis/identities.py). What can never be met by itself is reported by other templates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._decided import joined
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.kubernetes import resources
from kube_audit_lint.kubernetes.names import is_user, no_user_has
from kube_audit_lint.kubernetes.written import Text, WrittenEntry, WrittenRule
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import UNKNOWN

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}

_VERBS = frozenset(resources.VERBS.values())
_OVER_ALL = frozenset(("list", "watch"))
"""The verbs of requests over all namespaces: they name none."""
_NAMED = _VERBS - {"create", "list", "deletecollection"}
"""The verbs of requests that may have a name in their path: for a namespace, the request's namespace as well."""

_SCOPE, _NO_SCOPE, _VERB = "in no namespace", "never without a namespace", "without such a verb"
"""Causes."""


class _Part(NamedTuple):
    """A resource, or a part of one, as some minor serves it."""

    name: str
    namespaced: bool
    verbs: frozenset[str]


class _Dead(NamedTuple):
    """An item of `resources` that the rule's other conditions exclude, and by which of them."""

    item: Text | WrittenEntry
    shown: str
    cause: str
    verbs: tuple[str, ...] = ()
    """Those that it has, where the rule has none of them."""


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each rule that matches nothing for this reason, or for each of its values."""
    for rule in subject.loaded.rules:
        if rule.lists["users"] and rule.lists["userGroups"]:
            yield from _strangers(subject, rule)
        if rule.entries and (rule.lists["verbs"] or rule.lists["namespaces"]):
            yield from _resources(subject, rule)


def _known(items: Sequence[Text]) -> bool:
    return all(item.known for item in items)


def _texts(items: Sequence[Text]) -> list[str]:
    return [item.text for item in items]


def _strangers(subject: PolicySubject, rule: WrittenRule) -> Iterator[Hit]:
    """Users none of whom is in any of the groups."""
    users, groups = rule.lists["users"], rule.lists["userGroups"]
    if not _known(users) or not _known(groups) or all(is_user(one.text) for one in groups):
        return
    real = [one for one in users if not no_user_has(one.text)]
    kinds = {_kind(one.text): one.text for one in real}
    fit = {kind for kind, user in kinds.items() if _may_be_in(user, tuple(_texts(groups)), subject.versions)}
    out = [one for one in real if _kind(one.text) not in fit]
    whole = len(out) == len(real)
    for named in [out] if whole and out else [[one] for one in out]:
        shown = f"{joined([f'`{one.text}`' for one in named], 4)} {'is' if len(named) == 1 else 'are'}"
        yield Hit(
            named[0].place,
            f"{shown} in none of the groups of `userGroups`, and a rule with both matches only who is in both: "
            f"this {'rule' if whole else 'item'} matches nothing.",
            help=_help(rule, whole, "Write one rule with `users`, and another with `userGroups`."),
        )


def _kind(user: str) -> str:
    """What tells a user from others where groups are concerned: of names outside of `system:` nothing."""
    return user if user.startswith("system:") else ""


def _may_be_in(user: str, groups: tuple[str, ...], versions: Versions) -> bool:
    """Whether a user of that name can be a member of one of the groups."""
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.model.policy import Policy, PolicyRule

    return bool(Analysis(Policy((PolicyRule("Metadata", (user,), groups),)), versions).reach(0))


def _resources(subject: PolicySubject, rule: WrittenRule) -> Iterator[Hit]:
    verbs = rule.lists["verbs"]
    if not _known(verbs) or not _known(rule.lists["namespaces"]) or (verbs and _VERBS.isdisjoint(_texts(verbs))):
        return  # such verbs are reported by unknown-verb
    dead: list[_Dead] = []
    alive = False
    for entry in rule.entries:
        for item in entry.resources or (entry,):
            parts = _parts(subject, entry, item)
            found = _dead(rule, entry, item, parts) if parts else None
            alive = alive or parts is None or (bool(parts) and found is None)
            dead += (found,) if found is not None else ()
    causes = {one.cause for one in dead}
    if dead and not alive and len(causes) == 1:
        yield _hit(rule, dead, True)
    else:
        yield from (_hit(rule, [one], False) for one in dead)


def _parts(subject: PolicySubject, entry: WrittenEntry, item: Text | WrittenEntry) -> list[_Part] | None:
    """What the item stands for, in every minor; None where anybody may define it, nothing where it is served nowhere.

    An item that is not a resource is left to the rules about that.
    """
    text = item.text if isinstance(item, Text) else "*"
    if entry.group_name == "*" or UNKNOWN in entry.group_name or UNKNOWN in text:
        return None
    if not resources.is_builtin_group(entry.group_name):
        return _custom(subject, entry.group_name, text)
    name, _, wanted = text.partition("/")
    parts: list[_Part] = []
    for one in resources.names(entry.group_name) if name == "*" else (name,):
        for served in _spans(entry.group_name, one, subject.versions):
            every = {"": served.verbs, **served.subresources}
            parts += [
                _Part(f"{one}/{sub}" if sub else one, served.namespaced, verbs)
                for sub, verbs in every.items()
                if wanted in (sub, "*") or text == "*"
            ]
    return parts


def _spans(group: str, name: str, versions: Versions) -> Iterator[resources.Resource]:
    first, last = resources.clamp(versions.first), resources.clamp(versions.last)
    return (one for one in resources.find(group, name) if one.first <= last and one.last >= first)


def _custom(subject: PolicySubject, group: str, text: str) -> list[_Part] | None:
    """A custom resource whose scope is known: any verb, for all that is known."""
    served = subject.served
    known = served.groups.get(group, {}).get(text.partition("/")[0]) if served is not None else None
    return None if known is None else [_Part(text, known.namespaced, _VERBS)]


def _dead(rule: WrittenRule, entry: WrittenEntry, item: Text | WrittenEntry, parts: Sequence[_Part]) -> _Dead | None:
    """Why no request for any of these meets the rule's conditions; None where one does."""
    spaces = _texts(rule.lists["namespaces"])
    verbs = _VERBS.intersection(_texts(rule.lists["verbs"])) or _VERBS
    if any(_meets(part, spaces, verbs) for part in parts):
        return None
    group = f" of `{entry.group_name}`" if entry.group_name else ""
    shown = f"`{item.text}`{group}" if isinstance(item, Text) else f"the resources{group or ' of the core group'}"
    if not any(part.verbs & verbs for part in parts):
        return _Dead(item, shown, _VERB, tuple(sorted({verb for part in parts for verb in part.verbs if verb})))
    return _Dead(item, shown, _SCOPE if any(spaces) else _NO_SCOPE)


def _meets(part: _Part, spaces: Sequence[str], verbs: frozenset[str]) -> bool:
    """Whether some request for it has one of the verbs and one of the namespaces."""
    verbs &= part.verbs
    if not spaces:
        return bool(verbs)
    inside, outside = any(spaces), "" in spaces
    if part.name.partition("/")[0] == "namespaces":
        return bool((inside and verbs & _NAMED) or (outside and verbs.intersection(resources.WITHOUT_NAME)))
    if not part.namespaced:
        return outside and bool(verbs)
    return bool((inside and verbs) or (outside and "/" not in part.name and verbs & _OVER_ALL))


def _hit(rule: WrittenRule, dead: Sequence[_Dead], whole: bool) -> Hit:
    one = dead[0]
    names = joined(list(dict.fromkeys(each.shown for each in dead)), 4)
    nothing = f"this {'rule' if whole else 'item'} matches nothing"
    if one.cause == _VERB:
        message = f"No request for {names} has a verb of this rule: {nothing}."
        those = joined(one.verbs)
        advice = (
            f"Name the verbs that there are: {those}."
            if whole
            else f"Move it to a rule with a verb that it has: {those}."
        )
    elif one.cause == _SCOPE:
        message = (
            f"{names[:1].upper()}{names[1:]} are in no namespace, and the rule is for requests in some: {nothing}."
        )
        advice = "Leave `namespaces` out." if whole else "Move it to a rule without `namespaces`."
    else:
        message = f'`""` stands for requests without a namespace, and none for {names} is one here: {nothing}.'
        advice = "Leave `namespaces` out: without it the rule matches every namespace."
    key = rule.node.key("verbs" if one.cause == _VERB else "namespaces") if whole and rule.node is not None else None
    return Hit(
        key.place if key is not None else one.item.place,
        message,
        severity="info" if one.cause == _VERB and not whole else "",
        pedantic=one.cause == _VERB and not whole,
        help=_help(rule, whole, advice),
    )


def _help(rule: WrittenRule, whole: bool, advice: str) -> str:
    """The advice; for a rule that is to exclude requests, not how it would exclude more."""
    if rule.level is None or (rule.level.known and rule.level.text != "None"):
        return advice
    return f"{'Remove the rule' if whole else 'Take it out of the rule'}: it excludes nothing as it stands."
