"""Counts decisions of both twins over random policies and requests: `python tests/analysis/twins.py 1000000`.

The plain reference decides each request by itself; the symbolic twin by the bits of its alternatives, and by
whether its one walk over all requests said that the rule decides such a request in that minor.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "lint")]

from policies import random_policy  # noqa: E402
from served import kind_of, random_request  # noqa: E402

from kube_audit_lint.analysis.analysis import Analysis  # noqa: E402 - after the path is set
from kube_audit_lint.analysis.evaluate import NO_RULE, evaluate  # noqa: E402
from kube_audit_lint.analysis.request import Request  # noqa: E402
from kube_audit_lint.analysis.symbolic import Conditions  # noqa: E402
from kube_audit_lint.model.version import NEWEST, Versions  # noqa: E402

VERSIONS = Versions(16, NEWEST)


def symbolic_bits(conditions: Conditions, request: Request) -> int:
    """The alternatives that accept every dimension of a request."""
    if request.user is None:
        who = conditions.any_user & conditions.any_group
    else:
        groups = conditions.any_group
        for group in request.groups:
            groups |= conditions.groups.get(group, 0)
        who = conditions.users.get(request.user, conditions.any_user) & groups
    bits = who & conditions.verbs.get(request.verb, conditions.any_verb)
    if request.url is not None:
        return bits & conditions.accepts_url(request.url)
    bits &= conditions.accepts_resource((request.group, request.resource, request.subresource))
    bits &= conditions.namespaces.get(request.namespace, conditions.any_namespace)
    return bits & conditions.names.get(request.name, conditions.any_name)


def symbolic_rule(analysis: Analysis, request: Request) -> int:
    """The rule that the lowest bit belongs to."""
    bits = symbolic_bits(analysis.conditions, request)
    lowest = bits & -bits
    rule = next(rule for rule, own in enumerate(analysis.conditions.rule_bits) if own & lowest)
    return rule if rule < len(analysis.policy.rules) else NO_RULE


def disagreements(total: int, seed: int = 0, share: int = 250) -> tuple[int, list[str]]:
    """How many decisions were compared, and where the twins differ."""
    random = Random(seed)
    pool = [(minor, random_request(random, minor)) for minor in VERSIONS_LISTED for _ in range(1000)]
    count, wrong = 0, []
    while count < total:
        analysis = Analysis(random_policy(random, 20), VERSIONS)
        for minor, request in random.sample(pool, share):
            count += 1
            rule = evaluate(analysis.policy, request).rule
            found = analysis.whole.get(rule)
            known = found is not None and minor in found.minors_for(kind_of(request))
            if symbolic_rule(analysis, request) != rule or not known:
                wrong.append(f"1.{minor} {request!r}\n  {analysis.policy!r}")
    return count, wrong


VERSIONS_LISTED = range(VERSIONS.first, VERSIONS.last + 1)


def main() -> int:
    """Compares, prints, and fails when the twins differ."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    start = time.perf_counter()
    count, wrong = disagreements(total, seed)
    print(f"{count:,} decisions in {time.perf_counter() - start:.0f} s, {len(wrong)} disagreements (seed {seed})")
    print("\n".join(wrong[:5]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
