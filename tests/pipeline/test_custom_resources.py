"""Groups of custom resources are closed by a list of the cluster, and by definitions in the repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from checking import Repository

from kube_audit_lint.kubernetes.custom import Custom
from kube_audit_lint.pipeline.served import _definitions

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
CRD = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {0}.{1}}}
spec:
  group: {1}
  names: {{plural: {0}, kind: X}}
  scope: {2}
  versions:
  - {{name: v1, served: true, storage: true, subresources: {{status: {{}}}}}}
"""
TABLE = """NAME             SHORTNAMES   APIVERSION                        NAMESPACED   KIND     VERBS
bindings                      v1                                true         Binding  create
pods             po           v1                                true         Pod      create,delete,get
gadgets                       example.com/v1alpha1              false        Gadget   get,list
widgets          w,wi         example.com/v1                    true         Widget   get,list
"""
LIST = {
    "kind": "APIResourceList",
    "apiVersion": "v1",
    "groupVersion": "example.com/v1",
    "resources": [
        {"name": "widgets", "singularName": "widget", "namespaced": True, "kind": "Widget", "verbs": ["get"]},
        {"name": "widgets/status", "singularName": "", "namespaced": True, "kind": "Widget", "verbs": ["get"]},
        {"name": "gadgets", "singularName": "gadget", "namespaced": False, "kind": "Gadget", "verbs": ["get"]},
    ],
}
DISCOVERY = {
    "kind": "APIGroupDiscoveryList",
    "apiVersion": "apidiscovery.k8s.io/v2",
    "items": [
        {
            "metadata": {"name": "example.com"},
            "versions": [
                {
                    "version": "v1",
                    "resources": [
                        {"resource": "widgets", "scope": "Namespaced", "subresources": [{"subresource": "status"}]},
                        {"resource": "gadgets", "scope": "Cluster"},
                    ],
                }
            ],
        }
    ],
}


def policy(group: str, *items: str, namespaces: str = "") -> str:
    spaces = f"  namespaces: [{namespaces}]\n" if namespaces else ""
    listed = ", ".join(f'"{one}"' for one in items)
    item = f'  resources:\n  - group: "{group}"\n    resources: [{listed}]\n'
    return f"{HEAD}- level: Request\n{spaces}{item}- level: Metadata\n"


def told(here: Repository, *words: str) -> list[tuple[str, str]]:
    found = here.json("--select", "unknown-resource,never-matches", *words)["findings"]
    return [(one["message"], one["help"]) for one in found]


@pytest.mark.parametrize(
    "listed",
    [TABLE, json.dumps(LIST), json.dumps(DISCOVERY), json.dumps([LIST]), f"{json.dumps(LIST)}\n{json.dumps(LIST)}"],
)
def test_a_list_of_the_cluster(listed: str, here: Repository) -> None:
    Path("served.txt").write_text(listed)
    words = ("--api-resources", "served.txt")
    here.write(audit_policy=policy("example.com", "widgets", "widgets/status", "*", "*/status", "gadgets"))
    assert told(here, *words) == []
    here.write(audit_policy=policy("example.com", "widget"))
    assert told(here) == []
    assert told(here, *words) == [
        (
            "The group `example.com` of the cluster of served.txt has no `widget`: this item matches nothing.",
            "Write `widgets`.",
        )
    ]
    here.write(audit_policy=policy("exmple.com", "widgets"))
    assert told(here, *words) == [
        (
            "The cluster of served.txt serves no group `exmple.com`: this item matches nothing.",
            "Write `group: example.com`.",
        )
    ]
    here.write(audit_policy=policy("example.com", "gadgets", "widgets", namespaces="a"))
    ((message, _),) = told(here, *words)
    assert message.startswith("`gadgets` of `example.com` are in no namespace")
    here.write(audit_policy=policy("example.com", "gadgets", namespaces='a, ""'))
    assert told(here, *words) == []


def test_an_absent_group_is_a_warning_where_another_is_meant(here: Repository) -> None:
    Path("served.txt").write_text(TABLE)
    here.write(a__audit_policy=policy("exmple.com", "widgets"), b__audit_policy=policy("metrics.k8s.io", "nodes"))
    found = here.json("--select", "unknown-resource", "--api-resources", "served.txt")["findings"]
    assert [(one["path"], one["severity"]) for one in found] == [
        ("a/audit-policy.yaml", "warning"),
        ("b/audit-policy.yaml", "info"),
    ]


def test_the_configuration_names_the_list(here: Repository) -> None:
    here.write(a__audit_policy=policy("example.com", "widget"), b__audit_policy=policy("example.com", "widget"))
    Path("a/served.txt").write_text(TABLE)
    Path("a/.kube-audit-lint.yaml").write_text("api-resources: served.txt\n")
    for words in ([], ["a/audit-policy.yaml"]):
        ((message, _),) = told(here, *words)
        assert "the cluster of a/served.txt has no `widget`" in message
    here.write(crds__widget=CRD.format("widget", "example.com", "Namespaced"))
    assert told(here) == []


def test_subresources_where_they_are_known(here: Repository) -> None:
    here.write(audit_policy=policy("example.com", "widgets/statu"))
    Path("served.txt").write_text(TABLE)
    assert told(here, "--api-resources", "served.txt") == []
    Path("served.txt").write_text(json.dumps(LIST))
    assert told(here, "--api-resources", "served.txt")[0][1] == "Write `widgets/status`."


def test_built_in_groups_are_left_to_the_versions(here: Repository) -> None:
    Path("served.txt").write_text(TABLE)
    here.write(audit_policy=policy("apps", "deployments"))
    assert told(here, "--api-resources", "served.txt") == []


def test_definitions_in_the_repository(here: Repository) -> None:
    here.write(crds__widgets=CRD.format("widgets", "example.com", "Namespaced"))
    here.write(crds__gadgets="# two\n---\n" + CRD.format("gadgets", "example.com", "Cluster"))
    here.write(a__audit_policy=policy("example.com", "widgets/status", "gadgets", "widgits"))
    here.write(b__audit_policy=policy("other.example.com", "anything"))
    expected = (
        "The group `example.com`, as the CustomResourceDefinitions of this repository define it, has no `widgits`: "
        "this item matches nothing.",
        "Write `widgets`.",
    )
    for words in ([], ["."], ["a"], ["a/audit-policy.yaml"]):
        assert told(here, *words) == [expected]
    here.write(a__audit_policy=policy("example.com", "gadgets", namespaces="a"))
    assert len(told(here)) == 1


ROLE = """kind: ClusterRole
rules:
- apiGroups: [apps]
  resources: [gizmos]
  verbs: [get]
- apiGroups:
  - example.com
  resources:
  - {0}
  - {0}/status
  verbs: [get]
"""


def test_definitions_may_be_a_part_of_their_group(here: Repository) -> None:
    """As in k0rdent/kof, whose roles name resources of a group that another repository defines."""
    here.write(crds__widgets=CRD.format("widgets", "example.com", "Namespaced"))
    here.write(a__audit_policy=policy("example.com", "gizmos"))
    (one,) = here.json("--select", "unknown-resource")["findings"]
    assert (one["severity"], one["help"]) == ("info", "There is widgets.")
    assert one["message"] == (
        "No CustomResourceDefinition of this repository defines `gizmos` of `example.com`. "
        "Where nothing else does, this item matches nothing."
    )
    here.write(role=ROLE.format("gadgets"))
    assert told(here) == []
    here.write(a__audit_policy=policy("example.com", "gadgets", "gadget", "widget"))
    assert [help for _, help in told(here)] == ["Write `gadgets`.", "Write `widgets`."]
    here.write(role="apiVersion: v1\nkind: List\n", b="apiVersion: example.com/v1\nkind: GadgetPolicy\nspec: {}\n")
    here.write(a__audit_policy=policy("example.com", "gadgetpolicies", "anything"))
    assert told(here) == []
    Path("served.txt").write_text(TABLE)
    assert len(told(here, "--api-resources", "served.txt")) == 2


@pytest.mark.parametrize(
    "text",
    [
        CRD.format("widgets", "example.com", "Namespaced") + "---\n{{ if .Values.more }}\na: [\n",
        CRD.format("widgets", "example.com", "Namespaced")
        + "---\nkind: CustomResourceDefinition\nspec: {group: example.com}\n",
        "# CustomResourceDefinition of example.com\n",
    ],
)
def test_what_may_define_more_closes_nothing(text: str, here: Repository) -> None:
    here.write(crds__more=text, crds__widgets=CRD.format("widgets", "example.com", "Namespaced"))
    here.write(audit_policy=policy("example.com", "gadgets"))
    assert told(here) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no columns NAME, APIVERSION and NAMESPACED"),
        ("widgets.example.com\n", "has no columns NAME, APIVERSION and NAMESPACED"),
        ("{", "--api-resources: Expecting property name"),
        ('{"kind": "PodList"}', "kind is PodList, not APIResourceList or APIGroupDiscoveryList"),
        ('{"kind": "APIResourceList"}', "APIResourceList without 'groupVersion'"),
        ('{"kind": "APIGroupDiscoveryList", "items": [3]}', "APIGroupDiscoveryList of another shape"),
    ],
)
def test_what_is_no_list(text: str, says: str, here: Repository) -> None:
    Path("served.txt").write_text(text)
    here.check("--api-resources", "served.txt")
    assert here.code == 2
    assert (
        f"served.txt: --api-resources: {says}".replace("--api-resources: --api-resources", "--api-resources")
        in here.error
    )


LONG = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  group: example.com
  names: {plural: widgets}
  scope: Cluster
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        properties:
          schema:
            type: string

          a: &a {type: string}
    subresources:
      status: {}
  - name: v2
    schema:
      openAPIV3Schema: {type: object}
    subresources: {scale: {}}
"""


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        LONG.replace("\n", "\r\n"),
        # What stands outside needs what stands in a schema: the whole file is read.
        LONG.replace("    subresources: {scale: {}}", "    x: *a\n    subresources: {scale: {}}"),
        # No YAML 1.1 parser reads this, but no schema is needed.
        LONG.replace("type: string\n\n", "enum: [=]\n\n"),
    ],
)
def test_schemas_are_not_needed(text: str) -> None:
    (found,) = _definitions(text.encode())
    assert found == Custom("example.com", "widgets", False, frozenset(("status", "scale")))
