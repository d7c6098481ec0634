"""`check FILE...` reports exactly what `check .` reports about those files, and so does standard input."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest
from sampling import one_in

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
CORPUS_FILES = int(os.environ.get("KUBE_AUDIT_LINT_CORPUS_FILES", "40"))
"""How many published files are compared one by one: all of them take some five minutes."""

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n"
OLD = POLICY.replace("/v1", "/v1beta1")
MISSPELT = POLICY + "  user: [a]\n"
LAYOUTS = {  # manifest, policy, the policy's path on the host
    "flat": ("kube-apiserver.yaml", "policy.yaml", "/etc/kubernetes/policy.yaml"),
    "host": ("etc/kubernetes/manifests/kube-apiserver.yaml", "etc/kubernetes/audit/policy.yaml", ""),
    "role": ("templates/kube-apiserver.yaml.j2", "files/policy.yaml", "/etc/kubernetes/policy.yaml"),
    "named": ("kube-apiserver.yaml", "audit-policy.yaml", "/etc/kubernetes/audit-policy.yaml"),
}
UNIT = (
    "[Service]\nEnvironmentFile=/etc/kubernetes/apiserver\n"
    "ExecStart=kube-apiserver --etcd-servers=x --audit-policy-file=/etc/kubernetes/policy.yaml $KUBE_API_ARGS\n"
)


def manifest(at: str = "", minor: int = 30, age: int = 30) -> str:
    at = at or "/etc/kubernetes/audit/policy.yaml"
    return f"""apiVersion: v1
kind: Pod
metadata: {{name: kube-apiserver, namespace: kube-system}}
spec:
  containers:
  - name: kube-apiserver
    image: registry.example.com/kube-apiserver:v1.{minor}.4
    command: [kube-apiserver, --audit-log-path=-, --audit-policy-file={at}, --audit-log-maxage={age}]
    volumeMounts: [{{name: p, mountPath: {at}, readOnly: true}}]
  volumes: [{{name: p, hostPath: {{path: {at}, type: File}}}}]
"""


def monorepo(seed: int) -> dict[str, str]:
    """Clusters of several layouts, with shared policies, copies, containers, other people's files and units."""
    choose = random.Random(seed)
    files = {"README.yaml": "a: 1\n", "kyverno/policy.yaml": "apiVersion: kyverno.io/v1\nkind: Policy\n"}
    for number in range(choose.randint(2, 5)):
        server, policy, at = LAYOUTS[choose.choice(list(LAYOUTS))]
        for host in range(choose.randint(1, 3)):
            base = f"clusters/{'abcde'[number]}/" + choose.choice(["", f"master-{host}/"])
            text = manifest(at, choose.choice([20, 22, 30, 36, 41, 6]), choose.choice([7, 30]))
            files[base + server] = text
            if choose.random() < 0.3:
                files[f"{base}{server}.bak"] = text.replace("=30]", "=31]")
            if choose.random() < 0.7:
                files[base + policy] = choose.choice([POLICY, OLD, MISSPELT, "", "rules: [a\n", "a: 1\n"])
    if choose.random() < 0.5:
        files[choose.choice(["policy.yaml", "shared/audit/policy.yaml", "clusters/policy.yaml"])] = OLD
    if choose.random() < 0.4:
        body = "".join(f"    {line}\n" for line in OLD.splitlines())
        head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  policy.yaml: |\n"
        files["maps/held.yaml"] = head + body
        volume = "hostPath: {path: /etc/kubernetes/audit/policy.yaml, type: File}"
        files["maps/pod.yaml"] = manifest().replace(volume, "configMap: {name: a}")
    if choose.random() < 0.5:
        files["units/kube-apiserver.service"] = UNIT
        files["units/apiserver"] = 'KUBE_API_ARGS="--etcd-servers=x --audit-log-maxage=7"\n'
        files["units/policy.yaml"] = OLD
    if choose.random() < 0.5:
        files["kind/kind.yaml"] = (
            "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n"
            "  image: kindest/node:v1.31.0\n  extraMounts:\n"
            "  - {hostPath: ../clusters/a/policy.yaml, containerPath: /etc/kubernetes/policy.yaml}\n"
            "  kubeadmConfigPatches:\n  - |\n    kind: ClusterConfiguration\n    apiServer:\n      extraArgs:\n"
            "        audit-policy-file: /etc/kubernetes/policy.yaml\n"
        )
    return files | _brought(choose)


def _brought(choose: random.Random) -> dict[str, str]:
    """Policies in places where another file's finding is about them: as objects, and among static pods."""
    files: dict[str, str] = {}
    if choose.random() < 0.6:
        named = choose.choice(["policy.yaml", "base/audit-policy.yaml", "base/missing.yaml"])
        files["deploy/kustomization.yaml"] = f"resources:\n- {named}\n"
        files[f"deploy/{named.replace('missing', 'policy')}"] = POLICY
    if choose.random() < 0.6:
        task = "- copy:\n    src: audit.yaml\n    dest: /etc/kubernetes/manifests/audit.yaml\n"
        files["roles/audit/tasks/main.yaml"] = task + "- kubernetes.core.k8s:\n    src: audit.yaml\n"
        files["roles/audit/files/audit.yaml"] = POLICY
    if choose.random() < 0.6:
        files["host/kube-apiserver.yaml"] = manifest()
        files["host/kube-scheduler.yaml"] = "apiVersion: v1\nkind: Pod\n"
        files["host/mine.yaml"] = POLICY
    return files


def found(*paths: str, stdin: tuple[str, bytes] | None = None) -> list[Finding]:
    """The findings of a run as the command line makes it."""
    return list(run(Options(paths, stdin=stdin, profile="cis"), load_config(), shipped()).report.findings)


def told(findings: list[Finding]) -> list[tuple[object, ...]]:
    """Findings as far as a reader sees them; without those that are one a run, whatever files are in it."""
    return [
        (
            one.rule,
            one.severity,
            one.place.source.path,
            one.place.start,
            one.message,
            one.kubernetes,
            one.help,
            *tuple((other.place.source.path, other.place.start, other.message) for other in one.related),
        )
        for one in findings
        if not one.once
    ]


def touching(findings: list[Finding], names: set[str]) -> list[Finding]:
    """Those that a file of these names has a part in."""
    return [
        one
        for one in findings
        if not names.isdisjoint((one.place.source.path, *(other.place.source.path for other in one.related)))
    ]


def hold(choose: random.Random, subsets: int, most: int | None = None) -> int:
    """Holds each file, random subsets, and each file on standard input against a run over everything.

    most: so many files, chosen at random, and half as many on standard input. Returns how many findings it compared.
    """
    names = sorted(path.as_posix() for path in Path().rglob("*") if path.is_file() and ".git/" not in path.as_posix())
    whole = found(".")
    single, piped = names, names
    if most is not None:
        single, piped = choose.sample(names, most), choose.sample(names, most // 2)
    chosen = [[name] for name in single]
    chosen += [choose.sample(names, choose.randint(2, len(names))) for _ in range(subsets)]
    compared = 0
    for some in chosen:
        expected = told(touching(whole, set(some)))
        assert told(found(*some)) == expected, some
        compared += len(expected)
    for name in piped:
        expected = told(touching(whole, {name}))
        assert told(found(stdin=(name, Path(name).read_bytes()))) == expected, f"standard input: {name}"
        compared += len(expected)
    return compared


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory: a repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("seed", one_in(12, range(12)))
def test_a_monorepo(seed: int) -> None:
    for name, text in monorepo(seed).items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")
    assert found(".")
    hold(random.Random(seed), 6)


def test_a_monorepo_that_is_no_repository(tmp_path: Path) -> None:
    """What lies below the working directory belongs together, too."""
    (tmp_path / ".git").rmdir()
    for name, text in monorepo(1).items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")
    assert hold(random.Random(1), 6) > 0


def test_three_servers_of_which_one_loads_another_policy() -> None:
    """Naming the server whose policy is the other one reports the drift, too."""
    for name in ("master-1", "master-2", "master-3"):
        Path(name).mkdir()
        Path(name, "kube-apiserver.yaml").write_text(manifest("/etc/kubernetes/policy.yaml"), "utf-8")
        text = POLICY if name != "master-3" else POLICY.replace("Metadata", "Request")
        Path(name, "policy.yaml").write_text(text, "utf-8")
    (drift,) = (one for one in found("master-1/kube-apiserver.yaml") if one.rule == "control-plane-drift")
    assert drift.place.source.path == "master-3/kube-apiserver.yaml"
    assert hold(random.Random(1), 3) > 0


def test_a_finding_that_takes_the_place_of_another_is_about_its_files_too() -> None:
    """Of the quotes and the group that they refuse one finding is left; it names the server that does not start."""
    Path("kube-apiserver.yaml").write_text(manifest("/etc/kubernetes/policy.yaml"), "utf-8")
    rule = "  resources: [{group: \u201c\u201d, resources: [pods]}]\n"
    Path("policy.yaml").write_text(f"{POLICY}{rule}- level: Metadata\n", "utf-8")
    (quotes,) = (one for one in found("kube-apiserver.yaml") if one.place.source.path == "policy.yaml")
    assert quotes.rule == "typographic-quotes"
    assert "does not start" in quotes.related[-1].message
    assert hold(random.Random(1), 3) > 0


def test_a_policy_that_another_file_brings_where_it_may_not_lie() -> None:
    """Whoever changes that policy hears of it, with both places."""
    for name, text in _brought(random.Random(9)).items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")
    brought = [one for one in found(".") if one.rule in ("policy-applied-as-object", "policy-in-manifest-directory")]
    assert len(brought) == 4
    for one in brought:
        (related,) = one.related
        assert related.place.text == "audit.k8s.io/v1" or related.place.source.path == "host/kube-apiserver.yaml"
    assert hold(random.Random(1), 3) > 0


@pytest.mark.parametrize("name", [*sorted(os.listdir(ROOT / "examples" / "ack")), "daocloud"])
def test_the_examples(name: str, tmp_path: Path) -> None:
    source = ROOT / "examples" / (name if name == "daocloud" else f"ack/{name}")
    shutil.copytree(source, tmp_path / "examples")
    hold(random.Random(1), 6)


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_the_corpus(tmp_path: Path) -> None:
    for path in CORPUS.rglob("*"):
        if path.is_file():
            copy = tmp_path / path.relative_to(CORPUS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    assert hold(random.Random(2), 10, most=CORPUS_FILES) > 1000
