"""Lines that a container runtime cut into parts of 16 kB → whole ones.

CRI's logs mark a part with P and the last one with F (kubernetes `pkg/kubelet/kuberuntime/logs`); in Docker's
`json-file` the `log` of a part does not end with a newline.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from kube_audit_lint.auditlog.counting import Chunk

_CRI = re.compile(rb"\S+ (stdout|stderr) ([PF])(?::\S*)? ")
_DOCKER = b'{"log":"'
_WHOLE = b'\\n","stream":'
"""What is in a record of Docker's that ends a line."""

Part = tuple[str, bytes, bool]
"""The stream that a line belongs to, what it holds, and whether this ends there."""


def may_be_parts(first: bytes) -> bool:
    """Whether a log is as container runtimes write them, from its first line."""
    return bool(_CRI.match(first)) or first.startswith(_DOCKER)


def joined(chunks: Iterable[Chunk], longest: int) -> Iterator[Chunk]:
    """The same lines, what was cut put together, with the number of its first part; up to so many bytes."""
    waiting: dict[str, tuple[int, bytes]] = {}
    for chunk in chunks:
        start, group = chunk.line, list[bytes]()
        for number, line in enumerate(chunk.lines, chunk.line):
            part = _part(line, waiting)
            if part is None:
                group.append(line)
                continue
            if group:
                yield Chunk(chunk.path, start, group)
            start, group = number + 1, []
            stream, content, ends = part
            first, before = waiting.pop(stream, (number, b""))
            content = before + content
            if ends or len(content) >= longest:
                yield Chunk(chunk.path, first, [content.strip(b"\n").replace(b"\n", b" ") + b"\n"])
            else:
                waiting[stream] = first, content
        if group:
            yield Chunk(chunk.path, start, group)
    for first, content in waiting.values():
        yield Chunk(chunk.path, first, [content + b"\n"])


def _part(line: bytes, waiting: dict[str, tuple[int, bytes]]) -> Part | None:
    """The part that a line is; None for a line that is whole."""
    found = _CRI.match(line)
    if found:
        stream, ends = found[1].decode(), found[2] == b"F"
        return None if ends and stream not in waiting else (stream, line[found.end() :].rstrip(b"\n"), ends)
    if not line.startswith(_DOCKER) or (not waiting and _WHOLE in line):
        return None
    return _docker(line, waiting)


def _docker(line: bytes, waiting: dict[str, tuple[int, bytes]]) -> Part | None:
    try:
        record = json.loads(line)
        stream, text = str(record.get("stream")), record["log"]
        content: bytes = text.encode("utf-8", "surrogatepass")
    except (ValueError, KeyError, AttributeError, RecursionError):
        return None
    ends = text.endswith("\n")
    if stream in waiting:
        return stream, content, ends
    return None if ends or not text.startswith("{") or _is_json(text) else (stream, content, False)


def _is_json(text: str) -> bool:
    """Whether a text is whole although no newline ends it: shippers leave this out."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
