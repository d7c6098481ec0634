"""OpenShift's profiles, MicroShift, kube-apiserver's own configuration, and Gardener's reference to a ConfigMap."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest
from form_samples import POLICY, flags, found_in, linked, misshapes, server_in

from kube_audit_lint.checks._files import of_file
from kube_audit_lint.cli import main

HEAD = "apiVersion: config.openshift.io/v1\nkind: APIServer\nmetadata:\n  name: cluster\n"


def api_server(audit: str) -> str:
    return HEAD + "spec:\n  audit:\n" + indent(audit, "    ")


@pytest.mark.parametrize("profile", ["Default", "WriteRequestBodies", "AllRequestBodies"])
def test_a_profile(profile: str) -> None:
    text = api_server(f"profile: {profile}\ncustomRules:\n- {{group: a, profile: {profile}}}\n")
    server = server_in(text)
    assert server.place.text == "audit"
    assert server.flags_fixed
    assert not misshapes(text)
    assert not misshapes(HEAD)


@pytest.mark.parametrize(
    ("audit", "rule", "text"),
    [
        ("profile: None\n", "nothing-recorded", "None"),
        ("profile: None\ncustomRules: [{group: a, profile: None}]\n", "nothing-recorded", "None"),
        ("profile: None\ncustomRules: [{group: a, profile: Default}]\n", "nothing-recorded", "None"),
        ("customRules:\n- {group: a, profile: None}\n", "blind-spot", "None"),
        ("profile: writeRequestBodies\n", "wrong-shape", "writeRequestBodies"),
        ("customRules:\n- {group: a, profile: Metadata}\n", "wrong-shape", "Metadata"),
        ("customRules:\n- group: a\n", "wrong-shape", "group"),
        ("customRules: {group: a, profile: Default}\n", "wrong-shape", "group"),
        ("profiles: Default\n", "unknown-setting", "profiles"),
        (
            "customRules:\n- {group: 'system:authenticated', profile: Default}\n- {group: a, profile: Default}\n",
            "unreachable-rule",
            "a",
        ),
    ],
)
def test_wrong_profiles(audit: str, rule: str, text: str) -> None:
    assert misshapes(api_server(audit)) == [(rule, text)]


@pytest.mark.parametrize("profile", ["Nope", "none", "Nonne"])
def test_nobody_is_told_to_switch_auditing_off(profile: str) -> None:
    (wrong,) = found_in(api_server(f"profile: {profile}\n")).misshapes
    assert wrong.help == "Write one of Default, WriteRequestBodies, AllRequestBodies."


def test_misplaced() -> None:
    assert misshapes(HEAD + "audit: {profile: Default}\nspec: {}\n") == [("unknown-setting", "audit")]
    assert misshapes(api_server("profile: None\n").replace("APIServer", "OAuth")) == [("unknown-setting", "audit")]
    assert misshapes(HEAD.replace("cluster", "mine") + "spec: {audit: {profile: Default}}\n") == [
        ("wrong-shape", "mine")
    ]
    assert misshapes(HEAD + "spec:\n  audits: {profile: Default}\n") == [("unknown-setting", "audits")]


def test_profile_none_makes_custom_rules_void() -> None:
    ((_, hit),) = of_file(found_in(api_server("profile: None\ncustomRules: [{group: a, profile: Default}]\n")))
    assert "`customRules` have no effect" in hit.message


def test_an_object_that_says_nothing_of_auditing() -> None:
    assert not misshapes(HEAD.replace("cluster", "mine") + "spec: {encryption: {type: aescbc}}\n")


def test_a_hosted_cluster() -> None:
    text = (
        "apiVersion: hypershift.openshift.io/v1beta1\nkind: HostedCluster\nspec:\n  configuration:\n    apiServer:\n"
        "      audit: {profile: None}\n"
    )
    assert misshapes(text) == [("nothing-recorded", "None")]


ARGUMENTS = """apiVersion: kubecontrolplane.config.openshift.io/v1
kind: KubeAPIServerConfig
apiServerArguments:
  audit-log-maxbackup: ["10"]
  audit-log-maxage: [7]
"""


def test_arguments() -> None:
    server = server_in(ARGUMENTS)
    assert flags(server) == {"audit-log-maxbackup": "10", "audit-log-maxage": "7"}
    assert server.partial
    assert misshapes(ARGUMENTS) == [("wrong-shape", "7")]
    assert misshapes(ARGUMENTS.replace("[7]", "'7'")) == [("wrong-shape", "'7'")]


def test_the_older_audit_config() -> None:
    text = (
        "apiVersion: v1\nkind: MasterConfig\nauditConfig:\n  enabled: true\n  auditFilePath: /var/log/audit.log\n"
        "  maximumFileRetentionDays: 7\n  policyConfiguration:\n" + indent(POLICY, "    ")
    )
    found = found_in(text)
    assert flags(found.servers[0]) == {"audit-log-path": "/var/log/audit.log", "audit-log-maxage": "7"}
    assert found.servers[0].policy is found.policies[0]
    assert misshapes(text) == []
    named = text.replace("  policyConfiguration", "  policyFile: /etc/origin/audit.yaml\n  policyConfiguration")
    assert misshapes(named) == [("wrong-shape", "policyFile")]
    assert misshapes(named.replace("/etc/origin/audit.yaml", '""')) == []
    assert misshapes(named[: named.index("  policyConf")]) == []


def test_overrides_of_the_operator() -> None:
    text = (
        "apiVersion: operator.openshift.io/v1\nkind: KubeAPIServer\nspec:\n  unsupportedConfigOverrides:\n"
        "    apiServerArguments:\n      audit-log-maxsize: ['20']\n"
    )
    assert flags(server_in(text)) == {"audit-log-maxsize": "20"}


def microshift(settings: str) -> str:
    return "apiServer:\n  auditLog:\n" + indent(settings, "    ")


def test_microshift() -> None:
    server = server_in(microshift("maxFileAge: 7\nmaxFiles: 5\nmaxFileSize: 0\n"))
    assert flags(server) == {"audit-log-maxage": "7", "audit-log-maxbackup": "5"}
    assert server.place.text == "auditLog"
    assert misshapes(microshift("maxFileAge: '7'\n")) == [("wrong-shape", "'7'")]
    assert misshapes(microshift("maxFils: 7\n")) == [("unknown-setting", "maxFils")]
    in_another_case = server_in(microshift("maxfiles: 7\n"))  # which Go's reader of JSON takes
    assert flags(in_another_case) == {"audit-log-maxbackup": "7"}
    assert not misshapes(microshift("maxfiles: 7\n"))
    assert misshapes(microshift("profile: BAD\n")) == [("wrong-shape", "BAD")]
    assert not misshapes(microshift('profile: ""\n'))
    assert misshapes(microshift("profile: None\n")) == [("nothing-recorded", "None")]


@pytest.mark.parametrize(
    ("key", "flag"), [("maxFileAge", "maxage"), ("maxFiles", "maxbackup"), ("maxFileSize", "maxsize")]
)
def test_a_setting_of_microshift(key: str, flag: str) -> None:
    server = server_in(microshift(f"{key}: 7\n"))
    assert flags(server) == {f"audit-log-{flag}": "7"}
    assert server.spelling is not None
    assert (server.spelling(f"audit-log-{flag}", "9"), server.spelling(f"audit-log-{flag}", "")) == (f"{key}: 9", key)
    (misshape,) = found_in(microshift(f"{key}: '7'\n")).misshapes
    assert f"auditLog.{key} of type int" in misshape.message


def shoot(server: str) -> str:
    return (
        "apiVersion: core.gardener.cloud/v1beta1\nkind: Shoot\nspec:\n  kubernetes:\n    version: 1.29.4\n"
        "    kubeAPIServer:\n" + indent(server, "      ")
    )


REFERENCE = "auditConfig:\n  auditPolicy:\n    configMapRef:\n      name: audit\n"
HELD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: audit}\ndata:\n  policy: |\n" + indent(POLICY, "    ")


def test_a_shoot() -> None:
    text = shoot(REFERENCE)
    server = server_in(text)
    assert str(server.versions) == "1.29"
    assert server.place.text == "auditConfig"
    assert linked(("shoot.yaml", text), ("policy.yaml", HELD)) is not None
    assert linked(("shoot.yaml", text), ("policy.yaml", HELD.replace("audit}", "other}"))) is None
    assert linked(("shoot.yaml", text), ("audit-policy.yaml", POLICY)) is None
    assert server_in("spec:\n  kubernetes:\n    kubeAPIServer:\n" + indent(REFERENCE, "      ")).flags_fixed


@pytest.mark.parametrize(
    ("group", "steps"),
    [
        ("core.gardener.cloud/v1beta1", "spec"),
        ("garden.sapcloud.io/v1beta1", "spec"),
        ("operator.gardener.cloud/v1alpha1", "spec virtualCluster"),
        ("core.gardener.cloud/v1beta1", "spec shootTemplate spec"),
        ("seedmanagement.gardener.cloud/v1alpha1", "spec shootTemplate spec"),
        ("seedmanagement.gardener.cloud/v1alpha1", "spec template spec"),
    ],
)
def test_where_gardener_has_a_server(group: str, steps: str) -> None:
    """A Shoot; a Garden with its virtual cluster; what makes Shoots from a template."""
    text = REFERENCE
    for key in reversed([*steps.split(), "kubernetes", "kubeAPIServer"]):
        text = f"{key}:\n" + indent(text, "  ")
    server = server_in(f"apiVersion: {group}\nkind: Any\n{text}")
    assert (server.form, server.name) == ("gardener", "kube-apiserver")
    assert not found_in(f"apiVersion: example.com/v1\nkind: Any\n{text}")


@pytest.mark.parametrize(
    ("server", "rule", "text"),
    [
        (REFERENCE.replace("auditPolicy", "auditpolicy"), "unknown-setting", "auditpolicy"),
        ("auditPolicy: {configMapRef: {name: a}}\n", "unknown-setting", "auditPolicy"),
        ("auditConfig: {auditPolicy: {configMapRef: audit}}\n", "wrong-shape", "audit"),
        ("auditConfig: {auditPolicy: {configMapref: {name: a}}}\n", "unknown-setting", "configMapref"),
    ],
)
def test_wrong_shoots(server: str, rule: str, text: str) -> None:
    assert misshapes(shoot(server)) == [(rule, text)]


@pytest.mark.parametrize(
    "text",
    [
        shoot("enableAnonymousAuthentication: false\n# audit-log\n"),
        "apiServer:\n  audit: {}\n  auditLogs: {profile: a}\n".replace("auditLogs", "port"),
        "apiVersion: config.openshift.io/v1\nkind: Proxy\nspec: {}\n# audit-log\n",
        "apiVersion: example.com/v1\nkind: APIServer\nspec: {audit: {profile: None}}\n",
    ],
)
def test_passed_over(text: str) -> None:
    assert not found_in(text)


FORWARDER = (
    "apiVersion: observability.openshift.io/v1\nkind: ClusterLogForwarder\nspec:\n"
    "  inputs: [{name: api, type: audit}]\n  pipelines:\n  - {name: a, inputRefs: [application, %s]}\n"
)


@pytest.mark.parametrize(
    ("taken", "wrong"), [("infrastructure", 1), ("audit", 0), ("api", 0), ("'{{ .Values.input }}'", 0), ("[]", 0)]
)
def test_what_a_forwarder_takes(taken: str, wrong: int) -> None:
    assert misshapes(FORWARDER % taken) == [("audit-log-not-forwarded", "pipelines")] * wrong


def test_a_forwarder_is_checked_only_where_it_is_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(FORWARDER % "infrastructure")
    assert main(["check", str(tmp_path)]) == 0
    assert main(["check", "--select", "audit-log-not-forwarded", str(tmp_path)]) == 1


def test_an_object_with_the_policy_that_is_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shoot = "apiVersion: core.gardener.cloud/v1beta1\nkind: Shoot\nspec:\n  kubernetes:\n    kubeAPIServer:\n"
    shoot += "      auditConfig: {auditPolicy: {configMapRef: {name: %s}}}\n"
    (tmp_path / "a.yaml").write_text(shoot % "elsewhere")
    assert main(["check", str(tmp_path)]) == 0
    assert "the ConfigMap elsewhere with the policy is in no file of this run" in capsys.readouterr().err
    (tmp_path / "b.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: elsewhere}\ndata:\n  policy: |\n" + indent(POLICY, "    ")
    )
    main(["check", str(tmp_path)])
    assert "in no file of this run" not in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "wrong"), [("", 1), ("apiServerArguments: {audit-log-path: [/a]}\n", 0)])
def test_the_switch_is_about_its_own_settings(arguments: str, wrong: int) -> None:
    """OpenShift 4 and HyperShift write `auditConfig` with all values empty, and the flags as arguments."""
    text = "apiVersion: kubecontrolplane.config.openshift.io/v1\nkind: KubeAPIServerConfig\n" + arguments
    assert misshapes(text + "auditConfig: {enabled: false}\n") == [("no-audit-policy", "false")] * wrong


def test_a_profile_twice() -> None:
    head = "apiVersion: config.openshift.io/v1\nkind: APIServer\nmetadata: {name: cluster}\nspec:\n  audit:\n"
    text = head + "    profile: AllRequestBodies\n    profile: Default\n"
    assert [(one.kind, one.place.text) for one in found_in(text).misshapes] == [("wrong-shape", "profile")]


@pytest.mark.parametrize(
    ("kind", "spec", "expected"),
    [
        ("LokiStack", "limits: {global: {retention: {days: 20}}}", "20"),
        ("LokiStack", "limits: {global: {retention: {days: 30}}}", ""),
        ("LokiStack", "limits: {global: {retention: {days: 90}}, tenants: {audit: {retention: {days: 7}}}}", "7"),
        ("LokiStack", "limits: {global: {retention: {days: 7}}, tenants: {audit: {retention: {days: 90}}}}", ""),
        ("LokiStack", "limits: {tenants: {application: {retention: {days: 7}}}}", ""),
        ("LokiStack", "limits: {global: {retention: {days: 7, streams: [{days: 90, selector: 'a'}]}}}", ""),
        ("LokiStack", "size: 1x.small", ""),
        ("ClusterLogging", "logStore: {retentionPolicy: {audit: {maxAge: 72h}, infra: {maxAge: 1d}}}", "72h"),
        ("ClusterLogging", "logStore: {retentionPolicy: {audit: {maxAge: 1M}}}", ""),
        ("ClusterLogging", "logStore: {retentionPolicy: {audit: {maxAge: 5w}}}", ""),
        ("ClusterLogging", "logStore: {retentionPolicy: {audit: {maxAge: seven}}}", ""),
        ("ClusterLogging", "logStore: {type: lokistack}", ""),
    ],
)
def test_how_long_a_store_keeps_the_log(kind: str, spec: str, expected: str) -> None:
    text = f"apiVersion: logging.openshift.io/v1\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{{spec}}}\n"
    assert misshapes(text) == ([("log-store-retention", expected)] if expected else [])


@pytest.mark.parametrize("key", ["profile: WriteRequestBodies", "customRules: [{group: a, profile: Default}]"])
def test_a_profile_beside_the_audit_section_is_dropped(key: str) -> None:
    found = misshapes(HEAD + f"spec:\n  {key}\n")
    assert found == [("unknown-setting", key.partition(":")[0])]
