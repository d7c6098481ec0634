"""`Policy`: a policy as kube-apiserver loads it, and what it decides."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kube_audit_lint.analysis import request as analysis
from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.analysis.stages import written
from kube_audit_lint.auditlog.decider import Decider
from kube_audit_lint.auditlog.public import count_events
from kube_audit_lint.discovery.roots import read_own
from kube_audit_lint.errors import OwnFileError, PolicyError
from kube_audit_lint.library import given
from kube_audit_lint.library.counting import LogCount
from kube_audit_lint.library.requests import Request, event_line, request_from
from kube_audit_lint.model.policy import Level, Stage
from kube_audit_lint.model.version import Versions, newer
from kube_audit_lint.pipeline.requests import OpenedPolicy, ways_of
from kube_audit_lint.syntax.record import NamedTuple


class Decision(NamedTuple):
    """What is recorded of a request. rule, line: the rule that decides, from 1, and where it begins; None for none.

    stages: those at which an event is written; none at the level None. request_body, response_body: whether the bodies
    are in it.
    """

    level: Level
    rule: int | None
    line: int | None
    stages: tuple[Stage, ...]
    request_body: bool
    response_body: bool

    @property
    def recorded(self) -> bool:
        """Whether any event is written."""
        return bool(self.stages)


class Policy:
    """An audit policy that kube-apiserver loads. Picklable; equal texts decide the same.

    notes: what is to be known of the versions that it was loaded for, such as that one of them is not known yet.
    """

    def __init__(self, text: str | bytes, versions: str = "", name: str = "audit-policy.yaml") -> None:
        """See `load`."""
        data, name = given.content(text, "the text of a policy"), given.path(name, "the name of a policy")
        requested = given.versions(versions)
        try:
            ways = ways_of(name, data, requested)
        except OwnFileError as error:
            raise PolicyError(error.path, error.message, error.line, error.column) from error
        if len(ways) > 1:
            raise PolicyError(name, "a template decides which rules this policy has")
        self._opened: OpenedPolicy = ways[0]
        self._decider = Decider(ways[0].policy)
        self._requested = requested
        self.notes = notes_of(requested)
        self._given = text, versions, name
        self._decisions: dict[tuple[int, Any], Decision] = {}

    @classmethod
    def load(cls, text: str | bytes, versions: str = "", name: str = "audit-policy.yaml") -> Policy:
        """The policy in a text, in any form (a file, a ConfigMap, a Talos machine's).

        versions: `1.30` or `1.29-1.34`; "" for those of the form, else all from 1.24 on. Raises PolicyError (file,
        line, message of kube-apiserver) where no version of these loads it, UsageError for versions that are none.
        """
        return cls(text, versions, name)

    @classmethod
    def read(cls, path: str | os.PathLike[str], versions: str = "") -> Policy:
        """The policy in a file. Raises what `load` raises, and OwnFileError for a file that cannot be read."""
        name = given.path(path, "what is read")
        try:
            data = read_own(name, (name,))
        except OSError as error:
            raise OwnFileError(name, error.strerror or str(error)) from error
        return cls(data, versions, name)

    @property
    def versions(self) -> str:
        """The Kubernetes versions in which it loads, such as `1.24-1.37`."""
        return str(self._opened.loaded.loads_in)

    @property
    def rules(self) -> int:
        """How many rules it has."""
        return len(self._opened.policy.rules)

    def decide(self, request: Request | Mapping[str, Any]) -> Decision:
        """What is recorded of a request, or of the request of an audit event. Raises UsageError for neither."""
        return self._decision(request_from(request, self._opened.loaded.policy_versions))

    def decide_many(self, events: Iterable[Request | Mapping[str, Any]]) -> Iterator[Decision]:
        """The same for each of many, one at a time and in their order."""
        return map(self.decide, given.several(events, "events", "requests or events"))

    def count(self, events: Iterable[str | bytes | Mapping[str, Any]]) -> LogCount:
        """The sums of some events of a log, lines or events that are read already: see LogCount.

        Lines are the quicker way, for little more is decoded of them than what a policy looks at.
        """
        lines = map(event_line, given.several(events, "events", "lines or events"))
        return LogCount(self._opened.policy, count_events([self._opened.policy], lines))

    def _decision(self, request: analysis.Request) -> Decision:
        found = self._decider.decision(self._decider.rule_of(request))
        what = written(request, found)
        key = (found.rule, what)
        known = self._decisions.get(key)
        if known is None:
            none = found.rule == NO_RULE
            line = None if none else self._opened.line(found.rule)
            rule = None if none else found.rule + 1
            known = Decision(found.level, rule, line, what.stages, what.request_body, what.response_body)
            self._decisions[key] = known
        return known

    def __reduce__(self) -> tuple[type[Policy], tuple[str | bytes, str, str]]:
        return Policy, self._given

    def __repr__(self) -> str:
        return f"<Policy {self._given[2]}: {self.rules} rules, Kubernetes {self.versions}>"


def notes_of(versions: Versions | None) -> tuple[str, ...]:
    """What is to be known of requested versions: that they are newer than what is known."""
    return (newer(versions),) if versions is not None and newer(versions) else ()
