"""`kube-audit-lint diff`, run as people run it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kube_audit_lint.cli import main

SCHEMAS = Path(__file__).parents[2] / "lint" / "kube_audit_lint" / "schemas"
HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n"
ALL = HEAD + "- level: Metadata\n"
NO_NODES = HEAD + "- level: None\n  userGroups: [system:nodes]\n- level: Metadata\n"
MORE = HEAD + "- level: Request\n"
POD = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver, namespace: kube-system}
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.30.0
    command:
    - kube-apiserver
    - --audit-policy-file=/etc/kubernetes/audit-policy.yaml
    - --audit-log-path=/var/log/kubernetes/audit.log
    - --audit-log-maxage=30
    volumeMounts:
    - {name: policy, mountPath: /etc/kubernetes/audit-policy.yaml, readOnly: true}
    - {name: log, mountPath: /var/log/kubernetes}
  volumes:
  - {name: policy, hostPath: {path: /etc/kubernetes/audit-policy.yaml, type: File}}
  - {name: log, hostPath: {path: /var/log/kubernetes, type: DirectoryOrCreate}}
"""
KUBEADM = """apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
kubernetesVersion: v1.30.0
apiServer:
  extraArgs:
    audit-policy-file: /etc/kubernetes/audit-policy.yaml
    audit-log-path: /var/log/kubernetes/audit.log
    audit-log-maxage: "0x1e"
  extraVolumes:
  - name: policy
    hostPath: /etc/kubernetes/audit-policy.yaml
    mountPath: /etc/kubernetes/audit-policy.yaml
    readOnly: true
  - {name: log, hostPath: /var/log/kubernetes, mountPath: /var/log/kubernetes}
"""


class Here:
    """A folder to write files into and to run `diff` in."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def diff(self, *words: str) -> tuple[int, str]:
        """The exit code and what is printed."""
        code = main(["diff", *words])
        printed = self._capsys.readouterr()
        self.errors = printed.err
        return code, printed.out

    def data(self, *words: str) -> Any:
        found = json.loads(self.diff(*words, "--format", "json")[1])
        jsonschema.validate(found, json.loads((SCHEMAS / "difference.schema.json").read_text("utf-8")))
        return found

    def git(self, *words: str) -> None:
        who = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *words], cwd=self.folder, check=True, capture_output=True)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "All")


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Here:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    found = Here(tmp_path, capsys)
    for name, text in (("all.yaml", ALL), ("no-nodes.yaml", NO_NODES), ("more.yaml", MORE)):
        found.write(name, text)
    return found


@pytest.fixture
def repository(here: Here) -> Here:
    here.git("init", "--quiet", "--initial-branch=main")
    here.write("a.yaml", ALL)
    here.commit()
    return here


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("all.yaml", "no-nodes.yaml"), 1),
        (("all.yaml", "more.yaml"), 0),
        (("all.yaml", "all.yaml"), 0),
        (("all.yaml", "more.yaml", "--fail-on", "any"), 1),
        (("all.yaml", "no-nodes.yaml", "--fail-on", "never"), 0),
        (("all.yaml",), 2),
        (("all.yaml", "gone.yaml"), 2),
        (("all.yaml", "no-nodes.yaml", "--to", "1.36"), 2),
        (("all.yaml", "--to", "1.36", "--kubernetes-version", "1.37"), 2),
    ],
)
def test_exit_codes(here: Here, words: tuple[str, ...], code: int) -> None:
    assert here.diff(*words)[0] == code


def test_the_text_names_who_what_rules_and_a_request(here: Here) -> None:
    _, text = here.diff("all.yaml", "no-nodes.yaml")
    assert "less: members of system:nodes; any verb; everything\n" in text
    assert "Metadata -> not recorded (loses all events)" in text
    assert "decided by rule 1 (line 4) -> rule 1 (line 4)" in text
    assert "by system:node:worker-1 (system:nodes)" in text


def test_the_same_is_said(here: Here) -> None:
    here.write("other.yaml", HEAD + "- level: Metadata\n  users: [jane]\n- level: Metadata\n")
    code, text = here.diff("all.yaml", "other.yaml", "--fail-on", "any")
    assert code == 0
    assert "every served request is recorded the same" in text


def test_json_is_as_its_schema_says(here: Here) -> None:
    found = here.data("all.yaml", "no-nodes.yaml")
    (pair,) = found["pairs"]
    (one,) = pair["classes"]
    assert (one["direction"], one["conditions"]["groups"], one["exact"]) == ("less", ["system:nodes"], True)
    assert here.data("all.yaml", "all.yaml")["pairs"][0]["same"]


def test_markdown_is_below_the_limit_and_acts_on_nothing_from_files(here: Here) -> None:
    evil = "</code><img src=x>|@admin #1 [x](http://y) `z` __b__"
    rules = "".join(
        f"- level: None\n  users: [{json.dumps(evil + 'x' * 300 + str(number))}]\n  verbs: [get]\n"
        f"  resources: [{{resources: [pods], resourceNames: [n{number}]}}]\n"
        for number in range(120)
    )
    here.write("evil.yaml", HEAD + rules + "- level: Metadata\n")
    code, text = here.diff("all.yaml", "evil.yaml", "--format", "markdown")
    assert code == 1
    assert len(text.encode("utf-16-le")) // 2 < 65_536
    assert text.startswith("### ")
    for mark in ("<img", "@admin", "](http", "`z`", "__b__"):
        assert mark not in text
    assert text.count("<details>") == text.count("</details>") > 0


def test_github_has_annotations_that_nothing_from_files_can_make(here: Here) -> None:
    here.write("evil.yaml", HEAD + '- level: None\n  users: ["a\\n::error::x"]\n- level: Metadata\n')
    _, text = here.diff("all.yaml", "evil.yaml", "--format", "github")
    assert [line for line in text.splitlines() if line.startswith("::")] == [text.splitlines()[0]]
    assert text.startswith("::error file=evil.yaml,line=4,title=")


def test_an_upgrade(here: Here) -> None:
    found = here.data("all.yaml", "--kubernetes-version", "1.30", "--to", "1.36")
    directions = {one["direction"] for one in found["pairs"][0]["classes"]}
    assert directions == {"gone", "new"}
    assert not found["fails"]
    assert any("mutatingadmissionpolicies" in str(one["conditions"]) for one in found["pairs"][0]["classes"])


def test_a_policy_that_the_newer_version_does_not_load_fails(here: Here) -> None:
    here.write("beta.yaml", ALL.replace("audit.k8s.io/v1", "audit.k8s.io/v1beta1"))
    code, text = here.diff("beta.yaml", "--kubernetes-version", "1.22", "--to", "1.30")
    assert code == 1
    assert "1.30 does not load" in text


def test_the_api_server_itself_is_one_user_before_and_after_an_upgrade(here: Here) -> None:
    here.write("own.yaml", HEAD + "- level: None\n  userGroups: [system:authenticated]\n- level: Metadata\n")
    found = here.data("own.yaml", "--kubernetes-version", "1.28", "--to", "1.29")
    less = [one for one in found["pairs"][0]["classes"] if one["direction"] == "less"]
    assert [one["conditions"]["users"] for one in less] == [["system:apiserver"]]


def test_servers_of_two_forms(here: Here) -> None:
    here.write("kube-apiserver.yaml", POD)
    here.write("kubeadm.yaml", KUBEADM)
    code, text = here.diff("kube-apiserver.yaml", "kubeadm.yaml", "--fail-on", "any")
    assert (code, "the audit settings are the same" in text) == (0, True), text
    here.write("kubeadm.yaml", KUBEADM.replace('"0x1e"', '"7"').replace("    audit-log-path", "    audit-log-mode"))
    code, text = here.diff("kube-apiserver.yaml", "kubeadm.yaml")
    assert code == 1
    assert "less: --audit-log-maxage: 30 -> 7 (less of the log is kept)" in text
    assert "less: --audit-log-path" in text


@pytest.mark.slow
def test_a_pair_made_to_explode_is_undecided_and_fails(here: Here) -> None:
    from random import Random

    random = Random(3)
    for name in ("one.yaml", "two.yaml"):
        rules = [
            {
                "level": random.choice(["None", "Metadata", "Request"]),
                "userGroups": random.sample([f"g{number}" for number in range(40)], 2),
                "verbs": random.sample(["get", "list", "watch", "create", "update", "patch", "delete"], 4),
                "resources": [{"resources": random.sample(["pods", "secrets", "configmaps", "services"], 3)}],
                "namespaces": random.sample([f"n{number}" for number in range(30)], 15),
            }
            for _ in range(300)
        ]
        here.write(name, HEAD + "".join(f"- {json.dumps(rule)}\n" for rule in rules))
    code, text = here.diff("one.yaml", "two.yaml")
    assert code == 1
    assert "not decided" in text
    assert here.diff("one.yaml", "two.yaml", "--fail-on", "never")[0] == 0


def test_one_file_and_a_revision(repository: Here) -> None:
    repository.write("a.yaml", NO_NODES)
    assert repository.diff("a.yaml", "--base", "HEAD")[0] == 1
    assert repository.diff("no-nodes.yaml", "--base", "HEAD")[0] == 0


def test_renames_are_followed(repository: Here) -> None:
    repository.write("long.yaml", NO_NODES + "".join(f"# line {number}\n" for number in range(30)))
    repository.commit()
    repository.git("mv", "long.yaml", "moved.yaml")
    found = repository.data("moved.yaml", "--base", "HEAD")
    assert [(one["before"], one["same"]) for one in found["pairs"]] == [("long.yaml@HEAD", True)]


def test_all_that_changed_since(repository: Here) -> None:
    repository.write("a.yaml", NO_NODES)
    repository.write("deep/new.yaml", MORE)
    repository.write("notes.txt", "nothing of ours\n")
    (repository.folder / "more.yaml").unlink()
    found = repository.data("--base", "HEAD")
    changed = {one["after"]: [each["direction"] for each in one["classes"]] for one in found["pairs"]}
    assert changed["a.yaml"] == ["less"]
    assert set(changed) >= {"a.yaml"}
    assert found["fails"]


@pytest.mark.parametrize("path", [".", "./", "deep/..", "..", "../"])
def test_the_folder_itself_in_every_spelling(repository: Here, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.write("a.yaml", NO_NODES)
    repository.write("deep/new.yaml", MORE)
    if path.startswith(".."):
        monkeypatch.chdir("deep")
    assert repository.diff(path, "--base", "HEAD") == repository.diff("--base", "HEAD")
    assert len(repository.data(path, "--base", "HEAD")["pairs"]) == 2
    if not path.startswith(".."):
        monkeypatch.chdir("deep")
        assert len(repository.data(".", "--base", "HEAD")["pairs"]) == 1


def test_a_policy_that_is_deleted_is_less(repository: Here) -> None:
    (repository.folder / "a.yaml").unlink()
    assert repository.diff("--base", "HEAD")[0] == 1


@pytest.mark.parametrize("revision", ["nothing", "--output=x", "HEAD~50", ""])
def test_an_unknown_revision_is_told(repository: Here, revision: str) -> None:
    assert repository.diff("a.yaml", f"--base={revision}")[0] == 2
    assert "git knows no such revision" in repository.errors


def test_outside_of_a_repository_is_told(here: Here) -> None:
    assert here.diff("all.yaml", "--base", "HEAD")[0] == 2
    assert "not a git repository" in here.errors


def test_without_git_is_told(repository: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository.folder))
    assert repository.diff("a.yaml", "--base", "HEAD")[0] == 2
    assert "needs git" in repository.errors


@pytest.mark.skipif(os.name == "nt", reason="a program of a shell")
def test_nothing_that_the_repository_configures_is_run(repository: Here) -> None:
    ran = repository.folder / "ran"
    evil = f"touch {ran};"
    for key in ("diff.external", "core.fsmonitor", "diff.evil.textconv", "diff.evil.command", "core.pager"):
        repository.git("config", key, f"sh -c '{evil}'")
    repository.write(".gitattributes", "*.yaml diff=evil\n")
    repository.write("a.yaml", NO_NODES)
    assert repository.diff("--base", "HEAD")[0] == 1
    assert not ran.exists()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Less\n\nAudit-Less: nodes are recorded elsewhere\n", 0),
        ("Less\n\naudit-less: nodes are recorded elsewhere\n", 0),
        ("Less\n", 1),
        ("Less\n\nAudit-Less:\n", 1),
        ("Less\n\n# Audit-Less: a comment\n", 1),
        ("Less\n# ------------------------ >8 ------------------------\nAudit-Less: x\n", 1),
    ],
)
def test_a_message_may_allow_less(repository: Here, message: str, code: int) -> None:
    repository.write("a.yaml", NO_NODES)
    repository.git("add", "a.yaml")
    repository.write("a.yaml", ALL)  # what lies there is not what is committed
    repository.write("message", message)
    assert repository.diff("--base", "HEAD", "--staged", "--message", "message")[0] == code


def test_the_first_commit_of_all_is_nothing_less(here: Here) -> None:
    here.git("init", "--quiet")
    here.git("add", ".")
    assert here.diff("--base", "HEAD", "--staged")[0] == 0
