"""What the formats of `map` share: which rows look alike, and the cells in which it depends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from kube_audit_lint.model.matrix import Map, Sample, ShownCase, ShownRow, ShownRule
from kube_audit_lint.model.policy import LEVELS
from kube_audit_lint.syntax.record import NamedTuple

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "")
"""The columns of resources; the last is that of OPTIONS, which has no verb."""

OUTCOMES: dict[str, str] = {"None": "nothing", **{level: level for level in LEVELS[1:]}, "differs": "differs"}
"""The five outcomes of a cell, and how they are called."""

WHOLE = "whole API groups"
"""The heading of groups that look alike from end to end."""


class Cell(NamedTuple):
    """A cell as a sender sees it. level: `differs` where it depends; note: the number of what it depends on, else 0.

    old: the level of the policy that is compared with. direction: what the change comes to, "" where there is none,
    `differs` where some requests are recorded differently.
    """

    level: str
    old: str = ""
    direction: str = ""
    note: int = 0


class Block(NamedTuple):
    """Rows of a group that look alike, as one: and the cells of the verbs that any of them serves."""

    group: str
    rows: list[ShownRow]
    cells: dict[str, Cell]


class Note(NamedTuple):
    """What a cell depends on: its cases, those of one rule together, each with a sample; and the first such cell."""

    cases: list[tuple[list[ShownCase], Sample]]
    row: ShownRow
    verb: str


class Table:
    """The table as one of the senders sees it: `blocks`, and the `notes` of the cells in which it depends."""

    def __init__(self, of: Map, sender: int) -> None:
        self.of = of
        self.sender = sender
        self.notes: list[Note] = []
        self._numbers: dict[object, int] = {}
        self._cells: dict[int, Cell] = {}
        self.blocks: list[Block] = []
        for row in of.rows:
            self._add(row, {verb: self.cell(row, verb) for verb in row.cells})
        self._join_groups()

    @property
    def compares(self) -> bool:
        """Whether two policies are compared."""
        return self.of.before is not None

    def changed(self) -> Iterator[Block]:
        """The blocks in which anything is recorded differently."""
        return (block for block in self.blocks if any(cell.direction for cell in block.cells.values()))

    def titles(self, block: Block) -> list[str]:
        """What a block is about: `pods/*` where it has a resource with all of its subresources."""
        if block.group == WHOLE:
            return list(dict.fromkeys(row.group for row in block.rows))
        group = [row for row in self.of.rows if row.group == block.group]
        if len(block.rows) == len(group) > 1:
            return ["everything"]
        subs = Counter(_resource(row) for row in group)
        own = Counter(_resource(row) for row in block.rows)
        whole = {name for name, number in own.items() if number == subs[name] > 1}
        found = [f"{_resource(row)}/*" if _resource(row) in whole else dated(row) for row in block.rows]
        return list(dict.fromkeys(found))

    def _join_groups(self) -> None:
        """Groups that look alike from end to end, as one block before the URLs."""
        sizes = Counter(row.group for row in self.of.rows)
        joined: list[list[Block]] = []
        for block in self.blocks:
            if len(block.rows) == sizes[block.group] and block.rows[0].key is not None:
                alike = next((one for one in joined if all(_fits(block.cells, each.cells) for each in one)), None)
                if alike is None:
                    joined.append([block])
                else:
                    alike.append(block)
        for alike in joined:
            if len(alike) > 1:
                rows = [row for block in alike for row in block.rows]
                cells = {verb: cell for block in alike for verb, cell in block.cells.items()}
                self.blocks = [block for block in self.blocks if not any(block is one for one in alike)]
                at = next((index for index, one in enumerate(self.blocks) if one.rows[0].key is None), len(self.blocks))
                self.blocks.insert(at, Block(WHOLE, rows, cells))

    def _add(self, row: ShownRow, cells: dict[str, Cell]) -> None:
        for block in self.blocks:
            if block.group == row.group and _fits(cells, block.cells):
                block.rows.append(row)
                block.cells.update(cells)
                return
        self.blocks.append(Block(row.group, [row], cells))

    def cell(self, row: ShownRow, verb: str) -> Cell:
        """A cell of a row that serves the verb."""
        number = row.cells[verb]
        if number not in self._cells:
            self._cells[number] = self._made(row, verb, number)
        return self._cells[number]

    def _made(self, row: ShownRow, verb: str, number: int) -> Cell:
        found = self.of.classes[number]
        outcomes = found.outcomes(self.sender)
        if not outcomes:  # nobody of these sends such requests
            return Cell("")
        old, level, direction = outcomes[0]
        changes = {one[2] for one in outcomes}
        # What fails authentication may lose nothing by a change of the level: the cell still changes as a whole.
        if len(outcomes) == 1 or (old != level and {one[:2] for one in outcomes} == {(old, level)}):
            return Cell(level, old, direction or next((change for change in changes if change), ""))
        if self.compares and changes == {""}:
            return Cell("differs", "differs")
        cases: dict[object, tuple[list[ShownCase], Sample]] = {}
        for case, sample in found.seen[self.sender]:
            one = found.cases[case]
            cases.setdefault((one.rule, one.old_rule, one.outcome), ([], sample))[0].append(one)
        key = tuple(case for together, _ in cases.values() for case in together)
        if key not in self._numbers:
            self.notes.append(Note(list(cases.values()), row, verb))
            self._numbers[key] = len(self.notes)
        return Cell("differs", "differs", "differs" if changes != {""} else "", self._numbers[key])


def _fits(one: dict[str, Cell], other: dict[str, Cell]) -> bool:
    """Whether the cells of no verb contradict each other."""
    return all(other.get(verb, cell) == cell for verb, cell in one.items())


def _resource(row: ShownRow) -> str:
    return row.title.partition("/")[0] if row.key is not None else row.title


def dated(row: ShownRow) -> str:
    """The title of a row, with the versions that serve it where not all do."""
    return f"{row.title} ({row.kubernetes})" if row.kubernetes else row.title


def headline(of: Map, sender: int) -> str:
    """What the table is about, in one line."""
    who = "" if sender == 0 else f", seen as {of.senders[sender].title}"
    if of.before is not None:
        return f"{of.before.name} -> {of.policy.name} (Kubernetes {of.kubernetes}){who}: what is recorded differently"
    return f"{of.policy.name} (Kubernetes {of.kubernetes}){who}: what is recorded of each request"


def conditions(cases: Sequence[ShownCase]) -> str:
    """Who sends it, and where."""
    return " | ".join(
        ("" if case.exact else "some of: ") + "; ".join(part for part in (case.who, case.where) if part)
        for case in cases
    )


def decided_by(case: ShownCase, of: Map) -> str:
    """The deciding rule with its line; of two policies, both."""
    new = _rule(case.rule, of.policy.rules)
    return f"{_rule(case.old_rule, of.before.rules)} -> {new}" if of.before is not None else new


def _rule(number: int, rules: tuple[ShownRule, ...]) -> str:
    return f"rule {number} (line {rules[number - 1].line})" if number else "no rule"


def recorded(case: ShownCase, of: Map) -> str:
    """What is recorded of it; of two policies, both."""
    new = OUTCOMES[case.level]
    if of.before is None or not case.direction:
        return new
    return f"{OUTCOMES[case.old_level]} -> {new}" if case.old_level != case.level else f"{new}, other events"


def unreached(of: Map) -> str:
    """The rules that decide nothing, in words; empty where there are none."""
    found = [str(rule.number) for rule in of.policy.rules if not rule.reached]
    return f"No request reaches rule{'s' * (len(found) > 1)} {', '.join(found)}." if found else ""
