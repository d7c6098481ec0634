"""Logs → chunks of lines, in constant memory: plain, gzip or zstd, whatever the name."""

from __future__ import annotations

import codecs
import io
import sys
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, BinaryIO

from kube_audit_lint.auditlog.counting import Chunk
from kube_audit_lint.auditlog.documents import LONGEST, TooLong, split, stands_in_lines
from kube_audit_lint.auditlog.files import log_files
from kube_audit_lint.auditlog.parts import joined, may_be_parts
from kube_audit_lint.auditlog.unpacking import UnpackError, unpacked
from kube_audit_lint.errors import UsageError

_HEAD = 16 << 20
"""Bytes of the first line that are looked at, to tell in which form a log is."""

_AT_ONCE = 16 << 10
"""Bytes of a chunk: few enough to stay near the processor while they are decoded."""

_BATCH = 8 << 20
"""Bytes of a batch, after which what is remembered is held within its limit; what a process gets at a time."""

_READ = 64 << 10


class Log:
    """Audit logs that are read as a stream. `notes` tells what of them could not be read."""

    def __init__(self, paths: Iterable[str]) -> None:
        """Raises UsageError for a path that cannot be opened, and where a folder holds no log."""
        self.paths = log_files(paths)
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
            try:
                source = unpacked(stream)
            except UnpackError as error:
                self.notes.append(f"{path}: {error}")
                return
            cut = _Cut(source)
            lines = io.BufferedReader(cut, _READ)
            first = lines.readline(_HEAD)
            while first and not first.strip() and len(first) < _AT_ONCE and (more := lines.readline(_HEAD)):
                first += more
            number = 0
            in_lines = stands_in_lines(first)
            for chunk in _in_lines(path, first, lines, cut) if in_lines else self._split(path, first, lines):
                yield chunk
                number = max(number, chunk.line + len(chunk.lines) - 1)
            self.notes += [_too_long(path, line, size) for line, size in cut.long]
            if cut.error:
                self.notes.append(f"{path}: what comes after {number} lines cannot be read: {cut.error}")

    def _split(self, path: str, first: bytes, rest: BinaryIO) -> Iterator[Chunk]:
        for piece in split(first, rest):
            if isinstance(piece, TooLong):
                self.notes.append(_too_long(path, *piece))
            else:
                yield Chunk(path, piece[0], [piece[1]])


def _too_long(path: str, line: int, size: int) -> str:
    return f"{path}: line {line} is longer than {LONGEST >> 20} MiB: {max(size / 1e6, 0.1):.1f} MB of it were not read"


def _in_lines(path: str, first: bytes, lines: Any, cut: _Cut) -> Iterator[Chunk]:
    cut.limited = True
    if first and not first.endswith(b"\n"):
        first += lines.readline()
    chunks = _groups(path, first, lines)
    return joined(chunks, LONGEST) if may_be_parts(first) else chunks


def _groups(path: str, first: bytes, lines: Any) -> Iterator[Chunk]:
    """Blocks, each split into its lines; what begins in one and ends in another is put together once."""
    number = 1
    begun: list[bytes] = []
    for data in chain([first] if first else [], iter(lambda: lines.read1(_AT_ONCE), b"")):
        end = data.rfind(b"\n") + 1
        begun.append(data[:end] if end else data)
        if end:
            group = io.BytesIO(b"".join(begun)).readlines()
            yield Chunk(path, number, group)
            number += len(group)
            begun = [data[end:]]
    if last := b"".join(begun):
        yield Chunk(path, number, [last + b"\n"])


def _batch(first: Chunk, rest: Iterator[Chunk]) -> Iterator[Chunk]:
    size = sum(map(len, first.lines))
    yield first
    while size < _BATCH and (chunk := next(rest, None)) is not None:
        size += sum(map(len, chunk.lines))
        yield chunk


class _Utf16:
    """A stream of UTF-16 as UTF-8, as PowerShell's `>` writes it."""

    def __init__(self, read: Any, head: bytes) -> None:
        self._read = read
        self._head = head
        self._decoder = codecs.getincrementaldecoder("utf-16")()

    def read(self, size: int) -> bytes:
        """Up to so many bytes; none at the end. Raises UnicodeDecodeError."""
        while True:
            data, self._head = self._head or self._read(max(size // 2, 4)), b""
            text = self._decoder.decode(data, not data)
            if text or not data:
                return text.encode("utf-8", "surrogatepass")


class _Cut(io.RawIOBase):
    """A stream that ends where it cannot be read any further, and of whose lines LONGEST bytes are read at most.

    limited: whether the latter. long: the numbers of the lines that are longer, and what was left out of each.
    """

    def __init__(self, source: Any) -> None:
        self.error = ""
        self.limited = False
        self.long: list[tuple[int, int]] = []
        self._read = getattr(source, "read1", source.read)
        self._length = 0
        self._line = 1
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._next(len(buffer))
        while data and self.limited and self._length >= LONGEST:
            end = data.find(b"\n")
            self._leave_out(len(data) if end < 0 else end)
            if end >= 0:
                data = data[end:]
                break
            data = self._next(len(buffer))
        end = data.rfind(b"\n")
        self._length = len(data) - end - 1 if end >= 0 else self._length + len(data)
        self._line += data.count(b"\n")
        buffer[: len(data)] = data
        return len(data)

    def _decoded(self, size: int) -> bytes:
        """The next bytes, in UTF-8 and without a byte order mark."""
        data: bytes = self._read(size)
        if self._begun:
            return data
        self._begun = True
        while 0 < len(data) < len(codecs.BOM_UTF8) and (more := self._read(size - len(data))):
            data += more
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self._read = _Utf16(self._read, data).read
            data = b""
        begun: bytes = data.removeprefix(codecs.BOM_UTF8) or self._read(size)
        return begun

    def _leave_out(self, size: int) -> None:
        if self.long and self.long[-1][0] == self._line:
            size += self.long.pop()[1]
        self.long.append((self._line, size))

    def _next(self, size: int) -> bytes:
        try:
            data = self._decoded(size)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            data, self.error = b"", str(error) or type(error).__name__
        except Exception as error:  # compression.zstd raises an Exception of its own
            if type(error).__name__ != "ZstdError":
                raise
            data, self.error = b"", str(error)
        return data


def _opened(path: str) -> BinaryIO:
    if path == "-":
        if sys.stdin is None:
            raise UsageError("standard input is closed")
        return sys.stdin.buffer
    try:
        return open(path, "rb")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
