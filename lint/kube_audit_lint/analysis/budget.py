"""How much work may go into one policy. Counted in steps and not by a clock: the answer is the same everywhere."""

from __future__ import annotations

from kube_audit_lint.analysis import UndecidedError
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.model.policy import Policy

BUDGET = 2_000_000
"""Steps that all questions about one policy may take together: some four seconds."""

MOST_RULES = 3_000
MOST_VALUES = 50_000
"""Rules (or resources with names of their own), and values in all of them, above which a policy is not analysed."""

LONGEST_URL = 10_000
"""Characters of a URL above which a policy is not analysed: no client sends such a path."""


class Budget:
    """The steps that are left."""

    def __init__(self, steps: int | None = None) -> None:
        self.left = BUDGET if steps is None else steps

    def spend(self, steps: int) -> None:
        """Takes steps from what is left. Raises UndecidedError when nothing was."""
        if self.left <= 0:
            raise UndecidedError
        self.left -= steps

    @property
    def share(self) -> int:
        """What one question may take: half of what is left, so that a hard one leaves something for the next."""
        self.spend(0)
        return max(self.left // 2, 1)


def hold_size(policy: Policy) -> None:
    """Raises UndecidedError for a policy larger than what anybody keeps: its size alone would take too long."""
    rules = policy.rules
    named = sum(1 for rule in rules for entry in rule.resources if entry.resource_names)
    values = sum(len(rule.users) + len(rule.user_groups) + len(rule.verbs) + len(rule.namespaces) for rule in rules)
    values += sum(len(entry.resources) + len(entry.resource_names) for rule in rules for entry in rule.resources)
    urls = [spec for rule in rules for spec in rule.non_resource_urls]
    lengths = {len(spec) for spec in urls}
    if (
        len(rules) > MOST_RULES
        or named > MOST_RULES
        or values + len(urls) > MOST_VALUES
        or max(lengths, default=0) > LONGEST_URL
        or len(lengths) * len(urls) > MOST_VALUES * 10
    ):
        raise UndecidedError(too_large=True)
