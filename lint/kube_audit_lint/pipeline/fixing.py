"""Fixes: found for the findings of a run, proven one by one, and made in rounds until nothing is left to make.

A round reads and checks everything, and makes in each file what is proven (round.py). What a whole round makes worse is
taken back.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from typing import cast

from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.model.finding import SEVERITIES, Finding, Proposed
from kube_audit_lint.model.found import Note
from kube_audit_lint.pipeline.config import Config
from kube_audit_lint.pipeline.documents import Collected
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.proof import Prover, State
from kube_audit_lint.pipeline.repository import absolute
from kube_audit_lint.pipeline.round import Budget, Key, Proposal, Round, cost, key_of
from kube_audit_lint.pipeline.run import Outcome, run
from kube_audit_lint.pipeline.sources import Progress
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.record import NamedTuple

ROUNDS = 10
"""So often files are read again at most."""

PER_FILE = 1_000_000
"""So many characters of a file are read and checked again to prove its fixes."""

PER_REPORT = 1_000_000
"""The same of all files of a run, for a report that carries fixes; of one file a tenth of it.

The findings before a fix count as once more: a report must not take many times what its run takes.
"""


class Change(NamedTuple):
    """What is to become of a file: its content as it was read and with all fixes, and these."""

    path: str
    before: bytes
    after: bytes
    made: tuple[Proposal, ...]


class Fixed(NamedTuple):
    """The outcome of a run with all fixes made, and the changes. waiting: fixes that only --unsafe-fixes makes."""

    outcome: Outcome
    changes: tuple[Change, ...]
    waiting: tuple[Proposal, ...]
    notes: tuple[Note, ...]


def fixed(options: Options, config: Config, catalogue: Catalogue, progress: Progress, unsafe: bool) -> Fixed:
    """Makes fixes in memory until a round makes none; nothing is written."""
    return _finished(fixed_by_steps(run(options, config, catalogue, progress), options, config, catalogue, unsafe))


def fixed_by_steps(
    outcome: Outcome, options: Options, config: Config, catalogue: Catalogue, unsafe: bool
) -> Generator[None, None, Fixed]:
    """Does so after a run, a run or the proof of a few fixes a step."""
    fixer = _Fixer(options, config, outcome.catalogue)
    bold = False  # what is unsafe comes last: what is safe may make it needless
    for _ in range(ROUNDS):
        contents = dict(fixer.contents)
        if not (yield from fixer.round(outcome, bold)):
            if bold == unsafe:
                break
            bold = True
            continue
        yield
        following = run(fixer.options, config, catalogue)
        worse = {} if bold else _worse(outcome, following)
        if worse:
            fixer.take_back(contents, worse)
            following = run(fixer.options, config, catalogue)
        outcome = following
    return Fixed(outcome, tuple(fixer.changes()), tuple(fixer.waiting), tuple(fixer.notes.values()))


def _finished(steps: Generator[None, None, Fixed]) -> Fixed:
    """What all steps come to."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return cast("Fixed", end.value)


def with_fixes(outcome: Outcome, options: Options, config: Config) -> Outcome:
    """A run's outcome with the fix of each finding that has one, for reports that carry them."""
    findings = Proposer(outcome, options, config).proven(outcome.report.findings)
    return outcome._replace(report=outcome.report._replace(findings=findings))


class Proposer:
    """Finds the fixes of a run's findings, each by itself. What a file is before them is found out once."""

    def __init__(self, outcome: Outcome, options: Options, config: Config) -> None:
        self._outcome = outcome
        self._fixer = _Fixer(options, config, outcome.catalogue)

    def proven(self, findings: Sequence[Finding]) -> list[Finding]:
        """Findings with the fix of each that has one."""
        found = self._fixer.proposed(self._of(findings))
        return [one._replace(fix=found.get((one.place.source.path, *key_of(one)))) for one in findings]

    def likely(self, finding: Finding) -> Proposed | None:
        """The fix of a finding that is tried first, without its proof."""
        return self._fixer.likely(self._of([finding]))

    def _of(self, findings: Sequence[Finding]) -> Outcome:
        return self._outcome._replace(report=self._outcome.report._replace(findings=list(findings)))


class _Fixer:
    """The files of a run as they have become."""

    def __init__(self, options: Options, config: Config, catalogue: Catalogue) -> None:
        self._start = options
        self._catalogue = catalogue
        self._prover = Prover(catalogue, options, config)
        self._read: dict[str, bytes] = {}
        self._shown: dict[str, str] = {}
        self._made: dict[str, list[Proposal]] = {}
        self._last: dict[str, list[Proposal]] = {}
        self._states: dict[str, State] = {}
        self._budgets: dict[str, Budget] = {}
        self._left_alone: set[str] = set()
        self.contents: dict[str, bytes] = {}
        self.waiting: list[Proposal] = []
        self.notes: dict[tuple[str, int, str], Note] = {}

    @property
    def options(self) -> Options:
        """The options of a run over the files as they have become."""
        stdin = self._start.stdin
        if stdin is not None:
            stdin = stdin[0], self.contents.get(absolute(stdin[0]), stdin[1])
        return self._start._replace(stdin=stdin, contents={**self._start.contents, **self.contents})

    def proposed(self, outcome: Outcome) -> dict[tuple[str, str, int, int], Proposed]:
        """The fixes of a run's findings, each by itself, by path and key."""
        found: dict[tuple[str, str, int, int], Proposed] = {}
        left = PER_REPORT
        for path, data, file, wanted in self._files(outcome):
            budget = Budget(min(left, PER_REPORT // 10))
            if not budget.spend(2 * cost(file)):
                continue
            one = Round(self._prover, self._catalogue, self._state(file, outcome), data, budget)
            for _ in one.make(wanted, False):
                pass
            alone = [one.alone(finding, subject) for finding, subject in list(one.skipped)]
            for each in (*one.made, *one.waiting, *alone):
                if each is not None:
                    found[(path, *key_of(each.finding))] = Proposed(each.fix.title, each.safe, each.fix.edits)
            left -= min(left, PER_REPORT // 10) - max(budget.left, 0)
        return found

    def likely(self, outcome: Outcome) -> Proposed | None:
        """The first fix of the first finding of a run that has one, not proven."""
        for _, data, file, wanted in self._files(outcome):
            here = (finding for finding in outcome.report.findings if finding.place.source is file.source)
            state = self._prover.unchecked(file, outcome.subjects, here) or self._state(file, outcome)
            one = Round(self._prover, self._catalogue, state, data, Budget(0))
            for finding, subject in one.findings:
                found = one.likely(finding, subject) if key_of(finding) in wanted else None
                if found is not None:
                    return found
        return None

    def _state(self, file: Collected, outcome: Outcome) -> State:
        """A file of a run as it is, found out once."""
        known = self._states.get(file.source.path)
        if known is None or known.file is not file:
            known = self._states[file.source.path] = self._prover.state(file, outcome.subjects)
        return known

    def round(self, outcome: Outcome, unsafe: bool) -> Generator[None, None, bool]:
        """Makes the fixes of a run's findings; whether there was any."""
        self.waiting, self._last = [], {}
        before = len(self.contents), sum(map(len, self._made.values()))
        for path, data, file, wanted in self._files(outcome):
            yield from self._file(path, data, self._prover.state(file, outcome.subjects), wanted, unsafe)
        return before != (len(self.contents), sum(map(len, self._made.values())))

    def _files(self, outcome: Outcome) -> Iterator[tuple[str, bytes, Collected, set[Key]]]:
        """The files of a run that may be edited, each with its bytes before, and the keys of what was found in it."""
        wanted: dict[str, set[Key]] = {}
        for one in outcome.report.findings:
            wanted.setdefault(one.place.source.path, set()).add(key_of(one))
        real: set[str] = set()
        for file in outcome.files:
            path = file.source.path
            at = os.path.realpath(path)
            if not file.reported or at in real or path not in wanted or absolute(path) in self._left_alone:
                continue
            real.add(at)
            data = self._content(path)
            if data is not None and decode(data)[0] == file.source.text:
                yield path, data, file, wanted[path]

    def _content(self, path: str) -> bytes | None:
        at = absolute(path)
        if at not in self._read:
            if self._start.stdin is not None and absolute(self._start.stdin[0]) == at:
                self._read[at] = self._start.stdin[1]
            else:
                try:
                    with open(at, "rb") as file:
                        self._read[at] = file.read()
                except OSError:
                    return None
            self._shown[at] = path
        return self.contents.get(at, self._read[at])

    def _file(self, path: str, data: bytes, state: State, wanted: set[Key], unsafe: bool) -> Iterator[None]:
        """Makes the fixes of one file that do not touch each other."""
        at = absolute(path)
        one = Round(self._prover, self._catalogue, state, data, self._budgets.setdefault(at, Budget(PER_FILE)))
        yield
        yield from one.make(wanted, unsafe)
        self.waiting += one.waiting
        self.notes |= one.notes
        if one.made:
            self.contents[at] = one.result
            self._made.setdefault(at, []).extend(one.made)
            self._last[at] = one.made

    def take_back(self, contents: dict[str, bytes], worse: dict[str, str]) -> None:
        """Makes the last round undone in files of which it found more, or in all where these did not change.

        They are not touched any more. worse: for each file a rule of which there is more.
        """
        changed = {at for at, data in self.contents.items() if contents.get(at) != data}
        named = {absolute(path): rule for path, rule in worse.items()}
        for at in changed & set(named) or changed:
            place = self._made[at][-1].finding.place
            rule = named.get(at) or next(iter(worse.values()))
            self.notes[rule, place.start, at] = Note(place, f"fixes are not made that would bring up {rule}")
            self._made[at] = [one for one in self._made[at] if one not in self._last.get(at, ())]
            self._left_alone.add(at)
            if at in contents:
                self.contents[at] = contents[at]
            else:
                del self.contents[at]

    def changes(self) -> Iterator[Change]:
        """The files that became others."""
        for at, data in sorted(self.contents.items()):
            if data != self._read[at]:
                yield Change(self._shown[at], self._read[at], data, tuple(self._made.get(at, ())))


def _worse(before: Outcome, after: Outcome) -> dict[str, str]:
    """For each file of which a run finds more of warning or above than the one before, a rule of which it does."""
    old, new = (
        Counter(
            (one.place.source.path, one.rule)
            for one in outcome.report.findings
            if SEVERITIES.index(one.severity) >= SEVERITIES.index("warning")
        )
        for outcome in (before, after)
    )
    return {path: rule for (path, rule), _ in (new - old).items()}
