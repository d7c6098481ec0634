"""Worlds: in which minors, and for which kind of user, something holds.

A set of worlds is one integer with three fields of bits, one bit a minor: ordinary users, control-plane
identities, and nobody (a failed authentication). What a class of requests needs of the world is intersected
along the way, so that one pass answers for every version of a range and for every kind of user.
"""

from __future__ import annotations

from functools import lru_cache

from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.model.version import Versions

WIDTH = 64
FIELD = (1 << WIDTH) - 1
EVERYONE = 1 | 1 << WIDTH | 1 << 2 * WIDTH
"""Times a set of minors: these minors, whoever sends the request."""

ORDINARY, CONTROL_PLANE, NOBODY = "ordinary", "control-plane", "nobody"
KINDS = (ORDINARY, CONTROL_PLANE, NOBODY)
SHIFTS = {kind: index * WIDTH for index, kind in enumerate(KINDS)}


def minor_bits(first: int, last: int) -> int:
    """The minors from first to last."""
    return (2 << last) - (1 << first) if first <= last else 0


def of_kind(minors: int, kind: str) -> int:
    """These minors, for one kind of user."""
    return minors << SHIFTS[kind]


@lru_cache(maxsize=1024)
def minors_of(worlds: int, kind: str | None = None) -> tuple[int, ...]:
    """The minors in a set of worlds, for one kind of user or for any."""
    if kind is not None:
        bits = worlds >> KINDS.index(kind) * WIDTH & FIELD
    else:
        bits = (worlds | worlds >> WIDTH | worlds >> 2 * WIDTH) & FIELD
    return tuple(minor for minor in range(bits.bit_length()) if bits >> minor & 1)


def kinds_of(worlds: int) -> tuple[str, ...]:
    """The kinds of user in a set of worlds."""
    return tuple(kind for shift, kind in enumerate(KINDS) if worlds >> shift * WIDTH & FIELD)


def best(worlds: int) -> int:
    """The one world to show: an ordinary user where there is one, and the newest minor."""
    for shift in range(3):
        if bits := worlds >> shift * WIDTH & FIELD:
            return 1 << bits.bit_length() - 1 + shift * WIDTH
    raise ValueError("no world at all")


def of_versions(versions: Versions) -> int:
    """The minors of a range."""
    return minor_bits(versions.first, versions.last)
