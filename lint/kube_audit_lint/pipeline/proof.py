"""What an edit of a file changes: the file is read and checked again, and held against what it was before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.difference import Difference, difference
from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.selection import Applied, Choice, applied
from kube_audit_lint.checks._subject import PolicySubject, ServerSubject
from kube_audit_lint.fixes import Claim, Fix
from kube_audit_lint.kubernetes.written import WrittenPolicy
from kube_audit_lint.model.finding import SEVERITIES, Finding
from kube_audit_lint.model.policy import Policy, PolicyRule
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import Versions
from kube_audit_lint.pipeline.applying import Rules, findings_of, misshapes, touching
from kube_audit_lint.pipeline.config import Config
from kube_audit_lint.pipeline.documents import Collected, collect
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.subjects import Subjects
from kube_audit_lint.pipeline.waiving import by_comments
from kube_audit_lint.syntax.record import NamedTuple

Subject = PolicySubject | ServerSubject

_WARNING = SEVERITIES.index("warning")


class State(NamedTuple):
    """One file, what rules are applied to in it, and what they find: each with the subject that it is about."""

    file: Collected
    policies: tuple[PolicySubject, ...]
    servers: tuple[ServerSubject, ...]
    findings: tuple[tuple[Finding, Subject | None], ...]


class Wish(NamedTuple):
    """A fix of a finding, and the subject that the finding is about in the state before it."""

    fix: Fix
    finding: Finding
    about: Subject | None


class Verdict(NamedTuple):
    """What is against an edit.

    broken: why it must not be made at all; "" where nothing is against it. doubt: why it is not proven that it changes
    only what the finding is about. differences: the requests that are recorded otherwise.
    """

    broken: str = ""
    doubt: str = ""
    differences: tuple[Difference, ...] = ()


class Prover:
    """Reads and checks files of a run again.

    All rules are applied, whichever were selected: an edit must not bring up what only another rule finds.
    """

    def __init__(self, catalogue: Catalogue, options: Options, config: Config) -> None:
        self._options = options
        self._config = config
        self.rules = Rules(catalogue, options, config, _all_of_files)

    def state(self, file: Collected, subjects: Subjects) -> State:
        """A file of a run as it is."""
        return self._checked(file, *_subjects_of(file, subjects))

    def unchecked(self, file: Collected, subjects: Subjects, findings: Iterable[Finding]) -> State | None:
        """The same with findings of the run, without checking it again; None where one may be about several."""
        policies, servers = _subjects_of(file, subjects)
        by_kind: dict[str, Sequence[Subject]] = {"policy": policies, "server": servers}
        found: list[tuple[Finding, Subject]] = []
        for one in findings:
            rule = self.rules.catalogue.rules.get(one.rule)
            about = by_kind.get(rule.subject, ()) if rule is not None else ()
            if len(about) != 1:
                return None
            found.append((one, about[0]))
        return State(file, tuple(policies), tuple(servers), tuple(found))

    def after(self, before: State, data: bytes) -> State | None:
        """The file with other content; None where it does not hold the same policies and servers any more."""
        file, found = self._collected(before, data), before.file.found
        if file is None or len(file.found.policies) != len(found.policies):
            return None
        if len(file.found.servers) != len(found.servers) or _unreadable(file) > _unreadable(before.file):
            return None
        numbers = {id(one.document): at for at, one in enumerate(found.policies)}
        servers = {one.place.start: at for at, one in enumerate(found.servers)}
        new = file.found.servers
        policies: dict[int, PolicySubject] = {}
        for one in before.policies:
            at = numbers.get(id(one.document.document))
            if at is None:
                return None
            document = file.found.policies[at]._replace(partial=one.document.partial)
            loaders = tuple(
                new[servers[each.place.start]] if each.source is before.file.source and each.overlay is None else each
                for each in one.servers
            )
            policies[id(one)] = PolicySubject(document, one.versions, loaders, one.version_places)
        subjects = []
        for server in before.servers:
            number = servers.get(server.server.place.start)
            if number is None:
                return None
            policy = policies.get(id(server.policy), server.policy)
            kept = server.policy_missing, server.webhook, server.brought, server.other_policies, server.other_webhooks
            subjects.append(ServerSubject(new[number], server.versions, policy, *kept))
        return self._checked(file, list(policies.values()), subjects)

    def _collected(self, before: State, data: bytes) -> Collected | None:
        path = before.file.source.path
        for hint in dict.fromkeys((self._config.hint(path) or "", "policy")):
            file = collect(
                path, data, hint=hint, embedded=self._options.embedded or self._config.for_path(path).embedded
            )
            if file is not None and len(file.found.policies) == len(before.file.found.policies):
                return file
        return None

    def _checked(self, file: Collected, policies: Sequence[PolicySubject], servers: Sequence[ServerSubject]) -> State:
        path = file.source.path
        about: dict[int, Subject | None] = {}
        every: list[Finding] = []
        alone: list[tuple[Subject, Subjects]] = [(one, Subjects([one], [], [])) for one in policies]
        alone += [(one, Subjects([], [one], [])) for one in servers]
        for subject, only in alone:
            found = list(touching(findings_of(only, self.rules, self._config, {path}), {path}))
            about.update(dict.fromkeys(map(id, found), subject))
            every += found
        every += misshapes([file._replace(reported=True)], self.rules)
        unique = {(one.rule, one.place, one.message): one for one in every}
        kept = list(unique.values())  # none yields to another: what is at one place may go one by one
        if self._options.ignores:
            kept = by_comments(kept, [file._replace(reported=True)], self._config, self.rules).kept
        here = sorted((one for one in kept if one.place.source is file.source), key=lambda one: one.place.start)
        return State(file, tuple(policies), tuple(servers), tuple((one, about.get(id(one))) for one in here))


def _subjects_of(file: Collected, subjects: Subjects) -> tuple[list[PolicySubject], list[ServerSubject]]:
    """The policies and servers of a run that are written in a file."""
    policies = [one for one in subjects.policies if one.document.source is file.source]
    servers = [one for one in subjects.servers if one.server.source is file.source and one.server.overlay is None]
    return policies, servers


def _all_of_files(catalogue: Catalogue, choice: Choice) -> dict[str, Applied]:
    """All rules that profile and configuration leave on, and those that were selected; not those about folders."""
    every = applied(catalogue, choice._replace(select=(), ignore=(), pedantic=True))
    both = {**every, **applied(catalogue, choice)}
    return {id: one for id, one in both.items() if one.rule.subject != "directory"}


def _unreadable(file: Collected) -> int:
    broken = sum(one.problem is not None for one in file.documents)
    return broken + len(file.found.notes) + sum(one.document.problem is not None for one in file.found.policies)


def verdict(before: State, after: State | None, wishes: Sequence[Wish]) -> Verdict:
    """What is against the edits that led from one state of a file to the other; their claims are alike."""
    if after is None:
        return Verdict("the file could not be read as before")
    for rule, count in Counter(one.finding.rule for one in wishes).items():
        if _count(after, rule) > _count(before, rule) - count:
            return Verdict("the finding would still be there")
    settings = frozenset().union(*(one.fix.claim.settings for one in wishes))
    broken = _of_servers(before, after, settings)
    if broken:
        return Verdict(broken)
    worse = _worse(before, after)
    doubt = f"it would bring up {worse}" if worse else ""
    if worse and any(isinstance(one.about, ServerSubject) for one in wishes):
        return Verdict(doubt)
    differences: list[Difference] = []
    for one, other in zip(before.policies, after.policies, strict=True):
        changed = _of_policy(one, other, [wish.fix.claim for wish in wishes if _is(before, one, wish.about)])
        if changed.broken:
            return changed
        doubt = doubt or changed.doubt
        differences += changed.differences
    return Verdict("", doubt, tuple(differences))


def _is(before: State, policy: PolicySubject, about: Subject | None) -> bool:
    """Whether a policy is the one that the finding is about; of a finding about the file, or its server, any may be."""
    return policy is about or not isinstance(about, PolicySubject) or about not in before.policies


def _count(state: State, rule: str) -> int:
    return sum(1 for one, _ in state.findings if one.rule == rule)


def _worse(before: State, after: State) -> str:
    """The first rule of which there are more findings of warning or above, or graver ones."""
    for least in range(_WARNING, len(SEVERITIES)):
        old, new = (Counter(_grave(state, least)) for state in (before, after))
        more = new - old
        if more:
            return next(iter(more))
    return ""


def _grave(state: State, least: int) -> Iterator[str]:
    return (one.rule for one, _ in state.findings if SEVERITIES.index(one.severity) >= least)


def _of_policy(before: PolicySubject, after: PolicySubject, claims: Sequence[Claim]) -> Verdict:
    old, new = before.loaded, after.loaded
    if old.policy == new.policy and old.policy is not None and old.loads_in == new.loads_in:
        return Verdict()
    if old.loads_in is not None and (new.loads_in is None or new.loads_in.overlap(old.loads_in) != old.loads_in):
        return Verdict("kube-apiserver would not load the policy any more")
    if sum(one.fatal for one in new.problems) > sum(one.fatal for one in old.problems):
        return Verdict("kube-apiserver would not load the policy")
    if old.policy is None or new.policy is None:
        return _of_written(old.written, new.written, len(claims))
    if not claims:
        return Verdict("another policy of the file would change")
    try:
        return _of_requests(old.policy, new.policy, claims, new.policy_versions)
    except UndecidedError:
        return Verdict("", "the policy is too entangled to prove what it changes")


def _of_requests(old: Policy, new: Policy, claims: Sequence[Claim], versions: Versions) -> Verdict:
    """What is against what requests become."""
    found = tuple(difference(old, new, versions))
    if not found:
        return Verdict()
    wanted = [claim.recorded for claim in claims if claim.recorded is not None]
    changes = (pair for one in found for pair in one.decisions(old, new))
    if wanted and not all(any(each(*pair) for each in wanted) for pair in changes):
        return Verdict("", "it would change what is recorded in another way than it should", found)
    every = any(claim.requests is None for claim in claims)
    if every and wanted:
        return Verdict("", "", found)
    about = _changed(old, new) if every else [rule for claim in claims for rule in claim.requests or ()]
    guard = tuple(_nothing_of(rule) for rule in about)
    outside = difference(_behind(guard, old), _behind(guard, new), versions)
    return Verdict("", "it would change what is recorded of other requests, too" if outside else "", found)


def _nothing_of(rule: PolicyRule) -> PolicyRule:
    return rule._replace(level="None", omit_stages=(), omit_managed_fields=None)


def _behind(guard: tuple[PolicyRule, ...], policy: Policy) -> Policy:
    return policy._replace(rules=guard + policy.rules)


def _changed(old: Policy, new: Policy) -> tuple[PolicyRule, ...]:
    """The rules that only one of the policies has."""
    ours, theirs = Counter(old.rules), Counter(new.rules)
    return (*(ours - theirs), *(theirs - ours))


def _of_written(old: WrittenPolicy | None, new: WrittenPolicy | None, count: int) -> Verdict:
    """Where a template decides what the policy is, so many values may change, and nothing else."""
    if old is None or new is None:
        return Verdict("", "what the policy is cannot be told from this file")
    ours, theirs = list(_texts(old)), list(_texts(new))
    if len(ours) == len(theirs) and sum(a != b for a, b in zip(ours, theirs, strict=True)) <= count:
        return Verdict()
    return Verdict("", "a template decides what the policy is")


def _texts(policy: WrittenPolicy) -> Iterator[object]:
    yield [one.text for one in policy.omit_stages], policy.omit_managed_fields, len(policy.rules)
    for rule in policy.rules:
        yield rule.number, rule.level.text if rule.level else None
        yield rule.omit_managed_fields
        for name, items in rule.lists.items():
            yield name, len(items)
            yield from (one.text for one in items)
        for entry in rule.entries:
            yield entry.group.text if entry.group else None
            yield len(entry.resources), len(entry.names)
            yield from (one.text for one in (*entry.resources, *entry.names))


def _of_servers(before: State, after: State, settings: frozenset[tuple[str, str]]) -> str:
    """Why the servers of the file are not what they were but for what was to change; "" where they are."""
    for one, other in zip(before.servers, after.servers, strict=True):
        old, new = Counter(facts(one.server)), Counter(facts(other.server))
        for fact in (*(old - new), *(new - old)):
            if fact[:2] not in settings:
                return f"{fact[0]} {fact[1]} of the API server would change"
    return ""


def facts(server: ApiServer) -> Iterator[tuple[str, str, object]]:
    """What a server is given: its flags, mounts and volumes, each as (kind, name, the rest)."""
    for flag in server.flags:
        yield "flag", flag.name, flag.value
    for mount in server.mounts or ():
        volume = mount.volume
        on_host = (volume.kind, _text(volume.path), _text(volume.type)) if volume is not None else None
        rest = (mount.path.text, mount.read_only, _text(mount.sub_path), on_host)
        yield "mount", mount.name.text, rest
    for volume in server.volumes:
        yield "volume", volume.name, (volume.kind, _text(volume.path), _text(volume.type))


def _text(value: Value | None) -> str | None:
    return None if value is None else value.text
