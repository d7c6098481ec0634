"""What is a placeholder and what only looks like one, through whole runs of the command."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest

from kube_audit_lint.cli import main

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
MARK = "\ue000"
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: audit}\n"


def found(name: str, data: bytes, capsys: pytest.CaptureFixture[str]) -> tuple[set[str], list[str]]:
    """The rules of the findings in one file, and the notes."""
    Path(name).write_bytes(data)
    main(["check", "--format", "json", name])
    report = json.loads(capsys.readouterr().out)
    return {one["rule"] for one in report["findings"]}, [one["message"] for one in report.get("notes", ())]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def policies(mark: str) -> dict[str, bytes]:
    """A policy whose one level is a mark, in every encoding."""
    yaml = f"{HEAD}- level: {mark}\n"
    escaped = f'{HEAD}- level: "\\ue000"\n'
    octets = b64encode(mark.encode()).decode()
    as_json = json.dumps({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": mark}]})
    inside = b64encode(yaml.encode()).decode()
    return {
        "raw.yaml": yaml.encode(),
        "mark.yaml": b"\xef\xbb\xbf" + yaml.encode(),
        "utf16.yaml": yaml.encode("utf-16"),
        "escape.yaml": escaped.encode(),
        "long.yaml": escaped.replace("\\ue000", "\\U0000e000").encode(),
        "binary.yaml": f"{HEAD}- level: !!binary {octets}\n".encode(),
        "json.json": as_json.encode(),
        "raw.json": json.dumps(json.loads(as_json), ensure_ascii=False).encode(),
        "map.yaml": f"{CONFIG_MAP}binaryData:\n  policy.yaml: {inside}\n".encode(),
    }


@pytest.mark.parametrize("name", policies(MARK))
def test_a_private_character_is_no_placeholder(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "invalid-level" in found(name, policies(MARK)[name], capsys)[0]


def test_a_placeholder_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "invalid-level" not in found("t.yaml", f"{HEAD}- level: {{{{ level }}}}\n".encode(), capsys)[0]


def test_what_no_yaml_can_hold_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """`${X}` in a flow list: the server would refuse the file as it stands."""
    data = f"{HEAD}- level: None\n  users: [${{USER_X}}]\n- level: Metadata\n".encode()
    rules, notes = found("p.yaml", data, capsys)
    assert "policy-unreadable" not in rules
    assert any(note.startswith("read as a template; as it stands the file is no YAML: yaml: line ") for note in notes)
    notes = found("p.yaml", data.replace(b"[${USER_X}]", b"['${USER_X}']"), capsys)[1]
    assert notes == [f"`${{USER_X}}` has {UNFILLED} it stands for was not checked"]


UNFILLED = "to be filled in before kube-apiserver reads this: what"
REFUSED = "they stand for was not checked; as it stands the policy is refused, and the server does not start"
FILLED = f"""{HEAD}- level: ${{LEVEL}}
  verbs: ["${{VERB}}"]
  omitStages: ["${{STAGE}}"]
  resources: [{{group: "${{GROUP}}", resources: ["${{RESOURCE}}"]}}]
- level: ${{LEVEL}}
"""


@pytest.mark.parametrize("name", ["audit-policy.yaml", "map.yaml"])
def test_what_envsubst_fills_in_a_policy_is_unknown(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    inside = "".join(f"    {line}" for line in FILLED.splitlines(keepends=True))
    text = f"{CONFIG_MAP}data:\n  audit-policy.yaml: |\n{inside}" if name == "map.yaml" else FILLED
    assert found(name, text.encode(), capsys) == (set(), [f"`${{LEVEL}}` and 4 more have {UNFILLED} {REFUSED}"])
    assert found(name, text.replace("${LEVEL}", "metadata").encode(), capsys)[0] >= {"invalid-level"}


def test_a_default_is_what_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    """What has a default is filled in, and so is all else of the file."""
    text = f"{HEAD}- level: Request\n  users: ['${{WHO}}']\n- level: ${{REST:=None}}\n"
    for name in ("audit-policy.yaml", "audit-policy.yaml.tpl", "audit-policy.yaml.j2", "policy.yaml.envsubst"):
        assert found(name, text.encode(), capsys) == ({"blind-spot"}, [])
        assert found(name, text.replace(":=None", ":-Metadata").encode(), capsys) == (set(), [])
    Path("audit-policy.yaml").write_text(text.replace(":=None", ":=Nothing"))
    main(["check", "--format", "json", "audit-policy.yaml"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["rule"], finding["start"], finding["end"]) == (
        "invalid-level",
        {"line": 6, "column": 18},
        {"line": 6, "column": 25},
    )


@pytest.mark.parametrize("own", ["env: [{name: DAYS, value: '30'}]", "env:\n    - name: DAYS\n      value: '30'"])
def test_a_default_of_what_the_file_sets_is_not_known(own: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = POD.format(own=own)
    assert "log-maxage" not in found("kube-apiserver.yaml", text.encode(), capsys)[0]
    assert "log-maxage" in found("kube-apiserver.yaml", text.replace("name: DAYS", "name: D").encode(), capsys)[0]


POD = """apiVersion: v1
kind: Pod
metadata: {{name: kube-apiserver}}
spec:
  containers:
  - name: kube-apiserver
    {own}
    command: [sh, -c, "exec kube-apiserver --audit-log-path=/a --audit-log-maxage=${{DAYS:-3}}"]
"""
CONTROL_PLANE = """apiVersion: controlplane.cluster.x-k8s.io/v1beta1
kind: KubeadmControlPlane
metadata:
  name: ${CLUSTER_NAME}-control-plane
spec:
  version: ${KUBERNETES_VERSION}
  kubeadmConfigSpec:
    clusterConfiguration:
      apiServer:
        extraArgs:
          audit-log-path: /var/log/${LOG}
          audit-log-maxage: "${MAXAGE:=30}"
"""


@pytest.mark.parametrize(
    ("name", "called", "unfilled"),
    [
        ("cluster-template-audit.yaml", "a", False),
        ("capi.yaml", "${CLUSTER_NAME}-control-plane", False),
        ("capi.yaml", "a", True),
    ],
)
def test_clusterctl_fills_its_templates(
    name: str, called: str, unfilled: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing fills the object that is applied as it stands."""
    text = CONTROL_PLANE.replace("${CLUSTER_NAME}-control-plane", called)
    text = text.replace(":=30", "") if unfilled else text
    rules, _ = found(name, text.encode(), capsys)
    assert ("placeholder" in rules) is unfilled
    assert "invalid-flag-value" not in rules
