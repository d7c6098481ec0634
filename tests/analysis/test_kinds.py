"""Which kinds of requests a rule decides, against the answers about each kind."""

from __future__ import annotations

from random import Random

import pytest
from policies import policy_of, random_policy

from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.analysis.kinds import kinds
from kube_audit_lint.analysis.query import Query
from kube_audit_lint.analysis.worlds import KINDS
from kube_audit_lint.kubernetes import resources as catalogue
from kube_audit_lint.model.policy import GroupResources
from kube_audit_lint.model.version import DEFAULT, Versions


def test_a_small_policy() -> None:
    text = """
    - {level: None, users: [jane], verbs: [get, list], resources: [{group: "", resources: [pods, pods/log]}]}
    - {level: Metadata, nonResourceURLs: [/healthz]}
    - {level: Request, resources: [{group: "", resources: [pods]}]}
    """
    found = kinds(Analysis(policy_of(text), DEFAULT))
    pods, log = ("", "pods", ""), ("", "pods", "log")
    assert set(found[0]) == {(pods, "get"), (pods, "list"), (log, "get")}  # a subresource is not listed
    assert {path for path, _ in found[1]} == {"/healthz"}
    assert len(found[1]) == 7  # HTTP methods
    assert {verb for _, verb in found[2]} == set(catalogue.find("", "pods")[-1].verbs)
    assert (pods, "get") not in found[NO_RULE]
    assert (log, "get") in found[NO_RULE]  # of everybody but jane


@pytest.mark.parametrize("seed", range(25))
def test_every_kind_has_the_rules_that_decide_it(seed: int) -> None:
    rng = Random(seed)
    policy = random_policy(rng)
    analysis = Analysis(policy, Versions(28, 31))
    found = kinds(analysis)
    assert set(found) == set(analysis.whole)
    every = sorted({kind for each in found.values() for kind in each if not isinstance(kind[0], str)})
    built_in = [kind for kind in every if catalogue.is_builtin_group(kind[0][0])]
    for resource, verb in rng.sample(built_in, 12):
        group, name, sub = resource
        item = GroupResources(group, (f"{name}/{sub}" if sub else str(name),))
        asked = Query(resources=(item,), verbs=(verb,), who=KINDS)
        deciding = {one.rule for one in Analysis(policy, Versions(28, 31)).levels(asked)}
        assert {rule for rule, each in found.items() if (resource, verb) in each} == deciding, (resource, verb)
