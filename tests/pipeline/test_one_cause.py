"""One mistake is one finding, and it names the cause: quotes, folded texts, levels among stages."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.model.finding import Finding
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run

POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n"


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)

    def findings(text: str, name: str = "audit-policy.yaml") -> list[Finding]:
        Path(name).write_text(textwrap.dedent(text), encoding="utf-8")
        found = run(Options((name,)), load_config(), shipped()).report.findings
        return [one for one in found if one.severity != "info"]

    return findings


@pytest.mark.parametrize("quotes", ["“”", "„“", "«»", "\u2018\u2019"])
@pytest.mark.parametrize(
    "before",
    ["omitStages: [{}]\nrules:\n- level: Metadata\n", "rules:\n- level: Metadata\n  omitStages:\n  - {}\n"],
)
def test_quotes_in_a_policy(check, quotes: str, before: str) -> None:  # type: ignore[no-untyped-def]
    quoted = f"{quotes[0]}RequestReceived{quotes[1]}"
    found = check(f"apiVersion: audit.k8s.io/v1\nkind: Policy\n{before.format(quoted)}")
    assert [(one.rule, one.place.text) for one in found] == [("typographic-quotes", quoted)]
    assert '"RequestReceived"' in found[0].help


def test_every_place_is_named(check) -> None:  # type: ignore[no-untyped-def]
    rule = "- level: None\n  users: [“alice”, bob]\n  verbs: [“get”]\n- level: “Metadata”\n"
    (found,) = check(f"apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n{rule}")
    assert [found.place.text, *(one.place.text for one in found.related)] == ["“alice”", "“get”", "“Metadata”"]


def test_a_policy_behind_a_folding_mark(check) -> None:  # type: ignore[no-untyped-def]
    data = textwrap.indent(POLICY, "    ")
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  audit-policy.yaml: "
    (found,) = check(text + ">-\n" + data, "map.yaml")
    assert (found.rule, found.place.text) == ("wrong-shape", ">")
    assert check(text + "|-\n" + data, "map.yaml") == []


def test_a_patch_of_kind_behind_a_folding_mark(check) -> None:  # type: ignore[no-untyped-def]
    text = """\
    kind: Cluster
    apiVersion: kind.x-k8s.io/v1alpha4
    nodes:
    - role: control-plane
      kubeadmConfigPatches:
      - >
        kind: ClusterConfiguration
        apiServer:
          extraArgs:
            audit-log-path: "-"
    """
    assert [(one.rule, one.place.text) for one in check(text, "kind.yaml")] == [("wrong-shape", ">")]


def test_json_may_be_folded(check) -> None:  # type: ignore[no-untyped-def]
    policy = '{"apiVersion": "audit.k8s.io/v1",\n"kind": "Policy", "omitStages": ["RequestReceived"],'
    data = textwrap.indent(policy + '\n"rules": [{"level": "Metadata"}]}\n', "    ")
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  audit-policy.yaml: >\n"
    assert check(text + data, "map.yaml") == []


def test_a_level_among_the_stages(check) -> None:  # type: ignore[no-untyped-def]
    (found,) = check(POLICY.replace("RequestReceived", "metadata"))
    assert (found.rule, found.place.text) == ("invalid-stage", "metadata")
    assert "is a level" in found.message
    assert "`level: Metadata`" in found.help


def test_a_stage_for_a_level(check) -> None:  # type: ignore[no-untyped-def]
    (found,) = check(POLICY.replace("level: Metadata", "level: ResponseComplete"))
    assert "is a stage" in found.message


def test_a_catch_all_that_hides_is_one_finding(check) -> None:  # type: ignore[no-untyped-def]
    found = check(POLICY + "  users: [alice]\n- level: None\n")
    assert [one.rule for one in found] == ["blind-spot"]


@pytest.mark.parametrize(
    ("rule", "severity"),
    [
        ('users: ["system:serviceaccount:argocd:argocd"]\n  verbs: [get, list, watch]', "warning"),
        (
            'users: [cert-manager-operator]\n  verbs: [watch]\n  resources: [{group: "", resources: [secrets]}]',
            "warning",
        ),
        ('users: [cert-manager-operator]\n  resources: [{group: "", resources: [secrets]}]', "error"),
        ('users: [alice]\n  verbs: [get]\n  resources: [{group: "", resources: [secrets]}]', "error"),
        ('users: ["system:anonymous"]\n  verbs: [get]\n  resources: [{group: "", resources: [secrets]}]', "error"),
    ],
)
def test_reads_of_a_named_machine_are_a_lesser_blind_spot(check, rule: str, severity: str) -> None:  # type: ignore[no-untyped-def]
    text = POLICY.replace("rules:\n", f"rules:\n- level: None\n  {rule}\n")
    assert [(one.rule, one.severity) for one in check(text)] == [("blind-spot", severity)]


def test_a_blind_spot_of_requests_without_credentials_says_so(check) -> None:  # type: ignore[no-untyped-def]
    text = POLICY.replace("rules:\n", 'rules:\n- level: None\n  users: ["system:anonymous"]\n')
    found = [one for one in check(text) if one.rule == "blind-spot"]
    assert ["for requests without credentials" in one.message for one in found] == [True]
