"""`fix`: the edits that put findings right, each proven, and written only when the caller wants it."""

from __future__ import annotations

from kube_audit_lint.errors import UsageError
from kube_audit_lint.library import given
from kube_audit_lint.library.linting import Options, Paths, prepare
from kube_audit_lint.pipeline.fixing import fixed
from kube_audit_lint.pipeline.replacing import replace
from kube_audit_lint.pipeline.repository import absolute
from kube_audit_lint.syntax.record import NamedTuple


class Fix(NamedTuple):
    """A finding that an edit puts right. safe: proven to change only what the finding is about."""

    rule: str
    line: int
    title: str
    safe: bool


class FileChange(NamedTuple):
    """What becomes of a file. Nothing is written but by `write`."""

    path: str
    before: bytes
    after: bytes
    fixes: tuple[Fix, ...]

    def write(self) -> None:
        """Replaces the file as a whole. Raises UsageError where it cannot be, or is not what was read any more."""
        try:
            why = replace(self.path, self.before, self.after)
        except OSError as error:
            why = error.strerror or str(error)
        if why:
            raise UsageError(f"{self.path}: not fixed: {why}")


def fix(
    paths: Paths = ".",
    options: Options = Options(),  # noqa: B008 (immutable)
    *,
    unsafe: bool = False,
) -> tuple[FileChange, ...]:
    """The files that `check --fix` would change, with `unsafe` those of `--unsafe-fixes`.

    Raises what `lint` raises, and UsageError for a named path that cannot be read; files in folders that cannot be are
    left out, as `problems` of a report has them.
    """
    prepared = prepare(paths, options)
    found = fixed(*prepared, lambda count: None, given.switch(unsafe, "unsafe"))
    named = set(map(absolute, prepared.options.paths))
    if wrong := [one for one in found.outcome.report.errors if absolute(one.path) in named]:
        raise UsageError("; ".join(f"{one.path}: {one.message}" for one in wrong))
    changes = []
    for change in found.changes:
        fixes = []
        for one in change.made:
            place = one.finding.place
            line, _ = place.source.position(place.start)
            fixes.append(Fix(one.finding.rule, line, one.fix.title, one.safe))
        changes.append(FileChange(change.path, change.before, change.after, tuple(fixes)))
    return tuple(changes)
