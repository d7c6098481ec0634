"""The pod of an API server as the kubelet takes it, or does not: one finding that names the cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

BASE = (Path(__file__).resolve().parents[2] / "rules" / "base" / "kube-apiserver.yaml").read_text()
VOLUMES = BASE[BASE.index("  volumes:") :]
LOG = "{name: audit-log, hostPath: {path: /var/log/kubernetes, type: DirectoryOrCreate}}"
POLICY_PATH = "hostPath: {path: /etc/kubernetes/audit-policy.yaml, type: File}"
REFUSED, UNKNOWN, TWICE = "pod-refused", "unknown-setting", "wrong-shape"

CASES = {
    "two volumes of one name": (BASE + "  - {name: audit-log, emptyDir: {}}\n", REFUSED, "audit-log"),
    "type in small letters": (BASE.replace("type: File}", "type: file}"), REFUSED, "file"),
    "two sources": (BASE.replace(LOG, LOG[:-1] + ", emptyDir: {}}"), REFUSED, "emptyDir"),
    "no DNS label": (BASE.replace("name: audit-log,", "name: audit_log,"), REFUSED, "audit_log"),
    "no path": (BASE.replace(POLICY_PATH, "hostPath: {type: File}"), REFUSED, "hostPath"),
    "up again": (BASE.replace("path: /var/log/kubernetes,", "path: /var/log/../log,"), REFUSED, "/var/log/../log"),
    "subPath": (BASE.replace("/var/log/kubernetes}", "/var/log/kubernetes, subPath: /x}"), REFUSED, "/x"),
    "subPath twice": (
        BASE.replace("/var/log/kubernetes}", "/var/log/kubernetes, subPath: x, subPathExpr: $(X)}"),
        REFUSED,
        "$(X)",
    ),
    "propagation": (
        BASE.replace("/var/log/kubernetes}", "/var/log/kubernetes, mountPropagation: none}"),
        REFUSED,
        "none",
    ),
    "two containers of one name": (
        BASE.replace("  volumes:\n", "  - {name: kube-apiserver, image: busybox}\n  volumes:\n"),
        REFUSED,
        "kube-apiserver",
    ),
    "source without a kind": (BASE.replace(POLICY_PATH, "path: /etc/kubernetes/audit-policy.yaml"), UNKNOWN, "path"),
    "volumes of the container": (
        BASE.replace(VOLUMES, "".join(f"  {line}\n" for line in VOLUMES.splitlines())),
        UNKNOWN,
        "volumes",
    ),
    "volumes of the object": (
        BASE.replace(VOLUMES, "".join(f"{line[2:]}\n" for line in VOLUMES.splitlines())),
        UNKNOWN,
        "volumes",
    ),
    "capital": (BASE.replace("volumes:", "Volumes:"), UNKNOWN, "Volumes"),
    "mounts misspelt": (BASE.replace("volumeMounts:", "volumemounts:"), UNKNOWN, "volumemounts"),
    "command misspelt": (BASE.replace("command:", "Command:"), UNKNOWN, "Command"),
    "another case": (BASE.replace("name: audit-log, mount", "name: Audit-log, mount"), "volume-missing", "Audit-log"),
    "spec twice": (BASE.replace("spec:\n", "spec: {}\nspec:\n"), TWICE, "spec"),
    "path twice": (BASE.replace("path: /var/log/kubernetes,", "path: /a, path: /var/log/kubernetes,"), TWICE, "path"),
    "containers twice": (BASE.replace("  containers:\n", "  containers: []\n  containers:\n"), TWICE, "containers"),
}


def found(text: str) -> list[tuple[str, str]]:
    Path("kube-apiserver.yaml").write_text(text)
    report = run(Options(("kube-apiserver.yaml",)), load_config(), shipped()).report
    return [(one.rule, one.place.text) for one in report.findings if one.severity != "info"]


@pytest.mark.parametrize("case", CASES)
def test_the_cause_and_nothing_else(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text, rule, underlined = CASES[case]
    assert text != BASE
    assert found(text) == [(rule, underlined)]


@pytest.mark.parametrize(
    "text",
    [
        BASE,
        BASE.replace("mountPath: /var/log/kubernetes}", "mountPath: var/log/kubernetes}"),  # the kubelet adds the `/`
        BASE.replace("type: File}", 'type: ""}').replace("volumes:\n", "volumes:\n  - {name: x, emptyDir: {}}\n"),
        BASE.replace(LOG, "{name: audit-log, persistentVolumeClaim: {claimName: a}}"),
        BASE.replace(
            "/var/log/kubernetes}", "/var/log/kubernetes, mountPropagation: HostToContainer, subPathExpr: $(X)}"
        ),
        BASE.replace("  volumes:\n", "  - {name: tail, image: busybox}\n  volumes:\n"),
        BASE.replace("- {name: audit-log, mount", "- {<<: {name: other}, name: audit-log, mount"),
    ],
)
def test_what_the_kubelet_takes(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert found(text) == []


def test_flags_under_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (UNKNOWN, "cmd") in found(BASE.replace("    command:", "    cmd:"))


def test_an_empty_mount_and_an_empty_volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (REFUSED, "{}") in found(
        BASE.replace("    - {name: audit-log, mount", "    - {}\n    - {name: audit-log, mount")
    )
    assert found(BASE + "  - {}\n") == [(REFUSED, "{}")]
