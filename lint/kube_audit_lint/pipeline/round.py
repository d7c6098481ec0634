"""The fixes of one file in one round: found, and proven as many at once as can be.

Fixes that claim alike are proven together; where that fails, each half of them, down to single ones, of which every way
to put the finding right is tried. What touches an edit that is made waits for the next round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.fixes import Edit, Fix, NotEditable, Target
from kube_audit_lint.model.finding import Finding, Proposed
from kube_audit_lint.model.found import Note
from kube_audit_lint.pipeline.documents import Collected
from kube_audit_lint.pipeline.proof import Prover, State, Subject, Verdict, Wish, verdict
from kube_audit_lint.pipeline.replacing import edited
from kube_audit_lint.syntax.extras import TERRAFORM, reads_terraform
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from kube_audit_lint.syntax.hcl import Tree

Key = tuple[str, int, int]
"""What tells a finding of a file: its rule and its place."""

_TEMPLATE = ("{{", "{%", "<%", "%{", "${")


class Proposal(NamedTuple):
    """A fix of a finding. safe: whether it is proven, and what the author meant for certain."""

    finding: Finding
    fix: Fix
    verdict: Verdict
    safe: bool


class Budget:
    """How many characters may still be read and checked again; a large policy takes longer than a small one."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, size: int) -> bool:
        """Whether there is enough left."""
        self.left -= size
        return self.left >= 0


def cost(file: Collected) -> int:
    """What one proof spends: the file is read again, and each of its policies and servers is checked again."""
    return len(file.source.text) + 1_000 * (len(file.found.policies) + len(file.found.servers))


class _Candidate(NamedTuple):
    finding: Finding
    subject: Subject | None
    fix: Fix
    safe: bool


def key_of(finding: Finding) -> Key:
    """What tells a finding of a file."""
    return finding.rule, finding.place.start, finding.place.end


class Round:
    """One file with the edits that are made of it."""

    def __init__(self, prover: Prover, catalogue: Catalogue, state: State, data: bytes, budget: Budget) -> None:
        self._prover = prover
        self._catalogue = catalogue
        self._first = state
        self._current = state
        self._data = data
        self._text = state.file.source.text
        self._budget = budget
        self.edits: list[Edit] = []
        self.made: list[Proposal] = []
        self.waiting: list[Proposal] = []
        self.skipped: list[tuple[Finding, Subject | None]] = []
        self.notes: dict[tuple[str, int, str], Note] = {}

    @property
    def findings(self) -> tuple[tuple[Finding, Subject | None], ...]:
        """What is found in the file before any edit."""
        return self._first.findings

    @property
    def result(self) -> bytes:
        """The file with all that is made."""
        return edited(self._data, self._text, self.edits)

    def make(self, wanted: set[Key], unsafe: bool) -> Iterator[None]:
        """Makes the fixes of findings, those that are proven together a step. unsafe: also those that change more."""
        groups: dict[tuple[object, ...], list[_Candidate]] = {}
        taken: list[Edit] = []
        for finding, subject in self._first.findings:
            if key_of(finding) not in wanted:
                continue
            fix = next(self._fixes(finding, subject), None)
            if fix is None:
                continue
            if _touching(fix.edits, taken):
                self.skipped.append((finding, subject))
                continue
            taken += fix.edits
            safe = self._is_safe(fix, finding)
            claim = fix.claim
            alike = (not safe, claim.requests is None, finding.rule if claim.recorded else "", bool(claim.settings))
            groups.setdefault(alike, []).append(_Candidate(finding, subject, fix, safe))
        for group in [groups[alike] for alike in sorted(groups, key=repr)]:
            self._try(group, unsafe)
            yield
        self.made.sort(key=lambda one: one.finding.place.start)

    def alone(self, finding: Finding, subject: Subject | None) -> Proposal | None:
        """The best fix of a finding, made by itself."""
        found = self._best(finding, subject, self._first, [])
        return None if found is None else found[0]

    def likely(self, finding: Finding, subject: Subject | None) -> Proposed | None:
        """The fix of a finding that is tried first, as it is before its proof."""
        fix = next(self._fixes(finding, subject), None)
        return None if fix is None else Proposed(fix.title, self._is_safe(fix, finding), fix.edits)

    def _try(self, group: Sequence[_Candidate], unsafe: bool) -> None:
        if len(group) == 1 or (unsafe and not group[0].safe):  # what is unsafe is shown one by one
            for one in group:
                self._single(one, unsafe)
            return
        found = self._proven(group, self._current, self.edits)
        if found is None:
            return
        against, after = found
        if after is not None and not against.broken and not against.doubt and group[0].safe:
            self.edits += [edit for one in group for edit in one.fix.edits]
            self._current = after
            self.made += [Proposal(one.finding, one.fix, against, True) for one in group]
        elif after is not None and not against.broken and not group[0].safe:
            self.waiting += [Proposal(one.finding, one.fix, against, False) for one in group]
        else:
            half = len(group) // 2
            self._try(group[:half], unsafe)
            self._try(group[half:], unsafe)

    def _single(self, one: _Candidate, unsafe: bool) -> None:
        found = self._best(one.finding, one.subject, self._current, self.edits)
        if found is None:
            return
        proposal, after = found
        if proposal.safe or unsafe:
            self.edits += proposal.fix.edits
            self._current = after
            self.made.append(proposal)
        else:
            self.waiting.append(proposal)

    def _best(
        self, finding: Finding, subject: Subject | None, current: State, edits: list[Edit]
    ) -> tuple[Proposal, State] | None:
        """The first fix that is proven, or else the first that can be made; None where there is none for now."""
        best = None
        for fix in self._fixes(finding, subject):
            if _touching(fix.edits, edits):
                self.skipped.append((finding, subject))
                return best
            safe = self._is_safe(fix, finding)
            found = self._proven([_Candidate(finding, subject, fix, safe)], current, edits)
            if found is None:
                return best
            against, after = found
            if after is None or against.broken:
                continue
            proposal = Proposal(finding, fix, against, safe and not against.doubt)
            if proposal.safe:
                return proposal, after
            best = best or (proposal, after)
        return best

    def _proven(
        self, group: Sequence[_Candidate], current: State, edits: list[Edit]
    ) -> tuple[Verdict, State | None] | None:
        """What is against fixes on top of what is made; None where nothing more may be tried."""
        if not self._budget.spend(cost(self._first.file)):
            place = group[0].finding.place
            message = "more findings could be fixed than were tried: fix some, and run again"
            self.notes["", 0, message] = Note(place, message)
            return None
        try:
            after = self._prover.after(current, edited(self._data, self._text, [*edits, *_edits(group)]))
            wishes = [Wish(one.fix, one.finding, _same(one.subject, self._first, current)) for one in group]
            return verdict(current, after, wishes), after
        except NotEditable as reason:
            return Verdict(str(reason)), None
        except Exception as error:  # a fault of a proof must not hide the findings
            return Verdict(f"internal error: {type(error).__name__}: {error}"), None

    def _fixes(self, finding: Finding, subject: Subject | None) -> Iterator[Fix]:
        """The ways to put a finding right; why there are none is noted."""
        rule = self._catalogue.rules.get(finding.rule)
        if rule is None or not rule.fix or finding.more:
            return
        file = self._first.file
        applied = self._prover.rules.for_path(file.source.path)[finding.rule]
        params = {key: value for key, value in rule.fix.items() if key not in ("kind", "safe")}
        kind = import_module(f"kube_audit_lint.fixes.{rule.fix['kind'].replace('-', '_')}")
        try:
            for fix in kind.fixes(Target(finding, params, applied.params, subject, file.documents)):
                self._check(fix)
                yield fix
        except NotEditable as reason:
            self._note(finding, str(reason))
        except Exception as error:  # a fault of a fix must not hide the findings
            self._note(finding, f"internal error: {type(error).__name__}: {error}")

    def _is_safe(self, fix: Fix, finding: Finding) -> bool:
        """Whether `--fix` makes it where it is proven."""
        return fix.safe and bool(self._catalogue.rules[finding.rule].fix.get("safe", True))

    def _note(self, finding: Finding, reason: str) -> None:
        key = (finding.rule, finding.place.start, reason)
        self.notes[key] = Note(finding.place, f"{finding.rule} is not fixed: {reason}")

    def _check(self, fix: Fix) -> None:
        """Raises NotEditable for edits of what a template decides, and for text that Terraform has no place for."""
        for one in fix.edits:
            if any(mark in self._text[one.start : one.end] for mark in _TEMPLATE):
                raise NotEditable("a template decides what is here")
            if self._hcl is not None and not self._hcl.takes(one.start, one.end, one.text):
                raise NotEditable("it would have to be written in Terraform's own syntax")

    @cached_property
    def _hcl(self) -> Tree | None:
        """The file as Terraform reads it; None for others."""
        if not self._first.file.source.path.endswith(TERRAFORM) or not reads_terraform():
            return None
        from kube_audit_lint.syntax.hcl import parse

        return parse(self._text)


def _edits(group: Sequence[_Candidate]) -> list[Edit]:
    return [edit for one in group for edit in one.fix.edits]


def _same(subject: Subject | None, first: State, current: State) -> Subject | None:
    """What a subject of one state of a file is in a later one."""
    old: list[Subject] = [*first.policies, *first.servers]
    new: list[Subject] = [*current.policies, *current.servers]
    return next((other for one, other in zip(old, new, strict=True) if one is subject), subject)


def _touching(edits: tuple[Edit, ...], others: list[Edit]) -> bool:
    return any(one.start <= other.end and other.start <= one.end for one in edits for other in others)
