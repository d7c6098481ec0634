"""What git ignores in a working tree: .gitignore files, nested ones too, and .git/info/exclude."""

from __future__ import annotations

import os

from kube_audit_lint.discovery.globs import Globs
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.discovery.index import Tracked


class Ignores:
    """The patterns that hold inside one folder, those of the folders above included.

    `folder` is the folder's path below the root of the repository, with a trailing `/` ("" for the root).
    """

    __slots__ = ("_above", "_folder", "_globs")

    def __init__(self, folder: str, globs: Globs, above: Ignores | None) -> None:
        self._folder = folder
        self._globs = globs
        self._above = above

    def ignored(self, path: str, folder: bool) -> bool:
        """Whether git ignores a path below the root of the repository, its folders aside."""
        level: Ignores | None = self
        while level is not None:
            below = path[len(level._folder) :]
            # git compares bytes, so its `?` is half an umlaut.
            if not below.isascii():
                below = os.fsencode(below).decode("latin-1")
            verdict = level._globs.verdict(below, folder)
            if verdict is not None:
                return verdict
            level = level._above
        return False


NOTHING = Ignores("", Globs(()), None)
"""Ignores nothing."""

EVERYTHING = Ignores("", Globs(("*",)), None)
"""What holds in a folder that is ignored itself: nothing in it is included again."""


def below(ignores: Ignores, root: str, folder: str) -> Ignores:
    """What holds inside `folder` (below `root`, with a trailing `/`), with its own .gitignore."""
    globs = _read(os.path.join(root, folder, ".gitignore"))
    return Ignores(folder, globs, None if ignores is NOTHING else ignores) if globs else ignores


def at_root(root: str) -> Ignores:
    """What .git/info/exclude holds for a whole repository; .gitignore files go before it."""
    globs = _read(os.path.join(_common(_gitdir(root)), "info", "exclude"))
    return Ignores("", globs, None) if globs else NOTHING


def tracked_in(root: str) -> Tracked:
    """What the repository with this root tracks: nothing where there is none."""
    from kube_audit_lint.discovery.index import Tracked  # most runs meet nothing that is ignored

    gitdir = _gitdir(root)
    return Tracked(gitdir, _common(gitdir))


def repository_of(folder: str) -> str | None:
    """The folder with `.git` at or above an absolute folder."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def _gitdir(root: str) -> str:
    """The folder of a working tree's own state; `.git` is a file in worktrees and submodules."""
    git = os.path.join(root, ".git")
    if os.path.isdir(git):
        return git
    return os.path.join(root, _line(git).removeprefix("gitdir:").strip())


def _common(gitdir: str) -> str:
    """The folder that git keeps `info` in, which worktrees share."""
    return os.path.join(gitdir, _line(os.path.join(gitdir, "commondir")))


def _line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().strip()
    except OSError:
        return ""


def _read(path: str) -> Globs:
    """The patterns of an ignore file; none when it is missing, unreadable or (as for git) a symlink."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:
            data = file.read()
    except OSError:
        return Globs(())
    lines = data.removeprefix(b"\xef\xbb\xbf").decode("latin-1").split("\n")
    return Globs(line.removesuffix("\r") for line in lines)
