"""Kubernetes versions: a minor is a plain integer (1.24 is 24), a range is two of them."""

from __future__ import annotations

import re

from kube_audit_lint.syntax.record import NamedTuple

OLDEST = 10
"""The oldest minor that the matching and loading facts hold for."""

NEWEST = 37
"""The newest minor that the facts know."""

DEFAULT_FIRST = 24
"""Where the range starts when nothing says which version runs."""


class Versions(NamedTuple):
    """A closed range of Kubernetes minors, `first` and `last` included."""

    first: int
    last: int

    @property
    def single(self) -> bool:
        """Whether the range is one minor."""
        return self.first == self.last

    def overlap(self, other: Versions) -> Versions | None:
        """The minors in both ranges, or None when there is none."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        return Versions(first, last) if first <= last else None

    @property
    def known(self) -> Versions | None:
        """The minors of the range that the facts hold for, NEWEST for those above it; None below OLDEST."""
        return None if self.first < OLDEST else Versions(min(self.first, NEWEST), min(self.last, NEWEST))

    def __contains__(self, minor: object) -> bool:
        return isinstance(minor, int) and self.first <= minor <= self.last

    def __str__(self) -> str:
        return f"1.{self.first}" if self.single else f"1.{self.first}-1.{self.last}"


ALL = Versions(OLDEST, NEWEST)
DEFAULT = Versions(DEFAULT_FIRST, NEWEST)

_SINGLE = re.compile(r"v?1\.(\d{1,3})(?:\.\d+)?(?:[-+].*)?\Z")
_IN_TAG = re.compile(r"(?:^|[:/@_-])v?1\.(\d{1,2})(?:\.\d+)?(?![\d.])")


def parse_versions(text: str) -> Versions | None:
    """`1.30`, `v1.30.4` or a range `1.29-1.34` as a range; None when it is neither.

    It may lie outside of the known minors: see Versions.known.
    """
    low, dash, high = text.strip().partition("-")
    if dash and _SINGLE.match(high.strip()):
        first, last = _minor(low.strip()), _minor(high.strip())
    else:
        first = last = _minor(text.strip())
    return None if first is None or last is None or first > last else Versions(first, last)


def version_of_image(image: str) -> Versions | None:
    """The version in an image's tag (`kube-apiserver:v1.20.4-aliyun.1`), or None when it has none."""
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    found = _IN_TAG.match(tag)
    return None if found is None else Versions(int(found[1]), int(found[1]))


def _minor(text: str) -> int | None:
    found = _SINGLE.match(text)
    return int(found[1]) if found else None


def refused(versions: Versions) -> str:
    """Why a version that somebody requests is not taken; "" when it is."""
    if versions.first >= OLDEST:
        return ""
    return f"1.{versions.first} is older than 1.{OLDEST}, the oldest version that is known"


def newer(versions: Versions) -> str:
    """A sentence about versions that are newer than what is known; "" where they are not."""
    if versions.last <= NEWEST:
        return ""
    return f"1.{versions.last}: the newest known version is 1.{NEWEST}, checked by that"
