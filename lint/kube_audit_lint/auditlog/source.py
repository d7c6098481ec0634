"""Logs → chunks of lines, in constant memory: plain, gzip or zstd, whatever the name."""

from __future__ import annotations

import codecs
import io
import os
import stat
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO

from kube_audit_lint.auditlog.counting import Chunk
from kube_audit_lint.auditlog.documents import LONGEST, TooLong, split, stands_in_lines
from kube_audit_lint.auditlog.files import log_files
from kube_audit_lint.auditlog.parts import joined, may_be_parts
from kube_audit_lint.auditlog.unpacking import UnpackError, is_packed, unpacked
from kube_audit_lint.errors import UsageError

_HEAD = 16 << 20
"""Bytes of the first line that are looked at, to tell in which form a log is."""

_AT_ONCE = 64 << 10
"""Bytes that are read at once, and of a chunk: few enough to stay near the processor while they are decoded."""

_BATCH = 8 << 20
"""Bytes of a batch, after which what is remembered is held within its limit; what a process gets at a time."""

_PART = 32 << 20
"""Bytes of a part of a file that is read by a process of its own."""


class Log:
    """Audit logs that are read as a stream. `notes` tells what of them could not be read."""

    def __init__(self, paths: Iterable[str]) -> None:
        """Raises UsageError for a path that cannot be opened, and where a folder holds no log."""
        self.paths = log_files(paths)
        self._told: list[str | Part] = []

    @property
    def notes(self) -> list[str]:
        """What could not be read, in the order of the files."""
        told: list[str] = []
        before = Counter[str]()
        for one in self._told:
            told += [one] if isinstance(one, str) else _notes(one, before[one.path])
            if isinstance(one, Part):
                before[one.path] += one.lines
        return told

    def batches(self) -> Iterator[Iterable[Chunk]]:
        """The lines of all files in their order, some megabytes at a time. Raises UsageError.

        A batch is read as it is iterated over, and has to be before the next one: lines are counted while they are
        near the processor. Of a large file that is in lines a batch is a Part, which any process can read.
        """
        for path in self.paths:
            parts = _parts(path)
            self._told += parts
            yield from parts
            chunks = iter(()) if parts else self._chunks(path)
            for first in chunks:
                yield _batch(first, chunks)

    def _chunks(self, path: str) -> Iterator[Chunk]:
        with _opened(path) as stream:
            try:
                source = unpacked(stream)
            except UnpackError as error:
                self._told.append(f"{path}: {error}")
                return
            cut = _Cut(source)
            lines = io.BufferedReader(cut, _AT_ONCE)
            first = _first(lines)
            number, long = 0, list[tuple[int, int]]()
            in_lines = stands_in_lines(first)
            for chunk in _in_lines(path, first, lines, long) if in_lines else self._split(path, first, lines):
                yield chunk
                number = max(number, chunk.line + len(chunk.lines) - 1)
            self._told += _notes(Part(path, 0, 0, (), number, long, cut.error))

    def _split(self, path: str, first: bytes, rest: BinaryIO) -> Iterator[Chunk]:
        for piece in split(first, rest):
            if isinstance(piece, TooLong):
                self._told.append(_too_long(path, *piece))
            else:
                yield Chunk(path, piece[0], [piece[1]])


class Part:
    """The lines of a file that begin between two of its bytes. Picklable; to be iterated over once.

    identity: of the file, so that one in its place is not taken for it. Known once it was read: its lines, those that
    are too long with what was left out, and why it could not be read to the end. Lines are counted from its first one.
    """

    def __init__(
        self,
        path: str,
        start: int,
        end: int,
        identity: tuple[int, ...],
        lines: int = 0,
        long: Sequence[tuple[int, int]] = (),
        error: str = "",
    ) -> None:
        self.path, self.start, self.end, self.identity = path, start, end, identity
        self.lines, self.long, self.error = lines, long, error

    def __iter__(self) -> Iterator[Chunk]:
        with _opened(self.path) as stream:
            if _identity(stream) != self.identity:
                self.error = "another file has its name now"
                return
            cut = _Cut(_Span(stream, self.start, self.end))
            cut.begun = self.start > 0
            long = list[tuple[int, int]]()
            for chunk in _groups(self.path, iter(lambda: cut.block(_AT_ONCE), b""), long):
                yield chunk
                self.lines += len(chunk.lines)
        self.long, self.error = long, cut.error


class _Span:
    """What is read of a file for a Part: from the first line that begins in it to the end of the last one."""

    def __init__(self, stream: BinaryIO, start: int, end: int) -> None:
        self._stream = stream
        self._left = end - start
        if start:
            stream.seek(start - 1)
            while (skipped := stream.readline(_AT_ONCE)) and not skipped.endswith(b"\n"):
                self._left -= len(skipped)
            self._left -= len(skipped) - 1
        self._ended = self._left <= 0  # where no line begins in it

    def read(self, size: int) -> bytes:
        """Up to so many bytes; none at the end."""
        if self._left > 0:
            data = self._stream.read(min(size, self._left))
            self._left -= len(data)
        elif self._ended:
            return b""
        else:
            data = self._stream.readline(size)
        self._ended = data.endswith(b"\n")
        return data


def _identity(stream: BinaryIO) -> tuple[int, ...]:
    known = os.fstat(stream.fileno())
    return known.st_dev, known.st_ino


def _parts(path: str) -> list[Part]:
    """The parts of a large file that can be read from anywhere: one with an event in each line, and not packed."""
    if not _is_large_file(path):  # a pipe is opened once only: what is written into it is gone afterwards
        return []
    with _opened(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if is_packed(stream):
            return []
        first = stream.readline(_HEAD)
        if not first.lstrip(b" ").startswith(b"{") or not stands_in_lines(first) or may_be_parts(first):
            return []
        identity = _identity(stream)
    return [Part(path, start, min(start + _PART, size), identity) for start in range(0, size, _PART)]


def _is_large_file(path: str) -> bool:
    try:
        known = os.stat(path)
    except (OSError, ValueError):
        return False  # who reads it reports why it cannot be
    return stat.S_ISREG(known.st_mode) and known.st_size > _PART


def _first(lines: Any) -> bytes:
    """The first line of a log that is not empty, with those before it."""
    first: bytes = lines.readline(_HEAD)
    while first and not first.strip() and len(first) < _AT_ONCE and (more := lines.readline(_HEAD)):
        first += more
    return first


def _notes(part: Part, before: int = 0) -> list[str]:
    """What of a part could not be read. before: the lines in front of it."""
    notes = [_too_long(part.path, before + line, size) for line, size in part.long]
    if part.error:
        notes.append(f"{part.path}: what comes after {before + part.lines} lines cannot be read: {part.error}")
    return notes


def _too_long(path: str, line: int, size: int) -> str:
    return f"{path}: line {line} is longer than {LONGEST >> 20} MiB: {max(size / 1e6, 0.1):.1f} MB of it were not read"


def _in_lines(path: str, first: bytes, lines: Any, long: list[tuple[int, int]]) -> Iterator[Chunk]:
    chunks = _groups(path, chain([first], iter(lambda: lines.read1(_AT_ONCE), b"")), long)
    return joined(chunks, LONGEST) if may_be_parts(first) else chunks


def _groups(path: str, blocks: Iterable[bytes], long: list[tuple[int, int]]) -> Iterator[Chunk]:
    """Blocks, each split into its lines; what begins in one and ends in another is put together once.

    Of each line LONGEST bytes are kept. long: gets the numbers of those that have more, and how much is left out.
    """
    number, begun, room, left_out = 1, list[bytes](), LONGEST, 0
    for data in blocks:
        if len(data) > room:
            data, more = _shortened(data, room)
            left_out += more
        end = data.rfind(b"\n") + 1
        if not end:
            begun.append(data)
            room -= len(data)
            continue
        whole = b"".join([*begun, memoryview(data)[:end]])
        if left_out:
            long.append((number, left_out))
            left_out = 0
        group = io.BytesIO(whole).readlines()
        yield Chunk(path, number, group, whole.isascii())
        number += len(group)
        begun, room = [data[end:]], LONGEST - len(data) + end
    if left_out:
        long.append((number, left_out))
    if last := b"".join(begun):
        yield Chunk(path, number, [last + b"\n"])


def _shortened(data: bytes, room: int) -> tuple[bytes, int]:
    """Bytes that a line goes on with, for which there is so much room left, and how many of its own are left out."""
    end = data.find(b"\n")
    end = len(data) if end < 0 else end
    return (data, 0) if end <= room else (data[:room] + data[end:], end - room)


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
    """A stream as UTF-8 that ends where it cannot be read any further.

    error: why. begun: whether there can be no byte order mark any more.
    """

    def __init__(self, source: Any) -> None:
        self.error = ""
        self.begun = False
        self._read = getattr(source, "read1", source.read)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.block(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def block(self, size: int) -> bytes:
        """The next bytes, up to so many; none at the end."""
        try:
            data = self._decoded(size)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            data, self.error = b"", str(error) or type(error).__name__
        except Exception as error:  # compression.zstd raises an Exception of its own
            if type(error).__name__ != "ZstdError":
                raise
            data, self.error = b"", str(error)
        return data

    def _decoded(self, size: int) -> bytes:
        """The next bytes, in UTF-8 and without a byte order mark."""
        data: bytes = self._read(size)
        if self.begun:
            return data
        self.begun = True
        while 0 < len(data) < len(codecs.BOM_UTF8) and (more := self._read(size - len(data))):
            data += more
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self._read = _Utf16(self._read, data).read
            data = b""
        begun: bytes = data.removeprefix(codecs.BOM_UTF8) or self._read(size)
        return begun


def _opened(path: str) -> BinaryIO:
    if path == "-":
        if sys.stdin is None:
            raise UsageError("standard input is closed")
        return sys.stdin.buffer
    try:
        return open(path, "rb")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
