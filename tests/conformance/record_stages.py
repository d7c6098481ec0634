"""Record the stages that the audit filters write: `python tests/conformance/record_stages.py`. Needs Go."""

from __future__ import annotations

import json
import sys
from random import Random
from typing import Any

from generator import odd_requests, random_requests
from go_oracle import VERSIONS, start
from vector_files import write_lines

SEED = 20240918
REQUESTS = 3000
ANY_POLICY = json.dumps({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]})
PATHS = ("/debug/pprof", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprofx", "/debug//pprof/", "/debug%2Fpprof%2Fx")
SUBRESOURCES = ("attach", "exec", "proxy", "log", "portforward", "status", "binding", "logs", "Exec")
METHODS = ("GET", "POST", "HEAD", "OPTIONS", "WATCH", "PROXY", "DELETE")


def main() -> int:
    """Write `vectors/stages.jsonl.gz`: requests, and the stages of the events that every version writes of them."""
    rng = Random(SEED)
    requests = [*chosen(), *odd_requests(rng), *random_requests(rng, REQUESTS)]
    requests = [{**one, "panic": rng.random() < 0.1} for one in requests]
    seen = {}
    for version in VERSIONS:
        with start(version) as oracle:
            seen[version] = oracle.ask({"op": "events", "policy": ANY_POLICY, "requests": requests})["events"]
    first, *others = seen.values()
    if any(other != first for other in others):
        raise ValueError("the versions differ: the format has to say so")
    pairs = zip(requests, first, strict=True)
    write_lines("stages", [{**request, "stages": _stages(events)} for request, events in pairs])
    return 0


def chosen() -> list[dict[str, Any]]:
    """Requests on both sides of each condition of the check for long-running ones, by a user and by nobody."""
    pods = "/api/v1/namespaces/shop/pods"
    urls = [
        *PATHS,
        *(f"{pods}/web/{sub}" for sub in SUBRESOURCES),
        *(f"/apis/example.com/v1/widgets/a/{sub}" for sub in SUBRESOURCES),
        *(f"{pods}?watch={value}" for value in ("1", "true", "0", "false", "")),
        *(f"{pods}/web?watch=1", "/api/v1/watch/pods", "/api/v1/watch/namespaces/shop/pods/web"),
        *(
            "/api/v1/proxy/nodes/a",
            "/api/v1/proxy/namespaces/shop/pods/web/exec/x",
            "/exec",
            "/x/log",
            "/healthz?watch=1",
        ),
    ]
    users: list[dict[str, Any]] = [{"user": "jane", "groups": ["system:authenticated"]}, {"user": None, "groups": []}]
    return [{"method": method, "url": url, **who} for url in urls for method in METHODS for who in users]


def _stages(events: Any) -> list[str] | None:
    """None: refused before the policy is looked at."""
    return events if isinstance(events, list) else None


if __name__ == "__main__":
    sys.exit(main())
