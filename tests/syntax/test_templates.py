"""Templates: what is certain is judged, and no placeholder ever raises an alarm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from sampling import diagonal, one_in

from kube_audit_lint.catalogue.shipped import catalogue_with
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run
from kube_audit_lint.syntax.templates import neutralise

POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages:
- RequestReceived
rules:
- level: None
  users: ["system:kube-proxy"]
  verbs: ["watch"]
  resources:
  - group: ""
    resources: ["endpoints", "services"]
- level: None
  nonResourceURLs: ["/healthz*", "/version"]
- level: Metadata
  resources:
  - group: ""
    resources: ["secrets", "configmaps", "serviceaccounts/token"]
  - group: authentication.k8s.io
    resources: ["tokenreviews"]
- level: RequestResponse
  verbs: ["create", "update"]
  namespaces: ["kube-system"]
  userGroups: ["system:authenticated"]
  resources:
  - group: apps
    resources: ["deployments"]
    resourceNames: ["coredns"]
- level: Metadata
"""

SERVER = """apiVersion: v1
kind: Pod
metadata:
  name: kube-apiserver
  namespace: kube-system
spec:
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.31.2
    command:
    - kube-apiserver
    - --etcd-servers=https://127.0.0.1:2379
    - --audit-policy-file=/etc/kubernetes/audit/policy.yaml
    - --audit-log-path=/var/log/kubernetes/audit.log
    - --audit-log-maxage=30
    - --audit-log-maxbackup=40
    - --audit-log-maxsize=1000
    - --audit-log-mode=batch
    volumeMounts:
    - name: audit
      mountPath: /etc/kubernetes/audit
      readOnly: true
    - name: log
      mountPath: /var/log/kubernetes
  volumes:
  - name: audit
    hostPath:
      path: /etc/kubernetes/audit
      type: Directory
  - name: log
    hostPath:
      path: /var/log/kubernetes
      type: DirectoryOrCreate
"""

KUBEADM = """apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.31.2
apiServer:
  extraArgs:
  - name: audit-policy-file
    value: /etc/kubernetes/audit/policy.yaml
  - name: audit-log-path
    value: /var/log/kubernetes/audit.log
  - name: audit-log-maxage
    value: "30"
  - name: audit-log-maxbackup
    value: "40"
  - name: audit-log-maxsize
    value: "1000"
  extraVolumes:
  - name: audit
    hostPath: /etc/kubernetes/audit
    mountPath: /etc/kubernetes/audit
    readOnly: true
    pathType: Directory
  - name: log
    hostPath: /var/log/kubernetes
    mountPath: /var/log/kubernetes
    pathType: DirectoryOrCreate
"""

FILES = {"policy.yaml": POLICY, "kube-apiserver.yaml": SERVER, "kubeadm.yaml": KUBEADM}
CATALOGUE = catalogue_with(())

STYLES = {
    "jinja": (".j2", "{{ some_value }}", "{% if some_value %}", "{% else %}", "{% endif %}"),
    "helm": ("", "{{ .Values.some | quote }}", "{{- if .Values.some }}", "{{- else }}", "{{- end }}"),
    "erb": (".erb", "<%= @some_value %>", "<% if @some_value %>", "<% else %>", "<% end %>"),
    "terraform": (".tftpl", "${some_value}", "%{ if some_value }", "%{ else }", "%{ endif }"),
    "expression": ("", "${var.some}", "%{ if var.some }", "%{ else }", "%{ endif }"),
}

_VALUE = re.compile(r"(?<=: )(?![|>])\S.*$|(?<==)\S+$|(?<=\")[^\"\n]+(?=\")|(?<=^- )[A-Z]\w+$", re.MULTILINE)


def findings(name: str, text: str, folder: Path) -> list[str]:
    (folder / name).write_text(text)
    outcome = run(Options((str(folder / name),)), load_config(), CATALOGUE)
    assert outcome.report.errors == ()
    assert outcome.report.files.read == 1
    return [f"{one.rule} at {one.place.text!r}: {one.message}" for one in outcome.report.findings]


def with_values(text: str, placeholder: str) -> Iterator[str]:
    """The text with one value after the other replaced, whole and at its end."""
    for found in _VALUE.finditer(text):
        yield text[: found.start()] + placeholder + text[found.end() :]
        if re.fullmatch(r"[\w/.:-]+", found[0]):
            yield text[: found.end()] + placeholder + text[found.end() :]


def with_statements(text: str, start: str, other: str, end: str, insertion: str) -> Iterator[str]:
    """The text with a condition around each line, with another in its place, and with a block put in before it."""
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        before, after = "".join(lines[:at]), "".join(lines[at + 1 :])
        yield f"{before}{start}\n{line}{end}\n{after}"
        yield f"{before}{start}\n{line}{other}\n{line}{end}\n{after}"
        yield f"{before}{insertion}\n{line}{after}"


@pytest.mark.parametrize("name", FILES)
def test_the_files_are_good(name: str, tmp_path: Path) -> None:
    assert findings(name, FILES[name], tmp_path) == []


@pytest.mark.parametrize("part", one_in(3, range(3)))
@pytest.mark.parametrize(("style", "name"), diagonal(STYLES, FILES))
def test_no_value_that_is_unknown_raises_an_alarm(name: str, style: str, part: int, tmp_path: Path) -> None:
    suffix, placeholder, *_ = STYLES[style]
    texts = list(with_values(FILES[name], placeholder))[part::3]
    assert texts
    for text in texts:
        assert findings(name + suffix, text, tmp_path) == [], text


@pytest.mark.parametrize("part", one_in(7, range(7)))
@pytest.mark.parametrize(("style", "name"), diagonal(STYLES, FILES))
def test_no_statement_raises_an_alarm(name: str, style: str, part: int, tmp_path: Path) -> None:
    """Of seven texts one: a part tries each of the three ways, at every seventh line."""
    suffix, placeholder, *statements = STYLES[style]
    for text in islice(with_statements(FILES[name], *statements, placeholder), part, None, 7):
        assert findings(name + suffix, text, tmp_path) == [], text


@pytest.mark.parametrize(
    "text",
    [
        POLICY.replace('["watch"]', "#@ data.values.verbs"),
        POLICY.replace("- level: Metadata\n", "#@ if data.values.a:\n- level: Metadata\n#@ end\n"),
        "#@ load('@ytt:data', 'data')\n---\n" + POLICY,
        "#@data/values\n---\n" + POLICY,
    ],
)
def test_ytt(text: str, tmp_path: Path) -> None:
    assert findings("policy.yaml", text, tmp_path) == []


def test_two_unknown_values_are_not_the_same(tmp_path: Path) -> None:
    rules = (
        "- level: None\n  users: ['{{ aaaa }}']\n- level: RequestResponse\n  users: ['{{ bbbb }}']\n  verbs: [create]\n"
    )
    text = POLICY.replace("rules:\n", "rules:\n" + rules).replace("RequestResponse", "Request")
    said = [one for one in findings("policy.yaml", text, tmp_path) if "unreachable" in one or "redundant" in one]
    assert said == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("level: Metadata\n  resources", "level: metadata\n  resources", "invalid-level"),
        ("userGroups", "userGroup", "unknown-field"),
        ("system:kube-proxy", "system:node:*", "literal-wildcard"),
    ],
)
def test_what_is_certain_is_judged(old: str, new: str, rule: str, tmp_path: Path) -> None:
    text = POLICY.replace(old, new, 1).replace("- level: Metadata\n", "- level: Metadata\n", 1)
    text = text.replace("rules:\n", "rules:\n{% if more %}\n{{ more }}\n{% endif %}\n")
    said = findings("policy.yaml.j2", text, tmp_path)
    assert [one.partition(" ")[0] for one in said] == [rule]


def test_what_is_not_judged_is_noted(tmp_path: Path) -> None:
    text = POLICY.replace("rules:\n", "rules:\n{{ rules }}\n")
    (tmp_path / "policy.yaml.j2").write_text(text)
    (note,) = run(Options((str(tmp_path / "policy.yaml.j2"),)), load_config(), CATALOGUE).notes
    assert note.place.text == "{{ rules }}"


@pytest.mark.parametrize("text", ["a: b\n", "a: $b\n", "a: {b: {c: d}}\n", "#! ytt\na: b # @\n"])
def test_no_templates(text: str) -> None:
    assert neutralise("file.yaml", text) is None


@pytest.mark.parametrize("text", ["a: {{ b }}\r\n{% if c %}\r\nd: e\r\n", "a: <%= b %>\n", "a: ${b}\n"])
def test_lengths_and_line_ends_stay(text: str) -> None:
    neutral = neutralise("file.tpl", text)
    assert neutral is not None
    assert len(neutral.text) == len(text)
    assert [at for at, char in enumerate(neutral.text) if char == "\n"] == [
        at for at, char in enumerate(text) if char == "\n"
    ]
