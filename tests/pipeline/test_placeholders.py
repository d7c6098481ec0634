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
    assert not found("p.yaml", data.replace(b"[${USER_X}]", b"['${USER_X}']"), capsys)[1]
