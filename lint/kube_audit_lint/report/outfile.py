"""The file of `--output`: whole, or not there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EISDIR
from typing import TextIO

from kube_audit_lint.drafts import drafted


def prepare(path: str) -> None:
    """Makes the folder of a file that is written later. Raises OSError for what no report can be written to."""
    if os.path.isdir(path):
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
    if _is_special(path):
        return
    folder = os.path.dirname(path) or "."
    os.makedirs(folder, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(EACCES, os.strerror(EACCES))


@contextmanager
def whole_file(path: str) -> Iterator[TextIO]:
    """A file to write to, in a folder that is made; it gets its name only when all is written. Raises OSError.

    A symbolic link in its place is replaced, not followed: whoever may commit one could have any file
    overwritten. Pipes and devices, and the names of open files below /dev, are written to directly.
    """
    prepare(path)
    if _is_special(path):
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            yield file
        return
    with drafted(path, _mode(path)) as (handle, draft):
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            yield file
        os.replace(draft, path)


def _is_special(path: str) -> bool:
    if os.path.abspath(path).startswith("/dev/"):
        return True
    try:
        return not (stat.S_ISREG(mode := os.lstat(path).st_mode) or stat.S_ISLNK(mode))
    except FileNotFoundError:
        return False


def _mode(path: str) -> int:
    """The permissions of the file that is replaced."""
    try:
        return stat.S_IMODE(os.lstat(path).st_mode) & 0o666
    except OSError:
        return 0o666
