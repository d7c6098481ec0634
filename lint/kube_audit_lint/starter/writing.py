"""Writing several files: all of them, or none, and nothing over what is there unless that is wanted."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from kube_audit_lint.drafts import draft_of
from kube_audit_lint.errors import UsageError

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""What file systems answer that have no hard links."""


def write(folder: str, files: Mapping[str, str], force: bool) -> list[str]:
    """Writes the files into a folder, which is made where it is missing; returns their paths.

    force: to replace files that are there. A symbolic link is replaced, not followed. Raises UsageError, and then no
    file has been changed but where several are replaced and the disk fails in between.
    """
    paths = {os.path.join(folder, *name.split("/")): text for name, text in files.items()}
    _check(paths, force)
    made: list[str] = []
    with _told(folder), _undone(made):
        drafts = {}
        for path, text in paths.items():
            _make_folders(os.path.dirname(path) or ".", made)
            drafts[path] = _draft(path, text, made)
        for path, draft in drafts.items():
            _put(draft, path, made, force)
    return list(paths)


def _check(paths: Mapping[str, str], force: bool) -> None:
    for path in paths:
        if os.path.isdir(path) and not os.path.islink(path):
            raise UsageError(f"{path}: a folder is there, and nothing was written")
        if os.path.lexists(path) and not force:
            raise UsageError(f"{path}: the file is there already, and nothing was written; --force replaces it")


def _make_folders(folder: str, made: list[str]) -> None:
    if not os.path.isdir(folder):
        _make_folders(os.path.dirname(folder) or ".", made)
        os.mkdir(folder)
        made.append(folder)


def _draft(path: str, text: str, made: list[str]) -> str:
    """A file beside the one that is to be written, with all of its text."""
    draft = draft_of(path)
    with open(draft, "x", encoding="utf-8", newline="\n") as file:
        made.append(draft)
        file.write(text)
    return draft


def _put(draft: str, path: str, made: list[str], force: bool) -> None:
    """Gives a draft its name. Without force not even to a file that came to be in the meantime."""
    if force:
        os.replace(draft, path)
    else:
        try:
            os.link(draft, path)
        except OSError as error:
            if error.errno not in _NO_LINKS or os.path.lexists(path):
                raise
            os.rename(draft, path)
        else:
            os.unlink(draft)
        made.append(path)
    made.remove(draft)


@contextmanager
def _undone(made: list[str]) -> Iterator[None]:
    """Takes away what was made, the last first, when not all could be."""
    try:
        yield
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):
                os.rmdir(path) if os.path.isdir(path) else os.unlink(path)
        raise


@contextmanager
def _told(folder: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = os.fsdecode(error.filename2 or error.filename or folder)
        raise UsageError(f"{where}: {error.strerror or error}; nothing was written") from error
