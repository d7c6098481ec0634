"""What statements of templates decide, and what they leave certain, through whole runs of the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kube_audit_lint.cli import main

LEAK = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: RequestResponse
  resources: [{group: "", resources: [secrets]}]
- level: Metadata
"""
VARS = """{motd}
kubernetes_audit: true
audit_log_path: /var/log/audit/a.log
audit_log_maxage: 0
audit_policy_custom_rules: |
  - level: None
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(name: str, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], list[str]]:
    """The rules of the findings in one file, and the notes."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)
    main(["check", "--format", "json", name])
    report = json.loads(capsys.readouterr().out)
    return [one["rule"] for one in report["findings"]], [one["message"] for one in report.get("notes", ())]


COMMENTS = [
    "{% if x %}",
    "{{- if .Values.x }}",
    "<% if x %>",
    "%{ if x }",
    "${var.x}",
    "{% endif %}",
    "#@ if you change it",
]


@pytest.mark.parametrize("comment", COMMENTS)
def test_a_statement_in_a_comment_of_yaml_is_a_comment(comment: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = LEAK.replace(
        "rules:\n", f"# once {comment}\nrules:\n" if not comment.startswith("#@") else f"{comment}\nrules:\n"
    )
    assert found("audit-policy.yaml", text, capsys) == (["secrets-above-metadata"], [])


@pytest.mark.parametrize(
    ("name", "first"),
    [("policy.yaml.j2", ""), ("chart/templates/policy.yaml", ""), ("policy.yaml", "#jinja2: trim_blocks: False\n")],
)
def test_in_a_file_that_is_filled_it_acts(name: str, first: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = first + LEAK.replace("rules:\n", "# {% if x %}\nrules:\n").replace(
        "[secrets]}]\n", "[secrets]}]\n# {% endif %}\n"
    )
    rules, notes = found(name, text, capsys)
    assert rules == []
    assert notes == ["the template decides what is here; only what is certain was checked"]


@pytest.mark.parametrize(
    "motd",
    [
        "motd: |\n  {% if x %}\n  hello\n  {% endif %}",
        "motd: >-\n  {{ x }}",
        "motd: '{% if x %}a{% endif %}'",
        "# {% if x %}",
    ],
)
def test_a_statement_in_another_scalar(motd: str, capsys: pytest.CaptureFixture[str]) -> None:
    rules, notes = found("group_vars/all.yml", VARS.format(motd=motd), capsys)
    assert (rules, notes) == (["log-maxage", "nothing-recorded"], [])


@pytest.mark.parametrize(
    "value", ["'{{ x }}'", "'{% if x %}0{% endif %}'", "|\n  {% if x %}\n  0\n  {% endif %}", ">-\n  {{ x }}"]
)
def test_the_scalar_that_holds_it_is_unknown(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = VARS.format(motd="a: b").replace("maxage: 0", f"maxage: {value}")
    assert found("group_vars/all.yml", text, capsys)[0] == ["nothing-recorded"]


def test_a_policy_in_the_scalar_that_holds_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The rules of the policy are decided by the statement, the flags around it are not."""
    text = VARS.format(motd="a: b").replace("  - level: None\n", "  {% if x %}\n  - level: None\n  {% endif %}\n")
    rules, notes = found("group_vars/all.yml", text, capsys)
    assert rules == ["log-maxage"]
    assert len(notes) == 1


ENCLOSED = {
    "helm": ("{{- if .Values.audit }}\n", "{{- end }}\n"),
    "with": ("{{- with .Values.audit }}\n", "{{- end }}\n"),
    "define": ('{{- define "policy" -}}\n', "{{- end }}\n"),
    "else": ("{{- if .Values.audit }}\n", "{{- else }}\n{{- end }}\n"),
    "assigned": ('{{- $x := "a" }}\n{{- if $x }}\n', "{{- end -}}\n"),
    "nested": ("{{- if .Values.a }}\n{{- if .Values.b }}\n", "{{- end }}\n{{- end }}\n"),
    "jinja": ("{% if audit %}\n", "{% endif %}\n"),
    "set": ("{% set x = 1 %}\n{%- if audit -%}\n", "{%- endif -%}\n"),
    "erb": ("<% if @audit %>\n", "<% end %>\n"),
    "epp": ("<%- if $audit { -%>\n", "<%- } -%>\n"),
    "terraform": ("%{ if audit }\n", "%{ endif }\n"),
    "ytt": ("#@ if data.values.audit:\n", "#@ end\n"),
    "document": ("a: {{ b }}\n---\n{{- if .Values.audit }}\n---\n", "{{- end }}\n"),
}


@pytest.mark.parametrize("style", ENCLOSED)
def test_what_a_statement_encloses_is_certain(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    start, end = ENCLOSED[style]
    rules, notes = found("files/cm.yaml", start + LEAK + end, capsys)
    assert [one for one in rules if one != "ignored-document"] == ["secrets-above-metadata"]
    assert notes == []


OTHERS = [
    "{{- if .Values.x }}\n---\na: b\n{{- end }}\n",
    "---\na: |\n  {{- if x }}\n  b\n  {{- end }}\n",
    "#@ if data.values.more:\n---\na: #@ f()\n#@ end\n",
]


@pytest.mark.parametrize("other", OTHERS)
def test_a_statement_in_another_document(other: str, capsys: pytest.CaptureFixture[str]) -> None:
    rules, notes = found("files/policy.yaml", LEAK + other, capsys)
    assert "secrets-above-metadata" in rules
    assert ("ignored-document" in rules) is other.startswith("---")
    assert notes == []


@pytest.mark.parametrize(
    "other",
    [
        "#@ def rules():\n- level: Metadata\n#@ end\n",
        '#@ load("@ytt:data", "data")\n#@ def labels():\na: b\n#@ end\n',
        "#@data/values\n---\nlevel: Metadata\n",
        '#@ load("@ytt:overlay", "overlay")\n#@overlay/match by=overlay.all\n---\nrules: []\n',
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_functions_and_overlays_of_ytt_are_no_documents(
    other: str, first: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"{other}---\n{LEAK}" if first else f"{LEAK}---\n{other}"
    assert found("policy.yaml", text, capsys) == (["secrets-above-metadata"], [])


BROKEN = """apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: {{ v }}
apiServer:
  extraArgs:
  - {name: audit-log-path, value: /a.log}
  - name: bind-address
    value: ::
"""


def test_a_template_that_cannot_be_read_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    text = BROKEN.replace("  - name: bind", "{% if ipv6 %}\n  - name: bind") + "{% endif %}\n"
    for name in ("kubeadm.yaml.tmpl", "kubeadm.yaml"):
        rules, notes = found(name, text, capsys)
        assert rules == ["wrong-shape"]
        assert [one.partition(":")[0] for one in notes] == ["this template cannot be read before it is filled"]
    rules, notes = found("kubeadm.yaml", text.replace("value: ::", "value: {{ a }}: {{ b }}"), capsys)
    assert rules == []
    assert [one.partition(":")[0] for one in notes] == ["this template cannot be read before it is filled"]
    assert found("kubeadm.yaml", text.replace("value: ::", "value: '::'"), capsys)[0] != ["wrong-shape"]
