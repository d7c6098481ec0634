"""`Policy`: a policy as kube-apiserver loads it, and what it decides."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kube_audit_lint.analysis import request as analysis
from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.analysis.stages import written
from kube_audit_lint.auditlog.decider import Decider
from kube_audit_lint.auditlog.event import NoEventError, request_of
from kube_audit_lint.auditlog.public import count_events
from kube_audit_lint.discovery.roots import read_own
from kube_audit_lint.errors import OwnFileError, PolicyError, UsageError
from kube_audit_lint.library.counting import LogCount
from kube_audit_lint.model.policy import Level, Stage
from kube_audit_lint.pipeline.options import versions_of
from kube_audit_lint.pipeline.requests import OpenedPolicy, ways_of
from kube_audit_lint.syntax.record import NamedTuple


class Request(NamedTuple):
    """A request for a resource (`pods`, `pods/log`), or with `url` for a path that names none (`/healthz`).

    user: None for one whose authentication fails. namespace: "" for a cluster-wide request. Of an authenticated user
    kube-apiserver adds the group system:authenticated: name it, too, where you give groups.
    """

    user: str | None
    verb: str
    resource: str = ""
    group: str = ""
    namespace: str = ""
    name: str = ""
    groups: tuple[str, ...] = ("system:authenticated",)
    url: str = ""


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
    """An audit policy that kube-apiserver loads. Picklable; equal texts decide the same."""

    def __init__(self, text: str | bytes, versions: str = "", name: str = "audit-policy.yaml") -> None:
        """See `load`."""
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        try:
            ways = ways_of(name, data, versions_of(versions or None))
        except OwnFileError as error:
            raise PolicyError(error.path, error.message, error.line, error.column) from error
        if len(ways) > 1:
            raise PolicyError(name, "a template decides which rules this policy has")
        self._opened: OpenedPolicy = ways[0]
        self._decider = Decider(ways[0].policy)
        self._asked = versions
        self._given = text, versions, name
        self._decisions: dict[tuple[int, Any], Decision] = {}

    @classmethod
    def load(cls, text: str | bytes, versions: str = "", name: str = "audit-policy.yaml") -> Policy:
        """The policy in a text, in whatever form it stands there (a file, a ConfigMap, a Talos machine's).

        versions: `1.30` or `1.29-1.34`; "" for what the form says, else all from 1.24 on. Raises PolicyError (file,
        line, message of kube-apiserver) where no version of these loads it, UsageError for versions that are none.
        """
        return cls(text, versions, name)

    @classmethod
    def read(cls, path: str | os.PathLike[str], versions: str = "") -> Policy:
        """The policy in a file. Raises what `load` raises, and OSError."""
        name = os.fspath(path)
        return cls(read_own(name, (name,)), versions, name)

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
        asked = _event(request) if isinstance(request, Mapping) else _request(request)
        return self._decision(asked)

    def decide_many(self, events: Iterable[Request | Mapping[str, Any]]) -> Iterator[Decision]:
        """The same for each of many, one at a time and in their order."""
        return map(self.decide, events)

    def count(self, events: Iterable[str | bytes | Mapping[str, Any]]) -> LogCount:
        """The sums of some events of a log, lines or events that are read already: see LogCount.

        Lines are the quicker way, for little more is decoded of them than what a policy looks at.
        """
        return LogCount(self._opened.policy, count_events([self._opened.policy], events))

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


def _request(one: Request) -> analysis.Request:
    if bool(one.url) == bool(one.resource):
        raise UsageError("a request has either a resource or a url")
    groups = frozenset(one.groups) if one.user is not None else frozenset[str]()
    if one.url:
        return analysis.Request(one.user, groups, one.verb, url=one.url)
    resource, _, subresource = one.resource.partition("/")
    return analysis.Request(one.user, groups, one.verb, one.group, resource, subresource, one.namespace, one.name)


def _event(event: Mapping[str, Any]) -> analysis.Request:
    """The request of an event of kube-apiserver's log."""
    try:
        return request_of(dict(event))
    except NoEventError as error:
        raise UsageError(f"this is no audit event: {error}") from error
