"""Record the vectors: `python tests/conformance/record.py`. Needs Go and its modules; takes a few minutes."""

from __future__ import annotations

import json
import sys
from random import Random
from typing import Any

from generator import odd_requests, random_policy, random_requests
from go_oracle import VERSIONS, start
from vector_files import RULE_DIGITS, pack, window, write_lines

SEED = 20240917
POLICIES = 3000
REQUESTS = 4003  # a prime: no two policies get the same fifty

ANY_POLICY = json.dumps(
    {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]},
)


def main() -> int:
    """Write every file in `vectors/`."""
    rng = Random(SEED)
    policies = [random_policy(rng) for _ in range(POLICIES)]
    odd = odd_requests(rng)
    requests = [*odd, *random_requests(rng, REQUESTS - len(odd))]
    rng.shuffle(requests)
    assert max(len(policy["rules"]) for policy in policies) <= len(RULE_DIGITS)
    seen = {version: record(version, policies, requests) for version in VERSIONS}
    write_lines("policies", policies)
    write_lines("requests", _with_attributes(requests, seen))
    return 0


def record(version: str, policies: list[Any], requests: list[Any]) -> list[Any]:
    """Write a version's decisions; what it made of each request comes back."""
    with start(version) as oracle:
        answers = (oracle.decide(json.dumps(policy), window(requests, n)) for n, policy in enumerate(policies))
        write_lines(version, [_line(answer) for answer in answers])
        return [_seen(decision) for decision in oracle.decide(ANY_POLICY, requests)["decisions"]]


def _line(answer: dict[str, Any]) -> dict[str, Any]:
    return pack(answer["decisions"]) if answer["ok"] else {"error": answer["error"]}


def _seen(decision: dict[str, Any]) -> dict[str, Any]:
    if "refused" in decision:
        return decision
    return {"attributes": {name: value for name, value in decision["attributes"].items() if value != ""}}


def _with_attributes(requests: list[Any], seen: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """One column for all versions: if ever they differ, the format has to say so."""
    first, *others = seen.values()
    for other in others:
        for request, here, there in zip(requests, first, other, strict=True):
            if here != there:
                raise ValueError(f"the versions see {request} differently: {here} and {there}")
    return [{**request, **view} for request, view in zip(requests, first, strict=True)]


if __name__ == "__main__":
    sys.exit(main())
