"""Policies that fool a reader, or a linter that compares names."""

from __future__ import annotations

import pytest
from policies import policy_of

from kube_audit_lint.analysis.analysis import Analysis
from kube_audit_lint.analysis.describe import describe
from kube_audit_lint.analysis.difference import difference
from kube_audit_lint.analysis.evaluate import NO_RULE
from kube_audit_lint.analysis.query import RESOURCES, Query
from kube_audit_lint.model.policy import GroupResources
from kube_audit_lint.model.version import DEFAULT, NEWEST, Versions
from kube_audit_lint.pipeline.single import groups_of

SECRETS = Query(resources=(GroupResources("", ("secrets",)),))
EXEC = Query(resources=(GroupResources("", ("pods/exec",)),))


def analysis_of(text: str, versions: Versions = DEFAULT) -> Analysis:
    return Analysis(policy_of(text), versions)


def levels(analysis: Analysis, query: Query) -> list[tuple[int, str]]:
    return [(found.rule, found.level) for found in analysis.levels(query)]


def test_a_none_first_hides_everything_after_it() -> None:
    analysis = analysis_of("""
        - level: None
        - {level: Metadata, resources: [{resources: [secrets]}]}
    """)
    reach = analysis.reach(1)
    assert not reach
    assert [(blocker.rule, blocker.same_outcome) for blocker in reach.blockers] == [(0, False)]
    assert not analysis.recorded_at_all()


@pytest.mark.parametrize(
    "condition",
    [
        "verbs: [get]",
        "users: [jane]",
        "userGroups: [devs]",
        "resources: [{resources: [secrets], resourceNames: [db]}]",
        "namespaces: [shop]",
        "resources: [{group: apps, resources: [secrets]}]",
    ],
)
def test_a_rule_with_one_more_condition_hides_nothing(condition: str) -> None:
    analysis = analysis_of(f"""
        - {{level: None, {condition}}}
        - {{level: Metadata, resources: [{{resources: [secrets]}}]}}
    """)
    assert analysis.reach(1).minors == tuple(range(24, NEWEST + 1))


def test_metadata_for_secrets_limited_to_a_namespace_leaves_the_rest_to_the_catch_all() -> None:
    analysis = analysis_of("""
        - {level: Metadata, namespaces: [kube-system], resources: [{resources: [secrets]}]}
        - {level: RequestResponse}
    """)
    assert levels(analysis, SECRETS) == [(0, "Metadata"), (1, "RequestResponse")]
    assert describe(analysis.levels(SECRETS)[1].witness) == "kubectl get secret db-password -n payments by jane"


def test_deployments_of_the_core_group_do_not_exist() -> None:
    analysis = analysis_of("[{level: Request, resources: [{resources: [deployments]}]}, {level: Metadata}]")
    reach = analysis.reach(0)
    assert not reach
    assert reach.blame == ("resources",)
    assert not reach.blockers


def test_all_stages_omitted_is_not_recorded() -> None:
    stages = "[RequestReceived, ResponseStarted, ResponseComplete, Panic]"
    assert not analysis_of(f"- {{level: Metadata, omitStages: {stages}}}").recorded_at_all()


def test_an_earlier_rule_takes_the_bodies() -> None:
    analysis = analysis_of("""
        - {level: Metadata, resources: [{resources: [secrets, configmaps]}]}
        - {level: RequestResponse, resources: [{group: ""}]}
    """)
    assert levels(analysis, SECRETS) == [(0, "Metadata")]
    taken = analysis_of("""
        - {level: Metadata, resources: [{resources: ["*"]}]}
        - {level: Request, resources: [{resources: [pods, services]}]}
    """).reach_value(1, "resources", 0, 0)
    assert [(blocker.rule, blocker.same_outcome) for blocker in taken.blockers] == [(0, False)]


def test_a_star_of_subresources_takes_the_plain_resource_too() -> None:
    analysis = analysis_of("""
        - {level: None, resources: [{resources: ["pods/*"]}]}
        - {level: Request, resources: [{resources: [pods, pods/log]}]}
    """)
    assert not analysis.reach(1)
    assert analysis.reach(1).blockers[0].rule == 0


def test_a_plain_resource_does_not_take_its_subresources() -> None:
    analysis = analysis_of("""
        - {level: None, resources: [{resources: [pods]}]}
        - {level: Request, resources: [{resources: [pods, pods/log]}]}
    """)
    assert analysis.reach(1)
    assert not analysis.reach_value(1, "resources", 0, 0)
    assert analysis.reach_value(1, "resources", 0, 1)


def test_the_empty_namespace_is_cluster_scope_and_lists_of_all_namespaces() -> None:
    analysis = analysis_of('[{level: None, namespaces: [""]}, {level: Metadata}]')
    assert levels(analysis, Query(resources=(GroupResources("", ("nodes",)),))) == [(0, "None")]
    assert levels(analysis, SECRETS._replace(verbs=("get",))) == [(1, "Metadata")]
    assert levels(analysis, SECRETS._replace(verbs=("list",))) == [(0, "None"), (1, "Metadata")]
    one_namespace = Query(resources=(GroupResources("", ("namespaces",)),), verbs=("get",))
    assert levels(analysis, one_namespace) == [(1, "Metadata")]


def test_authenticated_then_unauthenticated_is_everybody_with_a_user() -> None:
    text = """
        - {level: Metadata, userGroups: [system:authenticated]}
        - {level: Metadata, userGroups: [system:unauthenticated]}
        - level: Request
    """
    analysis = analysis_of(text, Versions(29, NEWEST))
    assert analysis.reach(2)
    found = analysis.whole[2]
    assert found.who == ("nobody",)
    assert found.witness.user is None
    assert analysis.unmatched(Query()) is None


def test_the_loopback_user_is_in_no_such_group_before_1_29() -> None:
    analysis = analysis_of("- {level: Metadata, userGroups: [system:authenticated, system:unauthenticated]}")
    unmatched = analysis.unmatched(Query())
    assert unmatched is not None
    assert unmatched.minors == tuple(range(24, 29))
    assert unmatched.who == ("control-plane",)
    assert unmatched.witness.user == "system:apiserver"


def test_two_rules_that_together_shadow_a_third() -> None:
    analysis = analysis_of("""
        - {level: None, verbs: [get, list, watch], resources: [{group: apps}]}
        - {level: Metadata, verbs: [create, update, patch, delete, deletecollection], resources: [{group: apps}]}
        - {level: Request, resources: [{group: apps, resources: [deployments]}]}
    """)
    blockers = analysis.reach(2).blockers
    assert {blocker.rule for blocker in blockers} == {0, 1}
    assert blockers[0].rule == 1, "the greater share first"


def test_a_blocker_that_is_not_needed_is_not_named() -> None:
    analysis = analysis_of("""
        - {level: None, users: [jane]}
        - {level: None, resources: [{resources: ["*"]}]}
        - {level: Request, resources: [{resources: [pods]}]}
    """)
    assert [blocker.rule for blocker in analysis.reach(2).blockers] == [1]


def test_dead_only_because_nothing_serves_it() -> None:
    analysis = analysis_of("""
        - {level: None, verbs: [get, list, watch, create, update, patch, delete, deletecollection]}
        - {level: Metadata, resources: [{resources: [secrets]}]}
    """)
    assert not analysis.reach(1)


def test_exec_by_get_escapes_a_rule_for_create() -> None:
    analysis = analysis_of("""
        - {level: Metadata, verbs: [create], resources: [{resources: [pods/exec]}]}
        - {level: None, verbs: [get, list, watch]}
        - level: Metadata
    """)
    hidden = [found for found in analysis.levels(EXEC) if found.level == "None"]
    assert [found.witness.verb for found in hidden] == ["get"]
    assert "kubectl exec" in describe(hidden[0].witness)


def test_only_the_control_plane_is_hidden() -> None:
    analysis = analysis_of("""
        - {level: None, userGroups: [system:nodes]}
        - {level: None, users: [system:kube-scheduler]}
        - {level: None, userGroups: [system:serviceaccounts:kube-system]}
        - level: Metadata
    """)
    ordinary = analysis.levels(SECRETS._replace(who=("ordinary",)))
    assert [found.rule for found in ordinary] == [3]
    assert all(found.who == ("control-plane",) for found in analysis.levels(SECRETS)[:3])


def test_a_resource_that_only_newer_minors_serve() -> None:
    analysis = analysis_of("[{level: Metadata, resources: [{resources: [pods/resize]}]}, {level: None}]")
    assert analysis.reach(0).minors == tuple(range(32, 38))


def test_the_insecure_port_is_gone_but_its_name_is_free() -> None:
    text = "[{level: None, users: [system:unsecured]}, {level: Metadata}]"
    assert analysis_of(text).reach(0).witness.user == "system:unsecured"
    with_groups = "[{level: None, userGroups: [devs]}, {level: None, users: [system:unsecured]}, {level: Metadata}]"
    assert analysis_of(with_groups, Versions(18, 19)).reach(1).minors == (18, 19)


def test_nobody_is_called_star() -> None:
    for condition in ('users: ["*"]', 'userGroups: ["*"]', 'namespaces: ["*"]', 'users: ["system:serviceaccount:a:*"]'):
        text = f"[{{level: None, {condition}}}, {{level: Metadata}}]"
        assert analysis_of(text).reach(0).blame != ()


def test_redundant_only_when_the_outcome_is_the_same() -> None:
    analysis = analysis_of("""
        - {level: Metadata, resources: [{resources: [secrets]}]}
        - {level: None, users: [jane], resources: [{group: apps}]}
        - {level: None, resources: [{group: apps}]}
        - {level: Metadata}
    """)
    assert [analysis.redundant(rule) for rule in range(4)] == [True, True, False, False]


def test_unmatched_says_what_falls_through() -> None:
    analysis = analysis_of("- {level: Metadata, resources: [{group: ''}, {group: apps}]}")
    unmatched = analysis.unmatched(Query(resources=(RESOURCES,)))
    assert unmatched is not None
    assert unmatched.rule == NO_RULE
    assert unmatched.witness.group not in ("", "apps")


def _failures_recorded(text: str) -> bool:
    """Whether some failed authentication leaves its one event, which is at ResponseStarted."""
    analysis = analysis_of(text)
    leaving = analysis.deciding(lambda one: one.level != "None" and "ResponseStarted" not in one.omit_stages)
    return bool(analysis.levels(Query(who=("nobody",)), leaving))


def test_failed_authentication_needs_response_started() -> None:
    assert not _failures_recorded("- {level: Metadata, omitStages: [ResponseStarted]}")
    assert not _failures_recorded("- {level: Metadata, userGroups: [system:authenticated]}")
    assert _failures_recorded("- {level: Metadata, nonResourceURLs: [/healthz]}")


def test_difference_names_both_rules() -> None:
    before = policy_of("[{level: Metadata, resources: [{resources: [secrets]}]}, {level: Request}]")
    after = policy_of("[{level: Request}]")
    (found,) = difference(before, after)
    assert (found.before.level, found.after.level) == ("Metadata", "Request")
    assert found.witness.resource == "secrets"


def test_a_prefix_takes_what_starts_so() -> None:
    analysis = analysis_of("""
        - {level: None, nonResourceURLs: ["/api*"]}
        - {level: Request, nonResourceURLs: ["/apis", "/apis/*"]}
    """)
    assert not analysis.reach(1)


def test_a_url_of_a_resource_is_never_a_url() -> None:
    analysis = analysis_of("- {level: None, nonResourceURLs: [/api/v1/pods]}")
    assert analysis.reach(0).blame == ("non_resource_urls",)


def test_requests_by_every_kind_of_user_are_described() -> None:
    analysis = analysis_of("""
        - {level: Metadata, users: ["system:serviceaccount:shop:cart"]}
        - {level: Metadata, userGroups: [system:masters], verbs: [deletecollection]}
        - {level: Metadata, users: [system:anonymous]}
        - {level: Metadata, nonResourceURLs: [/healthz*]}
        - {level: Metadata, userGroups: [system:authenticated]}
        - {level: Metadata}
    """)
    described = [describe(analysis.whole[rule].witness) for rule in range(6)]
    assert described == [
        "kubectl get secret db-password -n payments by system:serviceaccount:shop:cart",
        "DELETE /api/v1/namespaces/payments/secrets by kubernetes-admin (system:masters)",
        "kubectl get secret db-password -n payments by system:anonymous",
        "curl -k https://API-SERVER/healthz by jane",
        "kubectl get secret db-password -n payments by jane",
        "kubectl get secret db-password -n payments by system:apiserver (groups: system:masters)",
    ]


@pytest.mark.parametrize(
    ("rules", "senders"),
    [
        ("{level: Request, userGroups: [devs], verbs: [get]}, {level: Metadata}", ["jane (devs)", "jane"]),
        ("{level: None, userGroups: [system:unauthenticated, devs]}, {level: Metadata}", ["jane (devs)", "jane"]),
        ("{level: None, userGroups: [system:bootstrappers]}", ["system:bootstrap:abcdef (system:bootstrappers)"]),
        ("{level: None, userGroups: ['system:serviceaccounts:ci']}", ["system:serviceaccount:ci:web"]),
        ("{level: None, users: [<user>, bob]}, {level: Metadata}", ["bob", "jane"]),
        ("{level: None, userGroups: ['{{ g }}', $G, devs]}, {level: Metadata}", ["jane (devs)", "jane"]),
        ("{level: None, users: [system:odd, zoe]}", ["zoe"]),
    ],
)
def test_a_witness_is_sent_by_whom_a_reader_knows(rules: str, senders: list[str]) -> None:
    analysis = analysis_of(f"[{rules}]", Versions(30, 30))
    found = [describe(each.witness).partition(" by ")[2] for each in analysis.levels() if each.rule != NO_RULE]
    assert found == senders


def test_a_placeholder_is_no_namespace_where_another_will_do() -> None:
    found = analysis_of("[{level: None, namespaces: ['${NS}', kube-public]}, {level: Metadata}]").whole
    assert found[0].witness.namespace == "kube-public"


@pytest.mark.parametrize(
    ("user", "minor", "groups"),
    [
        ("system:apiserver", 28, {"system:masters"}),
        ("system:apiserver", 29, {"system:masters", "system:authenticated"}),
        ("system:unsecured", 19, {"system:masters", "system:authenticated"}),
        ("system:unsecured", 20, {"system:authenticated"}),
        ("system:anonymous", 30, {"system:unauthenticated"}),
    ],
)
def test_explain_gives_a_user_the_groups_that_the_analysis_does(user: str, minor: int, groups: set[str]) -> None:
    assert groups_of(user, (), minor) == groups
    found = analysis_of(f"- {{level: Metadata, users: ['{user}']}}", Versions(minor, minor)).whole[0]
    assert found.witness.groups == groups


def test_what_a_prefix_takes_beside_all_that_looks_like_it() -> None:
    analysis = analysis_of("""
        - {level: None, nonResourceURLs: [/metrics, "/metrics/*", "/metrics-*", "/metricsx*"]}
        - {level: Metadata, nonResourceURLs: ["/metrics*"]}
        - {level: None, nonResourceURLs: ["/api/v1//", "/api/v1///*"]}
        - {level: Metadata, nonResourceURLs: ["/api/v1/*"]}
        - {level: Request, nonResourceURLs: ["/api/v1/nodes/*", "/apis/apps/v1/x"]}""")
    assert analysis.reach(1)
    assert analysis.reach(3).witness.url == "/api/v1/"  # type: ignore[union-attr]
    assert analysis.reach_value(4, "non_resource_urls", 0).minors == ()
    assert analysis.reach_value(2, "non_resource_urls", 0)
    assert analysis.reach_value(2, "non_resource_urls", 1)
    assert not analysis.reach(4)
