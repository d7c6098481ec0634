"""The sentences about a comparison that several formats share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from kube_audit_lint.model.comparison import Compared, Comparison, Direction, RequestClass, RuleAt, Weakened

SIGNS = {
    "less": "less",
    "differently": "differently",
    "more": "more",
    "gone": "no longer served",
    "new": "newly served",
}
ORDER: tuple[Direction, ...] = ("less", "differently", "more", "gone", "new")


def headline(pair: Compared) -> str:
    """What came out for one pair, in one line."""
    versions = f" (Kubernetes {pair.kubernetes})" if pair.kubernetes else ""
    return f"{pair.before} -> {pair.after}{versions}: {_outcome(pair)}"


def _outcome(pair: Compared) -> str:
    if pair.undecided:
        return f"not decided: {pair.undecided}; whether less is recorded is not proven"
    parts = list(_parts(pair))
    if parts:
        return "; ".join(parts)
    if pair.policies:
        return "every served request is recorded the same"
    return "the audit settings are the same"


def _parts(pair: Compared) -> Iterator[str]:
    classes = Counter(one.direction for one in pair.classes)
    settings = Counter(one.direction for one in pair.settings)
    for direction in ORDER:
        if number := classes[direction]:
            noun = "class of requests" if number == 1 else "classes of requests"
            verb = "" if direction in ("gone", "new") else "recorded "
            yield f"{number} {noun} {verb}{SIGNS[direction]}"
    for direction in ORDER:
        if number := settings[direction]:
            noun = "setting" if number == 1 else "settings"
            yield f"{number} {noun} {'for ' if direction in ('less', 'more') else ''}{SIGNS[direction]}"


def weakened_at(one: Weakened) -> str:
    """The place of a change that weakens the linter's own checks."""
    return f"{one.path}:{one.line}" if one.line else one.path


def conditions(one: RequestClass) -> str:
    """Who does what to what, and where."""
    some = "" if one.exact else "some of: "
    return some + "; ".join(part for part in (one.who, one.verbs, one.what, one.where) if part)


def content(one: RequestClass) -> str:
    """What is lost and gained."""
    parts = []
    if one.loses:
        parts.append(f"loses {', '.join(_in_words(one.loses))}")
    if one.gains:
        parts.append(f"gains {', '.join(_in_words(one.gains))}")
    return "; ".join(parts) or (
        "" if one.direction in ("gone", "new") else "only the level in the events is another one"
    )


def _in_words(parts: Sequence[str]) -> Iterator[str]:
    names = {"events": "all events", "request body": "request bodies", "response body": "response bodies"}
    for part in parts:
        yield names.get(part, part if part == "managed fields" else f"the events at {part}")


def rules(found: Sequence[RuleAt]) -> str:
    """`rule 3 (line 12), no rule`."""
    shown = [f"rule {one.number} (line {one.line})" if one.number else "no rule" for one in found[:6]]
    if len(found) > 6:
        shown.append(f"{len(found) - 6} more rules")
    return ", ".join(shown) or "not served"


def verdict(comparison: Comparison, fails: bool) -> str:
    """The last line."""
    if comparison.reason:
        return f"Audit-Less: {comparison.reason}"
    if not comparison.pairs:
        return "no audit policy and no API server changed"
    lost = any(one.fails and not one.undecided for one in comparison.pairs)
    unproven = any(one.undecided for one in comparison.pairs)
    if lost:
        return "less is recorded than before"
    if unproven:
        return "it is not proven that nothing less is recorded"
    return "nothing less is recorded than before"
