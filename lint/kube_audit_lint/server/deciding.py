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

ENTANGLED = "too entangled to tell what it decides"


def count(policy: PolicySubject, rule: int) -> str:
    """How many kinds of requests a rule decides; "" where nobody can tell."""
    loaded = policy.loaded.policy
    if loaded is None or rule >= len(loaded.rules):
        return ""
    try:
        found = _kinds(loaded, policy.loaded.policy_versions).get(rule, {})
    except UndecidedError:
        return ENTANGLED
    if not found:
        return "decides nothing"
    return f"decides {len(found)} kind{'s' * (len(found) > 1)} of requests"


def told(policy: PolicySubject, rule: int) -> list[str]:
    """What a rule decides, with requests that show it; nothing where nobody can tell."""
    loaded, versions = policy.loaded.policy, policy.loaded.policy_versions
    if loaded is None or rule >= len(loaded.rules):
        return []
    try:
        found = _kinds(loaded, versions).get(rule, {})
        start = f"Rule {rule + 1} {count(policy, rule)} in Kubernetes {versions}"
        if found:
            requests = _requests(_analysis(loaded, versions), rule)
            return [f"{start}: {what(found)}.", "For example:", *(f"- {one}" for one in requests)]
        return [f"{start}.", *_why_not(_analysis(loaded, versions).reach(rule))]
    except UndecidedError:
        return [f"Rule {rule + 1} is {ENTANGLED}."]


@lru_cache(maxsize=16)
def _analysis(policy: Policy, versions: Versions) -> Analysis:
    """With a budget of its own, so that no answer depends on what was asked before."""
    return Analysis(policy, versions)


@lru_cache(maxsize=16)
def _kinds(policy: Policy, versions: Versions) -> dict[int, dict[Kind, None]]:
    return kinds(_analysis(policy, versions))


def what(found: dict[Kind, None]) -> str:
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
    for blocker in reach.blockers:
        yield f"Rule {blocker.rule + 1} decides before it, such as `{describe(blocker.witness)}`."
    if reach.blame:
        names = " and ".join(FIELD_NAMES[field] for field in reach.blame)
        yield f"No request that these versions serve has such {names}."
