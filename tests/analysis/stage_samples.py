"""Random classes of requests and random requests, long-running ones and the profiler's paths among them."""

from __future__ import annotations

from random import Random

from served import Vocabulary, random_request, some

from kube_audit_lint.analysis.query import Query
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.worlds import KINDS
from kube_audit_lint.model.policy import GroupResources

ITEMS = ("pods", "pods/*", "*/exec", "pods/log", "pods/attach", "secrets", "*", "*/proxy", "nodes/*", "widgets/log")
URLS = ("*", "/debug/*", "/debug/pprof", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof*", "/healthz", "/d*")
PATHS = ("/debug/pprof", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprofx", "/debug/x", "/healthz", "/version")


def random_query(random: Random) -> Query:
    """A class of requests, some of which are long-running."""

    def maybe(values: tuple[str, ...], chance: float) -> tuple[str, ...]:
        return some(random, values) if random.random() < chance else ()

    group = random.choice(("", "", "*", "example.com"))
    entries = (GroupResources(group, maybe(ITEMS, 0.9)),) if random.random() < 0.6 else ()
    return Query(
        entries,
        verbs=maybe(Vocabulary.verbs, 0.3),
        namespaces=maybe(Vocabulary.namespaces, 0.2),
        urls=maybe(URLS, 0.4),
        users=maybe(Vocabulary.users, 0.2),
        who=some(random, KINDS),
    )


def any_request(random: Random, minor: int) -> Request:
    """A served request, long-running ones and the profiler's paths more often than by chance."""
    request = random_request(random, minor)
    if request.url is not None:
        return request._replace(url=random.choice(PATHS))
    long_running = Request(request.user, request.groups, "get", "", "pods", "log", "payments", "web")
    return random.choice((request, request, long_running._replace(subresource=random.choice(("exec", "log")))))
