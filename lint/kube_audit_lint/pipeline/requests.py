"""The policy that a command asks about (`explain`, `test`)."""

from __future__ import annotations

from kube_audit_lint.discovery.roots import read_own
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.kubernetes.loading import Loaded, load
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.policy import Policy
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.pipeline.documents import collect
from kube_audit_lint.syntax.record import NamedTuple


class Asked(NamedTuple):
    """A policy that kube-apiserver loads, and where it is written."""

    path: str
    document: PolicyDocument
    loaded: Loaded
    policy: Policy

    def line(self, rule: int) -> int:
        """The line on which a rule begins."""
        place = self.document.at("rules", rule)
        return place.source.position(place.start)[0]

    def where(self, rule: int) -> str:
        """`path:line` of a rule."""
        return f"{self.path}:{self.line(rule)}"


def open_policy(path: str, versions: Versions | None = None) -> Asked:
    """The policy in a file, in whatever form it stands there.

    Raises OwnFileError when there is none, more than one, or one that kube-apiserver does not load.
    """
    try:
        data = read_own(path, (path,))
    except OSError as error:
        raise OwnFileError(path, error.strerror or str(error)) from error
    documents = _policies(path, data) or _policies(path, data, "policy")
    if len(documents) != 1:
        raise OwnFileError(path, f"holds {len(documents) or 'no'} audit policies; name a file that holds one")
    loaded = load(documents[0], (versions or documents[0].versions or DEFAULT).known or DEFAULT)
    if loaded.policy is None or loaded.loads_in is None:
        first = next((problem for problem in loaded.problems if problem.fatal), None)
        line = documents[0].source.position(first.place.start)[0] if first else 0
        reason = first.message if first else "a template decides what is in it"
        raise OwnFileError(path, f"kube-apiserver does not load this policy: {reason}", line)
    return Asked(path, documents[0], loaded, loaded.policy)


def _policies(path: str, data: bytes, hint: str = "") -> list[PolicyDocument]:
    one = collect(path, data, hint=hint)
    return [] if one is None else list(one.found.policies)
