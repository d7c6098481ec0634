"""What a git repository holds at a revision: only read, and nothing that its configuration names is run.

`cat-file` knows no filters and no textconv; `diff` is told to use no external program and no file system monitor.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

from kube_audit_lint.errors import UsageError
from kube_audit_lint.syntax.record import NamedTuple

_OPTIONS = ("--no-pager", "--literal-pathspecs", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_ENVIRONMENT = {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
_MEANT_FOR_OTHERS = ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_TRACE")


class Changed(NamedTuple):
    """A file by its path in the repository, before and now; None where it is not there."""

    before: str | None
    after: str | None


class Repository:
    """The repository around a folder, at one revision. Raises UsageError where there is none, or no such revision.

    staged: what is now is what is staged, and not what is in the folders.
    """

    def __init__(self, folder: str, revision: str, staged: bool = False) -> None:
        self._folder = folder or "."
        self.staged = staged
        self.top = os.fsdecode(self._run("rev-parse", "--show-toplevel")).rstrip("\n")
        self._folder = self.top
        self.revision = revision
        self.commit = self._commit(revision)

    def _commit(self, revision: str) -> str:
        found = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", quiet=True)
        commit = found.decode().strip()
        if commit:
            return commit
        born = self._run("rev-parse", "--verify", "--quiet", "HEAD", quiet=True)
        if self.staged and revision == "HEAD" and not born:
            return ""  # the first commit of all
        raise UsageError(f"--base {revision}: git knows no such revision")

    def changed(self) -> list[Changed]:
        """The files that are not as they were, renamed ones as one."""
        if not self.commit:
            return []
        options = ["diff", "--no-ext-diff", "--no-textconv", "--name-status", "-z", "--find-renames"]
        options += ["--ignore-submodules=all", *(["--cached"] if self.staged else []), self.commit, "--"]
        found = list(_changes(self._run(*options)))
        if not self.staged:
            others = self._run("ls-files", "--others", "--exclude-standard", "-z", "--full-name", "--", ".")
            found += [Changed(None, path) for path in _paths(others)]
        return found

    def before(self, path: str) -> bytes:
        """The content of a file at the revision."""
        return self._run("cat-file", "blob", f"{self.commit}:{path}")

    def after(self, path: str) -> bytes:
        """What is staged of a file."""
        return self._run("cat-file", "blob", f":{path}")

    def inside(self, path: str) -> str:
        """The path of a file in the repository. Raises UsageError for what is outside."""
        folder, name = os.path.split(os.path.abspath(path))
        inside = os.path.relpath(os.path.join(os.path.realpath(folder), name), os.path.realpath(self.top))
        if inside.split(os.sep)[0] == os.pardir:
            raise UsageError(f"{path} is in no git repository with {self.top}")
        return inside.replace(os.sep, "/")

    def outside(self, path: str) -> str:
        """The path as seen from the working directory."""
        return os.path.relpath(os.path.join(self.top, path))

    def exists(self, path: str) -> bool:
        """Whether the revision has a file."""
        return bool(self._run("ls-tree", "-z", self.commit, "--", path)) if self.commit else False

    def files(self, now: bool) -> list[str]:
        """The paths of all files at the revision, or now; without those that git ignores."""
        if not now:
            return _paths(self._run("ls-tree", "-r", "--name-only", "-z", self.commit)) if self.commit else []
        found = _paths(self._run("ls-files", "-z"))
        others = ["ls-files", "--others", "--exclude-standard", "-z", "--full-name", "--", "."]
        return found if self.staged else [*found, *_paths(self._run(*others))]

    def _run(self, *words: str, quiet: bool = False) -> bytes:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(_MEANT_FOR_OTHERS)}
        command = ["git", "-C", self._folder, *_OPTIONS, *words]
        try:
            ended = subprocess.run(command, capture_output=True, env={**environment, **_ENVIRONMENT}, check=False)
        except FileNotFoundError as error:
            raise UsageError("--base needs git, and there is none in the PATH") from error
        if ended.returncode and not quiet:
            reason = os.fsdecode(ended.stderr).strip().partition("\n")[0].removeprefix("fatal: ")
            raise UsageError(f"git {words[0]}: {reason or f'exit status {ended.returncode}'}")
        return b"" if ended.returncode else ended.stdout


def _changes(output: bytes) -> Iterator[Changed]:
    """The lines of `--name-status -z`: a letter, and one path or two."""
    words = iter(_paths(output))
    for status in words:
        first = next(words)
        if status[0] in "RC":
            yield Changed(first, next(words))
        else:
            yield Changed(None if status[0] == "A" else first, None if status[0] == "D" else first)


def _paths(output: bytes) -> list[str]:
    return [os.fsdecode(word) for word in output.split(b"\0") if word]
