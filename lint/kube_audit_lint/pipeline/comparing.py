"""Two versions of files that hold policies and servers, compared: what `diff` shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kube_audit_lint.analysis import UndecidedError, phrases
from kube_audit_lint.analysis.budget import Budget
from kube_audit_lint.analysis.describe import describe
from kube_audit_lint.analysis.difference import STEPS, Difference, difference, upgrade
from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.errors import OwnFileError, UsageError
from kube_audit_lint.kubernetes.loading import Loaded, load
from kube_audit_lint.model.comparison import Compared, RequestClass, RuleAt, SettingChange
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.policy import Policy
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.pipeline.documents import collect
from kube_audit_lint.pipeline.settings import changes
from kube_audit_lint.syntax.record import NamedTuple

_NOTHING = Policy(())
"""What a file records that is not there."""


class Side(NamedTuple):
    """One version of a file: how it is called, and what it holds; empty where it is not there."""

    name: str
    found: Found


class _Side(NamedTuple):
    """A policy, and where its rules are; `document` is None where there is no policy."""

    document: PolicyDocument | None
    policy: Policy

    def at(self, rules: Sequence[int | None]) -> tuple[RuleAt, ...]:
        """The rules, counted from 1, with their lines; that none decides comes last."""
        found = dict.fromkeys(rule for rule in rules if rule is not None)
        return tuple(self._at(rule) for rule in sorted(found, key=lambda rule: (rule == NO_RULE, rule)))

    def _at(self, rule: int) -> RuleAt:
        if rule == NO_RULE or self.document is None:
            return RuleAt(0, 0)
        place = self.document.at("rules", rule)
        return RuleAt(rule + 1, place.source.position(place.start)[0])


def side(name: str, path: str, data: bytes | None, strict: bool = True) -> Side:
    """What a version of a file holds. strict: raises OwnFileError where that is neither a policy nor a server."""
    if data is None:
        return Side(name, Found())
    one = collect(path, data)
    found = Found() if one is None else one.found
    if strict and not found.policies:
        declared = collect(path, data, hint="policy")
        if declared is not None and declared.found.policies and not found.servers:
            found = declared.found
    if strict and not found.policies and not found.servers:
        raise OwnFileError(name, "holds neither an audit policy nor an API server")
    return Side(name, found)


def compare(before: Side, after: Side, versions: Versions | None) -> Iterator[Compared]:
    """The policies and the servers of both, those in the same place with each other."""
    ours, theirs = before.found, after.found
    for one, other in _pairs(ours.policies, theirs.policies):
        yield _of_policies(before.name, after.name, one, other, versions)
    for first, second in zip(ours.servers, theirs.servers, strict=False):
        used = versions or second.versions or first.versions or DEFAULT
        found = tuple(_sorted(changes(first, second, used.known or DEFAULT)))
        yield Compared(before.name, after.name, str(used), settings=found, servers=1)


def _pairs(
    ours: Sequence[PolicyDocument], theirs: Sequence[PolicyDocument]
) -> Iterator[tuple[PolicyDocument | None, PolicyDocument | None]]:
    """Policies that are called the same, and then the others in order."""
    left = list(theirs)
    single: list[PolicyDocument] = []
    for one in ours:
        same = next((other for other in left if one.names and set(one.names) & set(other.names)), None)
        if same is None:
            single.append(one)
        else:
            left.remove(same)
            yield one, same
    for index in range(max(len(single), len(left))):
        yield single[index] if index < len(single) else None, left[index] if index < len(left) else None


def _of_policies(
    before: str, after: str, one: PolicyDocument | None, other: PolicyDocument | None, versions: Versions | None
) -> Compared:
    used = versions or _of(other) or _of(one) or DEFAULT
    used = used.known or DEFAULT
    ours, theirs = _opened(before, one, used), _opened(after, other, used)
    if isinstance(theirs, str):
        return Compared(before, after, str(used), undecided=theirs, policies=1)
    if isinstance(ours, str):  # whatever the new one records, it cannot be less than nothing
        ours = _Side(None, _NOTHING)
    try:
        found = difference(ours.policy, theirs.policy, used, Budget(STEPS))
    except UndecidedError as error:
        return Compared(before, after, str(used), undecided=str(error), policies=1)
    return Compared(before, after, str(used), tuple(_shown(found, ours, theirs, used)), policies=1)


def _of(document: PolicyDocument | None) -> Versions | None:
    return None if document is None else document.versions


def _opened(name: str, document: PolicyDocument | None, versions: Versions) -> _Side | str:
    """The policy as it is loaded; or why it is not."""
    if document is None:
        return _Side(None, _NOTHING)
    loaded = load(document, versions)
    if loaded.policy is None or loaded.loads_in is None:
        return f"kube-apiserver {versions} does not load {name}: {_reason(loaded)}"
    return _Side(document, loaded.policy)


def _reason(loaded: Loaded) -> str:
    first = next((problem for problem in loaded.problems if problem.fatal), None)
    return first.message if first else "a template decides what is in it"


def upgraded(found: Side, first: Versions, last: Versions) -> Compared:
    """What changes for the one policy of a file when the cluster goes from one version to another."""
    if len(found.found.policies) != 1:
        number = len(found.found.policies) or "no"
        raise UsageError(f"{found.name} holds {number} audit policies; --to takes a file that holds one")
    one, other = (_opened(found.name, found.found.policies[0], versions) for versions in (first, last))
    names = f"{found.name} in {first}", f"{found.name} in {last}"
    for opened in (one, other):
        if isinstance(opened, str):
            return Compared(*names, undecided=opened, policies=1)
    assert not isinstance(one, str)
    assert not isinstance(other, str)
    versions = Versions(first.first, last.last)
    try:
        classes = upgrade(one.policy, other.policy, versions, Budget(STEPS))
    except UndecidedError as error:
        return Compared(*names, undecided=str(error), policies=1)
    return Compared(*names, str(versions), tuple(_shown(classes, one, other, versions)), policies=1)


def _shown(found: Sequence[Difference], ours: _Side, theirs: _Side, versions: Versions) -> Iterator[RequestClass]:
    for one in found:
        conditions = one.requests
        before, after = phrases.recorded(one)
        whole = one.minors == tuple(range(versions.first, versions.last + 1))
        yield RequestClass(
            one.direction,
            phrases.who(conditions.who),
            phrases.verbs(conditions.verbs),
            phrases.what(conditions.what),
            phrases.where(conditions.namespaces, conditions.names),
            before,
            after,
            tuple(sorted(one.loses)),
            tuple(sorted(one.gains)),
            ours.at([pair[0] for pair in one.rules]),
            theirs.at([pair[1] for pair in one.rules]),
            describe(one.witness),
            one.witness.to_json(),
            conditions.to_json(),
            "" if whole or one.direction in ("gone", "new") else _minors(one.minors),
            one.exact,
        )


def _minors(minors: tuple[int, ...]) -> str:
    """`1.24-1.28`."""
    return str(Versions(minors[0], minors[-1])) if minors else ""


def _sorted(found: Iterator[SettingChange]) -> list[SettingChange]:
    order = ("less", "differently", "more")
    return sorted(found, key=lambda one: order.index(one.direction))


def holds_anything(one: Side) -> bool:
    """Whether a version of a file has a policy or a server."""
    return bool(one.found.policies or one.found.servers)
