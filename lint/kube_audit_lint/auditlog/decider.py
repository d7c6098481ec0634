"""A policy that decides many events: each dimension of a request is asked about once, and then looked up."""

from __future__ import annotations

from typing import Any

from kube_audit_lint.analysis.evaluate import NO_RULE, Decision, decision_of
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.symbolic import Conditions
from kube_audit_lint.model.policy import Policy, PolicyRule

MOST = 100_000
"""Values of one dimension that are remembered before forgetting them all: what bounds the memory."""

_SENTINEL = PolicyRule("None")
"""After all rules: what takes the requests that no rule matches."""


class Decider:
    """Which rule of a policy decides a request: the same as `evaluate`, in the time of a few look-ups. Picklable."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._asked = asked = Conditions((*policy.rules, _SENTINEL))
        self.namespaces = frozenset(asked.namespaces)
        self.names = frozenset(asked.names)
        self._rules = [NO_RULE] * asked.end
        for index, bits in enumerate(asked.rule_bits[:-1]):
            for bit in range(bits.bit_length()):
                if bits >> bit & 1:
                    self._rules[bit] = index
        self._groups: dict[frozenset[str], int] = {}
        self._targets: dict[tuple[str | None, ...], int] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Decider, (self.policy,)

    def rule_of(self, request: Request) -> int:
        """The index of the rule that decides; NO_RULE for none."""
        asked = self._asked
        who = self.who(request.user, request.groups)
        bits = who & self._what(request) & asked.verbs.get(request.verb, asked.any_verb)
        return self._rules[(bits & -bits).bit_length() - 1]

    def decision(self, rule: int) -> Decision:
        """What a rule decides."""
        return decision_of(self.policy, rule)

    def who(self, user: str | None, groups: frozenset[str]) -> int:
        """What of the policy takes requests by a user: equal for users that it does not tell apart."""
        asked = self._asked
        if user is None:
            return asked.any_user & asked.any_group
        bits = self._groups.get(groups)
        if bits is None:
            bits = asked.any_group
            for group in groups:
                bits |= asked.groups.get(group, 0)
            _keep(self._groups, groups, bits)
        return bits & asked.users.get(user, asked.any_user)

    def _what(self, request: Request) -> int:
        asked = self._asked
        key = (request.url, request.group, request.resource, request.subresource)
        bits = self._targets.get(key)
        if bits is None:
            bits = asked.accepts_resource(key[1:]) if request.url is None else asked.matches_url(request.url)
            _keep(self._targets, key, bits)
        if request.url is not None:
            return bits
        places = asked.namespaces.get(request.namespace, asked.any_namespace)
        return bits & places & asked.names.get(request.name, asked.any_name)


def _keep(table: dict[Any, int], key: Any, bits: int) -> None:
    if len(table) >= MOST:
        table.clear()
    table[key] = bits
