"""Measuring side by side: warm-up, interleaved runs, medians."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

_UNIT = 1 if sys.platform == "darwin" else 1024


class Sample(NamedTuple):
    """One run: wall-clock and processor seconds, and the most memory it had, in bytes (0: not measured).

    floor: it had no more than the memory given, perhaps less.
    """

    seconds: float
    processor: float
    memory: int = 0
    floor: bool = False


class Case(NamedTuple):
    """Something to run; every call is one run."""

    label: str
    run: Callable[[], Sample]


class Group(NamedTuple):
    """Cases that are held against each other; the first is what the others are compared with."""

    title: str
    cases: Sequence[Case]
    repeats: int = 11
    warm_ups: int = 2


class Row(NamedTuple):
    """A case's outcome."""

    title: str
    label: str
    samples: Sequence[Sample]
    ratio: float

    @property
    def median(self) -> float:
        """Of the seconds."""
        return statistics.median(sample.seconds for sample in self.samples)


def command(argv: Sequence[str], accepted: Iterable[int] = (0,)) -> Callable[[], Sample]:
    """A run of a program; any exit code that is not accepted ends the benchmark."""
    codes = set(accepted)

    def run() -> Sample:
        started = time.perf_counter()
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # Read before waiting, or a talkative program would block; wait4, for it tells the memory.
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stderr.close()
        if process.returncode not in codes:
            sys.exit(f"{' '.join(argv)} ended with {process.returncode}:\n{said.decode(errors='replace')}")
        # A program starts as a copy of this process, and its peak counts from there.
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        processor = usage.ru_utime + usage.ru_stime
        return Sample(seconds, processor, usage.ru_maxrss * _UNIT, usage.ru_maxrss <= own * 1.05)

    return run


def call(function: Callable[[], object]) -> Callable[[], Sample]:
    """A run of a function in this process."""

    def run() -> Sample:
        started, processor = time.perf_counter(), time.process_time()
        function()
        return Sample(time.perf_counter() - started, time.process_time() - processor)

    return run


def measure(group: Group) -> list[Row]:
    """Runs the cases in turn, so that a busy moment of the machine hits all of them."""
    for _ in range(group.warm_ups):
        for case in group.cases:
            case.run()
    samples: list[list[Sample]] = [[] for _ in group.cases]
    for _ in range(group.repeats):
        for case, taken in zip(group.cases, samples, strict=True):
            taken.append(case.run())
    base = statistics.median(sample.seconds for sample in samples[0])
    return [
        Row(group.title, case.label, taken, statistics.median(one.seconds for one in taken) / base)
        for case, taken in zip(group.cases, samples, strict=True)
    ]


def table(rows: Iterable[Row]) -> str:
    """All rows as a Markdown table."""
    lines = [
        "| What | Who | Median | Min - max | Times the first | Processor | Peak memory |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    title = ""
    for row in rows:
        times = [sample.seconds for sample in row.samples]
        cells = (
            "" if row.title == title else row.title,
            row.label,
            _seconds(row.median),
            f"{_seconds(min(times))} - {_seconds(max(times))}",
            f"{row.ratio:.2f}",
            _seconds(statistics.median(sample.processor for sample in row.samples)),
            _megabytes(max(row.samples, key=lambda sample: sample.memory)),
        )
        title = row.title
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def short_table(rows: Iterable[Row]) -> str:
    """All rows with little more than their medians."""
    lines = ["| What | Who | Median | Times the first |", "|---|---|--:|--:|"]
    title = ""
    for row in rows:
        what = "" if row.title == title else row.title
        title = row.title
        lines.append(f"| {what} | {row.label} | {_seconds(row.median)} | {row.ratio:.2f} |")
    return "\n".join(lines)


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.3g} ms"


def _megabytes(sample: Sample) -> str:
    return f"{'< ' * sample.floor}{sample.memory / 1e6:.0f} MB" if sample.memory else ""
