"""`init --into`: settings are added to a file that is there, and every byte of it stays."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sampling import diagonal
from starting import FORMS, checked

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.cli import main
from kube_audit_lint.errors import UsageError
from kube_audit_lint.starter.data_files import read
from kube_audit_lint.starter.forms import starter
from kube_audit_lint.starter.into import merged
from kube_audit_lint.starter.wanted import Wanted
from kube_audit_lint.starter.writing import write

POD = """# ours
apiVersion: v1
kind: Pod
metadata:
  labels: {component: kube-apiserver}
  name: kube-apiserver
  namespace: kube-system
spec:
    containers:
      - command:
          - kube-apiserver
          - --advertise-address=10.0.0.1   # the first
          - "--etcd-servers=https://127.0.0.1:2379"
        image: registry.k8s.io/kube-apiserver:v1.31.4
        name: kube-apiserver
        volumeMounts:
          - mountPath: /etc/ssl/certs
            name: ca-certs
            readOnly: true
    hostNetwork: true
    volumes:
      - hostPath:
            path: /etc/ssl/certs
        name: ca-certs
status: {}
"""
KUBEADM = """apiVersion: kubeadm.k8s.io/v1beta3
kind: InitConfiguration
---
apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
kubernetesVersion: v1.31.2
apiServer:
  extraArgs:   # none yet
  certSANs: [a.example.com]
networking: {podSubnet: 10.244.0.0/16}
"""
TARGETS = {
    "static-pod": POD,
    "kubeadm": KUBEADM,
    "kind": "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n"
    "  image: kindest/node:v1.31.2\n  # two of them\n- role: worker\n- role: worker2\n",
    "capi": "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: KubeadmControlPlane\nmetadata: {name: prod}\n"
    "spec:\n  replicas: 3\n  version: v1.31.2\n  machineTemplate:\n    infrastructureRef: {kind: A, name: b}\n"
    "  kubeadmConfigSpec:\n    clusterConfiguration:\n      apiServer:\n        extraArgs:\n"
    "          cloud-provider: external\n    files:\n    - path: /etc/x\n      content: |\n        hello\n\n"
    "    preKubeadmCommands: [a]\n",
    "kops": "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata:\n  name: a.example.com\nspec:\n"
    "  kubernetesVersion: 1.31.2\n  kubeAPIServer:\n    anonymousAuth: false\n---\n"
    "apiVersion: kops.k8s.io/v1alpha2\nkind: InstanceGroup\nmetadata: {name: nodes}\nspec: {role: Node}\n",
    "rke2": 'token: x\nkube-apiserver-arg:\n- "anonymous-auth=false"\nwrite-kubeconfig-mode: "0644"\n',
    "k3s": "# K3s\ncluster-init: true\ndisable: [traefik]\n",
    "rke1": "nodes:\n- {address: 10.0.0.1, user: a, role: [controlplane]}\nservices:\n  kube-api:\n"
    "    service_cluster_ip_range: 10.43.0.0/16\n",
    "talos": "version: v1alpha1\nmachine:\n  type: controlplane\ncluster:\n  apiServer:\n"
    "    image: registry.k8s.io/kube-apiserver:v1.31.2\n    certSANs: []\n",
    "k0s": "apiVersion: k0s.k0sproject.io/v1beta1\nkind: ClusterConfig\nmetadata: {name: k0s}\nspec:\n"
    "  api:\n    address: 10.0.0.1\n",
    "microk8s": '--etcd-servers="unix://${SNAP_DATA}/kine.sock"\n--service-cluster-ip-range=10.152.183.0/24',
    "openshift": "apiVersion: config.openshift.io/v1\nkind: APIServer\nmetadata:\n  name: cluster\nspec:\n"
    "  encryption:\n    type: aescbc\n",
    "kubespray": "kube_version: v1.31.2\nkubernetes_audit: true\n# the network\nkube_network_plugin: calico\n",
    "eks-a": "apiVersion: anywhere.eks.amazonaws.com/v1alpha1\nkind: Cluster\nmetadata: {name: prod}\nspec:\n"
    '  kubernetesVersion: "1.31"\n  controlPlaneConfiguration:\n    count: 3\n'
    "  datacenterRef: {kind: VSphereDatacenterConfig, name: a}\n",
    "configmap": "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: kube-apiserver}\nspec:\n  template:\n"
    "    spec:\n      containers:\n      - name: kube-apiserver\n"
    "        image: registry.k8s.io/kube-apiserver:v1.31.2\n        command: [kube-apiserver, --v=2]\n"
    "      volumes: []\n",
}
NAMES = {"microk8s": "kube-apiserver", "rke2": "etc/rancher/rke2/config.yaml", "k3s": "etc/rancher/k3s/config.yaml"}


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A run reads what lies around a file."""
    monkeypatch.chdir(tmp_path)


def wanted(form: str, **more: str) -> Wanted:
    return Wanted(31, "1.31.2", form)._replace(**more)


def put(form: str, text: str, **more: str) -> str:
    name = NAMES.get(form, "target.yaml")
    return merged(wanted(form, **more), name, text.encode(), shipped())[1].decode()


def why(form: str, text: str, **more: str) -> str:
    with pytest.raises(UsageError) as refused:
        put(form, text, **more)
    return str(refused.value)


def test_every_form_is_tried() -> None:
    assert {*TARGETS, "systemd"} == {*FORMS}


@pytest.mark.parametrize(("form", "end"), diagonal(TARGETS, ["\n", "\r\n"]))
def test_what_is_there_stays(form: str, end: str) -> None:
    """Each line of the file is still there, in its order; `[]`, in place of which something comes, may go."""
    before = TARGETS[form].replace("\n", end)
    after = put(form, before)
    gone = [row[2:] for row in difflib.ndiff(before.splitlines(), after.splitlines()) if row.startswith("- ")]
    assert gone in ([], ["      volumes: []"], ["        command: [kube-apiserver, --v=2]", "      volumes: []"])
    assert after != before
    assert (after.count("\n") == after.count("\r\n")) == (end == "\r\n")
    assert put(form, after) == after


@pytest.mark.parametrize("form", TARGETS)
def test_no_finding_is_left(form: str, tmp_path: Path) -> None:
    name = NAMES.get(form, "target.yaml")
    made, after = merged(wanted(form, profile="cis"), name, TARGETS[form].encode(), shipped())
    write(".", {**made.files, name: after.decode()}, force=False)
    assert not any(step.startswith("Put ") for step in made.steps)  # it is done
    assert name in " ".join(made.steps) or form in ("rke1", "kubespray")
    outcome = checked(tmp_path, wanted(form, profile="cis"))
    assert [(one.rule, one.message) for one in outcome.report.findings if one.severity != "info"] == []
    assert outcome.report.files.servers == 1
    assert outcome.report.files.policies == (form != "openshift")


@pytest.mark.parametrize("form", TARGETS)
def test_what_init_writes_needs_nothing(form: str) -> None:
    name = read(f"forms/{form}")["into"]
    text = starter(wanted(form)._replace(into="a.yaml")).files[name]
    assert put(form, text) == text


@pytest.mark.parametrize("form", TARGETS)
def test_json(form: str) -> None:
    """As JSON, but for what a policy or a patch would make a text of many lines in it."""
    data = [one for one in yaml.safe_load_all(TARGETS[form]) if one] if form != "microk8s" else []
    if len(data) != 1:
        pytest.skip("JSON has one document")
    for text in (json.dumps(data[0]), json.dumps(data[0], indent=4) + "\n"):
        after = put(form, text)
        assert holds(json.loads(after), data[0])
        assert put(form, after) == after


def holds(after: Any, before: Any) -> bool:
    """Whether all that was there still is."""
    if isinstance(before, dict):
        return all(holds(after[key], one) for key, one in before.items())
    if isinstance(before, list):
        return all(map(holds, after, before))
    return bool(after == before)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_other_encodings(codec: str) -> None:
    after = merged(wanted("static-pod"), "pod.yaml", POD.encode(codec), shipped())[1]
    assert after.decode(codec) == put("static-pod", POD)
    assert after.decode(codec).encode(codec) == after


NOTES = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(("# above", "", "behind"))), max_size=6)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=st.sampled_from(("static-pod", "kubeadm", "k0s", "rke2", "talos")), notes=NOTES)
def test_comments_and_blank_lines_stay(form: str, notes: list[tuple[int, str]]) -> None:
    lines = TARGETS[form].splitlines()
    for at, note in notes:
        index = at % len(lines)
        if note == "behind" and lines[index] and "#" not in lines[index]:
            lines[index] += "  # behind"
        elif note != "behind":
            lines.insert(index, note)
    text = "\n".join(lines) + "\n"
    assert [row for row in difflib.ndiff(lines, put(form, text).splitlines()) if row.startswith("- ")] == []


def test_a_comment_stays_behind_its_key() -> None:
    assert "  extraArgs:   # none yet\n    audit-policy-file: " in put("kubeadm", KUBEADM)


def test_the_shape_is_that_of_the_file() -> None:
    """The version would be written in v1beta4, with lists; the file is v1beta3."""
    assert '    audit-log-maxage: "30"\n' in put("kubeadm", KUBEADM)
    newer = KUBEADM.replace("v1beta3", "v1beta4")
    assert "  - name: audit-log-maxage\n" in put("kubeadm", newer)
    assert "none that init writes" in why("kubeadm", KUBEADM.replace("v1beta3", "v1beta9"))


def test_how_much_is_kept_is_for_the_author_to_say() -> None:
    text = POD.replace("          - --advertise", "          - --audit-log-maxage=90\n          - --advertise")
    after = put("static-pod", text)
    assert "--audit-log-maxage=30" not in after
    assert "--audit-log-maxbackup=10" in after


@pytest.mark.parametrize(
    ("form", "text", "message"),
    [
        (
            "static-pod",
            POD.replace("          - --adv", "          - --audit-policy-file=/etc/p.yaml\n          - --adv"),
            '.command.audit-policy-file` is set already, to "--audit-policy-file=/etc/p.yaml"',
        ),
        (
            "static-pod",
            POD.replace("        volumeMounts", "        args: [--audit-log-path=/a.log]\n        volumeMounts"),
            "--audit-log-path is set already, to /a.log",
        ),
        (
            "static-pod",
            POD.replace("name: kube-apiserver\n        vol", "name: api\n        vol"),
            "has no kube-apiserver",
        ),
        (
            "static-pod",
            POD.replace("ca-certs\n            readOnly", "audit-log\n            readOnly"),
            "is set already",
        ),
        ("static-pod", POD.replace("kind: Pod", "kind: Deployment"), "it holds no Pod"),
        ("static-pod", POD + "---\n" + POD, "it holds 2 Pod"),
        ("static-pod", "a: [\n", "it cannot be read"),
        (
            "static-pod",
            POD.replace(
                "- kube-apiserver\n          - --adv", "- sh\n          - -c\n          - exec kube-apiserver --adv"
            ),
            "kube-apiserver would not get --audit-policy-file",
        ),
        ("kubeadm", KUBEADM.replace("extraArgs:", "extraArgs: &a"), "something else stands on the line of `extraArgs`"),
        (
            "kind",
            TARGETS["kind"].replace(
                "  # two",
                "  kubeadmConfigPatches:\n  - |\n    kind: ClusterConfiguration\n    apiServer: {}\n  # two",
            ),
            "a patch of the API server already",
        ),
        ("kind", TARGETS["kind"].replace("worker2", "control-plane"), "has control-plane several times"),
        ("talos", TARGETS["talos"] + "    auditPolicy: {rules: [{level: Metadata}]}\n", "holds a policy already"),
        (
            "openshift",
            TARGETS["openshift"] + "  audit: {profile: None}\n",
            "`spec.audit.profile` is set already, to None",
        ),
        ("rke1", TARGETS["rke1"] + "    audit_log: {enabled: false}\n", "`services.kube-api.audit_log.enabled` is set"),
        ("rke1", "kube-api: {a: 1}\n", "it has none of nodes, services at the top, as files of RKE do"),
        ("rke2", "kind: ConfigMap\ndata: {}\n", "it holds no document"),
        ("microk8s", "text\n", "holds no flags of kube-apiserver"),
        ("microk8s", POD, "holds no flags of kube-apiserver"),
        ("systemd", "[Service]\n", "a unit needs no more than $KUBE_AUDIT_ARGS"),
    ],
)
def test_refused(form: str, text: str, message: str) -> None:
    assert message in why(form, text)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".git").mkdir()
    target = tmp_path / "kube-apiserver.yaml"
    target.write_text(POD)
    target.chmod(0o600)
    words = ["init", "--kubernetes-version", "1.31", "--form", "static-pod", "--into", str(target)]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"--- a/{str(target)[1:]}\n")
    assert "\n+          - --audit-policy-file=/etc/kubernetes/audit-policy.yaml\n" in out
    assert "nothing was written" in err
    assert target.read_text() == POD
    assert main([*words, "--write"]) == 2
    assert "--write needs --output DIR, for audit-policy.yaml" in capsys.readouterr().err
    assert main([*words, "--write", "--output", str(tmp_path / "out")]) == 0
    assert f"changed {target}\nwrote {tmp_path}/out/audit-policy.yaml\n" in capsys.readouterr().out
    assert "--audit-policy-file=" in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["audit-policy.yaml"]


def test_words_that_do_not_go_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["init", "--kubernetes-version", "1.31", "--form", "static-pod"]
    assert main(words) == 2
    assert "init takes --output DIR, or --into FILE" in capsys.readouterr().err
    assert main([*words, "--output", str(tmp_path), "--write"]) == 2
    assert "--write goes with --into" in capsys.readouterr().err
    assert main([*words, "--into", str(tmp_path / "x")]) == 2
    assert "No such file" in capsys.readouterr().err
