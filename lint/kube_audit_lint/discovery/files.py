"""Reading files: never a named pipe, never a large file as a whole."""

from __future__ import annotations

import errno
import os
import stat

from kube_audit_lint.discovery.look import interesting, is_binary, named_policy

LIMIT = 5_000_000
"""Bytes above which a file is not read as audit configuration."""

_CHUNK = 1 << 20
_LOOK = 64 << 20  # how far a file above the limit is looked through
_OVERLAP = 256

# Without O_NONBLOCK, opening a named pipe waits for a process that writes into it.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_KINDS = (
    (stat.S_ISDIR, "is a folder, not a file"),
    (stat.S_ISFIFO, "is a named pipe, not a file"),
    (stat.S_ISSOCK, "is a socket, not a file"),
    (stat.S_ISCHR, "is a device, not a file"),
    (stat.S_ISBLK, "is a device, not a file"),
)


class TooLarge(Exception):  # noqa: N818 (not a fault of anything)
    """A file above the limit that looks like audit configuration."""


def read_bytes(path: str, *, always: bool = False, limit: int = LIMIT) -> bytes:
    """A file's content.

    A file above `limit` is never loaded: it is looked through in chunks, and gives TooLarge when it looks
    like audit configuration, is named so, or is wanted `always`; else b"". Raises OSError, also for what
    is no file.
    """
    handle = os.open(path, _FLAGS)
    try:
        status = os.fstat(handle)
        refuse_special(status.st_mode, path)
        if status.st_size <= limit:
            return _all(handle, status.st_size)
        if always or named_policy(path) or _looks_interesting(handle):
            raise TooLarge(f"too large to be audit configuration ({status.st_size / 1e6:.0f} MB)")
        return b""
    finally:
        os.close(handle)


def refuse_special(mode: int, path: str) -> None:
    """Raises OSError for folders, pipes, sockets and devices."""
    if stat.S_ISREG(mode):
        return
    for test, message in _KINDS:
        if test(mode):
            raise OSError(errno.EINVAL, message, path)
    raise OSError(errno.EINVAL, "is not a regular file", path)


def is_file(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a file, or a link to one; False for what the system refuses to tell."""
    try:
        return entry.is_file()
    except OSError:  # a loop of links, one into a folder that may not be entered, a name too long
        return False


def why_no_file(path: str) -> str:
    """Why something in a folder is no file that can be read; "" for a link to a folder."""
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISDIR(mode):
            refuse_special(mode, path)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder, and no link to one."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _all(handle: int, size: int) -> bytes:
    """The whole file; nearly always one read, as the size is known."""
    data = os.read(handle, size + 1)
    if len(data) == size:
        return data
    chunks = [data]
    while chunks[-1]:
        chunks.append(os.read(handle, _CHUNK))
    return b"".join(chunks)


def _looks_interesting(handle: int) -> bool:
    """Whether some stretch of a large file is interesting; they overlap so that no mark falls between two."""
    tail = b""
    for _ in range(0, _LOOK, _CHUNK):
        chunk = os.read(handle, _CHUNK)
        if not chunk or (not tail and (is_binary(chunk) or _is_log(chunk))):
            return False
        if interesting(tail + chunk):
            return True
        tail = chunk[-_OVERLAP:]
    return False


def _is_log(chunk: bytes) -> bool:
    """Whether a large file is one JSON object a line: an audit log, whichever line comes first."""
    lines = chunk.split(b"\n", 3)[:3]
    return len(lines) == 3 and all(line.startswith(b"{") and line.rstrip().endswith(b"}") for line in lines[:2])
