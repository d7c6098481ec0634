"""A buffer as a run sees it: its text, what the forms found in it, its findings, and what it belongs to."""

from __future__ import annotations

from typing import Any

from kube_audit_lint.checks._subject import PolicySubject, ServerSubject
from kube_audit_lint.model.finding import FileError, Finding
from kube_audit_lint.model.found import Note
from kube_audit_lint.model.version import Versions
from kube_audit_lint.pipeline.run import Outcome
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Source


class Checked(NamedTuple):
    """A buffer after a run. outcome: None where the buffer holds nothing of ours.

    versions: those that the buffer's policy or server is checked by; else those of the configuration.
    known: keeps what was found out about it, until the buffer changes.
    """

    source: Source
    versions: Versions
    known: dict[object, Any]
    outcome: Outcome | None = None

    @property
    def path(self) -> str:
        """As reports show it."""
        return self.source.path

    @property
    def findings(self) -> list[Finding]:
        """What the run reports, whichever file it is in."""
        return [] if self.outcome is None else list(self.outcome.report.findings)

    @property
    def notes(self) -> list[Note]:
        """What was not checked of the buffer."""
        notes = () if self.outcome is None else self.outcome.notes
        return [note for note in notes if note.place.source.path == self.path]

    @property
    def errors(self) -> list[FileError]:
        """Why files could not be read."""
        return [] if self.outcome is None else list(self.outcome.report.errors)

    @property
    def policies(self) -> list[PolicySubject]:
        """The policies in the buffer."""
        every = () if self.outcome is None else self.outcome.subjects.policies
        return [one for one in every if one.document.source.path == self.path]

    @property
    def servers(self) -> list[ServerSubject]:
        """The API servers in the buffer."""
        every = () if self.outcome is None else self.outcome.subjects.servers
        return [one for one in every if one.server.source.path == self.path]
