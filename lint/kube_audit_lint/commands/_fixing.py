"""The part of `check` that changes files, or shows what would change."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence

from kube_audit_lint.analysis.describe import describe
from kube_audit_lint.analysis.difference import Difference
from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.commands import FAILED, FINDINGS, OK
from kube_audit_lint.commands._outputs import Output, refuse_inputs
from kube_audit_lint.model.finding import FileError
from kube_audit_lint.pipeline.config import Config
from kube_audit_lint.pipeline.fixing import Change, Fixed, fixed
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.replacing import replace
from kube_audit_lint.pipeline.round import Proposal
from kube_audit_lint.pipeline.run import Outcome
from kube_audit_lint.pipeline.sources import Progress
from kube_audit_lint.report.safe import line, visible
from kube_audit_lint.report.summary import counted
from kube_audit_lint.syntax.decode import decode

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
SHOWN = 5
"""So many classes of requests are shown of a fix that changes more than its finding is about."""


def run_fixing(
    arguments: argparse.Namespace,
    outputs: Sequence[Output],
    options: Options,
    config: Config,
    catalogue: Catalogue,
    progress: Progress,
) -> tuple[Outcome | None, int]:
    """Makes the fixes, and gives what is left to report; with `--diff` shows them, and gives the exit code alone."""
    found = fixed(options, config, catalogue, progress, arguments.unsafe_fixes)
    refuse_inputs(outputs, found.outcome.paths())
    if arguments.diff:
        for piece in unified(found.changes):
            sys.stdout.write(piece)
        sys.stdout.flush()
        errors: list[FileError] = list(found.outcome.report.errors)
    else:
        errors = [FileError(one.path, f"not fixed: {why}") for one in found.changes if (why := _made(one))]
    failed = {one.path for one in errors}
    for text in _told(found, [one for one in found.changes if one.path not in failed], arguments.diff):
        print(line(text), file=sys.stderr)
    if arguments.diff:
        for note in found.notes:
            source, at = note.place.source, note.place.start
            print(line(f"{source.path}:{source.position(at)[0]}: note: {note.message}"), file=sys.stderr)
        for error in errors:
            print(line(f"{error.path}: {error.message}"), file=sys.stderr)
        return None, FAILED if errors else FINDINGS if found.changes else OK
    report = found.outcome.report
    report = report._replace(errors=(*report.errors, *errors))
    notes = (*found.outcome.notes, *found.notes)
    return found.outcome._replace(report=report._replace(notes=notes), notes=notes), OK


def _made(change: Change) -> str:
    """Writes a file; returns why it could not be."""
    try:
        return replace(change.path, change.before, change.after)
    except OSError as error:
        return error.strerror or str(error)


def _told(found: Fixed, changes: list[Change], shown_only: bool) -> Iterator[str]:
    """What was done, for people: on standard error, for standard output is the report or the difference."""
    verb = "would fix" if shown_only else "fixed"
    for change in changes:
        for one in change.made:
            number = one.finding.place.source.position(one.finding.place.start)[0]
            safe = "" if one.safe else " (unsafe)"
            yield f"{change.path}:{number}: {verb} {one.finding.rule}{safe}: {visible(one.fix.title)}"
            if not one.safe:
                yield from _differences(one)
    if changes:
        count = sum(len(one.made) for one in changes)
        yield f"{verb} {counted(count, 'finding')} in {counted(len(changes), 'file')}"
    if found.waiting:
        number = len(found.waiting)
        yield f"{number} more fix{'es'[: 2 * (number > 1)]} with --unsafe-fixes, which may change more"


def _differences(proposal: Proposal) -> Iterator[str]:
    """What an unsafe fix changes, the widest classes of requests first."""
    found = proposal.verdict.differences
    for one in found[:SHOWN]:
        yield f"    {describe(one.witness)}: {_recorded(one, True)} -> {_recorded(one, False)}"
    if len(found) > SHOWN:
        yield f"    and {len(found) - SHOWN} more classes of requests"
    if not found:
        yield "    no request is recorded otherwise"


def _recorded(one: Difference, before: bool) -> str:
    decision, other = (one.before, one.after) if before else (one.after, one.before)
    if not decision.records:
        return "not recorded"
    stages = f" without {', '.join(sorted(decision.omit_stages))}" if decision.omit_stages != other.omit_stages else ""
    if decision.omit_stages != other.omit_stages and not decision.omit_stages:
        stages = " with every stage"
    return decision.level + stages


def unified(changes: tuple[Change, ...]) -> Iterator[str]:
    """A unified diff, as `patch` and `git apply` take it; on a terminal with what would steer it escaped."""
    from difflib import unified_diff

    shown = visible if sys.stdout.isatty() else str
    for change in changes:
        before, after = (_LINE.findall(decode(data)[0]) for data in (change.before, change.after))
        name = change.path.lstrip("/")
        for row in unified_diff(before, after, f"a/{name}", f"b/{name}"):
            yield shown(row.removesuffix("\n")) + "\n"
            if not row.endswith("\n"):
                yield "\\ No newline at end of file\n"
