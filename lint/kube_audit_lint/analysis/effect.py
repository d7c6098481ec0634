"""What becomes of a request's records when another rule decides: less, more, something else, or nothing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.stages import (
    FAILED_AUTHENTICATION,
    has_request_body,
    has_response_body,
    possible,
    stages_of,
)
from kube_audit_lint.model.policy import LEVELS, STAGES
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from kube_audit_lint.analysis.evaluate import Decision
    from kube_audit_lint.model.policy import Level, Stage

Direction = Literal["less", "differently", "more", "gone", "new"]
"""`gone` and `new`: only one of two Kubernetes versions serves such requests."""


class Traits(NamedTuple):
    """What requests of a kind can leave: events of which stages, and which bodies in them."""

    stages: tuple[Stage, ...]
    request_body: bool
    response_body: bool


NOBODY_TRAITS = Traits(FAILED_AUTHENTICATION, False, False)
"""Those of a request that fails authentication."""


@cache
def traits_of(verb: str, subresource: str, url: str | None) -> Traits:
    """The traits of a request by some user."""
    request = Request("", frozenset(), verb, subresource=subresource, url=url)
    stages = possible(stages_of(request))
    return Traits(stages, url is None and has_request_body(request), url is None and has_response_body(request))


def traits_of_request(request: Request) -> Traits:
    """The traits of any request."""
    return NOBODY_TRAITS if request.user is None else traits_of(request.verb, request.subresource, request.url)


class Change(NamedTuple):
    """How two decisions differ; what they have in common is not in it, so that equal changes are equal.

    before, after: the levels, None where no such request is served. omitted, restored: stages that are no longer
    recorded, and that are from now on. managed: `omitted` or `restored` for managed fields, "" where nothing changes.
    """

    direction: Direction
    before: Level | None
    after: Level | None
    omitted: tuple[Stage, ...] = ()
    restored: tuple[Stage, ...] = ()
    managed: str = ""


class Effect(NamedTuple):
    """A change for requests of some traits, with what their records lose and gain by it.

    In `loses` and `gains`: `events` (all of them), `request body`, `response body`, `managed fields`, stages.
    Where both are empty, only the level that the events name is another one.
    """

    change: Change
    loses: frozenset[str]
    gains: frozenset[str]


class _Record(NamedTuple):
    level: int
    parts: frozenset[str]


def effect(before: Decision | None, after: Decision | None, traits: Traits) -> Effect | None:
    """What another decision changes for requests of some traits; None where nothing. A decision of None: not served."""
    if before is None or after is None:
        return _served_once(before, after)
    one, other = _record(before, traits), _record(after, traits)
    if one == other:
        return None
    less = other.level < one.level or not other.parts >= one.parts
    more = other.level > one.level or not one.parts >= other.parts
    direction: Direction = "differently" if less and more else "less" if less else "more"
    return Effect(_change(direction, before, after), *_parted(one.parts, other.parts))


def _parted(one: frozenset[str], other: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """What is lost and what is gained; where there is nothing any more, or yet, no more than that."""
    if not one or not other:
        return frozenset(["events"] if one else ()), frozenset(["events"] if other else ())
    return one - other, other - one


def _served_once(before: Decision | None, after: Decision | None) -> Effect | None:
    decision = before or after
    if decision is None:
        return None
    level = _level(decision)
    change = Change("gone", level, None) if before is not None else Change("new", None, level)
    return Effect(change, frozenset(), frozenset())


def _record(decision: Decision, traits: Traits) -> _Record:
    kept = frozenset(traits.stages) - decision.omit_stages
    if decision.level == "None" or not kept:
        return _Record(0, frozenset())
    level = LEVELS.index(decision.level)
    bodies = set()
    if "ResponseComplete" in kept:
        if level >= 2 and traits.request_body:
            bodies.add("request body")
        if level >= 3 and traits.response_body:
            bodies.add("response body")
        if bodies and not decision.omit_managed_fields:
            bodies.add("managed fields")
    return _Record(level, frozenset(kept) | bodies)


def _level(decision: Decision) -> Level:
    return decision.level if decision.records else "None"


def _change(direction: Direction, before: Decision, after: Decision) -> Change:
    levels = _level(before), _level(after)
    if "None" in levels:
        return Change(direction, *levels)
    omitted = tuple(stage for stage in STAGES if stage in after.omit_stages - before.omit_stages)
    restored = tuple(stage for stage in STAGES if stage in before.omit_stages - after.omit_stages)
    return Change(direction, *levels, omitted, restored, _managed(before, after))


def _managed(before: Decision, after: Decision) -> str:
    """What becomes of managed fields where there are bodies before and after."""
    if before.omit_managed_fields == after.omit_managed_fields or not (_bodies(before) and _bodies(after)):
        return ""
    return "omitted" if after.omit_managed_fields else "restored"


def _bodies(decision: Decision) -> bool:
    return decision.level != "Metadata" and "ResponseComplete" not in decision.omit_stages
