"""Below which folders a run may read: links that lead out of them are left alone.

A change request can commit `policy.yaml -> /etc/passwd`, and a report quotes what it reads. So what counts is
the real path. It has to be below the repository of the working directory, of a named file or of a named
folder (outside of repositories: below the folder itself).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable

from kube_audit_lint.discovery.files import LIMIT, TooLarge, read_bytes
from kube_audit_lint.discovery.gitignore import repository_of

OUTSIDE = "it leads out of the repository, or of what the command names: it is not read"


class Roots:
    """The folders below which files may be read, by their real paths."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._roots: set[str] = set()
        here = os.path.realpath(".")
        self._repository = repository_of(here) or here
        self._add(self._repository)
        for path in paths:
            if "\0" not in path:
                self._add(self._root_of(path))

    def hold(self, real: str) -> bool:
        """Whether a real path is at or below one of them."""
        return any(real == root or real.startswith(root.rstrip("/") + "/") for root in self._roots)

    def _add(self, root: str) -> None:
        self._roots.add(_forward(root))

    def _root_of(self, path: str) -> str:
        """What a named path allows: the repository around the folder that it names or is in.

        A name within the repository of the working directory allows nothing beyond it, for whoever may commit
        there may put a link in the place of a folder.
        """
        whole = os.path.abspath(path)
        if _below(whole, self._repository) and os.path.lexists(os.path.join(self._repository, ".git")):
            return self._repository
        real = os.path.realpath(whole)
        return repository_of(real if os.path.isdir(real) else os.path.dirname(real)) or real


def readable(path: str, named: Iterable[str] = ()) -> bool:
    """Whether the real path of a file is where a run may read. named: what the command names."""
    return Roots(named).hold(_forward(os.path.realpath(path)))


def read_own(path: str, named: Iterable[str] = ()) -> bytes:
    """The content of one of the linter's own files (configuration, rules, tests) or of a policy for a command.

    Raises OSError, also for what is outside, is no regular file, or is too large.
    """
    if not readable(path, named):
        raise OSError(errno.EPERM, OUTSIDE, path)
    try:
        return read_bytes(path, always=True)
    except TooLarge as error:
        raise OSError(errno.EFBIG, str(error), path) from error


def read_named_by(source: str, path: str, limit: int = LIMIT) -> bytes | None:
    """The content of a file that another file names, whose path is `source`.

    None where there is none, where it is no regular file or larger than `limit`, and where it is outside of what
    the other one's folder allows: a change request can name any path of the machine.
    """
    if not readable(path, (os.path.dirname(source) or ".",)):
        return None
    try:
        return read_bytes(path, limit=limit)
    except (OSError, TooLarge):
        return None


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _forward(path: str) -> str:
    return path if os.sep == "/" else path.replace(os.sep, "/")
