"""Kubernetes versions: a minor is a plain integer (1.24 is 24), a range is two of them."""

from __future__ import annotations

import re

from kube_audit_lint.syntax.record import NamedTuple

RELEASES = {
    10: ("v0.0.0-20190116210010-30d6a91f580b", None),  # kubernetes-1.10.13
    11: ("v0.0.0-20180910083620-386115dd78fd", None),  # kubernetes-1.11.3
    12: ("v0.0.0-20190528110248-2d60c3dee270", "8.0.2"),  # kubernetes-1.12.9
    13: ("v0.0.0-20190507070644-e9c02aff496d", "9.0.1"),  # kubernetes-1.13.6
    14: ("v0.0.0-20191212015046-43d571094e6f", "10.1.0"),  # kubernetes-1.14.10
    15: ("v0.0.0-20191114102923-bf973bc1a46c", "11.0.0"),  # kubernetes-1.15.6
    16: ("v0.0.0-20191114103151-9ca1dc586682", "12.0.1"),  # kubernetes-1.16.3
    17: ("v0.17.17", "17.17.0"),
    18: ("v0.18.18", "18.20.0"),
    19: ("v0.19.16", "19.15.0"),
    20: ("v0.20.15", "20.13.0"),
    21: ("v0.21.14", "21.7.0"),
    22: ("v0.22.17", "22.6.0"),
    23: ("v0.23.17", "23.6.0"),
    24: ("v0.24.1", "24.2.0"),
    25: ("v0.25.4", "25.3.0"),
    26: ("v0.26.3", "26.1.0"),
    27: ("v0.27.3", "27.2.0"),
    28: ("v0.28.3", "28.1.0"),
    29: ("v0.29.6", "29.0.0"),
    30: ("v0.30.14", "30.1.0"),
    31: ("v0.31.14", "31.0.0"),
    32: ("v0.32.13", "32.0.1"),
    33: ("v0.33.13", "33.1.0"),
    34: ("v0.34.13", "34.1.0"),
    35: ("v0.35.10", "35.0.0"),
    36: ("v0.36.6", "36.0.3"),
    37: ("v0.37.2", "37.0.2"),
}
"""For each minor the release of the Go module k8s.io/apiserver that its flags were read from, and of the Python client
`kubernetes` that its resources were read from: the one place that knows which minors there are.

Before 1.17 the module has no version tags: pseudo-versions of the commits tagged kubernetes-1.N.p. Client majors equal
Kubernetes minors from 17 on; before that the client's own changelog is the source.
"""

OLDEST = min(RELEASES)
"""The oldest minor that the matching and loading facts hold for."""

NEWEST = max(RELEASES)
"""The newest minor that the facts know."""

UNSECURED_LAST = 19
"""The last minor that serves an insecure port."""

DEFAULT_FIRST = 24
"""Where the range starts when nothing names the version that runs."""


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
        return name_of(self.first) if self.single else f"{name_of(self.first)}-{name_of(self.last)}"


ALL = Versions(OLDEST, NEWEST)
DEFAULT = Versions(DEFAULT_FIRST, NEWEST)

_MAJOR = 1000
"""Minors of Kubernetes 2 would begin here, and those of Kubernetes 0 end below 0: newer and older than all known."""

_OWN_IMAGE = r"(?:\A|/)kube-apiserver(?:-(?:amd64|arm|arm64|ppc64le|s390x))?:"
_SINGLE = r"v?([012])\.(\d{1,3})(?:\.\d+)?(?:[-+].*)?\Z"


def parse_versions(text: str) -> Versions | None:
    """`1.30`, `v1.30.4` or a range `1.29-1.34` as a range; None when it is neither.

    It may be outside of the known minors: see Versions.known.
    """
    low, dash, high = text.strip().partition("-")
    if dash and re.match(_SINGLE, high.strip()):
        first, last = _minor(low.strip()), _minor(high.strip())
    else:
        first = last = _minor(text.strip())
    return None if first is None or last is None or first > last else Versions(first, last)


def name_of(minor: int) -> str:
    """A minor as it is written: 24 is 1.24."""
    major, minor = divmod(minor, _MAJOR)
    return f"{1 + major}.{minor}"


def version_of_image(image: str) -> Versions | None:
    """The version in an image's tag (`kube-apiserver:v1.20.4-aliyun.1`), or None when it has none.

    0 and 2 count as majors of Kubernetes where the image is kube-apiserver's own; others have numbers of their own.
    """
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    tag = (tag[1:] if tag[:1] in tuple(":/@_-") else tag).removeprefix("v")
    numbers = tag[: len(tag) - len(tag.lstrip("0123456789."))].split(".")
    majors = ("0", "1", "2") if re.search(_OWN_IMAGE, image) else ("1",)
    if len(numbers) not in (2, 3) or numbers[0] not in majors or not all(numbers) or len(numbers[1]) > 2:
        return None
    minor = _of_numbers(*numbers[:2])
    return Versions(minor, minor)


def _minor(text: str) -> int | None:
    found = re.match(_SINGLE, text)
    return _of_numbers(found[1], found[2]) if found else None


def _of_numbers(major: str, minor: str) -> int:
    return (int(major) - 1) * _MAJOR + int(minor)


def refused(versions: Versions) -> str:
    """Why a version that a user requests is not taken; "" when it is."""
    if versions.first >= OLDEST:
        return ""
    return f"{name_of(versions.first)} is older than {name_of(OLDEST)}, the oldest version that is known"


def newer(versions: Versions) -> str:
    """A sentence about versions that are newer than what is known; "" where they are not."""
    if versions.last <= NEWEST:
        return ""
    return f"{name_of(versions.last)}: the newest known version is {name_of(NEWEST)}, checked by that"
