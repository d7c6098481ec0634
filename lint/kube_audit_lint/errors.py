"""What ends a run; everything that is raised for the user to read is one of these."""

from __future__ import annotations


class KubeAuditLintError(Exception):
    """Something to tell the user in one line, without a traceback."""


class UsageError(KubeAuditLintError):
    """Options that do not go together or name what is not there."""


class OwnFileError(KubeAuditLintError):
    """One of the linter's own files cannot be used. Line and column from 1; 0 where the whole file is meant."""

    def __init__(self, path: str, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part)
        return f"{place}: {self.message}"


class PolicyError(OwnFileError):
    """A policy that kube-apiserver does not load: with the file, the line, and its message."""


class TooManyPartsError(KubeAuditLintError):
    """A text of so many lines and values that reading it would take longer than anybody waits."""
