"""At which stages a request leaves events, and which bodies they carry.

Sources: k8s.io/apiserver `pkg/endpoints/filters/audit.go` (WithAudit), `pkg/endpoints/filters/authn_audit.go`
(WithFailedAuthenticationAudit), `pkg/audit/request.go` (LogRequestObject, LogResponseObject) and
`pkg/server/filters/longrunning.go` (BasicLongRunningRequestCheck, with the verbs and subresources that
kube-apiserver gives it), alike from 1.10 to 1.37; the profiler's paths are long-running since 1.10
(kubernetes/kubernetes#57751).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.model.policy import LEVELS, Stage
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from kube_audit_lint.analysis.evaluate import Decision
    from kube_audit_lint.analysis.request import Request

LONG_RUNNING_VERBS = frozenset(("watch", "proxy"))
LONG_RUNNING_SUBRESOURCES = frozenset(("attach", "exec", "proxy", "log", "portforward"))
LONG_RUNNING_PATHS = "/debug/pprof/"
"""What the paths begin with whose requests are long-running."""

SHORT: tuple[Stage, ...] = ("RequestReceived", "ResponseComplete")
LONG_RUNNING: tuple[Stage, ...] = ("RequestReceived", "ResponseStarted", "ResponseComplete")
FAILED_AUTHENTICATION: tuple[Stage, ...] = ("ResponseStarted",)
"""The stages that a request goes through, in order, when nothing panics."""

_STREAMS = frozenset(("attach", "exec", "proxy", "portforward"))
_WITH_REQUEST_BODY = frozenset(("create", "update", "patch", "delete", "deletecollection"))


class Written(NamedTuple):
    """What is written of one request. stages: those that leave an event, in order; bodies are in ResponseComplete."""

    stages: tuple[Stage, ...]
    omitted: tuple[Stage, ...]
    request_body: bool
    response_body: bool


def stages_of(request: Request) -> tuple[Stage, ...]:
    """The stages that a request goes through when nothing panics, in order."""
    if request.user is None:
        return FAILED_AUTHENTICATION
    return LONG_RUNNING if is_long_running(request) else SHORT


def possible(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """The same with Panic, where a handler is called that can panic: none is for a failed authentication."""
    return stages if stages == FAILED_AUTHENTICATION else (*stages, "Panic")


def is_long_running(request: Request) -> bool:
    """Whether the start of the response is a stage of its own. Source: BasicLongRunningRequestCheck."""
    if request.verb in LONG_RUNNING_VERBS:
        return True
    if request.url is not None:
        return request.url.startswith(LONG_RUNNING_PATHS)
    return request.subresource in LONG_RUNNING_SUBRESOURCES


def written(request: Request, decision: Decision) -> Written:
    """What is written of a request under a decision."""
    if decision.level == "None":
        return Written((), (), False, False)
    stages = stages_of(request)
    kept = tuple(stage for stage in stages if stage not in decision.omit_stages)
    level = LEVELS.index(decision.level)
    bodies = "ResponseComplete" in kept and request.url is None
    return Written(
        kept,
        tuple(stage for stage in stages if stage in decision.omit_stages),
        bodies and level >= 2 and has_request_body(request),
        bodies and level >= 3 and has_response_body(request),
    )


def has_request_body(request: Request) -> bool:
    """Whether such a request carries an object that can be recorded."""
    return request.verb in _WITH_REQUEST_BODY and request.subresource not in _STREAMS


def has_response_body(request: Request) -> bool:
    """Whether the answer to such a request carries an object that can be recorded."""
    return request.verb != "watch" and request.subresource not in _STREAMS and request.subresource != "log"
