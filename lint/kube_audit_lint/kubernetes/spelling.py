"""The nearest of a few known words: what a user probably meant."""

from __future__ import annotations

from collections.abc import Iterable

from kube_audit_lint.syntax.typed import TypeVar

Word = TypeVar("Word", bound=str)


def distance(left: str, right: str, limit: int = 3) -> int:
    """How many letters to insert, drop, change or swap with their neighbour; `limit` + 1 when it is more."""
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        last, before, row = before, row, [i] + [0] * len(right)
        for j, other in enumerate(right, 1):
            cost = before[j - 1] + (letter != other)
            if last and j > 1 and letter == right[j - 2] and left[i - 2] == other:
                cost = min(cost, last[j - 2] + 1)
            row[j] = min(cost, before[j] + 1, row[j - 1] + 1)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)


def nearest(word: str, known: Iterable[Word], limit: int | None = None) -> Word | None:
    """The known word that `word` is most likely a misspelling of; None when none or several are as near.

    Capitals and surrounding blanks count nothing. By default one slip in words of up to five letters, two in
    longer ones.
    """
    low = word.strip().lower()
    if not low:
        return None
    allowed = limit if limit is not None else (1 if len(low) <= 5 else 2)
    best: list[Word] = []
    for candidate in known:
        # Each letter that is missing costs a change of its own: that spares most candidates the rest.
        if abs(len(candidate) - len(low)) > allowed or len(set(candidate.lower()).difference(low)) > allowed:
            continue
        apart = distance(low, candidate.lower(), allowed)
        if apart < allowed or (apart == allowed and not best):
            best = [candidate]
            if apart == 0:
                return candidate
            allowed = apart
        elif apart == allowed:
            best.append(candidate)
    return best[0] if len(best) == 1 else None


def likely(word: str, known: Iterable[Word]) -> Word | None:
    """The nearest known word, else the only one that begins like it: `warn` is meant as `warning`."""
    words = list(known)
    begun = [one for one in words if word and one.startswith(word)]
    return nearest(word, words) or (begun[0] if len(begun) == 1 else None)
