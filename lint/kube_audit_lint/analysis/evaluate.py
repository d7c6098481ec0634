"""What kube-apiserver decides for one request: the plain reference for the symbolic analysis.

Source: k8s.io/apiserver `pkg/audit/policy/checker.go` (EvaluatePolicyRule), alike from 1.10 to 1.37; the
group `*` loads from 1.36 only. `symbolic.py` holds the same conditions, in the same order, for all requests
at once.
"""

from __future__ import annotations

from kube_audit_lint.model.policy import STAGES
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.analysis.request import Request
    from kube_audit_lint.model.policy import GroupResources, Level, Policy, PolicyRule, Stage

NO_RULE = -1
"""The `rule` of a decision that no rule took: such a request is not recorded."""


class Decision(NamedTuple):
    """What is to be recorded of a request, and the rule that decides it."""

    rule: int
    level: Level
    omit_stages: frozenset[Stage]
    omit_managed_fields: bool

    @property
    def records(self) -> bool:
        """Whether any event at all can be written."""
        return self.level != "None" and not self.omit_stages.issuperset(STAGES)

    @property
    def outcome(self) -> tuple[Level, frozenset[Stage], bool]:
        """Equal for decisions that lead to the same records, whichever rule took them."""
        if not self.records:
            return "None", frozenset(), False
        bodies = self.level != "Metadata" and "ResponseComplete" not in self.omit_stages
        return self.level, self.omit_stages, self.omit_managed_fields and bodies


def evaluate(policy: Policy, request: Request) -> Decision:
    """The first rule that matches decides; without one, nothing is recorded."""
    for index, rule in enumerate(policy.rules):
        if failed_condition(rule, request) is None:
            return decision_of(policy, index)
    return decision_of(policy, NO_RULE)


def decision_of(policy: Policy, index: int) -> Decision:
    """What a rule of the policy (or NO_RULE) decides."""
    if index == NO_RULE:
        return Decision(NO_RULE, "None", frozenset(policy.omit_stages), policy.omit_managed_fields)
    rule = policy.rules[index]
    managed = rule.omit_managed_fields
    stages = frozenset((*policy.omit_stages, *rule.omit_stages))
    return Decision(index, rule.level, stages, policy.omit_managed_fields if managed is None else managed)


def explain(policy: Policy, request: Request) -> tuple[tuple[int, str], ...]:
    """Every rule before the one that decides, with the condition (as a field of PolicyRule) that failed."""
    passed = []
    for index, rule in enumerate(policy.rules):
        failed = failed_condition(rule, request)
        if failed is None:
            break
        passed.append((index, failed))
    return tuple(passed)


def failed_condition(rule: PolicyRule, request: Request) -> str | None:
    """The first condition of the rule that the request does not meet; None when the rule matches."""
    if rule.users and (request.user is None or request.user not in rule.users):
        return "users"
    if rule.user_groups and (request.user is None or request.groups.isdisjoint(rule.user_groups)):
        return "user_groups"
    if rule.verbs and request.verb not in rule.verbs:
        return "verbs"
    if rule.namespaces or rule.resources:
        return _failed_resource_condition(rule, request)
    if rule.non_resource_urls and not _url_matches(rule.non_resource_urls, request.url):
        return "non_resource_urls"
    return None


def _failed_resource_condition(rule: PolicyRule, request: Request) -> str | None:
    if request.url is not None:
        return "resources" if rule.resources else "namespaces"
    if rule.namespaces and request.namespace not in rule.namespaces:
        return "namespaces"
    if rule.resources and not any(_entry_matches(entry, request) for entry in rule.resources):
        return "resources"
    return None


def _entry_matches(entry: GroupResources, request: Request) -> bool:
    if entry.group not in (request.group, "*"):
        return False
    if not entry.resources:
        return True
    if entry.resource_names and request.name not in entry.resource_names:
        return False
    return any(item_matches(item, request.resource, request.subresource) for item in entry.resources)


def item_matches(item: str, resource: str, subresource: str) -> bool:
    """Whether one item of `resources` takes the resource: `pods/*` also takes plain `pods`."""
    if item in ("*", f"{resource}/{subresource}" if subresource else resource):
        return True
    if subresource and item == f"*/{subresource}":
        return True
    return item == f"{resource}/*"


def _url_matches(specs: tuple[str, ...], url: str | None) -> bool:
    return url is not None and any(url_matches(spec, url) for spec in specs)


def url_matches(spec: str, url: str) -> bool:
    """Whether one of `nonResourceURLs` takes the path: a trailing `*` makes it a plain prefix."""
    return spec in ("*", url) or (spec.endswith("*") and url.startswith(spec.rstrip("*")))
