"""What a user wants written."""

from __future__ import annotations

from kube_audit_lint.model.version import NEWEST
from kube_audit_lint.syntax.record import NamedTuple

CLUSTER = "your-cluster-id"
"""What stands for the id of an ACK registered cluster where none is given."""

RECEIVER = "https://audit.example.com/events"
"""What the webhook's configuration names where no URL is given."""


class Wanted(NamedTuple):
    """What `init` is to write.

    minor, release: the Kubernetes version, as 31 and as `1.31.0`. webhook: the URL that events are sent to, besides
    the log; "" for none. noise: namespaces whose service accounts' reads are dropped. detections: names of
    their sets. cluster: the id of an ACK registered cluster. into: the file that the settings
    go into, "" for one of their own. layout: the minor in whose shapes that file is written; 0 is the version's own.
    """

    minor: int
    release: str
    form: str
    profile: str = "default"
    webhook: str = ""
    noise: tuple[str, ...] = ()
    detections: tuple[str, ...] = ()
    cluster: str = CLUSTER
    into: str = ""
    layout: int = 0

    def meets(self, condition: str) -> bool:
        """Whether a condition of the data files holds: `webhook`, `noise`, `detections`, a profile, `1.31-`, `-1.30`.

        Several with a blank between them hold when each does; `!` in front is not.
        """
        return all(self._meets(one) for one in condition.split())

    def _meets(self, condition: str) -> bool:
        if condition.startswith("!"):
            return not self._meets(condition[1:])
        if condition in ("webhook", "noise", "detections", "into"):
            return bool(getattr(self, condition))
        if "." in condition:
            first, _, last = condition.partition("-")
            return _minor(first, 0) <= (self.layout or self.minor) <= _minor(last, NEWEST + 1)
        return condition == self.profile or condition in self.detections


def _minor(text: str, otherwise: int) -> int:
    return int(text.partition(".")[2]) if text else otherwise
