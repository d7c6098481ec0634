"""The stages that requests go through: one by one (stages.py) and for whole classes (events.py)."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policies import policy_of, random_policy
from served import is_served, kind_of
from stage_samples import any_request, random_query

from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.analysis.evaluate import evaluate, failed_condition
from kube_audit_lint.analysis.events import by_stages
from kube_audit_lint.analysis.query import Query
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.stages import FAILED_AUTHENTICATION, LONG_RUNNING, SHORT, stages_of
from kube_audit_lint.analysis.worlds import KINDS
from kube_audit_lint.model.policy import GroupResources
from kube_audit_lint.model.version import NEWEST, Versions

VERSIONS = Versions(18, NEWEST)


def by(user: str | None, verb: str, **what: str) -> Request:
    return Request(user, frozenset(("system:authenticated",)) if user else frozenset(), verb, **what)


@pytest.mark.parametrize(
    ("request_", "stages"),
    [
        (by("jane", "get", resource="pods", name="a", namespace="b"), SHORT),
        (by("jane", "watch", resource="pods"), LONG_RUNNING),
        (by("jane", "proxy", resource="pods", name="a", namespace="b"), LONG_RUNNING),
        *(
            (by("jane", "get", resource="pods", subresource=sub, name="a", namespace="b"), LONG_RUNNING)
            for sub in ("attach", "exec", "proxy", "log", "portforward")
        ),
        (by("jane", "get", group="example.com", resource="x", subresource="log", name="a"), LONG_RUNNING),
        (by("jane", "get", resource="pods", subresource="status", name="a", namespace="b"), SHORT),
        (by("jane", "get", url="/debug/pprof/"), LONG_RUNNING),
        (by("jane", "post", url="/debug/pprof/profile"), LONG_RUNNING),
        (by("jane", "get", url="/debug/pprof"), SHORT),
        (by("jane", "get", url="/debug/pprofile/x"), SHORT),
        (by("jane", "watch", url="/healthz"), LONG_RUNNING),
        (by("jane", "get", url="/logs/exec"), SHORT),
        (by(None, "get", url="/debug/pprof/"), FAILED_AUTHENTICATION),
        (by(None, "watch", resource="pods"), FAILED_AUTHENTICATION),
    ],
)
def test_stages_of_a_request(request_: Request, stages: tuple[str, ...]) -> None:
    assert stages_of(request_) == stages


def test_each_rule_and_course_once() -> None:
    policy = policy_of("[{level: Metadata, resources: [{resources: [pods, pods/exec]}]}, {level: Request}]")
    courses = by_stages(Analysis(policy), Query((GroupResources("", ("pods/exec", "secrets")),), who=KINDS))
    assert [(found.rule, stages) for stages, found in courses] == [
        (0, LONG_RUNNING),
        (0, FAILED_AUTHENTICATION),
        (1, SHORT),
        (1, LONG_RUNNING),
        (1, FAILED_AUTHENTICATION),
    ]
    assert [stages_of(found.witness) for _, found in courses] == [stages for stages, _ in courses]


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.integers(min_value=0, max_value=2**32))
def test_no_request_goes_through_other_stages_than_its_class(seed: int) -> None:
    random = Random(seed)
    policy, query = random_policy(random), random_query(random)
    courses = {(found.rule, stages): found for stages, found in by_stages(Analysis(policy, VERSIONS), query)}
    for (rule, stages), found in courses.items():
        for kind in found.who:
            request = found.witness_for(kind)
            assert (evaluate(policy, request).rule, stages_of(request), kind_of(request)) == (rule, stages, kind)
            assert kind in query.who
            assert is_served(request, found.minors_for(kind)[-1])
            assert any(failed_condition(each, request) is None for each in query.rules())
    for _ in range(150):
        minor = random.randint(*VERSIONS)
        request = any_request(random, minor)
        if kind_of(request) in query.who and any(failed_condition(each, request) is None for each in query.rules()):
            found = courses[evaluate(policy, request).rule, stages_of(request)]
            assert minor in found.minors_for(kind_of(request))
