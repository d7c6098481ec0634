"""Files, folders and standard input → chunks of lines, in constant memory: plain, gzip or zstd, whatever the name."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, BinaryIO

from kube_audit_lint.auditlog.counting import Chunk
from kube_audit_lint.auditlog.documents import split, stands_in_lines
from kube_audit_lint.errors import UsageError

LONGEST = 16 << 20
"""Bytes of a line; etcd takes objects of 1.5 MB, and an event holds one or two."""

_AT_ONCE = 16 << 10
"""Bytes of a chunk: few enough to stay near the processor while they are decoded."""

_BATCH = 8 << 20
"""Bytes of a batch, after which what is remembered is held within its limit; what a process gets at a time."""

_READ = 64 << 10
_ENDINGS = (".log", ".json", ".jsonl", ".ndjson", ".gz", ".zst")
"""How the files of a folder are called that are read as logs."""


class Log:
    """Audit logs that are read as a stream. `notes` tells what of them could not be read."""

    def __init__(self, paths: Iterable[str]) -> None:
        """Raises UsageError for a path that cannot be opened, and where a folder holds no log."""
        self.paths = [path for given in paths for path in _files(given)]
        self.notes: list[str] = []

    def batches(self) -> Iterator[Iterator[Chunk]]:
        """The lines of all files in their order, some megabytes at a time. Raises UsageError.

        A batch is read as it is iterated over, and has to be before the next one: lines are counted while they are
        near the processor.
        """
        chunks = chain.from_iterable(map(self._chunks, self.paths))
        for first in chunks:
            yield _batch(first, chunks)

    def _chunks(self, path: str) -> Iterator[Chunk]:
        with _opened(path) as stream:
            cut = _Cut(_unpacked(path, stream))
            lines = io.BufferedReader(cut, _READ)
            first = lines.readline()
            number = 1
            if stands_in_lines(first):
                for group in chain([[first]] if first else [], iter(lambda: lines.readlines(_AT_ONCE), [])):
                    if not group[-1].endswith(b"\n"):
                        group[-1] += b"\n"
                    yield Chunk(path, number, group)
                    number += len(group)
            else:
                for event in split(first, lines):
                    yield Chunk(path, number, [event])
                    number += 1
            if cut.error:
                self.notes.append(f"{path}: what comes after {number - 1} lines cannot be read: {cut.error}")


def _batch(first: Chunk, rest: Iterator[Chunk]) -> Iterator[Chunk]:
    size = sum(map(len, first.lines))
    yield first
    while size < _BATCH and (chunk := next(rest, None)) is not None:
        size += sum(map(len, chunk.lines))
        yield chunk


class _Cut(io.RawIOBase):
    """A stream in which no line is longer than LONGEST, and which ends where it cannot be read any further."""

    def __init__(self, source: Any) -> None:
        self.error = ""
        self._read = getattr(source, "read1", source.read)
        self._length = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data: bytes = self._read(len(buffer) - 1)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            data, self.error = b"", str(error) or type(error).__name__
        except Exception as error:  # zstandard raises an Exception of its own
            if type(error).__name__ != "ZstdError":
                raise
            data, self.error = b"", str(error)
        end = data.rfind(b"\n")
        self._length = len(data) - end - 1 if end >= 0 else self._length + len(data)
        if self._length >= LONGEST:
            data += b"\n"
            self._length = 0
        buffer[: len(data)] = data
        return len(data)


def _files(path: str) -> list[str]:
    """A file itself; the logs of a folder, those that were put aside by rotation first, in the order of their times."""
    if path == "-":
        return [path]
    try:
        if not os.path.isdir(path):
            os.stat(path)
            return [path]
        names = [name for name in os.listdir(path) if name.endswith(_ENDINGS) and not name.startswith(".")]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    if not names:
        raise UsageError(f"{path}: holds no file that is called like a log ({', '.join(_ENDINGS)})")
    # `audit-2026-03-02T06-00-00.000.log.gz` stands before `audit.log`, into which the server writes.
    return [os.path.join(path, name) for name in sorted(names, key=lambda name: name.replace(".log", "~"))]


def _opened(path: str) -> BinaryIO:
    if path == "-":
        if sys.stdin is None:
            raise UsageError("standard input is closed")
        return sys.stdin.buffer
    try:
        return open(path, "rb")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def _unpacked(path: str, stream: Any) -> Any:
    """The stream, unpacked if it is packed: by its first bytes."""
    head = stream.peek(4)[:4]
    if head[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=stream)
    return _unpacked_zstd(path, stream) if head == b"\x28\xb5\x2f\xfd" else stream


def _unpacked_zstd(path: str, stream: BinaryIO) -> Any:
    """By the standard library from Python 3.14 on, else by the package `zstandard`."""
    import importlib

    try:
        return importlib.import_module("compression.zstd").ZstdFile(stream)
    except ImportError:
        pass
    try:
        zstandard = importlib.import_module("zstandard")
    except ImportError as error:
        raise UsageError(
            f"{path}: is packed with zstd, which Python reads from 3.14 on: pip install 'kube-audit-lint[fast]', "
            "or unpack it (zstd -dc) into standard input"
        ) from error
    return zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
