"""Packed logs → what they hold: gzip and zstd, known by their first bytes."""

from __future__ import annotations

import gzip
import re
import zlib
from importlib import import_module
from typing import Any, BinaryIO

_READ = 8 << 10
"""Packed bytes that are unpacked at a time: what bounds the memory."""


_GZIP = b"\x1f\x8b"
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
"""A frame, or one that is skipped (RFC 8878, 3.1.2), which pzstd writes in front of each other one."""

_TWICE = 2
"""Firehose packs what CloudWatch delivers, which is packed already."""


class UnpackError(ValueError):
    """A file cannot be unpacked here: why."""


def is_packed(stream: Any) -> bool:
    """Whether a stream is packed in one of these ways."""
    head: bytes = stream.peek(4)
    return head.startswith(_GZIP) or _ZSTD.match(head) is not None


def unpacked(stream: Any, times: int = _TWICE) -> Any:
    """The stream, unpacked if it is packed. Raises UnpackError."""
    try:
        head = stream.peek(4)[:4] if times else b""
    except (OSError, EOFError, zlib.error):
        return stream  # who reads it comes to the same error
    if head.startswith(_GZIP):
        return unpacked(gzip.GzipFile(fileobj=stream, mode="rb"), times - 1)
    return _zstd(stream) if _ZSTD.match(head) else stream


def _zstd(stream: BinaryIO) -> Any:
    """By the standard library from Python 3.14 on, else by the package `zstandard`."""
    try:
        return import_module("compression.zstd").ZstdFile(stream)
    except ImportError:
        pass
    try:
        return _Frames(stream, import_module("zstandard"))
    except ImportError as error:
        raise UnpackError(
            "it is packed with zstd, which Python reads from 3.14 on: pip install 'kube-audit-lint[fast]', "
            "or unpack it (zstd -dc) into standard input"
        ) from error


class _Frames:
    """What the frames of a zstd file hold; a file that ends within one is an error, as it is for gzip."""

    def __init__(self, stream: BinaryIO, zstandard: Any) -> None:
        self._stream = stream
        self._zstandard = zstandard
        self._frame: Any = None
        self._packed = self._ready = b""
        self._at = 0

    def read(self, size: int) -> bytes:
        """Up to so many bytes; none at the end. Raises EOFError, and ValueError for what is no zstd."""
        while self._at >= len(self._ready):
            packed = self._packed or self._stream.read(_READ)
            if not packed:
                if self._frame is not None:
                    raise EOFError("Compressed file ended before the end-of-stream marker was reached")
                return b""
            self._unpack(packed)
        data = self._ready[self._at : self._at + size]
        self._at += len(data)
        return data

    def _unpack(self, packed: bytes) -> None:
        if self._frame is None:
            self._frame = self._zstandard.ZstdDecompressor().decompressobj()
        try:
            self._ready, self._at = self._frame.decompress(packed), 0
        except self._zstandard.ZstdError as error:
            raise ValueError(str(error)) from error
        self._packed = b""
        if self._frame.eof:
            self._packed, self._frame = self._frame.unused_data, None
