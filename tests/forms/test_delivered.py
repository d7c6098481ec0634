"""Files that an object brings to its machines, where none is at the path that the API server reads its policy from."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run
from kube_audit_lint.syntax.extras import reads_terraform

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n"
OTHER = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources: []\n"
AT = "/etc/kubernetes/audit/policy.yaml"


def at(width: int, text: str = POLICY) -> str:
    return textwrap.indent(text, " " * width)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def missing(files: dict[str, str]) -> list[str]:
    """The severities of the findings about files that are missing."""
    if "main.tf" in files and not reads_terraform():
        pytest.skip("the extra [terraform] is not installed: pip install -e '.[terraform]'")
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    report = run(Options((".",), embedded=True), load_config(), shipped()).report
    return [one.severity for one in report.findings if one.rule == "policy-file-missing"]


def kops(*assets: tuple[str, str, str]) -> str:
    head = f"apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nspec:\n  kubeAPIServer: {{auditPolicyFile: {AT}}}\n"
    listed = (f"  - path: {path}\n    roles: [{role}]\n    content: |\n{at(6, text)}" for path, text, role in assets)
    return f"{head}  fileAssets:\n{''.join(listed)}"


def kcp(files: str, more: str = "") -> str:
    head = "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: KubeadmControlPlane\nspec:\n  version: v1.30.4\n"
    head += f"  kubeadmConfigSpec:\n    clusterConfiguration: {{apiServer: {{extraArgs: {{audit-policy-file: {AT}}},\n"
    mount = "/etc/kubernetes/audit"
    volumes = f"        extraVolumes: [{{name: a, hostPath: {mount}, mountPath: {mount}, readOnly: true}}]}}}}\n"
    return f"{head}{volumes}{more}    files:\n{files}"


def entry(path: str, text: str = POLICY) -> str:
    return f"    - path: {path}\n      content: |\n{at(8, text)}"


SECRET = "    - path: {0}\n      contentFrom: {{secret: {{name: audit-policy, key: p.yaml}}}}\n"
KEYS = entry("/etc/kubernetes/keys.yaml", OTHER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (kops((AT, POLICY, "ControlPlane")), []),
        (kops(("/srv/audit.yaml", POLICY, "ControlPlane")), ["error"]),
        (kops((AT, POLICY, "Node")), ["error"]),
        (kops(("/srv/keys.yaml", OTHER, "Master")), ["warning"]),
        (kops(("/srv/keys.yaml", OTHER, "Master"), (AT, POLICY, "Master")), []),
        (kcp(KEYS), ["warning"]),
        (kcp(KEYS + entry("/etc/kubernetes/audit//policy.yaml")), []),
        (kcp(KEYS + SECRET.format(AT)), []),
        (kcp(SECRET.format("/etc/kubernetes/policy.yaml")), ["error"]),
        (kcp(KEYS, f"    preKubeadmCommands: ['curl -o {AT} https://example.com/p']\n"), []),
        (kcp(KEYS, "    preKubeadmCommands: ['wget -P /etc/kubernetes/audit https://example.com/policy.yaml']\n"), []),
        (kcp(KEYS, "    preKubeadmCommands: [mkdir -p /etc/kubernetes/audit]\n"), ["warning"]),
        (kcp(entry("/root/a.sh", f"cp /x {AT}\n")), []),
        (kcp(entry("/etc/kubernetes/{{ .name }}", OTHER)), []),
    ],
)
def test_what_an_object_brings(text: str, expected: list[str]) -> None:
    assert missing({"cluster.yaml": text}) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"- copy: {{src: p.yaml, dest: {AT}}}\n", []),
        (f"files:\n- path: {AT}\n  contentFrom: {{secret: {{name: a, key: b}}}}\n", []),
        (f"curl -o {AT} https://example.com/p\n", []),
        (f"args: [--audit-policy-file={AT}]\n", ["warning"]),
        (f"volumes:\n- hostPath: {{path: {AT}}}\n", ["warning"]),
        (f"# copy it to {AT}\n", ["warning"]),
    ],
)
def test_another_file_of_the_repository_may_bring_it(text: str, expected: list[str]) -> None:
    assert missing({"cluster.yaml": kcp(KEYS), "other/main.yml": text}) == expected


UNIT = (
    "[Service]\nExecStart=/usr/bin/kube-apiserver --etcd-servers=http://a:2379 \\\n"
    "  --service-cluster-ip-range=10.0.0.0/16 \\\n"
    f"  --audit-policy-file={AT} --audit-log-path=/var/log/a.log\n"
)


def butane(storage: str) -> str:
    units = f"systemd:\n  units:\n  - name: kube-apiserver.service\n    contents: |\n{at(6, UNIT)}"
    return f"variant: flatcar\nversion: 1.0.0\nstorage:\n{storage}{units}"


LOCAL = "  files:\n  - {{path: {0}, contents: {{local: files/p.yaml}}}}\n"


@pytest.mark.parametrize(
    ("storage", "name", "expected"),
    [
        (LOCAL.format(AT), "files/p.yaml", []),
        (LOCAL.format("/etc/kubernetes/p.yaml"), "files/p.yaml", ["error"]),
        ("  trees: [{local: root}]\n", f"root{AT}", []),
        ("  trees: [{local: root, path: /opt}]\n", f"root{AT}", ["error"]),
        ("  trees: [{local: elsewhere}]\n", f"root{AT}", []),
        (f"  links: [{{path: {AT}, target: /opt/p.yaml}}]\n", "p.yaml", []),
    ],
)
def test_butane_beside_its_files(storage: str, name: str, expected: list[str]) -> None:
    assert missing({"a.bu": butane(storage), name: POLICY}) == expected


RANCHER = (
    "apiVersion: provisioning.cattle.io/v1\nkind: Cluster\nspec:\n  kubernetesVersion: v1.30.4+rke2r1\n  rkeConfig:\n"
    f"    machineGlobalConfig: {{kube-apiserver-arg: [audit-policy-file={AT}]}}\n    machineSelectorFiles:\n"
    "    - fileSources: [{configMap: {name: NAME, items: [{key: KEY, path: PATH}]}}]\n"
)
MAP = f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: files}}\ndata:\n  p.yaml: |\n{at(4)}"


@pytest.mark.parametrize(
    ("name", "key", "path", "more", "expected"),
    [
        ("audit-policy", "p.yaml", AT, "", []),
        ("audit-policy", "p.yaml", "/etc/p.yaml", "", ["error"]),
        ("files", "p.yaml", "/etc/p.yaml", MAP, ["error"]),
        ("files", "p.yaml", AT, MAP, []),
        ("certs", "ca.crt", "/etc/ca.crt", "", ["warning"]),
    ],
)
def test_objects_of_rancher(name: str, key: str, path: str, more: str, expected: list[str]) -> None:
    assert (
        missing({"a.yaml": RANCHER.replace("NAME", name).replace("KEY", key).replace("PATH", path) + more}) == expected
    )


K0SCTL = (
    "apiVersion: k0sctl.k0sproject.io/v1beta1\nkind: Cluster\nspec:\n  hosts:\n  - role: controller\n    files:\n"
    "    - {src: SRC, dstDir: DIR}\n"
    f"  k0s: {{config: {{spec: {{api: {{extraArgs: {{audit-policy-file: {AT}}}}}}}}}}}\n"
)


@pytest.mark.parametrize(
    ("src", "folder", "expected"),
    [
        ("conf", "/etc/kubernetes/audit", []),
        ("conf/*.yaml", "/etc/kubernetes/audit", []),
        ("conf", "/etc/k0s", ["error"]),
        ("keys.yaml", "/etc/k0s", ["warning"]),
    ],
)
def test_uploads_of_k0sctl(src: str, folder: str, expected: list[str]) -> None:
    files = {"k0sctl.yaml": K0SCTL.replace("SRC", src).replace("DIR", folder), "keys.yaml": OTHER}
    brought = {"conf/policy.yaml": POLICY} if src.startswith("conf") else {}
    assert missing({**files, **brought}) == expected


@pytest.mark.parametrize(("more", "expected"), [("", []), ("- {path: /etc/x.yaml, content: 'a: b'}\n", ["warning"])])
def test_a_file_of_settings_alone_says_nothing_of_the_machine(more: str, expected: list[str]) -> None:
    config = f"- path: /etc/rancher/rke2/config.yaml\n  content: |\n    kube-apiserver-arg: [audit-policy-file={AT}]\n"
    assert missing({"user-data": f"#cloud-config\nwrite_files:\n{config}{more}"}) == expected


RKE2 = f"kube-apiserver-arg:\n- audit-policy-file={AT}\n- audit-log-path=/var/log/a.log\n"
CONFIG = "- template: {src: config.yaml.j2, dest: /etc/rancher/rke2/config.yaml}\n"
SCRIPT = "cat > /etc/rancher/rke2/config.yaml <<EOF\n" + RKE2 + "EOF\n"


def role(*tasks: str) -> dict[str, str]:
    settings = {"roles/rke2/templates/config.yaml.j2": f"token: '{{{{ token }}}}'\n{RKE2}"}
    return {"roles/rke2/tasks/main.yml": CONFIG + "".join(tasks), "roles/rke2/files/audit.yaml": POLICY, **settings}


TO = "- copy: {{src: audit.yaml, dest: {0}}}\n"
WRONG = TO.format("/etc/rancher/rke2/")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (role(TO.format(AT)), []),
        (role(WRONG), ["error"]),
        (role("- ansible.builtin.copy: src=audit.yaml dest=/etc/kubernetes/policy.yaml\n"), ["error"]),
        (role(WRONG, f"- file: {{src: /a, dest: {AT}, state: link}}\n"), []),
        (role(TO.format("'{{ audit_policy_path }}'")), []),
        (role(TO.format("'/etc/kubernetes/{{ folder }}/policy.yaml'")), []),
        (role(TO.format("'/etc/kubernetes/{{ folder }}/other.yaml'")), []),
        (role(WRONG) | {"roles/hard/tasks/main.yml": TO.format("'{{ conf }}/policy.yaml'")}, []),
        (
            role(WRONG) | {"other.yaml": "apiServer: {extraArgs: {audit-policy-file: /etc/rancher/rke2/audit.yaml}}\n"},
            [],
        ),
        (role(TO.format(AT)) | {"roles/rke2/files/audit.yaml": OTHER}, []),
        (role("- copy: {src: keys.yaml, dest: /etc/rancher/rke2/}\n"), []),
        ({"a.sh": "cp config.yaml /etc/rancher/rke2/\ncp audit.yaml /etc/rancher/rke2/\n"}, ["error"]),
        ({"a.sh": f"cp config.yaml /etc/rancher/rke2/\ninstall -m 600 audit.yaml {AT}\n"}, []),
        ({"a.sh": "cp config.yaml /etc/rancher/rke2/\ncp audit.yaml $DIR/\n"}, []),
        ({"a.sh": "cp audit.yaml /etc/rancher/rke2/\n"}, []),
        (
            {
                "a.bu": "storage:\n  files:\n"
                "  - {path: /etc/rancher/rke2/config.yaml, contents: {local: config.yaml}}\n"
                "  - {path: /etc/audit.yaml, contents: {local: audit.yaml}}\n"
            },
            ["error"],
        ),
        (
            {
                "main.tf": 'resource "x" "y" {\n  provisioner "file" {\n    source = "config.yaml"\n'
                '    destination = "/a.yaml"\n  }\n  provisioner "file" {\n    source = "audit.yaml"\n'
                '    destination = "/b.yaml"\n  }\n}\n'
            },
            ["error"],
        ),
        ({"b.sh": f"{SCRIPT}cat > /etc/rancher/rke2/audit.yaml <<EOF\n{POLICY}EOF\n"}, ["error"]),
        ({"b.sh": f"{SCRIPT}cat > {AT} <<EOF\n{POLICY}EOF\n"}, []),
        ({"b.sh": f"{SCRIPT}cat > $A <<EOF\n{POLICY}EOF\n"}, []),
        ({"b.sh": f"{SCRIPT}cat > /etc/a.yaml <<EOF\n{POLICY}EOF\nmv /etc/a.yaml {AT}\n"}, []),
        ({"b.sh": f"{SCRIPT}cat > /etc/rancher/rke2/registries.yaml <<EOF\na: b\nEOF\n"}, []),
        (
            {
                "main.tf": 'resource "x" "y" {\n  provisioner "file" {\n    content = <<-E\n'
                + at(6, RKE2)
                + '    E\n    destination = "/etc/rancher/rke2/config.yaml"\n  }\n  provisioner "file" {\n'
                '    source = "${path.module}/audit.yaml"\n    destination = "/b.yaml"\n  }\n}\n'
            },
            ["error"],
        ),
    ],
)
def test_what_brings_the_settings_brings_the_policy_elsewhere(files: dict[str, str], expected: list[str]) -> None:
    beside = {} if any(name.startswith(("roles", "b.")) for name in files) else {"config.yaml": RKE2}
    assert missing({"audit.yaml": POLICY, **beside, **files}) == expected


@pytest.mark.parametrize(
    ("settings", "name", "more", "expected"),
    [
        ("etc/rancher/rke2/config.yaml", AT[1:], {}, []),
        ("etc/rancher/rke2/config.yaml", "etc/kubernetes/audit.yaml", {}, ["error"]),
        ("etc/rancher/rke2/config.yaml", "etc/kubernetes/audit.yaml", {"a.sh": f"curl -o {AT} https://x.com/p\n"}, []),
        ("rke2/config.yaml", "etc/kubernetes/audit.yaml", {}, []),
        ("etc/rancher/rke2/config.yaml", f"{AT[1:]}.j2", {}, []),
        ("etc/rancher/rke2/config.yaml", "etc/kubernetes/audit.yaml", {f"host{AT}": "a: b\n"}, []),
    ],
)
def test_a_repository_laid_out_as_the_host_is(
    settings: str, name: str, more: dict[str, str], expected: list[str]
) -> None:
    assert missing({f"host/{settings}": RKE2, f"host/{name}": POLICY, **more}) == expected


MINIKUBE = "minikube start --extra-config=apiserver.audit-policy-file=/etc/ssl/certs/policy.yaml\n"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (f"cat > ~/.minikube/files/etc/ssl/certs/policy.yaml <<EOF\n{POLICY}EOF\n", []),
        (f"cat <<EOF > ~/.minikube/files/etc/ssl/certs/audit.yaml\n{POLICY}EOF\n", ["error"]),
        ("cp audit.yaml $HOME/.minikube/files/etc/ssl/certs/\n", ["error"]),
        ("cp audit.yaml $HOME/.minikube/files/etc/ssl/certs/policy.yaml\n", []),
        ("cp audit.yaml /tmp/\n", []),
    ],
)
def test_files_that_minikube_brings(lines: str, expected: list[str]) -> None:
    assert missing({"a.sh": lines + MINIKUBE, "audit.yaml": POLICY}) == expected


PATCH = (
    "  - op: add\n    path: /spec/kubeadmConfigSpec/files/-\n"
    "    value: {path: PATH, contentFrom: {secret: {name: a, key: b}}}\n"
)


@pytest.mark.parametrize(("path", "expected"), [(AT, []), ("/etc/kubernetes/other.yaml", ["warning"])])
def test_a_patch_in_the_same_file_may_bring_it(path: str, expected: list[str]) -> None:
    patch = "---\napiVersion: cluster.x-k8s.io/v1beta1\nkind: ClusterClass\npatches:\n" + PATCH.replace("PATH", path)
    assert missing({"a.yaml": kcp(KEYS) + patch}) == expected


LISTED = f"extraArgs: [{{name: audit-policy-file, value: {AT}}}],"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (entry(AT), []),
        (entry(AT.replace("policy", "Policy")), ["error"]),
        (SECRET.format("/etc/other.yaml"), ["error"]),
    ],
)
def test_arguments_in_a_list(file: str, expected: list[str]) -> None:
    text = kcp(file).replace("v1beta1", "v1beta2").replace(f"extraArgs: {{audit-policy-file: {AT}}},", LISTED)
    assert missing({"a.yaml": text}) == expected


@pytest.mark.parametrize(("folder", "expected"), [("/var/audit", []), ("/var/lib/audit", ["error"])])
def test_a_patch_of_talos_that_brings_the_policy(folder: str, expected: list[str]) -> None:
    server = f"    extraArgs: {{audit-policy-file: {AT}}}\n    extraVolumes:\n    - hostPath: {folder}\n"
    server += "      mountPath: /etc/kubernetes/audit\n      readonly: true\n"
    files = f"  files:\n  - path: /var/audit/policy.yaml\n    op: create\n    content: |\n{at(6)}"
    assert missing({"patch.yaml": f"machine:\n{files}cluster:\n  apiServer:\n{server}"}) == expected


def test_a_webhook_configuration_of_any_content_is_there() -> None:
    pod = POD_OF_HOST.replace("POLICY", AT)
    files = {"host/etc/kubernetes/manifests/kube-apiserver.yaml": pod, f"host{AT}": POLICY}
    assert missing({**files, "host/etc/kubernetes/audit/hook.yaml": ""}) == []
    Path("host/etc/kubernetes/audit/hook.yaml").unlink()
    assert missing(files) == ["warning"]


POD_OF_HOST = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.31.0
    command:
    - kube-apiserver
    - --audit-policy-file=POLICY
    - --audit-webhook-config-file=/etc/kubernetes/audit/hook.yaml
    volumeMounts: [{name: a, mountPath: /etc/kubernetes/audit, readOnly: true}]
  volumes: [{name: a, hostPath: {path: /etc/kubernetes/audit}}]
"""


KIND = f"""kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
  extraMounts: [{{hostPath: ./audit, containerPath: /etc/kubernetes/audit}}]
  kubeadmConfigPatches:
  - |
    kind: ClusterConfiguration
    apiServer:
      extraArgs: {{audit-policy-file: {AT}}}
      extraVolumes: [{{name: a, hostPath: /etc/kubernetes/audit, mountPath: /etc/kubernetes/audit, readOnly: true}}]
"""


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"audit/audit-policy.yaml": POLICY}, ["error"]),
        ({"audit/audit-policy.yaml": POLICY, "audit/policy.yaml": POLICY}, []),
        ({"audit/policy.yaml": POLICY}, []),
        ({"audit/README": "made by a script\n"}, []),
        ({}, []),
    ],
)
def test_a_folder_of_kinds_mounts(files: dict[str, str], expected: list[str]) -> None:
    assert missing({"kind.yaml": KIND, **files}) == expected
