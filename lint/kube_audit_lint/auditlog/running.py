"""Counting a whole log: in this process, or in several that are given the log's batches in turn."""

from __future__ import annotations

import os
from collections import Counter as Lines
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from kube_audit_lint.auditlog.counting import Chunk, Counter, Decided
from kube_audit_lint.auditlog.source import Part
from kube_audit_lint.auditlog.tally import Tally

if TYPE_CHECKING:
    from concurrent.futures import Future

    from kube_audit_lint.model.policy import Policy

Batch = Iterable[Chunk]
Counted = tuple[Tally, Decided]
_worker: list[Counter] = []
"""The counter of a process that was started to count, and of no other."""


def counter(policies: Sequence[Policy]) -> Counter:
    """The quickest counter that there is: with msgspec where it is installed."""
    try:
        from kube_audit_lint.auditlog.fast import FastCounter
    except ImportError:
        return Counter(policies)
    return FastCounter(policies)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count(policies: Sequence[Policy], batches: Iterable[Batch], jobs: int = 1) -> Tally:
    """All that a log holds. The outcome does not depend on the number of processes."""
    if jobs < 2:
        one, before = counter(policies), Lines[str]()
        for batch in batches:
            known = len(one.tally.shown)
            _count(one, batch)
            _place(one.tally, batch, before, known)
        return one.take()
    tally = Tally()
    for part, _ in _in_processes(policies, batches, jobs, False):
        tally.add(part)
        tally.limit()
    return tally


def decide(policies: Sequence[Policy], batches: Iterable[Batch], jobs: int = 1) -> Iterator[Counted]:
    """For each batch, in order: what it holds, and the rules that decide each of its events."""
    if jobs > 1:
        yield from _in_processes(policies, batches, jobs, True)
        return
    one, before = counter(policies), Lines[str]()
    for batch in batches:
        counted = _counted(one, batch, True)
        _place(counted[0], batch, before)
        yield counted


def _count(one: Counter, batch: Batch) -> None:
    for chunk in batch:
        one.count(chunk)
    one.settle()


def _counted(one: Counter, batch: Batch, wanted: bool) -> Counted:
    """What a batch holds, by itself: who adds it to the others holds their sum within its limit."""
    decided: Decided = []
    for chunk in batch:
        one.count(chunk, decided if wanted else None)
    return one.take(), decided


def _place(tally: Tally, batch: Batch, before: Lines[str], known: int = 0) -> None:
    """Lines that are no events get their number in the file, where a part counted them from its own first one.

    before: the lines of each file in front of the part. known: how many of the lines belong to what came before.
    """
    if isinstance(batch, Part):
        moved = [one._replace(line=one.line + before[batch.path]) for one in tally.shown[known:]]
        tally.shown[known:] = moved
        before[batch.path] += batch.lines


def _in_processes(policies: Sequence[Policy], batches: Iterable[Batch], jobs: int, wanted: bool) -> Iterator[Counted]:
    """Parts of files are read by the process that counts them; of all else no more batches are read than there are
    processes to take them, so that the memory is bounded."""
    from concurrent.futures import ProcessPoolExecutor

    before = Lines[str]()
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(tuple(policies),)) as pool:
        waiting: deque[tuple[Batch, Future[Any]]] = deque()
        for batch in batches:
            if isinstance(batch, Part):
                waiting.append((batch, pool.submit(_part_in_worker, batch, wanted)))
            else:
                packed = [(chunk.path, chunk.line, b"".join(chunk.lines)) for chunk in batch]
                waiting.append(((), pool.submit(_in_worker, packed, wanted)))
            if len(waiting) > jobs + 1:
                yield _result(*waiting.popleft(), before)
        while waiting:
            yield _result(*waiting.popleft(), before)


def _result(batch: Batch, future: Future[Any], before: Lines[str]) -> Counted:
    counted, read = future.result()
    if isinstance(batch, Part):
        batch.lines, batch.long, batch.error = read
    _place(counted[0], batch, before)
    result: Counted = counted
    return result


def _begin(policies: Sequence[Policy]) -> None:
    _worker[:] = [counter(policies)]


def _in_worker(packed: list[tuple[str, int, bytes]], wanted: bool) -> tuple[Counted, None]:
    batch = (Chunk(path, line, BytesIO(data).readlines(), data.isascii()) for path, line, data in packed)
    return _counted(_worker[0], batch, wanted), None


def _part_in_worker(part: Part, wanted: bool) -> tuple[Counted, tuple[Any, ...]]:
    return _counted(_worker[0], part, wanted), (part.lines, part.long, part.error)
