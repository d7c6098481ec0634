"""What is told once a run: servers without auditing, and files that mention audit settings and are not read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from writing import write_named

from kube_audit_lint.cli import main

SERVER = (
    "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: x\n    command: [kube-apiserver, --etcd-servers=x%s]\n"
)
NOT_CHECKED = "and no form reads it"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[list[dict[str, str]], list[str]]:
    """The findings of a run, and its lines on standard error."""
    assert main(["check", "--format", "json", *(arguments or (".",))]) in (0, 1)
    captured = capsys.readouterr()
    return json.loads(captured.out)["findings"], captured.err.splitlines()


def test_servers_that_set_nothing_of_auditing_are_one_finding(capsys: pytest.CaptureFixture[str]) -> None:
    write_named(**{f"{name}_yaml": SERVER % "" for name in "abcdef"})
    findings, _ = run(capsys)
    assert [(one["path"], one["rule"]) for one in findings] == [("a.yaml", "no-audit-policy")]
    assert "5 more API servers: b.yaml, c.yaml, d.yaml and 2 more." in findings[0]["message"]
    findings, _ = run(capsys, "d.yaml", "c.yaml")
    assert [one["path"] for one in findings] == ["c.yaml"]
    assert "1 more API server: d.yaml." in findings[0]["message"]
    findings, _ = run(capsys, "f.yaml")
    assert "more API server" not in findings[0]["message"]


def test_servers_of_different_versions_are_one_finding(capsys: pytest.CaptureFixture[str]) -> None:
    image = "    image: registry.k8s.io/kube-apiserver:v1.%d.0\n"
    write_named(**{f"{name}_yaml": SERVER % "" + image % minor for name, minor in (("a", 30), ("b", 33), ("c", 36))})
    (finding,), _ = run(capsys)
    assert "2 more API servers: b.yaml, c.yaml." in finding["message"]


def test_a_server_with_audit_flags_is_a_finding_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    write_named(**{f"{name}_yaml": SERVER % ", --audit-log-path=-" for name in "ab"}, c_yaml=SERVER % "")
    findings, _ = run(capsys, "--select", "no-audit-policy", ".")
    assert [one["path"] for one in findings] == ["a.yaml", "b.yaml", "c.yaml"]


def test_a_comment_that_suppresses_one_leaves_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    write_named(a_yaml="# kube-audit-lint: ignore-file[no-audit-policy] a test\n" + SERVER % "", b_yaml=SERVER % "")
    findings, _ = run(capsys)
    assert [(one["path"], "more API server" in one["message"]) for one in findings] == [("b.yaml", False)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("install.sh", "add_flag --audit-log-path=-\n"),
        ("README.md", "Run it with `--audit-log-path=-`.\n"),
        ("server.jsonnet", "{ flags: { audit_log_path: '-' } }  // or audit-log-path\n"),
        ("vars.yaml", "my_servers_flags:\n- name: --audit-log-path\n  value: x\n"),
        ("main.go", 'var args = []string{"--audit-log-path=/var/log/audit.log"}\n'),
        ("stack.py", 'extra_args = {"audit-log-path": "/var/log/audit.log"}\n'),
        ("stack.ts", "spec.extraArgs['audit-log-path'] = path;\n"),
        ("Cluster.java", 'List.of("--audit-log-path", "/var/log/audit.log");\n'),
        ("cluster.rb", "args << '--audit-log-path=/var/log/audit.log'\n"),
    ],
)
def test_a_setting_that_no_form_reads_is_noted(name: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(name).write_text(text)
    findings, errors = run(capsys)
    assert findings == []
    (line,) = errors
    assert line.startswith(f"{name}:")
    assert "and no form reads it" in line
    assert "mentions audit_log_path" in line or "audit-log-path" in line
    assert ("--embedded looks" in line) == name.endswith((".sh", ".md"))
    (line,) = run(capsys, name)[1]
    assert line.startswith(f"{name}:")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("kops create cluster --set spec.kubeAPIServer.auditLogMaxAge=30d\n", "kubeAPIServer.auditLogMaxAge"),
        ("minikube start --extra-config=apiserver.Audit.LogOptions.Path=/a\n", "apiserver.Audit.LogOptions.Path"),
        ("minikube start --extra-config apiserver.audit-policy-fil=/a\n", "apiserver.audit-policy-fil"),
    ],
)
def test_options_of_kops_and_minikube_are_noted(text: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.sh").write_text(text)
    (line,) = run(capsys)[1]
    assert f"{shown}, {NOT_CHECKED}; --embedded" in line


def test_a_policy_that_no_form_reads_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    write_named(notes_md="```yaml\napiVersion: audit.k8s.io/v1\nkind: Policy\n```\n", a_md="kind: Policy\n")
    assert [line.partition(" and")[0] for line in run(capsys)[1]] == ["notes.md:2:13: note: mentions audit.k8s.io/v1,"]


def test_the_note_is_one_with_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    write_named(**{f"{name}_sh": "add_flag --audit-log-path=-\n" for name in "abcdef"})
    (line,) = run(capsys)[1]
    assert line.endswith("The same holds for 5 more files: b.sh, c.sh, d.sh and 2 more")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.sh", "auditctl -w /etc/passwd\n"),
        ("events.yaml", "apiVersion: audit.k8s.io/v1\nkind: EventList\nitems: []\n"),
        # Programs that take the flag, tell of it, or test what sets it.
        ("main.go", 'fs.StringVar(&o.Path, "audit-log-path", o.Path, "the flag --audit-log-path")\n'),
        ("main.py", 'parser.add_argument("--audit-log-path", help="where")\n'),
        ("main.rb", "# args << '--audit-log-path=/a'\n"),
        ("server_test.go", 'args := []string{"--audit-log-path=/a"}\n'),
        ("vendor/a/b.go", 'args := []string{"--audit-log-path=/a"}\n'),
        # What tells how a server should be set, and sets none.
        ("alerts.yaml", "groups:\n- rules:\n  - alert: A\n    annotations: {text: is --audit-log-path=x set}\n"),
        ("server.conf", "# --audit-log-path=/a\n"),
    ],
)
def test_other_words_are_not_noted(name: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)
    assert run(capsys) == ([], [])
    assert run(capsys, name) == ([], [])


def test_the_note_stands_at_configuration_before_programs_and_documentation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    flag = '"--audit-log-path=/a"\n'
    write_named(A_md=flag, b_go=flag, c_conf=flag)
    (line,) = run(capsys)[1]
    assert line.startswith("c.conf:1:2: note: mentions --audit-log-path,")
    assert line.endswith("The same holds for 2 more files: b.go, A.md")


def test_what_is_read_is_not_noted(capsys: pytest.CaptureFixture[str]) -> None:
    write_named(a_yaml=SERVER % ", --audit-log-path=-", b_sh="cat <<X\napiVersion: audit.k8s.io/v1\nkind: Policy\nX\n")
    assert not [line for line in run(capsys, "--embedded", ".")[1] if NOT_CHECKED in line]
