"""Kustomizations put together: bases and patches are checked as what they become, each finding at its own text."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import Outcome, run

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n"
SERVER = """apiVersion: apps/v1
kind: Deployment
metadata: {name: kube-apiserver, labels: {tier: plane}}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec:
      containers:
      - name: kube-apiserver
        image: registry.k8s.io/kube-apiserver:v1.30.0
        command:
        - kube-apiserver
        - --audit-policy-file=/etc/audit/policy.yaml
        - --audit-log-path=/var/log/audit/audit.log
        - --audit-log-maxage=30
        - --audit-log-maxbackup=100
        - --audit-log-maxsize=1000
        volumeMounts:
        - {name: audit, mountPath: /etc/audit}
        - {name: logs, mountPath: /var/log/audit}
      volumes:
      - {name: audit, configMap: {name: audit}}
      - {name: logs, hostPath: {path: /var/log/audit, type: DirectoryOrCreate}}
"""
BASE = "resources: [server.yaml]\nconfigMapGenerator:\n- {name: audit, files: [policy.yaml=audit-policy.yaml]}\n"
OVERLAY = "resources: [../base]\n"
HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: kube-apiserver}\nspec:\n  template:\n    spec:\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".git").mkdir()
    write({"base/kustomization.yaml": BASE, "base/server.yaml": SERVER, "base/audit-policy.yaml": POLICY})


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def outcome(*paths: str) -> Outcome:
    return run(Options(paths or (".",)), load_config(), shipped())


def shown(one: Finding) -> tuple[str, str, str]:
    return one.place.source.path, one.rule, one.place.text


def found(*paths: str) -> list[tuple[str, str, str]]:
    """The findings, after what `check .` says of each file was compared with what `check FILE` says of it."""
    every = outcome(*paths).report.findings
    for path in sorted(str(one) for one in Path().rglob("*.yaml")):
        alone = {(*shown(one), one.message) for one in outcome(path).report.findings if one.place.source.path == path}
        assert alone == {(*shown(one), one.message) for one in every if one.place.source.path == path}, path
    return [shown(one) for one in every if one.severity != "info"]


def test_a_policy_out_of_a_generated_configmap() -> None:
    assert found() == []
    (server,) = outcome().subjects.servers
    assert server.policy is not None
    assert server.policy.document.source.path == "base/audit-policy.yaml"
    write({"base/audit-policy.yaml": POLICY.replace("Metadata", "Metadatum")})
    assert [one[:2] for one in found()] == [("base/audit-policy.yaml", "invalid-level")]


def json_patch(*operations: str, target: str = "{kind: Deployment, name: kube-apiserver}") -> str:
    return f"patches:\n- target: {target}\n  patch: |-\n" + "".join(f"    - {one}\n" for one in operations)


COMMAND = "/spec/template/spec/containers/0/command"
PATCHED = {
    "added": ([f"{{op: add, path: {COMMAND}/-, value: --audit-log-mode=x}}"], "invalid-flag-value"),
    "replaced": ([f"{{op: replace, path: {COMMAND}/3, value: --audit-log-maxage=3d}}"], "invalid-flag-value"),
    "removed": ([f"{{op: remove, path: {COMMAND}/1}}"], "no-audit-policy"),
    "copied": ([f"{{op: copy, from: {COMMAND}/3, path: {COMMAND}/0}}"], ""),
    "moved": ([f"{{op: move, from: {COMMAND}/3, path: {COMMAND}/1}}"], ""),
    "tested": ([f"{{op: test, path: {COMMAND}/3, value: --audit-log-maxage=30}}"], ""),
    "unmounted": (["{op: remove, path: /spec/template/spec/containers/0/volumeMounts/1}"], "log-directory-not-mounted"),
}


@pytest.mark.parametrize("case", PATCHED)
@pytest.mark.parametrize("inline", [True, False])
def test_json_patches(case: str, inline: bool) -> None:
    operations, rule = PATCHED[case]
    if inline:
        write({"prod/kustomization.yaml": OVERLAY + json_patch(*operations)})
    else:
        entry = "patchesJson6902:\n- target: {group: apps, version: v1, kind: Deployment, name: kube-apiserver}\n"
        write(
            {
                "prod/kustomization.yaml": f"{OVERLAY}{entry}  path: audit-patch.yaml\n",
                "prod/audit-patch.yaml": "".join(f"- {one}\n" for one in operations),
            }
        )
    assert [one[1] for one in found()] == [rule] * bool(rule)
    (server,) = outcome().subjects.servers
    assert server.server.overlay is not None


TARGETS = {
    "kind: Deploy.*": True,
    "kind: Deploy": False,
    "name: kube-.*, version: v1, group: apps": True,
    "name: apiserver": False,
    "labelSelector: tier=plane": True,
    "labelSelector: 'tier in (plane, b), !c'": True,
    "labelSelector: tier!=plane": False,
    "labelSelector: tier notin (plane)": False,
    "namespace: default": True,
}


@pytest.mark.parametrize("target", TARGETS)
def test_targets(target: str) -> None:
    patch = json_patch(f"{{op: remove, path: {COMMAND}/1}}", target=f"{{{target}}}")
    write({"prod/kustomization.yaml": f"{OVERLAY}{patch}# audit\n"})
    assert [one[1] for one in found()] == ["no-audit-policy"] * TARGETS[target]


def test_strategic_patches() -> None:
    """Containers are merged by name, volumes by name, mounts by path; null and $patch remove."""
    write({"prod/kustomization.yaml": f"{OVERLAY}patches:\n- path: patch.yaml\n"})
    mounts = HEAD + "      containers:\n      - name: kube-apiserver\n        volumeMounts:\n"
    for patch, expected in (
        (f"{mounts}        - {{mountPath: /var/log/audit, name: logs, readOnly: true}}\n", ["log-mount-read-only"]),
        (f"{mounts}        - {{mountPath: /var/log/audit, $patch: delete}}\n", ["log-directory-not-mounted"]),
        (
            f"{HEAD}      volumes:\n      - {{name: logs, hostPath: null, emptyDir: {{}}}}\n",
            ["log-on-ephemeral-volume"],
        ),
        (f"{HEAD}      containers:\n      - {{name: other, image: a}}\n", []),
        (f"{HEAD}      containers:\n      - {{name: kube-apiserver, $patch: delete}}\n      - name: a\n", []),
    ):
        write({"prod/patch.yaml": patch})
        assert [one[1] for one in found()] == expected, patch


PLANE = """apiVersion: controlplane.cluster.x-k8s.io/v1beta1
kind: KubeadmControlPlane
metadata: {name: plane}
spec:
  version: v1.30.0
  machineTemplate: {}
  kubeadmConfigSpec:
    clusterConfiguration:
      apiServer:
        extraArgs:
          audit-policy-file: /etc/audit/policy.yaml
          audit-log-path: "-"
        extraVolumes:
        - {name: audit, hostPath: /etc/audit, mountPath: /etc/audit, readOnly: true, pathType: Directory}
    files:
    - path: /etc/audit/policy.yaml
      content: |
"""


def test_lists_of_custom_resources_are_replaced() -> None:
    plane = PLANE + "".join(f"        {line}\n" for line in POLICY.splitlines())
    patch = "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: KubeadmControlPlane\nmetadata: {name: plane}\n"
    patch += "spec:\n  kubeadmConfigSpec:\n    clusterConfiguration:\n      apiServer:\n        extraVolumes:\n"
    patch += "        - {name: logs, hostPath: /var/log, mountPath: /var/log}\n"
    write({"base/server.yaml": plane, "prod/kustomization.yaml": f"{OVERLAY}patches: [{{path: audit.yaml}}]\n"})
    write({"prod/audit.yaml": patch + "# audit\n"})
    assert found() == [("base/server.yaml", "policy-not-mounted", "/etc/audit/policy.yaml")]
    (server,) = outcome().subjects.servers
    assert server.policy is not None  # the policy among the files is there once
    assert len(outcome().subjects.policies) == 2


def test_what_all_kustomizations_share_is_told_once() -> None:
    write({f"{name}/kustomization.yaml": OVERLAY for name in ("dev", "prod")})
    write({"base/server.yaml": SERVER.replace("maxage=30", "maxage=3d")})
    assert found() == [("base/server.yaml", "invalid-flag-value", "3d")]
    mended = OVERLAY + json_patch(f"{{op: replace, path: {COMMAND}/3, value: --audit-log-maxage=30}}")
    write({"prod/kustomization.yaml": mended})
    (one,) = (one for one in outcome().report.findings if one.severity == "error")
    assert one.message.endswith("It holds with dev/kustomization.yaml, and not with prod/kustomization.yaml.")
    assert found() == [("base/server.yaml", "invalid-flag-value", "3d")]
    write({"dev/kustomization.yaml": mended})
    assert found() == []


def test_components_and_images() -> None:
    component = "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n"
    component += json_patch(f"{{op: add, path: {COMMAND}/-, value: --audit-log-batch-max-size=0}}")
    images = "images:\n- {name: registry.k8s.io/kube-apiserver, newTag: v1.22.0}\n"
    write({"audit/kustomization.yaml": component})
    write({"prod/kustomization.yaml": f"{OVERLAY}components: [../audit]\n{images}"})
    assert [one[0] for one in found()] == []
    (server,) = outcome().subjects.servers
    assert (str(server.versions), server.server.flags[-1].name) == ("1.22", "audit-log-batch-max-size")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("helmCharts: [{name: a}]\n", "`helmCharts` is not read here"),
        ("replacements: [{path: a.yaml}]\n", "`replacements` is not read here"),
        ("vars: [{name: A}]\n", "`vars` is not read here"),
        ("components: ['https://example.com/a?ref=b']\n", "this component is not here"),
        ("patchesStrategicMerge: [missing.yaml]\n", "this patch is not here, or cannot be read"),
    ],
)
def test_what_cannot_be_put_together_is_a_part(text: str, why: str) -> None:
    patch = json_patch(f"{{op: add, path: {COMMAND}/-, value: --audit-log-mode=x}}")
    write({"prod/kustomization.yaml": OVERLAY + patch + text})
    write({"base/server.yaml": SERVER.replace("        - --audit-policy-file=/etc/audit/policy.yaml\n", "")})
    assert found() == [("prod/kustomization.yaml", "invalid-flag-value", "x")]
    together = "base and patches were not put together, and each was checked as a part"
    assert f"{why}: {together}" in [one.message for one in outcome().notes]


def test_a_patch_that_kustomize_refuses_is_a_part() -> None:
    patch = json_patch(f"{{op: replace, path: {COMMAND}/17, value: --audit-log-mode=x}}")
    write({"prod/kustomization.yaml": OVERLAY + patch})
    assert found() == [("prod/kustomization.yaml", "invalid-flag-value", "x")]
    note = next(one for one in outcome().notes if one.place.source.path == "prod/kustomization.yaml")
    assert note.message.startswith("kustomize refuses this patch: replace operation does not apply:")
    assert note.place.text == f"{COMMAND}/17"


def test_kustomizations_in_each_other() -> None:
    write({"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n"})
    write({"prod/kustomization.yaml": OVERLAY.replace("]", ", ../a]") + json_patch("{op: remove, path: /audit}")})
    assert found() == []
