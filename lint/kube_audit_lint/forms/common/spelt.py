"""Words read letter by letter as values of the model, with the places of their parts. Shared by text forms."""

from __future__ import annotations

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.words import Word


class Spelt:
    """Remembers the words behind the values it gives."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._words: dict[tuple[int, int, str], Word] = {}

    def value(self, word: Word) -> Value:
        """A word as a value."""
        value = Value(word.text, self._context.place(word.start, word.end))
        self._words[(value.place.start, value.place.end, value.text)] = word
        return value

    def part(self, value: Value, start: int, end: int) -> Place | None:
        """Where some characters of a value are; None when it is none of these words."""
        word = self._words.get((value.place.start, value.place.end, value.text))
        return None if word is None else self._context.place(*word.span(start, end))

    def place_of_part(self, value: Value, start: int, end: int) -> Place:
        """The same; the whole value's place when in doubt."""
        return self.part(value, start, end) or value.place
