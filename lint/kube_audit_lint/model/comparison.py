"""What two versions of policies and servers do differently, as a report shows it."""

from __future__ import annotations

from typing import Any, Literal

from kube_audit_lint.syntax.record import NamedTuple

Direction = Literal["less", "differently", "more", "gone", "new"]


class RuleAt(NamedTuple):
    """A deciding rule, counted from 1, and the line on which it begins; 0 and 0 where no rule decides."""

    number: int
    line: int


class RequestClass(NamedTuple):
    """Requests that are recorded differently. who, verbs, what, where: the conditions in words, `where` may be empty.

    before, after: what is recorded. loses, gains: the content of the records that is lost or gained.
    """

    direction: Direction
    who: str
    verbs: str
    what: str
    where: str
    before: str
    after: str
    loses: tuple[str, ...]
    gains: tuple[str, ...]
    rules_before: tuple[RuleAt, ...]
    rules_after: tuple[RuleAt, ...]
    example: str
    request: dict[str, Any]
    conditions: dict[str, Any]
    kubernetes: str
    exact: bool = True

    @property
    def fails(self) -> bool:
        """Whether something that was recorded is not any more."""
        return bool(self.loses)


class SettingChange(NamedTuple):
    """A setting of an API server that differs: a flag, a mount, a backend. effect: what comes of it."""

    direction: Direction
    name: str
    before: str
    after: str
    effect: str = ""

    @property
    def fails(self) -> bool:
        """Whether less is recorded, or kept."""
        return self.direction == "less"


class Compared(NamedTuple):
    """One pair: of policies, of servers, or both. before, after: how the two are called.

    undecided: why it could not be proven that nothing else differs; "" where it could. policies: how many policies
    were compared.
    """

    before: str
    after: str
    kubernetes: str = ""
    classes: tuple[RequestClass, ...] = ()
    settings: tuple[SettingChange, ...] = ()
    undecided: str = ""
    policies: int = 0
    servers: int = 0

    @property
    def same(self) -> bool:
        """Whether nothing differs, for certain."""
        return not (self.classes or self.settings or self.undecided)

    @property
    def fails(self) -> bool:
        """Whether less is recorded, or nobody can tell."""
        lost = any(one.fails for one in self.classes) or any(one.fails for one in self.settings)
        return lost or bool(self.undecided)


class Weakened(NamedTuple):
    """A change by which the linter's own checks find, or report, less. line: 0 where the file is gone."""

    path: str
    line: int
    message: str


WEAKENED = "configuration-weakened"
"""The rule of which each `Weakened` is a finding, a warning."""


class Comparison(NamedTuple):
    """A whole run. reason: why less may be recorded, where the message of the commit has it."""

    pairs: tuple[Compared, ...]
    notes: tuple[str, ...] = ()
    reason: str = ""
    weakened: tuple[Weakened, ...] = ()

    def fails(self, fail_on: str) -> bool:
        """Whether the run fails."""
        if fail_on == "never" or self.reason:
            return False
        if self.weakened and fail_on in ("weakened", "any"):
            return True
        return any(not one.same if fail_on == "any" else one.fails for one in self.pairs)
