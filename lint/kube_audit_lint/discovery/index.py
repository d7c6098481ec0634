"""Which files git tracks, read from its index: these count although .gitignore matches them, as they do for git.

The format is that of Documentation/gitformat-index.txt (git 2.43), versions 2 to 4, with a split index. git itself
is not run: it refuses repositories of other users, and is missing in many images.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

_HEADER = 12
_HASHES = {False: 20, True: 32}
_EXTENDED = 0x40


class Tracked:
    """The files and folders that a repository tracks, by their paths below its root; read when first wanted."""

    def __init__(self, gitdir: str, common: str) -> None:
        self._gitdir = gitdir
        self._common = common
        self._files: set[str] | None = None
        self._folders: set[str] = set()

    def holds(self, path: str) -> bool:
        """Whether a path is tracked, or something below it; a submodule is a folder that is tracked itself."""
        if self._files is None:
            self._files = set(self._read())
            for one in self._files:
                self._add_folders(one)
        return path in self._files or path in self._folders

    def _add_folders(self, path: str) -> None:
        folder = path.rpartition("/")[0]
        while folder and folder not in self._folders:
            self._folders.add(folder)
            folder = folder.rpartition("/")[0]

    def _read(self) -> Iterator[str]:
        hash = _HASHES[b"sha256" in _content(os.path.join(self._common, "config"))]
        data = _content(os.path.join(self._gitdir, "index"))
        shared = yield from _paths(data, hash)
        if shared:
            yield from _paths(_content(os.path.join(self._gitdir, f"sharedindex.{shared}")), hash)


def _paths(data: bytes, hash: int) -> Generator[str, None, str]:
    """The paths of an index, up to where it is broken; returned is the name of the index that it is a change of."""
    version, count = int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:_HEADER], "big")
    if data[:4] != b"DIRC" or version not in (2, 3, 4):
        return ""
    at, name = _HEADER, b""
    for _ in range(count):
        start = at
        at += 40 + hash + 2
        if at >= len(data):
            return ""
        if data[at - 2] & _EXTENDED:
            at += 2
        kept = 0
        if version == 4:
            strip, at = _number(data, at)
            kept = len(name) - strip
        end = data.find(b"\0", at)
        if end < 0:
            return ""
        name = name[:kept] + data[at:end]
        at = end + 1 if version == 4 else end + 8 - (end - start) % 8
        if name:
            yield os.fsdecode(name)
    return _shared(data, at, hash)


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable width as git writes offsets (varint.c), and where it ends."""
    value = data[at] & 0x7F
    while data[at] & 0x80 and at + 1 < len(data):
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1


def _shared(data: bytes, at: int, hash: int) -> str:
    """The name in the extension `link`, "" without it."""
    while at + 8 <= len(data) - hash:
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] == b"link":
            return data[at + 8 : at + 8 + hash].hex()
        at += 8 + size
    return ""


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
