"""Texts of more lines and values than anybody writes: they end soon, with an error or a note, never in silence."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from kube_audit_lint.cli import main
from kube_audit_lint.syntax import reader

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
PILES = {
    "null rules": HEAD + "- \n" * 100_000,
    "levels": HEAD + "- level: X\n" * 50_000,
    "values": f"{HEAD}- level: Metadata\n  users: [{'a,' * 100_000}b]\n",
    "keys with CRLF": "a:\r\n" * 100_000,
    "empty documents": "---\n" * 100_000,
}
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: audit}\n"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("pile", PILES)
def test_a_policy_by_name_is_an_error_and_the_rest_is_checked(pile: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("audit-policy.yaml").write_bytes(PILES[pile].encode())
    Path("other.yaml").write_text(HEAD + "- level: metadata\n")
    assert main(["check", "."]) == 2
    text = capsys.readouterr().out
    assert "audit-policy.yaml: error: more than 40,000 lines and values: not checked" in text
    assert "other.yaml:4:10: error[invalid-level]" in text


@pytest.mark.parametrize("text", ["---\n" + "# not done yet\n" * 20_000, "---\n" + "a b c d e f g h i\n" * 20_000])
def test_a_large_policy_by_name_that_holds_none(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("audit-policy.yaml").write_text(text)
    assert main(["check", "."]) == 1
    assert "error[" in capsys.readouterr().out


def test_of_a_file_that_only_holds_the_words_it_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    Path("dump.yaml").write_text("# audit.k8s.io\n" + PILES["keys with CRLF"])
    assert main(["check", "."]) == 0
    assert "dump.yaml:1:1: note: more than 40,000 lines and values: not checked" in capsys.readouterr().err


MOST = 4_000
"""So many lines and values are too many where a test does not need a text of 40,000."""
LONG = "rules:\n" + "- level: Metadata\n" * 4_500
FIELDS = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
POLICIES = {"fields first": FIELDS + LONG, "fields last": LONG + FIELDS}
POD = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    command: [kube-apiserver, --audit-policy-file=/conf/x.yaml, --audit-log-path=-]
    volumeMounts: [{name: c, mountPath: /conf, readOnly: true}]
  volumes: [{name: c, hostPath: {path: /conf}}]
"""


def _lines(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


HOLDERS = {
    "p.yaml": "%(policy)s",
    "audit-policy.yaml": "%(policy)s",
    "map.yaml": CONFIG_MAP + "data:\n  audit-policy.yaml: |\n%(lines)s",
    "other-map.yaml": CONFIG_MAP + "data:\n  p.yaml: |\n%(lines)s",
    "binary.yaml": CONFIG_MAP + "binaryData: {p.yaml: %(base64)s}\n",
    "secret.yaml": CONFIG_MAP.replace("ConfigMap", "Secret") + "data: {audit-policy.yaml: %(base64)s}\n",
}


@pytest.fixture
def _fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_PARTS", MOST)


@pytest.mark.usefixtures("_fewer")
@pytest.mark.parametrize("order", POLICIES)
@pytest.mark.parametrize("name", HOLDERS)
def test_a_policy_is_an_error_wherever_it_stands(name: str, order: str, capsys: pytest.CaptureFixture[str]) -> None:
    policy = POLICIES[order]
    texts = {"policy": policy, "lines": _lines(policy), "base64": _base64(policy)}
    Path(name).write_text(HOLDERS[name] % texts)
    for path in (".", name):
        assert main(["check", path]) == 2
        ended = capsys.readouterr()
        assert f"{name}: error: " in ended.out
        assert (ended.out + ended.err).count("more than 4,000 lines and values: not checked") == 1


@pytest.mark.usefixtures("_fewer")
@pytest.mark.parametrize("order", POLICIES)
@pytest.mark.parametrize("path", [".", "manifests/kube-apiserver.yaml"])
def test_a_policy_that_a_server_loads_is_an_error(path: str, order: str, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in (".git", "conf", "manifests"):
        Path(folder).mkdir()
    Path("conf/x.yaml").write_text(POLICIES[order])
    Path("conf/y.yaml").write_text(POLICIES[order])
    Path("manifests/kube-apiserver.yaml").write_text(POD)
    assert main(["check", path]) == 2
    text = capsys.readouterr().out
    assert "conf/x.yaml: error: more than 4,000 lines and values: not checked" in text
    assert ("conf/y.yaml: error" in text) == (path == ".")


@pytest.mark.usefixtures("_fewer")
@pytest.mark.parametrize("path", [".", "kube-apiserver.yaml"])
def test_a_policy_that_a_server_loads_from_a_config_map(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    other = CONFIG_MAP.replace("audit", "other") + "data:\n  y.yaml: |\n" + _lines(POLICIES["fields first"])
    Path("map.yaml").write_text(f"{CONFIG_MAP}data:\n  x.yaml: |\n{_lines(POLICIES['fields first'])}")
    Path("other.yaml").write_text(other)
    Path("kube-apiserver.yaml").write_text(POD.replace("hostPath: {path: /conf}", "configMap: {name: audit}"))
    assert main(["check", path]) == 2
    text = capsys.readouterr().out
    assert "map.yaml: error: more than 4,000 lines and values: not checked" in text
    assert ("other.yaml: error" in text) == (path == ".")


def test_of_a_null_text_with_a_policys_name_it_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    Path("map.yaml").write_text(f"{CONFIG_MAP}binaryData: {{audit-policy.yaml: {_base64(PILES['null rules'])}}}\n")
    assert main(["check", "."]) == 2
    assert "audit-policy.yaml: more than 40,000 lines and values: not checked" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["Event", "EventList"])
def test_of_a_log_of_events_it_is_noted(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An event may tell of a policy; it is none."""
    Path("log.yaml").write_text(
        f"apiVersion: audit.k8s.io/v1\nkind: {kind}\nitems:\n"
        + '- "apiVersion: audit.k8s.io/v1\\nkind: Policy"\n' * 45_000
    )
    assert main(["check", "."]) == 0
    ended = capsys.readouterr()
    assert "error" not in ended.out
    assert "log.yaml:1:1: note: more than 40,000 lines" in ended.err


def test_a_policy_just_below_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    Path("audit-policy.yaml").write_text(f"{HEAD}- level: metadata\n  users: [{'a,' * 30_000}b]\n")
    assert main(["check", "."]) == 1
    assert "error[invalid-level]" in capsys.readouterr().out
