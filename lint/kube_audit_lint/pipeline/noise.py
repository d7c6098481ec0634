"""Rules `level: None` for what control-plane identities read again and again, each proven to open no blind spot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.auditlog.outcome import Group
from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.checks.blind_spot import hidden_by_rule
from kube_audit_lint.model.policy import GroupResources, Policy, PolicyRule
from kube_audit_lint.model.replayed import Proposal, Recorded, records
from kube_audit_lint.pipeline.requests import OpenedPolicy
from kube_audit_lint.report.safe import visible
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from kube_audit_lint.model.version import Versions

LEAST_SHARE = 0.01
"""Of the bytes that the policy records: what is less is no noise worth a rule."""

_READS = ("get", "list", "watch")
_COMPONENTS = re.compile(
    r"system:(?:kube-controller-manager|kube-scheduler|kube-proxy|apiserver|cloud-controller-manager"
    r"|serviceaccount:kube-system:[^:]+)"
)
_NODE = "system:node:"
_NODES = "system:nodes"


class _Noise(NamedTuple):
    """Reads of one identity and what they are about. group: whether the identity is a group of users."""

    identity: str
    group: bool
    what: str


def proposals(opened: OpenedPolicy, groups: Iterable[Group]) -> tuple[Proposal, ...]:
    """What could be dropped in front of the policy's rules, the largest first; what must not be, with the reason."""
    total = 0
    found: dict[_Noise, dict[str, list[Recorded]]] = {}
    for group in groups:
        total += group.under.total
        if group.kept and group.like.what and group.like.verb in _READS:
            for cell in group.cells:
                noise = _noise(cell.user, group.like.what)
                if noise is not None:
                    found.setdefault(noise, {}).setdefault(group.like.verb, []).append(cell.under)
    sizes = {noise: sum(one.total for under in verbs.values() for one in under) for noise, verbs in found.items()}
    large = sorted(
        (noise for noise in found if sizes[noise] >= LEAST_SHARE * total), key=lambda one: (-sizes[one], one)
    )
    versions = opened.loaded.policy_versions
    return tuple(_proposal(opened.policy, versions, noise, found[noise], total) for noise in large)


def _noise(user: str | None, what: str) -> _Noise | None:
    """What a control-plane identity reads; None for all others."""
    if not user:
        return None
    if user.startswith(_NODE):
        return _Noise(_NODES, True, what)
    return _Noise(user, False, what) if _COMPONENTS.fullmatch(user) else None


def _proposal(
    policy: Policy, versions: Versions, noise: _Noise, by_verb: dict[str, list[Recorded]], total: int
) -> Proposal:
    verbs = tuple(verb for verb in _READS if verb in by_verb)
    rule = _rule(noise, verbs)
    under = records(one for each in by_verb.values() for one in each)
    reason = _opens(Policy((rule, *policy.rules), policy.omit_stages, policy.omit_managed_fields), versions)
    what = _yaml(rule), noise.identity, verbs, noise.what
    return Proposal(*what, under.events + under.added, under.total, under.total / total, reason)


def _rule(noise: _Noise, verbs: tuple[str, ...]) -> PolicyRule:
    who = (noise.identity,)
    rule = PolicyRule("None", () if noise.group else who, who if noise.group else (), verbs)
    if noise.what.startswith("/"):
        return rule._replace(non_resource_urls=(noise.what,))
    name, slash, subresource = noise.what.partition("/")
    resource, _, group = name.partition(".")
    return rule._replace(resources=(GroupResources(group, (f"{resource}{slash}{subresource}",)),))


def _opens(policy: Policy, versions: Versions) -> str:
    """Why the first rule of a policy must not be there; "" where it hides nothing that matters for security."""
    params = shipped().rules["blind-spot"].params
    try:
        found = hidden_by_rule(Analysis(policy, versions), params).get(0, [])
    except UndecidedError:
        return "the analysis cannot prove that it opens no blind spot"
    names = list(dict.fromkeys(one["name"] for one, _ in found))
    return f"it would hide requests that matter for security: {', '.join(names)}" if names else ""


def _yaml(rule: PolicyRule) -> str:
    """A rule as an item of `rules`, its texts quoted."""
    lines = ["- level: None"]
    for key, values in (("users", rule.users), ("userGroups", rule.user_groups), ("verbs", rule.verbs)):
        if values:
            lines.append(f"  {key}: {json.dumps(values)}")
    for entry in rule.resources:
        lines += [
            "  resources:",
            f"  - group: {json.dumps(entry.group)}",
            f"    resources: {json.dumps(entry.resources)}",
        ]
    if rule.non_resource_urls:
        lines.append(f"  nonResourceURLs: {json.dumps(rule.non_resource_urls)}")
    return "\n".join(lines) + "\n"


def rules_file(found: Iterable[Proposal]) -> str:
    """What is proposed as items of `rules`, to be put in front of the others; the rest as comments with the reason."""
    lines = ["# Reads of the control plane that make the log large: put these in front of all other rules.\n"]
    for one in found:
        what = f"{one.events:,} events, {one.share:.1%} of the bytes: {', '.join(one.verbs)} {one.what}"
        lines.append(f"# {visible(what)}\n")
        if one.refused:
            lines.append(f"# not proposed for {visible(one.user)}: {visible(one.refused)}\n")
        else:
            lines.append(one.yaml)
    return "".join(lines)
