"""What policies record of every request, as a table: what a report of `map` shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kube_audit_lint.model.comparison import Compared
from kube_audit_lint.model.finding import Severity
from kube_audit_lint.model.policy import Level
from kube_audit_lint.syntax.record import NamedTuple


class ShownFinding(NamedTuple):
    """A finding on a line of a policy's text. rule: the one of the policy that it is on, 0 for none."""

    id: str
    severity: Severity
    line: int
    rule: int
    message: str


class ShownRule(NamedTuple):
    """A rule, counted from 1. first, last: the lines of the shown text that it is on; line: that of the file.

    reached: whether it decides any request.
    """

    number: int
    level: Level
    first: int
    last: int
    reached: bool
    line: int


class ShownPolicy(NamedTuple):
    """A policy. lines: its text with the numbers of the lines; data: the rules as they are loaded, for an evaluator.

    as_loaded: the lines are not those of the file, in which no line belongs to one rule.
    """

    name: str
    rules: tuple[ShownRule, ...]
    lines: tuple[tuple[int, str], ...]
    data: dict[str, Any]
    findings: tuple[ShownFinding, ...] = ()
    as_loaded: bool = False


class ShownSender(NamedTuple):
    """Users by whom the table can be seen. id: as an option names them; note: who exactly they are."""

    id: str
    title: str
    note: str


class ShownCase(NamedTuple):
    """Some requests of a cell: the rule that decides (0: none), the level, and the conditions in words.

    old_rule, old_level: what another policy decides; direction: what the change comes to, "" where it is none.
    exact: whether all requests that meet the conditions are of the case, or only some.
    """

    rule: int
    level: Level
    who: str
    where: str
    exact: bool = True
    old_rule: int = 0
    old_level: Level = "None"
    direction: str = ""

    @property
    def outcome(self) -> tuple[Level, Level, str]:
        """What the cell shows of it."""
        return self.old_level, self.level, self.direction


class Sample(NamedTuple):
    """Who sends a request, and where, in any cell of a class. None: any that no rule names."""

    user: str | None
    groups: tuple[str, ...]
    namespace: str | None
    name: str | None


class ShownClass(NamedTuple):
    """Cells of which the same is recorded. seen: for each sender its cases, each with a sample."""

    cases: tuple[ShownCase, ...]
    seen: tuple[tuple[tuple[int, Sample], ...], ...]

    def outcomes(self, sender: int) -> list[tuple[Level, Level, str]]:
        """What becomes of a sender's requests, each once."""
        return list(dict.fromkeys(self.cases[number].outcome for number, _ in self.seen[sender]))


class ShownRow(NamedTuple):
    """A resource, or URLs. group: the title of its API group; cells: the class of each verb that is served.

    key: group, resource and subresource, None for any other; None for URLs. examples: resources, first one in a
    namespace, last one in none; or a path. kubernetes: what serves it, "" for all versions.
    scopes: whether such resources are in a namespace.
    """

    group: str
    title: str
    cells: Mapping[str, int]
    key: tuple[str | None, str | None, str | None] | None
    examples: tuple[Any, ...]
    kubernetes: str = ""
    scopes: tuple[bool, ...] = ()


class Example(NamedTuple):
    """A request as data, and as a command."""

    request: dict[str, Any]
    text: str


class Map(NamedTuple):
    """The whole table. before: the policy that `policy` is compared with, or None.

    example: the request of a row, a verb and a sample. examples: names for what no rule names.
    changes: the classes of requests that are recorded differently.
    """

    policy: ShownPolicy
    before: ShownPolicy | None
    kubernetes: str
    senders: tuple[ShownSender, ...]
    rows: tuple[ShownRow, ...]
    classes: tuple[ShownClass, ...]
    example: Callable[[ShownRow, str, Sample], Example]
    examples: dict[str, Any]
    changes: Compared | None = None
