"""What statements of templates decide, and what they leave certain, through whole runs of the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sampling import one_in

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


@pytest.mark.parametrize("comment", ["# {% if x %}", "  # {%- for a in b %}", "# {# {% if x %} #}{% if y %}"])
@pytest.mark.parametrize("before", ["apiVersion:", "rules:", "- level: Metadata"])
def test_a_statement_without_an_end_in_a_comment_decides_nothing(
    comment: str, before: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Jinja refuses such a template: the file is none."""
    text = LEAK.replace(before, f"{comment}\n{before}", 1)
    assert found("audit-policy.yaml.j2", text, capsys) == (["secrets-above-metadata"], [])


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
    """The statement decides whether the rule is there; where it is, nothing is recorded. The flags are certain."""
    text = VARS.format(motd="a: b").replace("  - level: None\n", "  {% if x %}\n  - level: None\n  {% endif %}\n")
    rules, notes = found("group_vars/all.yml", text, capsys)
    assert rules == ["log-maxage", "nothing-recorded"]
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


def test_a_document_that_cannot_be_read_hides_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    inside = "".join(f"    {line}\n" for line in LEAK.splitlines())
    config_map = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  p.yaml: |\n{inside}"
    for many in (1, 3):
        rules, notes = found("files/cm.yaml", "{{ x }}: a: {{ y }}\n---\n" * many + config_map, capsys)
        assert rules == ["secrets-above-metadata"]
        assert notes == []
    broken = LEAK.replace("rules:", "rules: {{ x }}: y")
    rules, notes = found("files/policy.yaml", f"{broken}---\n{LEAK}", capsys)
    assert rules == []
    assert [one.partition(":")[0] for one in notes] == ["this template cannot be read before it is filled"]


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


@pytest.mark.parametrize("name", ["audit-policy.yaml", "audit-policy-overlay.yaml"])
def test_an_overlay_of_ytt_alone_is_no_policy(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    match = '#@overlay/match by=overlay.subset({"kind":"Policy","apiVersion":"audit.k8s.io/v1"})'
    text = f'#@ load("@ytt:overlay","overlay")\n{match}\n---\nrules:\n#@overlay/append\n- level: Metadata\n'
    assert found(name, text, capsys) == ([], [])


BROKEN = """apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: {{ v }}
apiServer:
  extraArgs:
  - {name: audit-log-path, value: /a.log}
  - name: bind-address
    value: ::
"""


def test_a_unit_is_no_template_that_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    flags = "--etcd-servers={% if x %}a{% else %}{{ b }}{% endif %} \\\n{% if y %}\n --v=2 \\\n{% endif %}\n --a=b"
    text = f"[Unit]\nDescription=API server\n\n[Service]\nExecStart=/usr/bin/kube-apiserver {flags}\n"
    rules, notes = found("kube-apiserver.service.j2", text, capsys)
    assert rules == ["no-audit-policy"]
    assert [one.partition(";")[0] for one in notes] == ["the template decides what is here"]


def test_of_makefiles_and_helpers_only_settings_are_noted(capsys: pytest.CaptureFixture[str]) -> None:
    helper = '{{- define "address" }}\nlogs: audit-logs.{{ .Namespace }}.svc\n x {{ y }}: z: 1\n'
    assert found("_helpers.tpl", helper, capsys) == ([], [])
    rules, notes = found("_helpers.tpl", helper + "audit-policy-file: x\n", capsys)
    assert rules == []
    assert [one.partition(":")[0] for one in notes] == ["this template cannot be read before it is filled"]


def test_json_with_comments_is_no_template_without_settings(capsys: pytest.CaptureFixture[str]) -> None:
    text = '{"matchStrings": [\n  // kubelet: "{{depName}}" https://example.com/kubeadm\n  "a"\n  "b"]}\n'
    assert found("renovate.json", text, capsys) == ([], [])
    _, notes = found("renovate.json", text.replace("kubelet", "kubelet audit-log-path"), capsys)
    assert [one.partition(":")[0] for one in notes] == ["this template cannot be read before it is filled"]


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


PUT_IN_WHOLE = {
    "policy.yaml.j2": "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: {{ rules }}\n",
    "policy.yaml": "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: #@ rules()\n",
    "policy.json.tpl": '{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": {{ toJson .rules }}}',
    "kubeadm.yaml.tpl": "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\n"
    "apiServer:\n  extraArgs: {{ toJson .args }}\n",
    "pod.yaml.tpl": "apiVersion: v1\nkind: Pod\nmetadata: {name: kube-apiserver}\nspec:\n  containers:\n"
    "  - name: kube-apiserver\n    command: [kube-apiserver]\n    args: {{ toJson .args }}\n",
    "kube-apiserver.service.j2": "[Service]\nExecStart=/usr/bin/kube-apiserver {{ args }} --audit-log-path=/a\n",
}


@pytest.mark.parametrize("name", PUT_IN_WHOLE)
def test_what_is_put_in_as_a_whole_is_noted(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    rules, notes = found(name, PUT_IN_WHOLE[name], capsys)
    assert rules == []
    assert notes == ["the template decides what is here; only what is certain was checked"]


def test_an_unknown_value_beside_the_flags_leaves_them_certain(capsys: pytest.CaptureFixture[str]) -> None:
    text = "kubeadm_certificate_key: '{{ key }}'\nkubernetes_audit: false\naudit_log_maxage: 30\n"
    assert found("group_vars/k8s_cluster.yml", text, capsys) == (["no-audit-policy"], [])


@pytest.mark.parametrize("rules", ['[{{ toJson .first }}, {"level": "None"}, ]', '[{"level": "None"}]'])
def test_a_template_of_json_need_not_be_json(rules: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is put in stands without quotes, and what is not leaves a comma behind."""
    text = '{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "metadata": {{ .x }}, "rules": ' + rules + "}"
    assert ("nothing-recorded" in found("policy.json.tpl", text, capsys)[0]) is ("toJson" not in rules)


HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
RULES = {
    "secrets": '- level: RequestResponse\n  resources: [{group: "", resources: [secrets]}]\n',
    "pods": '- level: Request\n  resources: [{group: "", resources: [pods]}]\n',
    "proxy": "- level: None\n  users: [system:kube-proxy]\n",
    "jane": "- level: None\n  users: [jane]\n",
    "all": "- level: Metadata\n",
    "none": "- level: None\n",
}
ORDERS = [
    ("secrets", "proxy", "all"),
    ("secrets", "all", "proxy"),
    ("proxy", "all", "secrets", "jane"),
    ("jane", "none", "all"),
    ("all", "jane", "pods", "all"),
    ("pods", "proxy", "none"),
    ("none", "secrets", "all"),
]
SOME_ORDERS = [
    pytest.param(one, id="-".join(one), marks=[pytest.mark.slow] if index else []) for index, one in enumerate(ORDERS)
]

SOME_PLACES = [
    pytest.param(one, at, id=f"{'-'.join(one)}-{at}", marks=[pytest.mark.slow] if index or at % 3 else [])
    for index, one in enumerate(ORDERS)
    for at in range(len(one) + 1)
]
"""Each order with each place in it: at once before the first rule and behind the last one."""


def located(name: str, text: str, capsys: pytest.CaptureFixture[str]) -> set[tuple[str, str]]:
    """The findings as rule and text of the place's line; lines are told apart by comments in them."""
    Path(name).write_text(text)
    main(["check", "--format", "json", name])
    lines = text.splitlines()
    return {(one["rule"], lines[one["start"]["line"] - 1]) for one in json.loads(capsys.readouterr().out)["findings"]}


def numbered(names: tuple[str, ...]) -> list[str]:
    """The rules, each line with the number of its rule."""
    return [RULES[name].replace("\n", f" # {index}\n") for index, name in enumerate(names)]


def beside_whole(findings: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The findings that say nothing of the whole policy, nor of other rules."""
    return {one for one in findings if one[0] not in ("nothing-recorded", "unreachable-rule")}


@pytest.mark.parametrize("names", SOME_ORDERS)
def test_what_holds_with_and_without_the_optional_rules(
    names: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exactly what is found in both ways, and of the optional rule itself what is found where it is there.

    What is said of the whole policy is found in both ways; of other rules: test_fillings.py.
    """
    rules = numbered(names)
    for at, rule in enumerate(rules):
        branch = f"{{{{- if .Values.x }}}}\n{rule}{{{{- end }}}}\n"
        text = HEAD + "".join([*rules[:at], branch, *rules[at + 1 :]])
        without = located("audit-policy.yaml", HEAD + "".join(rules[:at] + rules[at + 1 :]), capsys)
        there = located("audit-policy.yaml", HEAD + "".join(rules), capsys)
        own = {one for one in there if one[1].endswith(f"# {at}")}
        unreached = {one for one in without if one[0] == "unreachable-rule"}
        both, wanted = located("audit-policy.yaml", text, capsys), (there & without) | own | unreached
        assert beside_whole(both) == beside_whole(wanted), text
        in_each = [any(rule == "nothing-recorded" for rule, _ in one) for one in (both, there, without)]
        assert in_each[0] == (in_each[1] and in_each[2]), text


@pytest.mark.parametrize(("names", "at"), SOME_PLACES)
def test_an_unknown_value_hides_nothing_that_holds_for_every_value(
    names: tuple[str, ...], at: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = numbered(names)
    text = HEAD + "".join([*rules[:at], "- level: {{ level }}\n  users: [{{ user }}]\n", *rules[at:]])
    filled = [
        located("audit-policy.yaml", text.replace("{{ level }}", level).replace("{{ user }}", user), capsys)
        for level in ("None", "Metadata", "RequestResponse")
        for user in ("jane", "system:kube-proxy", "nobody-else")
    ]
    found_here = located("audit-policy.yaml", text, capsys)
    for one in filled:
        assert {key for key in found_here if key[0] != "unreachable-rule"} <= one, text


def test_the_arms_of_a_branch_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    first, second, last = numbered(("all", "none", "secrets"))
    text = HEAD + f"{{% if x %}}\n{first}{{% else %}}\n{second}{{% endif %}}\n{last}"
    rules = {rule for rule, _ in located("policy.yaml.j2", text, capsys)}
    assert "unreachable-rule" in rules
    assert "nothing-recorded" not in rules  # with the first arm all is recorded


ONE_FILLING = {
    "arm": "{{- if .q }}\n- level: None\n{{- else }}\n- level: Metadata\n{{- end }}\n",
    "none": "{{ if not .audit }}\n- level: None\n{{ end }}\n- level: Metadata\n",
    "early": "{{ if .e }}\n- level: Metadata\n{{ end }}\n- level: None\n  users: [jane]\n- level: Metadata\n",
}


@pytest.mark.parametrize("case", ONE_FILLING)
def test_what_one_filling_does_to_the_whole_policy_is_not_certain(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rules, _ = found("audit-policy.yaml", HEAD + ONE_FILLING[case], capsys)
    assert not {"nothing-recorded", "unreachable-rule"}.intersection(rules)


def test_each_arm_with_a_policy_of_its_own_is_a_policy(capsys: pytest.CaptureFixture[str]) -> None:
    none, rest = f"{HEAD}- level: None # none\n", f"{HEAD}- level: Metadata # rest\n"
    text = f"{{{{- if .q }}}}\n{rest}{{{{- else }}}}\n{none}{{{{- end }}}}\n"
    assert located("audit-policy.yaml", text, capsys) == {("nothing-recorded", "- level: None # none")}
    inside = "".join(f"    {line}\n" for line in text.splitlines())
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: audit}}\ndata:\n  policy.yaml: |\n{inside}"
    assert ("nothing-recorded", "    - level: None # none") in located("map.yaml", text, capsys)


def test_many_branches_leave_what_is_certain(capsys: pytest.CaptureFixture[str]) -> None:
    branch = "{{% if x{0} %}}\n- level: None\n  users: [user{0}]\n{{% endif %}}\n"
    text = HEAD + RULES["secrets"] + "".join(branch.format(at) for at in range(12)) + RULES["all"]
    assert ("secrets-above-metadata", "- level: RequestResponse") in located("policy.yaml.j2", text, capsys)


def test_rules_are_numbered_as_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    text = HEAD + "- level: None\n  users: [{{ user }}]\n" + RULES["all"] + RULES["proxy"]
    Path("policy.yaml.j2").write_text(text)
    main(["check", "--format", "json", "policy.yaml.j2"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["message"].startswith("Rule 2 has no condition and takes every request: behind it, rule 3 (line 8)")


PUT_IN = {
    "helm": "{{ toYaml .Values.rules }}",
    "helm indented": "{{- toYaml .Values.rules | nindent 0 }}",
    "include": '{{ include "rules" . }}',
    "template": '{{- template "rules" . }}',
    "jinja": "{{ audit_rules | to_nice_yaml }}",
    "jinja include": "{% include 'rules.yaml' %}",
    "erb": "<%= @rules.to_yaml %>",
    "terraform": "${yamlencode(var.rules)}",
}


@pytest.mark.parametrize(("names", "at"), SOME_PLACES)
@pytest.mark.parametrize("style", one_in(4, PUT_IN))
def test_rules_that_are_put_in(style: str, names: tuple[str, ...], at: int, capsys: pytest.CaptureFixture[str]) -> None:
    """What is found holds with any rules there; what any of them could change is not found."""
    rules = numbered(names)
    text = HEAD + "".join([*rules[:at], PUT_IN[style] + "\n", *rules[at:]])
    possible = ["", *(f"- level: {level}\n" for level in ("None", "Metadata", "RequestResponse"))]
    texts = [HEAD + "".join([*rules[:at], one, *rules[at:]]) for one in possible]
    filled = [located("audit-policy.yaml", one, capsys) for one in texts]
    found_here = located("audit-policy.yaml", text, capsys)
    for one in filled:
        # What is never reached stays so, though a rule that is put in may be the one that takes all.
        assert {key for key in found_here if key[0] != "unreachable-rule"} <= one, text
    assert set.intersection(*filled) <= found_here, text


DEEPER = {
    "a key": ("- level: None\n  {{ x }}\n- level: Metadata\n", set()),
    "a value": ("- level: None\n  users:\n  - jane\n    {{ x }}\n- level: RequestResponse\n", set()),
    "a rule": ("- level: RequestResponse\n{{ x }}\n- level: None\n", {"secrets-above-metadata", "unreachable-rule"}),
    "its key": ("- level: RequestResponse\n{{- toYaml .x | nindent 2 }}\n- level: None\n", set()),
    "from a shell": ("- level: RequestResponse\n${RULES}\n", {"secrets-above-metadata"}),
    "of ytt": ("- level: RequestResponse\n- #@ template.replace(rules)\n", {"secrets-above-metadata"}),
}


@pytest.mark.parametrize("case", DEEPER)
def test_what_is_put_into_a_rule(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    rules, wanted = DEEPER[case]
    name = "policy.yaml.tpl" if case == "from a shell" else "audit-policy.yaml"
    about = {"secrets-above-metadata", "unreachable-rule", "blind-spot", "nothing-recorded"}
    assert about.intersection(found(name, HEAD + rules, capsys)[0]) == wanted


@pytest.mark.parametrize("line", ["${RULES}", "$RULES", "$(cat rules)"])
def test_rules_that_a_script_puts_in(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"cat > /etc/kubernetes/audit-policy.yaml <<EOF\n{HEAD}- level: RequestResponse\n{line}\nEOF\n"
    Path("setup.sh").write_text(text)
    main(["check", "--embedded", "--format", "json", "setup.sh"])
    assert "secrets-above-metadata" in {one["rule"] for one in json.loads(capsys.readouterr().out)["findings"]}


SECRET = 'resources: [{group: "", resources: [secrets]}]'
REST = "- level: Metadata\n"
HIDES = f"- level: RequestResponse\n  {SECRET}\n- level: Metadata\n"
TOUCHED = {
    "stages": (
        "{% if x %}\nomitStages:\n- RequestReceived\n{% endif %}\nrules:\n" + HIDES,
        ["omitStages:\n- RequestReceived\nrules:\n" + HIDES, "rules:\n" + HIDES],
    ),
    "listed stages": (
        "omitStages:\n{% for one in x %}\n- {{ one }}\n{% endfor %}\nrules:\n" + HIDES,
        ["omitStages: [RequestReceived, Panic]\nrules:\n" + HIDES, "omitStages:\nrules:\n" + HIDES],
    ),
    "stages as a value": ("omitStages: {{ x }}\nrules:\n" + HIDES, ["omitStages: [RequestReceived]\nrules:\n" + HIDES]),
    "either stages": (
        "{% if x %}\nomitStages: [RequestReceived]\n{% else %}\nomitStages: [Panic]\n{% endif %}\nrules:\n" + HIDES,
        [f"omitStages: [{one}]\nrules:\n{HIDES}" for one in ("RequestReceived", "Panic")],
    ),
    "any key": ("{{ x }}\nrules:\n" + HIDES, ["rules:\n" + HIDES, "omitStages: [Panic]\nrules:\n" + HIDES]),
    "labels": (
        "metadata:\n  labels:\n    {{- x | nindent 4 }}\nrules:\n" + HIDES,
        ["metadata:\n  labels:\n    a: b\nrules:\n" + HIDES],
    ),
    "the level": (
        f"rules:\n- {SECRET}\n{{% if x %}}\n  level: Request\n{{% else %}}\n  level: Request\n{{% endif %}}\n" + HIDES,
        [f"rules:\n- {SECRET}\n  level: Request\n{HIDES}"],
    ),
    "stages of a rule": (
        f"rules:\n- level: Request\n  {SECRET}\n{{% if x %}}\n  omitStages: [Panic]\n{{% endif %}}\n{REST}",
        [f"rules:\n- level: Request\n  {SECRET}\n{more}{REST}" for more in ("", "  omitStages: [Panic]\n")],
    ),
    "namespaces": (
        f"rules:\n- level: Request\n  {SECRET}\n{{% if x %}}\n  namespaces: ['{{{{ y }}}}']\n{{% endif %}}\n" + REST,
        [f"rules:\n- level: Request\n  {SECRET}\n{more}{REST}" for more in ("", "  namespaces: [shop]\n")],
    ),
    "more users": (
        "rules:\n- level: None\n  users:\n  - jane\n{% for one in x %}\n  - {{ one }}\n{% endfor %}\n" + HIDES,
        ["rules:\n- level: None\n  users: [jane, bob]\n" + HIDES, "rules:\n- level: None\n  users: [jane]\n" + HIDES],
    ),
    "more resources": (
        f"rules:\n- level: Request\n  {SECRET}\n{REST}".replace("[secrets", "[secrets, '{{ x }}'"),
        [
            f"rules:\n- level: Request\n  {SECRET}\n{REST}".replace("[secrets", f"[secrets, {one}")
            for one in ("pods", "'*'")
        ],
    ),
}


@pytest.mark.parametrize("case", TOUCHED)
def test_only_what_a_placeholder_touches_is_unknown(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    text, filled = TOUCHED[case]
    head = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"
    found_here = located("policy.yaml.j2", head + text, capsys)
    assert "secrets-above-metadata" in {rule for rule, _ in found_here}
    for one in filled:
        there = {key for key in found_here if key[1] in one.splitlines()}  # what is in an arm holds where that is
        assert there <= located("policy.yaml", head + one, capsys), one


def test_the_version_that_a_branch_is_for_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    versions = "{% if old %}\napiVersion: audit.k8s.io/v1beta1\n{% else %}\napiVersion: audit.k8s.io/v1\n{% endif %}\n"
    found_here = located("policy.yaml.j2", f"{versions}kind: Policy\nrules:\n{HIDES}", capsys)
    assert {rule for rule, _ in found_here} == {"secrets-above-metadata"}


def test_nothing_is_reported_about_a_rule_for_users_that_are_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    for key in ("users", "userGroups"):
        text = f"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n  {key}: ['{{{{ x }}}}']\n"
        assert located("policy.yaml.j2", text + REST, capsys) == set()


def test_a_container_whose_head_is_in_an_arm_shows_no_flags_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
    arms = ("  - name: kube-apiserver\n    image: " + one + "/kube-apiserver:v1.31.0\n" for one in "ab")
    text += "{{- if .Values.a }}\n" + "{{- else }}\n".join(arms) + "{{- end }}\n"
    text += "    command: [kube-apiserver, --audit-policy-file=/etc/p.yaml, --audit-log-path=-]\n"
    assert "no-audit-policy" not in found("pod.yaml", text, capsys)[0]
