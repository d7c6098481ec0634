"""Which statements of a template decide a place of it, looked up without going through all of them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from kube_audit_lint.syntax.statements import Branch, Span
from kube_audit_lint.syntax.templates import Neutral, scalar_at

_GROWS = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n|\Z))*")
_QUIET_LINE = re.compile(r"[ \t]*(?:#[^\r\n]*)?")


class Deciding:
    """The statements of one template, by place."""

    def __init__(self, template: Neutral) -> None:
        self._template = template
        self._branches = _Spans((span, index) for index, one in enumerate(template.branches) for span in _pieces(one))
        self._insertions = _Spans((span, index) for index, span in enumerate(template.insertions))
        self._known: dict[Span, Span | None] = {}

    def insertions_in(self, start: int, end: int) -> tuple[Span, ...]:
        """The insertions into what is from `start` to `end`, or directly around it."""
        return tuple(self._template.insertions[index] for index in self._insertions.over(*self._around(start, end)))

    def branches_in(self, start: int, end: int) -> tuple[Branch, ...]:
        """The branches that decide a part of what is from `start` to `end`; not those that enclose it."""
        return tuple(self._template.branches[index] for index in self._branches.over(start, end))

    def decided(self, start: int, end: int) -> Span | None:
        """The first place that decides a part of what is from `start` to `end`."""
        span = start, end
        if span not in self._known:
            branches = ((one.start, one.end) for one in self.branches_in(start, end))
            self._known[span] = min([*branches, *self.insertions_in(start, end)], default=None)
        return self._known[span]

    def _around(self, start: int, end: int) -> Span:
        """The span with the blank lines and comments around it, which are what statements became."""
        text, scalars = self._template.text, self._template.scalars
        grows = _GROWS.match(text, end)
        low, high = start, grows.end() if grows else end
        while low > 0:
            line = line_start(text, low - 1)
            if _QUIET_LINE.fullmatch(text[line:low].rstrip("\r\n")) is None:
                break
            low = line
        if not scalars:
            return low, high
        first, last = scalar_at(scalars, start), scalar_at(scalars, max(start, end - 1))
        return max(low, first[0]) if first else start, min(high, last[1]) if last else end


def line_start(text: str, at: int) -> int:
    """Where the line begins that an offset is in."""
    line = text.rfind("\n", 0, at) + 1
    return max(line, text.rfind("\r", line, at) + 1)


def _pieces(branch: Branch) -> Iterator[Span]:
    """The statements of a branch: what is between its arms."""
    end = branch.start
    for first, last in branch.arms:
        yield end, first
        end = last
    yield end, branch.end


class _Spans:
    """Spans with numbers, found by what they overlap."""

    def __init__(self, spans: Iterable[tuple[Span, int]]) -> None:
        self._spans = sorted(spans)
        self._starts = [start for (start, _), _ in self._spans]
        self._ends: list[int] = []
        """The farthest end of a span and of all before it."""
        for (_, end), _ in self._spans:
            self._ends.append(max(end, self._ends[-1] if self._ends else end))

    def over(self, start: int, end: int) -> list[int]:
        """The numbers of those that have a part between `start` and `end`, in order."""
        found = set()
        at = bisect_left(self._starts, end) - 1
        while at >= 0 and self._ends[at] > start:
            (_, last), number = self._spans[at]
            if last > start:
                found.add(number)
            at -= 1
        return sorted(found)
