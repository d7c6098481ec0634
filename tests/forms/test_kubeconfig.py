"""The webhook's kubeconfig: what client-go 0.30.14 (clientcmd, rest) says of it, and which server loads which."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import indent

import pytest
from form_samples import misshapes

from kube_audit_lint.catalogue.shipped import shipped
from kube_audit_lint.kubernetes.kubeconfig import dropped, host_of
from kube_audit_lint.kubernetes.kubeconfig_refused import refusals
from kube_audit_lint.pipeline.config import load_config
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.run import run
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Source

HEAD = "apiVersion: v1\nkind: Config\n"
CLUSTER = 'clusters: [{name: c, cluster: {server: "https://a:1"}}]\n'
CONTEXT = 'contexts: [{name: d, context: {cluster: c, user: ""}}]\n'
CURRENT = "current-context: d\n"
EXEC = "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never"
GOOD = HEAD + CLUSTER + CONTEXT + CURRENT
NOTHING = "no configuration has been provided, try setting KUBERNETES_MASTER environment variable"


def cluster(text: str) -> str:
    return HEAD + f"clusters: [{{name: c, cluster: {{{text}}}}}]\n" + CONTEXT + CURRENT


def user(text: str) -> str:
    context = CONTEXT.replace('""', "u")
    return HEAD + CLUSTER + f"users: [{{name: u, user: {{{text}}}}}]\n" + context + CURRENT


REFUSED = {
    HEAD + CLUSTER + CONTEXT: f"invalid configuration: {NOTHING}",
    HEAD + CLUSTER + CONTEXT + "current-context: e\n": (
        "invalid configuration: [context was not found for specified context: e, cluster has no server defined]"
    ),
    GOOD.replace("cluster: c, user", "cluster: x, user"): f"invalid configuration: {NOTHING}",
    cluster("certificate-authority-data: aGFsbG8="): 'invalid configuration: no server found for cluster "c"',
    GOOD.replace('cluster: {server: "https://a:1"}', 'server: "https://a:1"'): (
        'invalid configuration: no server found for cluster "c"'
    ),
    cluster("server: 'https://a:1', certificate-authority: /a, certificate-authority-data: aGFsbG8="): (
        "invalid configuration: certificate-authority-data and certificate-authority are both specified for c."
    ),
    cluster("server: 'https://a:1', certificate-authority: /a, insecure-skip-tls-verify: true"): (
        "specifying a root certificates file with the insecure flag is not allowed"
    ),
    cluster("server: 'a.example:443/audit'"): 'host must be a URL or a host:port pair: "a.example:443/audit"',
    user("token: a, username: b"): (
        "invalid configuration: more than one authentication method found for u; found [token basicAuth]"
    ),
    user("client-certificate-data: aGFsbG8="): (
        "invalid configuration: client-key-data or client-key must be specified for u to use the clientCert"
    ),
    GOOD.replace("[{name: c, cluster", "{name: c, cluster").replace('1"}}]', '1"}}'): (
        "json: cannot unmarshal object into Go struct field Config.clusters of type []v1.NamedCluster"
    ),
    GOOD.replace(CLUSTER, CLUSTER.replace("]", ", {name: c, cluster: {server: 'https://b:1'}}]")): (
        'duplicate name "c" in list'
    ),
}


def findings(*paths: str, select: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    """Rule, file and underlined text of all that a run reports about webhooks."""
    report = run(Options(paths, None, "", select), load_config(), shipped()).report
    assert report.errors == ()
    wanted = ("webhook-", "unknown-setting")
    return [(one.rule, one.place.source.path, one.place.text) for one in report.findings if one.rule.startswith(wanted)]


def messages(text: str, tmp_path: Path) -> list[str]:
    Path("audit-webhook.yaml").write_text(text)
    report = run(Options(("audit-webhook.yaml",)), load_config(), shipped()).report
    return [one.message for one in report.findings if one.rule == "webhook-config-invalid"]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("text", "error"), REFUSED.items())
def test_what_stops_the_server(text: str, error: str, tmp_path: Path) -> None:
    (message,) = messages(text, tmp_path)
    assert error in message


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace(HEAD, ""),
        GOOD.replace('""', "nobody"),
        cluster("server: '10.0.0.1:443'"),
        cluster("server: 'http://a:1', certificate-authority: /etc/ca.crt"),
        user("tokenFile: /x/token"),
        user("client-certificate: /a, client-key: /b"),
    ],
)
def test_what_does_not(text: str, tmp_path: Path) -> None:
    assert messages(text, tmp_path) == []


def test_keys_that_nobody_reads() -> None:
    text = cluster("server: 'https://a:1', certificate_authority: /a, timeout: 5s") + "currentContext: d\n"
    found = misshapes(text.replace("current-context: d\n", ""), "audit-webhook.yaml")
    assert found == [
        ("unknown-setting", "currentContext"),
        ("unknown-setting", "certificate_authority"),
        ("unknown-setting", "timeout"),
    ]
    assert misshapes(text, "kubelet.yaml") == []


@pytest.mark.parametrize(
    ("server", "host"),
    [
        ("https://a.example:8443/x", "a.example"),
        ("http://[::1]:80", "::1"),
        ("a.svc:80", "a.svc"),
        ("https://user@B.svc/x", "b.svc"),
    ],
)
def test_hosts(server: str, host: str) -> None:
    assert host_of(server) == host


POD = """apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  hostNetwork: true
  containers:
  - name: kube-apiserver
    command: [kube-apiserver, --audit-webhook-config-file=/etc/hook/hook.conf]
    volumeMounts:
    - {name: hook, mountPath: /etc/hook, readOnly: true}
  volumes:
  - {name: hook, hostPath: {path: /srv/hooks, type: Directory}}
"""
BROKEN = cluster("server: 'http://c.audit.svc', certificate-authority: /etc/kubernetes/pki/ca.crt").replace(
    "cluster: c, user", "cluster: c, namespace: x, user"
)
SEEN = [
    ("webhook-unencrypted", "http://c.audit.svc"),
    ("webhook-service-name", "http://c.audit.svc"),
    ("webhook-file-not-mounted", "/etc/kubernetes/pki/ca.crt"),
]


def test_the_path_leads_through_the_mount() -> None:
    Path(".git").mkdir()
    Path("srv/hooks").mkdir(parents=True)
    Path("other").mkdir()
    Path("kube-apiserver.yaml").write_text(POD)
    Path("srv/hooks/hook.conf").write_text(BROKEN)
    Path("other/hook.conf").write_text(GOOD)
    expected = {(rule, "srv/hooks/hook.conf", text) for rule, text in SEEN}
    assert set(findings(".")) == expected
    assert set(findings("srv/hooks/hook.conf")) == expected  # the server is read with it
    assert {one[0] for one in findings("kube-apiserver.yaml")} == {"webhook-service-name", "webhook-file-not-mounted"}


def test_a_configmap_is_what_is_mounted() -> None:
    pod = POD.replace("hostPath: {path: /srv/hooks, type: Directory}", "configMap: {name: hooks}")
    data = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hooks}\ndata:\n  hook.conf: |\n" + indent(BROKEN, "    ")
    Path("all.yaml").write_text(f"{pod}---\n{data}")
    assert {(rule, text) for rule, _, text in findings("all.yaml")} == set(SEEN)


FILES = f"files:\n- path: /etc/hook/hook.conf\n  content: |\n{indent(BROKEN, '    ')}"
ARGS = "clusterConfiguration:\n  apiServer:\n    extraArgs: {audit-webhook-config-file: /etc/hook/hook.conf}\n"
ARGS += "    extraVolumes: [{name: h, hostPath: /etc/hook, mountPath: /etc/hook, readOnly: true}]\n"
BRINGING = {
    "cluster-api": "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: KubeadmControlPlane\nmetadata: {name: a}\n"
    "spec:\n  version: v1.30.0\n  kubeadmConfigSpec:\n" + indent(ARGS + FILES, "    "),
    "kops": "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nspec:\n  kubernetesVersion: 1.30.0\n  kubeAPIServer:\n"
    "    auditPolicyFile: /etc/hook/policy.yaml\n    auditWebhookConfigFile: /etc/hook/hook.conf\n"
    "  fileAssets:\n  - name: h\n    path: /etc/hook/hook.conf\n    content: |\n" + indent(BROKEN, "      "),
    "cloud-init": "#cloud-config\nwrite_files:\n- path: /etc/rancher/k3s/config.yaml\n  content: |\n"
    "    kube-apiserver-arg: [audit-webhook-config-file=/etc/hook/hook.conf]\n" + FILES.partition("\n")[2],
}


@pytest.mark.parametrize("form", BRINGING)
def test_files_that_a_form_brings(form: str) -> None:
    Path("cluster.yaml").write_text(BRINGING[form])
    found = {(rule, text) for rule, _, text in findings("cluster.yaml")}
    on_host = {"webhook-file-not-mounted"} if form == "cloud-init" else set()
    known = {one for one in SEEN if one[0] not in on_host and one[1] != "/etc/kubernetes/pki/ca.crt"}
    assert known <= found
    # kubeadm mounts /etc/kubernetes/pki itself, kops does not.
    assert (SEEN[2] in found) == (form == "kops")


def test_two_that_fit_equally_well_are_not_linked() -> None:
    for folder in ("a", "b"):
        Path(folder).mkdir()
        Path(folder, "hook.conf").write_text(BROKEN)
    Path("kube-apiserver.yaml").write_text(POD)
    assert findings(".") == []


RECORDED = json.loads((Path(__file__).parent.parent / "data" / "kubeconfigs.json").read_text())


@pytest.mark.parametrize("one", RECORDED, ids=lambda one: one["name"])
def test_what_client_go_makes_of_it(one: dict[str, str]) -> None:
    """Refused is what client-go refuses, in its words; a key in other letters is reported as one that nobody reads."""
    text = one["text"]
    document = next(each for each in read_documents(Source("webhook.yaml", text)) if each.mapping is not None)
    assert document.mapping is not None
    errors = [each.error for each in refusals(document.mapping) if each.error]
    if one["error"] and not errors:
        assert {each.help for each in dropped(document.mapping)} & {"Write `current-context`.", "Write `server`."}
    elif not one["error"]:
        assert errors == []
    else:
        assert all(each in one["error"] for each in errors), (errors, one["error"])


@pytest.mark.parametrize(
    ("contexts", "help"),
    [
        ("[{name: d, context: {cluster: c}}]", "Write `current-context: d`."),
        ("[{name: a, context: {}}, {name: b, context: {}}]", "Write `current-context: a` or `current-context: b`."),
        ("[]", "Add a context, and its name as `current-context`."),
    ],
)
def test_how_to_set_the_current_context(contexts: str, help: str) -> None:
    Path("audit-webhook.yaml").write_text(f"{HEAD}{CLUSTER}contexts: {contexts}\n")
    report = run(Options(("audit-webhook.yaml",)), load_config(), shipped()).report
    (found,) = [one for one in report.findings if one.rule == "webhook-config-invalid"]
    assert found.help == help


def loaded(text: str) -> list[tuple[str, str, str, str]]:
    """Rule, text, severity and message of what is reported of a kubeconfig that an API server loads."""
    Path("hooks").mkdir()
    Path("kube-apiserver.yaml").write_text(POD.replace("/srv/hooks", "/x/hooks"))
    Path("hooks/hook.conf").write_text(text)
    report = run(Options((".",)), load_config(), shipped()).report
    wanted = [one for one in report.findings if one.place.source.path == "hooks/hook.conf"]
    return [(one.rule, one.place.text, str(one.severity), one.message) for one in wanted]


@pytest.mark.parametrize(
    ("server", "severity"),
    [("'a.example:8443'", "info"), ("'a.example:8443', certificate-authority: ca.crt", "warning")],
)
def test_an_address_without_a_scheme_is_one_of_plain_http(server: str, severity: str) -> None:
    ((rule, text, found, message),) = loaded(cluster(f"server: {server}"))
    assert (rule, text, found) == ("webhook-unencrypted", "a.example:8443", severity)
    assert ("certificate-authority" in message) == (severity == "warning")


def test_a_query_is_not_sent() -> None:
    ((rule, text, _, _),) = loaded(cluster("server: 'https://a.example/k8s?token=x#y'"))
    assert (rule, text) == ("unknown-setting", "?token=x#y")


@pytest.mark.parametrize(
    ("credentials", "reported"),
    [
        ("tokenFile: /run/token", "/run/token"),
        ("token: t, tokenFile: /run/token", ""),
        (f"{EXEC}, command: /usr/bin/get}}", "/usr/bin/get"),
        (f"{EXEC}, command: bin/get}}", ""),
        (f"{EXEC}, command: ../get}}", "../get"),
    ],
)
def test_files_of_a_user(credentials: str, reported: str) -> None:
    assert [one[1] for one in loaded(user(credentials))] == [reported] * bool(reported)


def test_over_plain_http_no_token_is_read() -> None:
    ((rule, _, _, message),) = loaded(user("tokenFile: /run/token").replace("https:", "http:"))
    assert rule == "webhook-unencrypted"
    assert "`tokenFile` counts for nothing" in message


@pytest.mark.parametrize("data", ["<ca>", "BASE64_CA", "LS0t...", "${CA}", "$(base64 ca.crt)", ""])
def test_what_stands_for_a_certificate(data: str, tmp_path: Path) -> None:
    assert messages(cluster(f"server: 'https://a:1', certificate-authority-data: '{data}'"), tmp_path) == []


NOBODY = user("token: t").replace("user: u}", "user: v}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NOBODY, [("webhook-config-invalid", "v", "warning")]),
        (NOBODY.replace("https:", "http:"), [("webhook-unencrypted", "http://a:1", "info")]),
        (NOBODY.replace("token: t", ""), []),
        (NOBODY.replace("contexts: [", "contexts: [{name: e, context: {cluster: c, user: u}}, "), []),
    ],
)
def test_a_user_that_is_not_there_is_nobody(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [one[:3] for one in loaded(text)] == expected


OBJECT = "apiVersion: v1\nkind: Secret\nmetadata: {name: hooks}\nstringData:\n  hook.conf: |\n"
OBJECT += indent(cluster("server: 'https://a:1', certificate-authority: ca.crt"), "    ")


@pytest.mark.parametrize(
    ("more", "key", "expected"),
    [
        ("  ca.crt: x\n", "hook.conf", []),
        ("  tls.crt: x\n", "hook.conf", [("webhook-file-not-mounted", "ca.crt")]),
        ("  ca.crt: x\n", "hook", [("policy-file-missing", "/etc/hook/hook.conf")]),
    ],
)
def test_keys_of_the_secret_that_is_mounted(more: str, key: str, expected: list[tuple[str, str]]) -> None:
    pod = POD.replace("hostPath: {path: /srv/hooks, type: Directory}", "secret: {secretName: hooks}")
    Path("all.yaml").write_text(f"{pod}---\n{OBJECT.replace('hook.conf:', f'{key}:')}{more}")
    rules = ("webhook-file-not-mounted", "policy-file-missing")
    report = run(Options(("all.yaml",), None, "", rules), load_config(), shipped()).report
    assert [(one.rule, one.place.text) for one in report.findings] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD.replace("https://a:1", "{{ url }}").replace("current-context: d", "current-context: e"), ["e"]),
        (GOOD.replace("https://a:1", "{{ url }}").replace("name: d", "name: '{{ x }}'"), []),
        (GOOD.replace("current-context: d\n", "{% if x %}\ncurrent-context: e\n{% endif %}\n"), []),
    ],
)
def test_a_template_of_one(text: str, expected: list[str]) -> None:
    Path("audit-webhook.yaml.j2").write_text(text)
    report = run(Options(("audit-webhook.yaml.j2",)), load_config(), shipped()).report
    assert [one.place.text for one in report.findings if one.rule == "webhook-config-invalid"] == expected


def test_what_a_task_writes() -> None:
    copy = "  - copy:\n      dest: {0}\n      content: |\n{1}"
    pod = POD.replace("path: /srv/hooks", "path: /etc/hook")
    tasks = copy.format("/etc/hook/hook.conf", indent(BROKEN, " " * 8))
    tasks += copy.format("/etc/kubernetes/manifests/kube-apiserver.yaml", indent(pod, " " * 8))
    Path("play.yml").write_text(f"- hosts: a\n  tasks:\n{tasks}")
    assert set(SEEN) <= {(rule, text) for rule, _, text in findings("play.yml")}
