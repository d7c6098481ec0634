"""Which policy a server loads: seen by the version a policy is judged by, which is that of its server."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from writing import write_named

from kube_audit_lint.cli import main

# Loads up to 1.23: the finding about it tells by which versions the policy was judged.
OLD = "apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n"
AT = "/etc/kubernetes/audit/policy.yaml"
HOST = "hostPath: {path: /etc/kubernetes/audit, type: Directory}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory: a repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


def manifest(volume: str = HOST, mount: str = "mountPath: /etc/kubernetes/audit", path: str = AT) -> str:
    return f"""apiVersion: v1
kind: Pod
metadata: {{name: kube-apiserver, namespace: kube-system}}
spec:
  containers:
  - name: kube-apiserver
    image: registry.example.com/kube-apiserver:v1.30.4
    command: [kube-apiserver, --audit-log-path=-, --audit-policy-file={path}]
    volumeMounts: [{{name: policy, readOnly: true, {mount}}}]
  volumes: [{{name: policy, {volume}}}]
"""


def loaded(capsys: pytest.CaptureFixture[str], *options: str, **files: str) -> list[str]:
    """The files whose policy the server of 1.30 loads. Names: `__` stands for a slash, `_` for a dot."""
    write_named(**files)
    main(["check", "--format", "json", *options])
    report = json.loads(capsys.readouterr().out)
    found = [one for one in report["findings"] if one["rule"] == "unsupported-api-version"]
    assert len(found) == report["files"]["policies"] > 0
    return [one["path"] for one in found if one["kubernetes"] == "1.30"]


def test_of_two_that_are_equally_near_none_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    server = manifest(HOST.replace("/etc/kubernetes/audit", "/srv"))
    assert loaded(capsys, m__kube_yaml=server, a__policy_yaml=OLD, b__policy_yaml=OLD) == []


KIND = """kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
  image: kindest/node:v1.30.4
  extraMounts: [{hostPath: %s, containerPath: /etc/kubernetes/audit/policy.yaml}]
  kubeadmConfigPatches:
  - |
    kind: ClusterConfiguration
    apiServer:
      extraArgs: {audit-policy-file: /etc/kubernetes/audit/policy.yaml, audit-log-path: "-"}
      extraVolumes:
      - {name: p, hostPath: /etc/kubernetes/audit, mountPath: /etc/kubernetes/audit, readOnly: true}
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/Users/jane/shop/policy.yaml", ["policy.yaml"]),
        ("~/shop/b/policy.yaml", ["b/policy.yaml"]),
        ("$TMP_DIR/policy.yaml", ["policy.yaml"]),
        ("'{{ folder }}/b/policy.yaml'", ["b/policy.yaml"]),
        ("/home/jane/shop/policies/audit.yaml", []),
        ("./policies/policy.yaml", []),
    ],
)
def test_a_whole_path_is_one_of_the_authors_machine(
    path: str, expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert loaded(capsys, kind_yaml=KIND % path, policy_yaml=OLD, b__policy_yaml=OLD) == expected


def test_the_nearer_one_is_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    server = manifest(HOST.replace("/etc/kubernetes/audit", "/srv"))
    files = {"m__kube_yaml": server, "a__policy_yaml": OLD, "m__x__policy_yaml": OLD}
    assert loaded(capsys, **files) == ["m/x/policy.yaml"]


def test_more_of_the_path_counts_more_than_nearness(capsys: pytest.CaptureFixture[str]) -> None:
    """What lies at .../audit/policy.yaml is what the host has at /etc/kubernetes/audit/policy.yaml."""
    files = {"m__kube_yaml": manifest(), "m__policy_yaml": OLD, "roles__x__files__audit__policy_yaml": OLD}
    assert loaded(capsys, **files) == ["roles/x/files/audit/policy.yaml"]


@pytest.mark.parametrize(
    ("policy", "found"),
    [
        ("a__x__y__policy_yaml", True),
        ("x__policy_yaml", False),  # more than two folders up to where both lie, and only the name in common
        ("a__x__y__z__policy_yaml", False),  # more than two folders down
        ("w__x__y__z__audit__policy_yaml", True),
    ],
)
def test_a_mere_name_must_be_near(policy: str, found: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert bool(loaded(capsys, a__b__c__kube_yaml=manifest(), **{policy: OLD})) == found


@pytest.mark.parametrize("end", ["_j2", "_tpl", "_tmpl", "_erb", "_gotmpl"])
def test_a_template_is_the_file_that_it_becomes(end: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert loaded(capsys, kube_yaml=manifest(), **{f"policy_yaml{end}": OLD}) != []


def test_another_name_is_another_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert loaded(capsys, kube_yaml=manifest(), rules_yaml=OLD) == []


def test_a_sub_path_gives_the_name_on_the_host(capsys: pytest.CaptureFixture[str]) -> None:
    """The kubelet mounts /srv/deep/rules.yaml there, whatever the container calls it."""
    mount = f"mountPath: {AT}, subPath: deep/rules.yaml"
    server = manifest("hostPath: {path: /srv, type: Directory}", mount)
    assert loaded(capsys, kube_yaml=server, rules_yaml=OLD, policy_yaml=OLD) == ["rules.yaml"]


CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: audit}\ndata:\n  policy.yaml: |\n" + "".join(
    f"    {line}\n" for line in OLD.splitlines()
)
SECRET = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: audit}\ndata:\n"
    f"  policy.yaml: {base64.b64encode(OLD.encode()).decode()}\n"
)


@pytest.mark.parametrize(
    ("volume", "held"),
    [
        ("configMap: {name: audit}", CONFIG_MAP),
        ("secret: {secretName: audit}", SECRET),
        ("projected: {sources: [{configMap: {name: audit}}]}", CONFIG_MAP),
        ("projected: {sources: [{secret: {name: audit}}]}", SECRET),
    ],
)
def test_an_object_that_is_mounted(volume: str, held: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert loaded(capsys, kube_yaml=manifest(volume), held_yaml=held) == ["held.yaml"]


def test_an_object_that_is_not_mounted_is_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert loaded(capsys, kube_yaml=manifest("emptyDir: {}"), held_yaml=CONFIG_MAP) == []
    assert loaded(capsys, kube_yaml=manifest(), held_yaml=CONFIG_MAP) == []


def test_the_configuration_goes_before_what_is_nearer(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".kube-audit-lint.yaml").write_text("links: {m/kube.yaml: other/rules.yaml}\n")
    files = {"m__kube_yaml": manifest(), "m__policy_yaml": OLD, "other__rules_yaml": OLD}
    assert loaded(capsys, **files) == ["other/rules.yaml"]


def test_two_servers_may_load_one_policy(capsys: pytest.CaptureFixture[str]) -> None:
    files = {"a__kube_yaml": manifest(), "b__kube_yaml": manifest(), "policy_yaml": OLD}
    assert loaded(capsys, **files) == ["policy.yaml"]


def test_a_server_without_a_flag_loads_none(capsys: pytest.CaptureFixture[str]) -> None:
    server = manifest().replace(f", --audit-policy-file={AT}", "")
    assert loaded(capsys, kube_yaml=server, policy_yaml=OLD) == []


def object_of(key: str, name: str = "audit", more: str = "") -> str:
    policy = "".join(f"    {line}\n" for line in OLD.replace("v1beta1", "v1").splitlines())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}{more}}}\ndata:\n  {key}: |\n{policy}"


def missing(capsys: pytest.CaptureFixture[str], *options: str, **files: str) -> list[tuple[str, str, str]]:
    """The findings of a policy that is not there: severity, file, and the help."""
    write_named(**files)
    main(["check", "--format", "json", *options])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return [(one["severity"], one["path"], one["help"]) for one in findings if one["rule"] == "policy-file-missing"]


IN_MAP = "configMap: {name: audit}"
RENAME = ("error", "kube.yaml", "Rename the key `audit-policy.yaml` in the ConfigMap to `policy.yaml`.")


@pytest.mark.parametrize("named", [".", "kube.yaml", "map.yaml"])
def test_an_object_without_the_key_that_the_server_takes(capsys: pytest.CaptureFixture[str], named: str) -> None:
    files = {"kube_yaml": manifest(IN_MAP), "map_yaml": object_of("audit-policy.yaml")}
    assert missing(capsys, named, **files) == [RENAME]


@pytest.mark.parametrize(
    ("volume", "mount", "held"),
    [
        (IN_MAP, f"mountPath: {AT}, subPath: policy.yaml", "policy.yaml"),
        ("configMap: {name: audit, items: [{key: p, path: policy.yaml}]}", "mountPath: /etc/kubernetes/audit", "p"),
    ],
)
def test_the_key_of_an_object_is_what_the_volume_makes_a_file_of(
    capsys: pytest.CaptureFixture[str], volume: str, mount: str, held: str
) -> None:
    server = manifest(volume, mount)
    assert missing(capsys, ".", kube_yaml=server, map_yaml=object_of(held)) == []
    found = missing(capsys, ".", kube_yaml=server, map_yaml=object_of("other.yaml"))
    assert [one[2] for one in found] == [f"Rename the key `other.yaml` in the ConfigMap to `{held}`."]


@pytest.mark.parametrize(
    "other",
    [
        object_of("audit-policy.yaml", more=", namespace: another"),
        object_of("audit-policy.yaml", name="another"),
        object_of("audit-policy.yaml") + "  policy.yaml: '{{ .Values.policy }}'\n",
        object_of("audit-policy.yaml") + object_of("policy.yaml").replace("apiVersion", "---\napiVersion", 1),
    ],
)
def test_another_object_or_one_that_may_have_the_key_lacks_nothing(
    capsys: pytest.CaptureFixture[str], other: str
) -> None:
    assert missing(capsys, ".", kube_yaml=manifest(IN_MAP), map_yaml=other) == []
