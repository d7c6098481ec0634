"""What the rules of a policy decide, in words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.analysis.answers import Reach
from kube_audit_lint.analysis.describe import describe
from kube_audit_lint.analysis.kinds import Kind, kinds
from kube_audit_lint.analysis.phrases import listed
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.model.policy import FIELD_NAMES, Policy
from kube_audit_lint.model.version import Versions

Kinds = dict[Kind, None]

SHOWN = 4
"""Rules that are shown of those which decide before another."""

ENTANGLED = "too entangled to tell what it decides"


def counts(policy: PolicySubject) -> list[str]:
    """For each rule, how many kinds of requests it decides; nothing where nobody can tell what the policy is."""
    loaded = policy.loaded.policy
    if loaded is None:
        return []
    every = _kinds(loaded, policy.loaded.policy_versions)
    return [ENTANGLED if every is None else _count(every.get(rule, {})) for rule in range(len(loaded.rules))]


def _count(found: Kinds) -> str:
    if not found:
        return "decides nothing"
    return f"decides {len(found)} kind{'s' * (len(found) > 1)} of requests"


def told(policy: PolicySubject, rule: int) -> list[str]:
    """What a rule decides, with requests that show it; nothing where nobody can tell."""
    loaded, versions = policy.loaded.policy, policy.loaded.policy_versions
    if loaded is None or rule >= len(loaded.rules):
        return []
    every = _kinds(loaded, versions)
    if every is None:
        return [f"Rule {rule + 1} is {ENTANGLED}."]
    found = every.get(rule, {})
    start = f"Rule {rule + 1} {_count(found)} in Kubernetes {versions}"
    try:
        if found:
            requests = _requests(_analysis(loaded, versions), rule)
            return [f"{start}: {what(found)}.", "For example:", *(f"- {one}" for one in requests)]
        return [f"{start}.", *_why_not(_analysis(loaded, versions).reach(rule))]
    except UndecidedError:  # by which rules, or for whom
        return [f"{start}."]


@lru_cache(maxsize=16)
def _analysis(policy: Policy, versions: Versions) -> Analysis:
    """With a budget of its own, so that no answer depends on earlier requests."""
    return Analysis(policy, versions)


@lru_cache(maxsize=16)
def _kinds(policy: Policy, versions: Versions) -> dict[int, Kinds] | None:
    """The kinds that each rule decides; None where that takes too long."""
    try:
        return kinds(_analysis(policy, versions))
    except UndecidedError:
        return None


def what(found: Kinds) -> str:
    """`secrets, deployments.apps/scale and 30 more; the paths /healthz, /version`."""
    resources = list(dict.fromkeys(_name(member) for member, _ in found if not isinstance(member, str)))
    paths = list(dict.fromkeys(member for member, _ in found if isinstance(member, str)))
    parts = [f"`{listed(resources)}`"] if resources else []
    parts += [f"paths such as `{listed(paths, 4)}`"] if paths else []
    verbs = list(dict.fromkeys(verb or "OPTIONS" for _, verb in found))
    return f"{' and '.join(parts)} ({', '.join(verbs)})"


def _name(resource: tuple[str, str, str]) -> str:
    group, name, sub = resource
    return f"{name}{'.' * bool(group)}{group}{'/' * bool(sub)}{sub}"


def _requests(analysis: Analysis, rule: int) -> Iterator[str]:
    """A request by each kind of user that sends some."""
    found = analysis.whole[rule]
    for request in dict.fromkeys(found.witness_for(kind) for kind in found.who):
        yield f"`{describe(request)}`"


def _why_not(reach: Reach) -> Iterator[str]:
    for blocker in reach.blockers[:SHOWN]:
        yield f"Rule {blocker.rule + 1} decides before it, such as `{describe(blocker.witness)}`."
    if len(reach.blockers) > SHOWN:
        yield f"So do {len(reach.blockers) - SHOWN} more rules."
    if reach.blame:
        names = " and ".join(FIELD_NAMES[field] for field in reach.blame)
        yield f"No request that these versions serve has such {names}."
