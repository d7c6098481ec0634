"""Arguments of an API server in named templates of Helm charts."""

from __future__ import annotations

import pytest
from form_samples import found_in

ARGS = "- --audit-log-path={{ .Values.path }}\n- --audit-log-maxage=30d\n"


def flags_in(text: str) -> list[tuple[str, str]]:
    servers = found_in(text, "templates/_helpers.tpl").servers
    assert all(one.partial for one in servers)
    return [(flag.name, flag.value_place.text) for one in servers for flag in one.flags]


@pytest.mark.parametrize(
    "text",
    [
        '{{- define "apiserver.args" -}}\n' + ARGS + "{{- end -}}\n",
        '{{ define "x.args" }}\n- kube-apiserver\n' + ARGS + "{{ end }}\n",
        '{{- define "x" }}{{ if .a }}b{{ else }}c{{ end }}{{ end }}\n'
        '{{- define "my.kubeApiServerArgs" }}\n  ' + ARGS.replace("\n-", "\n  -") + "{{- end }}\n",
        '{{/* define "y" */}}\n{{- define "chart.apiServer.flags" -}}\n'
        "--audit-log-path={{ .Values.path }} --audit-log-maxage=30d\n{{- end -}}\n",
    ],
)
def test_a_named_template(text: str) -> None:
    (path, age) = flags_in(text)
    assert path == ("audit-log-path", "{{ .Values.path }}")
    assert age == ("audit-log-maxage", "30d")


@pytest.mark.parametrize(
    "text",
    [
        '{{- define "vault.args" -}}\n' + ARGS + "{{- end -}}\n",
        '{{- define "apiserver.args" -}}\n' + ARGS,  # never ends
        '{{- define "apiserver.labels" -}}\napp: audit-log\n{{- end -}}\n',
    ],
)
def test_what_is_no_argument_of_an_api_server(text: str) -> None:
    assert flags_in(text) == []


HELPERS = """{{/* Names */}}
{{- define "c.labels" -}}
app: {{ .Chart.Name }}
{{- end }}

{{- define "c.apiServer" -}}
apiServer:
  extraArgs:
    audit-log-path: /var/log/audit.log
    audit-log-maxage: "30d"
{{- end }}

{{- define "c.policy" -}}
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: metadata
{{- end }}

{{- define "c.files" }}
- path: /etc/kubernetes/audit.yaml
  content: |
    apiVersion: audit.k8s.io/v1
    kind: Policy
    rules:
    - level: Secrets
{{- end }}
"""


def test_each_named_template_is_a_text_of_its_own() -> None:
    """What stands in one is no part of another: neither keys beside a policy, nor a list behind a mapping."""
    found = found_in(HELPERS, "templates/_helpers.tpl")
    assert [[(flag.name, flag.value) for flag in one.flags] for one in found.servers] == [
        [("audit-log-path", "/var/log/audit.log"), ("audit-log-maxage", "30d")]
    ]
    levels = [one.at("rules", 0, "level").text for one in found.policies]
    assert sorted(levels) == ["Secrets", "metadata"]
    assert all(list(one.root.entries) == ["apiVersion", "kind", "rules"] for one in found.policies if one.root)
    assert not found.notes
    assert not any(one.later for one in found.policies)


def test_what_stands_behind_a_named_template() -> None:
    text = (
        '{{- define "c.labels" }}\n- a\n{{- end }}\napiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: all\n'
    )
    (policy,) = found_in(text, "templates/audit.yaml").policies
    assert policy.at("rules", 0, "level").text == "all"


def test_a_policy_in_each_of_two_named_templates() -> None:
    one = '{{- define "c.NAME" -}}\napiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: NAME\n{{- end }}\n'
    found = found_in(one.replace("NAME", "one") + one.replace("NAME", "two"), "templates/_helpers.tpl")
    assert [policy.at("rules", 0, "level").text for policy in found.policies] == ["one", "two"]
