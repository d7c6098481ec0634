"""A buffer while a user types: its text of now, and the last run, which may be over an older text."""

from __future__ import annotations

from kube_audit_lint.server.checked import Checked
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place


class Held(NamedTuple):
    """A buffer with the last run over it. now: without a run where the text has changed since.

    before, behind: how many characters are the same in both texts at their start and at their end.
    """

    now: Checked
    last: Checked
    before: int
    behind: int

    def then(self, offset: int) -> int | None:
        """An offset of now in the text of the last run; None in what was not yet there."""
        return self._moved(offset, len(self.now.source.text), len(self.last.source.text))

    def place(self, place: Place) -> Place | None:
        """A place of the last run where it is now; None in what is there no more. Other files are as they were."""
        if place.source.path != self.last.path:
            return place
        start, end = (self._moved(one, len(self.last.source.text), len(self.now.source.text)) for one in place[1:])
        return None if start is None or end is None else self.now.source.place(start, end)

    def _moved(self, offset: int, length: int, other: int) -> int | None:
        if offset <= self.before:
            return offset
        return offset - length + other if offset >= length - self.behind else None


def held(now: Checked, last: Checked) -> Held:
    """Compares the texts of both."""
    new, old = now.source.text, last.source.text
    if new == old:
        return Held(last, last, len(new), 0)
    before = _same(new, old)
    return Held(now, last, before, _same(new[before:][::-1], old[before:][::-1]))


def _same(one: str, other: str) -> int:
    """How many characters at the start of both are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
