"""kops' Cluster: settings, file assets, mounts, and what kops drops or refuses."""

from __future__ import annotations

from base64 import b64encode
from textwrap import indent

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, policy_in, server_in

HEAD = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: a.example.com}\nspec:\n"
SETTINGS = """auditLogPath: /var/log/audit/audit.log
auditLogMaxAge: 30
auditLogMaxBackups: 10
auditLogMaxSize: 100
auditPolicyFile: /srv/kubernetes/kube-apiserver/policy.yaml
"""


def cluster(settings: str = SETTINGS, more: str = "kubernetesVersion: 1.30.2\n", head: str = HEAD) -> str:
    return head + indent(more + "kubeAPIServer:\n" + indent(settings, "  "), "  ")


def asset(content: str, path: str = "/srv/kubernetes/kube-apiserver/policy.yaml", more: str = "") -> str:
    return f"fileAssets:\n- name: policy\n  path: {path}\n{more}  content: |\n" + indent(content, "    ")


def test_settings_become_flags() -> None:
    server = server_in(cluster())
    assert flags(server) == {
        "audit-log-maxage": "30",
        "audit-log-maxbackup": "10",
        "audit-log-maxsize": "100",
        "audit-log-path": "/var/log/audit/audit.log",
        "audit-policy-file": "/srv/kubernetes/kube-apiserver/policy.yaml",
    }
    flag = server.flag("audit-log-maxbackup")
    assert flag is not None
    assert (flag.place.text, flag.written) == ("auditLogMaxBackups: 10", "auditLogMaxBackups")
    assert cluster()[flag.value_place.start : flag.value_place.end] == "10"
    assert str(server.versions) == "1.30"
    assert server.version_place is not None
    assert server.version_place.text == "1.30.2"
    assert not server.partial
    assert not misshapes(cluster())


@pytest.mark.parametrize("api", ["kops/v1alpha2", "kops.k8s.io/v1alpha3"])
def test_groups(api: str) -> None:
    assert flags(server_in(cluster(head=HEAD.replace("kops.k8s.io/v1alpha2", api))))


def test_empty_settings_make_no_flag() -> None:
    server = server_in(cluster('auditLogPath: ""\nauditPolicyFile:\nauditLogMaxAge: 0\n'))
    assert flags(server) == {"audit-log-maxage": "0"}


def test_webhook_settings() -> None:
    server = server_in(cluster("auditWebhookBatchMaxWait: 5s\nauditWebhookBatchThrottleQps: 500m\n"))
    assert server.value("audit-webhook-batch-max-wait") == "5s"
    assert server.value("audit-webhook-batch-throttle-qps") == "0.5"


def test_a_cluster_without_a_section() -> None:
    text = HEAD + "  kubernetesVersion: v1.31.0\n  # audit-policy\n"
    server = server_in(text)
    assert not server.flags
    assert server.place.text == "kubernetesVersion"


def mounted(text: str) -> dict[str, bool]:
    return {mount.path.text: mount.read_only for mount in server_in(text).mounts or ()}


def test_mounts_of_kops() -> None:
    log = {"/var/log/audit": False}
    own = "/srv/kubernetes/kube-apiserver"
    assert mounted(cluster()) == {own: True, **log}
    assert mounted(cluster(SETTINGS.replace(own, "/etc/audit"))) == {own: True, "/etc/audit": True, **log}
    assert mounted(cluster(more="kubernetesVersion: 1.21.0\n"))["/srv/kubernetes"]
    assert mounted(cluster("auditLogPath: '-'\n")) == {own: True}


def test_the_webhook_lies_elsewhere() -> None:
    server = server_in(cluster(SETTINGS + "auditWebhookConfigFile: /etc/webhook.yaml\n"))
    assert not any(mount.path.text == "/etc" for mount in server.mounts or ())


ONE_DIRECTORY = "auditLogPath: /var/lib/audit/log\nauditPolicyFile: /var/lib/audit/policy.yaml\n"


def test_log_and_policy_in_one_directory() -> None:
    assert misshapes(cluster(ONE_DIRECTORY)) == [("wrong-shape", "/var/lib/audit/log")]
    assert not misshapes(cluster(ONE_DIRECTORY, "kubernetesVersion: 1.20.0\n"))
    assert not misshapes(cluster(ONE_DIRECTORY, ""))
    assert server_in(cluster(ONE_DIRECTORY)).mounts is None


def test_the_policy_among_the_file_assets() -> None:
    text = cluster(more=asset(POLICY) + "kubernetesVersion: 1.30.2\n")
    policy = policy_in(text)
    assert linked(("cluster.yaml", text)) is not None
    assert policy.names == ("/srv/kubernetes/kube-apiserver/policy.yaml",)
    assert str(policy.versions) == "1.30"
    place = policy.at("rules", 0, "level")
    assert text[place.start : place.end] == "Metadata"


def test_an_asset_without_a_path() -> None:
    content = indent(POLICY, "    ")
    more = f"fileAssets:\n- name: policy.yaml\n  content: |\n{content}"
    text = cluster("auditPolicyFile: /srv/kubernetes/assets/policy.yaml\n", more)
    assert linked(("cluster.yaml", text)) is not None


def test_an_asset_for_nodes_only_is_not_on_the_control_plane() -> None:
    text = cluster(more=asset(POLICY, more="  roles: [Node]\n"))
    assert [file.path for file in server_in(text).files] == [""]
    assert server_in(cluster(more=asset(POLICY, more="  roles: [Node, Master]\n"))).files


def test_the_asset_that_is_read_is_a_policy_whatever_it_says() -> None:
    text = cluster(more=asset("kind: Policy\n"))
    assert policy_in(text).place.text == "kind: Policy"


def encoded(policy: str, padding: bool) -> str:
    letters = b64encode(policy.encode()).decode()
    letters = letters if padding else letters.rstrip("=")
    more = f"fileAssets:\n- path: /srv/kubernetes/kube-apiserver/policy.yaml\n  isBase64: true\n  content: {letters}\n"
    return cluster(more=more)


@pytest.mark.parametrize("blanks", [0, 1, 2])
def test_base64(blanks: int) -> None:
    policy = POLICY + "#" * blanks
    text = encoded(policy, padding=False)
    assert policy_in(text).at("rules", 0, "level").text
    assert not misshapes(text)
    padded = len(policy) % 3 != 0
    assert misshapes(encoded(policy, padding=True)) == ([("wrong-shape", "=")] if padded else [])


def test_a_policy_that_is_no_string() -> None:
    more = "fileAssets:\n- path: /a.yaml\n  content:\n" + indent(POLICY, "    ")
    assert misshapes(cluster(more=more)) == [("wrong-shape", "apiVersion")]


def test_types() -> None:
    text = cluster('auditLogMaxAge: "30"\nauditLogPath: 5\nauditLogMaxSize: [1]\nauditWebhookBatchThrottleQps: 1.5\n')
    assert [place for _, place in misshapes(text)] == ['"30"', "[", "5"]
    assert flags(server_in(cluster("auditLogMaxAge: 30\n"))) == {"audit-log-maxage": "30"}
    assert server_in(text).value("audit-log-maxage") == "30"


def helps(text: str) -> dict[str, str]:
    return {shape.place.text: shape.help for shape in found_in(text).misshapes if shape.kind == "unknown-key"}


def test_names_that_are_no_settings() -> None:
    settings = "auditLogMaxBackup: 10\naudit-log-maxage: 30\nauditLogBatchMaxSize: 1\nAuditPolicyFile: /a\n"
    assert helps(cluster(settings)) == {
        "auditLogMaxBackup": "Write `auditLogMaxBackups`.",
        "audit-log-maxage": "Write `auditLogMaxAge`.",
        "auditLogBatchMaxSize": "",
        "AuditPolicyFile": "Write `auditPolicyFile`.",
    }


def test_settings_at_a_wrong_place() -> None:
    assert helps(cluster(more="auditLogPath: /a\n")) == {"auditLogPath": "Write it below `kubeAPIServer`."}
    assert helps(HEAD.replace("spec:", "spec: {}") + "kubeAPIServer: {auditLogPath: /a}\n") == {
        "kubeAPIServer": "Write it below `spec`."
    }
    nested = cluster(SETTINGS + "fileAssets: []\n")
    assert helps(nested) == {"fileAssets": "Write it below `spec`."}


def test_a_misspelt_section_is_read_as_meant() -> None:
    text = cluster().replace("kubeAPIServer", "kubeApiServer")
    assert helps(text) == {"kubeApiServer": "Write `kubeAPIServer`."}
    assert len(flags(server_in(text))) == 5


def test_a_part_of_a_cluster() -> None:
    for text in ("kubeAPIServer:\n  auditLogMaxAge: 30\n", "spec:\n  kubeAPIServer:\n    auditLogMaxAge: 30\n"):
        server = server_in(text)
        assert server.partial
        assert flags(server) == {"audit-log-maxage": "30"}
        assert not misshapes(text)


def test_an_instance_group_may_hold_the_policy() -> None:
    group = "apiVersion: kops.k8s.io/v1alpha2\nkind: InstanceGroup\nspec:\n  role: Master\n" + indent(
        asset(POLICY), "  "
    )
    assert not found_in(group).servers
    assert linked(("cluster.yaml", cluster() + "---\n" + group)) is not None
    assert not found_in(group.replace("audit.k8s.io", "other.example").replace("rules", "other"))


def test_templates_keep_what_is_certain() -> None:
    text = cluster("auditLogMaxAge: ${age}\nauditLogPath: {{ log }}\nauditLogMaxSize: 100\n")
    found = found_in(text, "cluster.yaml.tpl")
    assert not found.misshapes
    assert found.servers[0].value("audit-log-maxsize") == "100"


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: crit.sh/v1alpha2\nkind: ControlPlaneConfiguration\nkubeAPIServer: {auditLogPath: /a}\n",
        "kubeAPIServer: {extraSettings: {audit-log-path: /a}}\n",
        "apiVersion: kops.k8s.io/v1alpha2\nkind: Keyset\nspec: {kubeAPIServer: {auditLogPath: /a}}\n",
        "[kubeAPIServer, auditLogPath]\n",
    ],
)
def test_others_are_passed_over(text: str) -> None:
    assert not found_in(text)
