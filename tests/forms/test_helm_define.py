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
