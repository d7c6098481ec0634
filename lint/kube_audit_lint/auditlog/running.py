"""Counting a whole log: in this process, or in several that are given the log's batches in turn."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from kube_audit_lint.auditlog.counting import Chunk, Counter, Decided
from kube_audit_lint.auditlog.tally import Tally

if TYPE_CHECKING:
    from concurrent.futures import Future

    from kube_audit_lint.model.policy import Policy

Batch = Iterable[Chunk]
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
        one = counter(policies)
        for batch in batches:
            _count(one, batch)
        return one.take()
    tally = Tally()
    for part, _ in _in_processes(policies, batches, jobs, False):
        tally.add(part)
        tally.limit()
    return tally


def decide(policies: Sequence[Policy], batches: Iterable[Batch], jobs: int = 1) -> Iterator[tuple[Tally, Decided]]:
    """For each batch, in order: what it holds, and the rules that decide each of its events."""
    if jobs > 1:
        yield from _in_processes(policies, batches, jobs, True)
        return
    one = counter(policies)
    for batch in batches:
        yield _counted(one, batch, True)


def _count(one: Counter, batch: Batch, decided: Decided | None = None) -> None:
    for chunk in batch:
        one.count(chunk, decided)
    one.settle()


def _counted(one: Counter, batch: Batch, wanted: bool) -> tuple[Tally, Decided]:
    decided: Decided = []
    _count(one, batch, decided if wanted else None)
    return one.take(), decided


def _in_processes(
    policies: Sequence[Policy], batches: Iterable[Batch], jobs: int, wanted: bool
) -> Iterator[tuple[Tally, Decided]]:
    """No more batches are read than there are processes to take them, so that the memory is bounded."""
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(tuple(policies),)) as pool:
        waiting: deque[Future[tuple[Tally, Decided]]] = deque()
        for batch in batches:
            packed = [(chunk.path, chunk.line, b"".join(chunk.lines)) for chunk in batch]
            waiting.append(pool.submit(_in_worker, packed, wanted))
            if len(waiting) > jobs + 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _begin(policies: Sequence[Policy]) -> None:
    _worker[:] = [counter(policies)]


def _in_worker(packed: list[tuple[str, int, bytes]], wanted: bool) -> tuple[Tally, Decided]:
    batch = (Chunk(path, line, BytesIO(data).readlines()) for path, line, data in packed)
    return _counted(_worker[0], batch, wanted)
