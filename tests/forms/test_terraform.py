"""Files of Terraform: what its expressions come to, where every character stands, and what stays unknown."""

from __future__ import annotations

import json
import time
from pathlib import Path
from textwrap import indent

import pytest
from form_samples import POLICY, flags, found_in, misshapes, notes, policy_in, server_in

from kube_audit_lint.checks._files import of_file
from kube_audit_lint.cli import main
from kube_audit_lint.syntax import hcl
from kube_audit_lint.syntax.unknown import is_unknown

pytest.importorskip("tree_sitter_hcl", reason="the extra [terraform] is not installed: pip install -e '.[terraform]'")

HEREDOC = "<<-EOT\n" + indent(POLICY, "      ") + "    EOT"


def at(text: str, word: str) -> tuple[str, int]:
    return word, text.index(word)


@pytest.mark.parametrize(
    "value",
    [
        HEREDOC,
        HEREDOC.replace("<<-", "<<"),
        HEREDOC.replace("\n", "\r\n"),
        f"base64encode({HEREDOC}\n)",
        f'trimspace(join("", [{HEREDOC}\n]))',
        'yamlencode({ apiVersion = "audit.k8s.io/v1", kind = "Policy", rules = [{ level = "Metadata" }] })',
        'jsonencode({ "apiVersion" : "audit.k8s.io/v1", "kind" : "Policy", "rules" : [{ "level" : "Metadata" }] })',
        '{ apiVersion = "audit.k8s.io/v1", kind = "Policy", rules = concat([{ level = "Metadata" }]) }',
        'merge({ apiVersion = "audit.k8s.io/v1" }, { kind = "Policy", rules = [{ level = "Metadata" }] })',
        '"apiVersion: audit.k8s.io/v1\\nkind: Policy\\nrules:\\n- level: Metadata\\n"',
        '"apiVersion: audit.k8s.io/v1\\u000akind: Policy\\nrules:\\n- {level: Metadata, users: [\\"ä\\"]}"',
        'var.audited ? "apiVersion: audit.k8s.io/v1\\nkind: Policy\\nrules:\\n- level: Metadata\\n" : ""',
        f"[for one in var.all : {HEREDOC}\n]",
    ],
)
def test_a_policy_and_where_it_stands(value: str) -> None:
    if value.startswith("merge"):
        value = f"yamlencode({value})"
    text = f'# é\nresource "x" "y" {{\n  other = "ü"\n  content = {value}\n}}\n'
    place = policy_in(text, "main.tf").at("rules", 0, "level")
    assert (place.text.strip('"'), place.start + place.text.startswith('"')) == at(text, "Metadata")


def test_what_is_not_known_touches_only_itself() -> None:
    text = (
        'resource "x" "y" {\n  content = yamlencode({ apiVersion = "audit.k8s.io/v1", kind = "Policy"\n'
        '    rules = concat([{ level = "Metadata", users = [var.one, "b"] }], var.rules) })\n}\n'
    )
    policy = policy_in(text, "main.tf")
    users = policy.at("rules", 0, "users", 0)
    assert users.text == "var.one"
    assert policy.at("rules", 0, "users", 1).text == '"b"'
    assert "level" not in "".join(rule for rule, _ in misshapes(text, "main.tf"))


@pytest.mark.parametrize(
    "rules",
    [
        '[merge({ level = "RequestResponse" }, var.x)]',
        '[for ns in var.ns : { level = "None", namespaces = [ns] }]',
        'concat([{ level = "None", users = ["x"] }], var.rules)',
        'flatten([[{ level = "None" }], var.rules])',
        '[{ level = "Metadata", (var.key) = ["x"] }]',
        "[{ level = var.level }]",
        "var.rules",
    ],
)
def test_no_finding_depends_on_what_is_not_known(rules: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inner = f'{{ apiVersion = "audit.k8s.io/v1", kind = "Policy", rules = {rules} }}'
    whole = '{ apiVersion = "audit.k8s.io/v1", kind = "Policy", rules = [{ level = "None" }] }'
    for value in (f"yamlencode({inner})", inner, f"jsonencode(merge({inner}, var.more))", f"merge({whole}, var.more)"):
        Path("main.tf").write_text(f'resource "x" "y" {{\n  content = {value}\n}}\n')
        assert main(["check", "."]) == 0, value


def test_locals_and_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("variables.tf").write_text(
        'variable "age" {\n  default = 7\n}\nvariable "set" {\n  default = 7\n}\nvariable "other" {\n  default = 8\n}\n'
        'variable "none" {}\nlocals {\n  size = { audit = "100" }\n}\n'
    )
    Path("terraform.tfvars").write_text("set = 9\n")
    Path("prod.tfvars").write_text("other = 9\n")
    text = (
        'locals {\n  backup = 4\n}\nmodule "m" {\n  apiserver_extra_args = {\n    audit-log-maxage = var.age\n'
        '    "audit-log-maxbackup" : "${local.backup}"\n    audit-log-maxsize = local.size.audit\n'
        "    audit-log-format = var.none\n    audit-log-mode = var.other\n    audit-log-path = var.set\n  }\n}\n"
    )
    server = server_in(text, "main.tf")
    found = {flag.name: flag.value or "" for flag in server.flags}
    assert {name: value for name, value in found.items() if not is_unknown(value)} == {
        "audit-log-maxage": "7",
        "audit-log-maxbackup": "4",
        "audit-log-maxsize": "100",
        "audit-log-path": "9",
    }
    assert [flag.value_place.text for flag in server.flags][:1] == ["var.age"]


def test_values_that_name_themselves_or_grow() -> None:
    text = 'locals {\n  a = local.b\n  b = local.a\n  c0 = "audit audit"\n'
    text += "".join(f'  c{number} = "${{local.c{number - 1}}}${{local.c{number - 1}}}"\n' for number in range(1, 60))
    text += "".join(f"  d{n} = [local.d{n - 1}, local.d{n - 1}, local.c9]\n" for n in range(1, 60)) + "  d0 = []\n"
    text += '}\nresource "x" "audit" {\n  a = local.a\n  c = "${local.c59} audit.k8s.io/v1"\n'
    text += "  e = yamlencode(local.d59)\n}\n"
    started = time.process_time()
    assert found_in(text, "main.tf").servers == ()
    assert time.process_time() - started < 5


def test_maps_lists_and_strings_of_arguments() -> None:
    text = 'module "k" {\n  kube_apiserver_args = ["audit-log-maxage=7", "--audit-log-maxbackup=4"]\n}\n'
    assert flags(server_in(text, "main.tf")) == {"audit-log-maxage": "7", "audit-log-maxbackup": "4"}
    text = 'module "k" {\n  k3s_exec_server_args = "--kube-apiserver-arg=audit-log-maxage=7 --tls-san=x"\n}\n'
    assert flags(server_in(text, "main.tf")) == {"audit-log-maxage": "7"}
    text = 'variable "kube_apiserver_extra_args" {\n  default = { audit-log-maxage = "7" }\n}\n'
    assert flags(server_in(text, "main.tf")) == {"audit-log-maxage": "7"}
    text = 'inputs = {\n  kube_apiserver_extra_args = { audit-log-maxage = "7" }\n}\n'
    assert flags(server_in(text, "live/terragrunt.hcl")) == {"audit-log-maxage": "7"}
    text = 'kube_apiserver_extra_args = { audit-log-maxage = "7" }\n'
    assert flags(server_in(text, "prod.tfvars")) == {"audit-log-maxage": "7"}
    text = 'module "k" {\n  apiserver_extra_args = merge({ audit-log-maxage = "7" }, var.more)\n}\n'
    assert all(is_unknown(flag.value or "") for flag in server_in(text, "main.tf").flags)
    text = 'module "k" {\n  apiserver_extra_args = merge(var.more, { audit-log-maxage = "7" })\n}\n'
    assert flags(server_in(text, "main.tofu")) == {"audit-log-maxage": "7"}


def rke(resource: str, configuration: str) -> str:
    return (
        f'resource "{resource}" "c" {{\n  {"rke_config {" if resource != "rke_cluster" else ""}\n  services {{\n'
        f"    kube_api {{\n      audit_log {{\n        enabled = true\n        configuration {{\n{configuration}"
        f"        }}\n      }}\n    }}\n  }}\n{'}' if resource != 'rke_cluster' else ''}\n}}\n"
    )


def test_rke() -> None:
    encoded = 'jsonencode({ apiVersion = "audit.k8s.io/v1", kind = "Policy", rules = [{ level = "Metadata" }] })'
    text = rke("rke_cluster", f'max_age = 7\nmax_backup = 4\npath = "/var/log/kube-audit/a.log"\npolicy = {encoded}\n')
    server = server_in(text, "main.tf")
    assert {flag.name: flag.value for flag in server.flags}["audit-log-maxage"] == "7"
    assert server.policy is not None
    assert server.policy.at("rules", 0, "level").text == '"Metadata"'
    assert misshapes(text, "main.tf") == []
    (note,) = notes(rke("rke_cluster", f"policy = {HEREDOC}\n"), "main.tf")
    assert '"policy" must be in json format' in note


def test_ranchers_provider_has_defaults_and_takes_yaml() -> None:
    text = rke("rancher2_cluster", f"max_age = 7\npolicy = {HEREDOC}\n")
    server = server_in(text, "main.tf")
    values = {flag.name: flag.value for flag in server.flags}
    assert (values["audit-log-maxage"], values["audit-log-maxbackup"]) == ("7", "10")
    assert values["audit-log-path"] == "/var/log/kube-audit/audit-log.json"
    assert server.policy is not None
    assert misshapes(text, "main.tf") == []


def test_rke_before_version_1() -> None:
    text = (
        'resource "rke_cluster" "c" {\n  services_kube_api = {\n    extra_args = { "audit-log-maxage" = "5" }\n  }\n}\n'
    )
    assert flags(server_in(text, "main.tf"))["audit-log-maxage"] == "5"


def test_a_policy_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("files").mkdir()
    Path("files/p.yaml").write_text(POLICY.replace("level: Metadata", "level: Request"))
    Path("main.tf").write_text(rke("rancher2_cluster", 'policy = file("${path.module}/files/p.yaml")\n'))
    assert main(["check", "main.tf", "files/p.yaml", "--format", "concise"]) == 1
    out = capsys.readouterr()
    assert "files/p.yaml:4:10: error[secrets-above-metadata]" in out.out
    assert "in no file of this run" not in out.err


def test_kops() -> None:
    policy = indent(POLICY, "      ")
    text = (
        'resource "kops_cluster" "c" {\n  kubernetes_version = "1.31.2"\n  kube_api_server {\n'
        "    audit_log_max_age = 7\n"
        '    audit_policy_file = "/srv/kubernetes/assets/p.yaml"\n    audit_log_pth = "x"\n  }\n'
        f'  file_assets {{\n    name = "p.yaml"\n    content = <<-EOT\n{policy}    EOT\n  }}\n}}\n'
    )
    server = server_in(text, "main.tf")
    assert {flag.name: flag.value for flag in server.flags} == {
        "audit-log-maxage": "7",
        "audit-policy-file": "/srv/kubernetes/assets/p.yaml",
        "audit-log-path": "x",  # as it was meant
    }
    assert server.versions is not None
    assert server.files[0].content is not None
    assert server.files[0].content.at("rules", 0, "level").start == text.index("Metadata")
    assert misshapes(text, "main.tf") == [("unknown-setting", "audit_log_pth")]


def test_k3d() -> None:
    text = (
        'resource "k3d_cluster" "c" {\n  image = "rancher/k3s:v1.31.4-k3s1"\n  k3s {\n    extra_args = [{\n'
        '      arg = "--kube-apiserver-arg=audit-log-maxage=7"\n    }, {\n'
        '      arg = "--kube-apiserver-arg=audit-log-path=/a"\n    }]\n  }\n}\n'
    )
    server = server_in(text, "main.tf")
    assert flags(server) == {"audit-log-maxage": "7", "audit-log-path": "/a"}
    assert not server.partial


def test_volumes_of_k3d() -> None:
    text = (
        'resource "k3d_cluster" "c" {\n  k3s {\n    extra_args {\n'
        '      arg = "--kube-apiserver-arg=audit-policy-file=/a"\n'
        '    }\n  }\n  volume {\n    source = "/p"\n    destination = "/a"\n    node_filters = ["server:*"]\n  }\n}\n'
    )
    assert misshapes(text, "main.tf") == []
    unmounted = [("policy-not-mounted", "/a")]
    assert misshapes(text.replace("server:", "agent:"), "main.tf") == unmounted
    assert misshapes(text.replace('"/a"\n    node', '"/b"\n    node'), "main.tf") == unmounted


def test_kind() -> None:
    text = (
        'resource "kind_cluster" "c" {\n  node_image = "kindest/node:v1.31.0"\n  kind_config {\n    kind = "Cluster"\n'
        '    api_version = "kind.x-k8s.io/v1alpha4"\n    node {\n      role = "control-plane"\n'
        "      kubeadm_config_patches = [<<-EOT\n        kind: ClusterConfiguration\n        apiServer:\n"
        "          extraArgs:\n            audit-policy-file: /etc/p.yaml\n      EOT\n      ]\n"
        '      extra_mounts {\n        host_path = "./p.yaml"\n        container_path = "/etc/p.yaml"\n      }\n'
        "    }\n  }\n}\n"
    )
    server = server_in(text, "main.tf")
    assert flags(server) == {"audit-policy-file": "/etc/p.yaml"}
    assert server.files[0].local is not None
    assert server.files[0].local.text == "./p.yaml"
    assert server.versions is not None


def test_a_cluster_of_rke2_in_parts() -> None:
    one = "machine_global_config = <<-EOT\n      cni: canal\n      kube-apiserver-arg: [audit-log-maxage=7]\n    EOT\n"
    more = 'yamlencode({ kube-apiserver-arg = ["audit-log-maxsize=9"] })'
    more = f"machine_selector_config {{\n      config = {more}\n    }}\n"
    text = f'resource "rancher2_cluster_v2" "c" {{\n  rke_config {{\n    {one}    {more}  }}\n}}\n'
    assert [server.partial for server in found_in(text, "main.tf").servers] == [True, True]
    assert not server_in(text.replace(more, ""), "main.tf").partial


def test_prose_is_not_read() -> None:
    text = 'variable "apiserver_extra_args" {\n  type = map(string)\n  description = <<-EOT\n' + indent(POLICY, "    ")
    assert not found_in(text + "    and --kube-apiserver-arg=audit-log-maxage=1\n  EOT\n}\n", "variables.tf")


def test_patches_of_talos() -> None:
    text = (
        'data "talos_machine_configuration" "c" {\n  machine_type = "controlplane"\n  config_patches = [\n'
        "    yamlencode({\n"
        '      cluster = { apiServer = { extraArgs = { "audit-log-maxage" = "7" }\n'
        '        auditPolicy = { apiVersion = "audit.k8s.io/v1", kind = "Policy", rules = [{ level = "Metadata" }] }\n'
        "      } }\n"
        "    }),\n    <<-EOT\n      cluster:\n        apiServer:\n          extraArgs:\n"
        "            audit-log-maxsize: 9\n"
        "    EOT\n  ]\n}\n"
    )
    first, second = found_in(text, "main.tf").servers
    assert first.policy is not None
    assert (flags(first), flags(second)) == ({"audit-log-maxage": "7"}, {"audit-log-maxsize": "9"})
    assert found_in(text.replace("controlplane", "worker"), "main.tf").servers == ()


def test_a_template_is_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    template = "# é\n" + POLICY.replace("Metadata", "${level}\n  users: [${user}]")
    Path("p.yaml.tpl").write_text(template, "utf-8")
    for number, level in enumerate(("Metdata", "Metadata")):
        given = f'{{ level = "{level}", user = var.x }}'
        text = f'module "m{number}" {{\n  p = templatefile("${{path.module}}/p.yaml.tpl", {given})\n}}\n'
        Path(f"main{number}.tf").write_text(text)
    assert main(["check", ".", "--format", "concise"]) == 1
    out = capsys.readouterr().out
    assert "p.yaml.tpl:5:10: error[invalid-level]: `Metdata`" in out
    Path("main0.tf").write_text(
        'data "template_file" "t" {\n  template = file("p.yaml.tpl")\n  vars = { level = "Metdata" }\n}\n'
    )
    main(["check", ".", "--format", "concise"])
    assert "invalid-level" in capsys.readouterr().out
    Path("main0.tf").unlink()
    main(["check", ".", "--format", "concise"])
    assert "invalid-level" not in capsys.readouterr().out


@pytest.mark.parametrize("path", ["../p.yaml.tpl", "/etc/passwd", "none.tpl", "${var.x}.tpl", ".", ""])
def test_templates_that_are_not_there(path: str) -> None:
    found_in(f'resource "x" "audit" {{\n  a = templatefile("{path}", {{ a = 1 }})\n}}\n', "main.tf")


def test_a_module_does_not_decide_for_its_users() -> None:
    text = 'variable "types" {\n  default = []\n}\nlocals {\n  types = var.types\n}\n'
    text += 'resource "aws_eks_cluster" "c" {\n  enabled_cluster_log_types = local.types\n}\n'
    assert misshapes(text, "main.tf") == []
    text = text.replace("= var.types", '= ["api"]')
    assert misshapes(text, "main.tf") == [("control-plane-logging-off", "enabled_cluster_log_types")]


def test_user_data_with_a_script() -> None:
    text = (
        'resource "aws_instance" "i" {\n  user_data = <<-EOF\n    #!/bin/sh\n'
        "    cat > /etc/kubernetes/audit-policy.yaml <<EOT\n"
        + indent(POLICY, "    ")
        + "    EOT\n    k3s server --kube-apiserver-arg=audit-log-maxage=$${DAYS} "
        "--kube-apiserver-arg=audit-log-maxsize=9\n"
        "  EOF\n}\n"
    )
    found = found_in(text, "main.tf")
    assert [one.names for one in found.policies] == [("/etc/kubernetes/audit-policy.yaml",)]
    (server,) = found.servers
    assert {flag.name: flag.value_place.text for flag in server.flags}["audit-log-maxsize"] == "9"


def test_names_of_files_and_config_maps() -> None:
    text = f'resource "local_file" "p" {{\n  filename = "out/audit.yaml"\n  content = {HEREDOC}\n}}\n'
    assert policy_in(text, "main.tf").names == ("out/audit.yaml",)
    text = f'resource "kubernetes_config_map" "p" {{\n  data = {{ "policy.yaml" = {HEREDOC}\n  }}\n}}\n'
    assert policy_in(text, "main.tf").names == ("policy.yaml",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('resource "aws_eks_cluster" "c" {\n  name = "c"\n}\n', ["resource"]),
        ('resource "aws_eks_cluster" "c" {\n  enabled_cluster_log_types = null\n}\n', ["enabled_cluster_log_types"]),
        ('resource "aws_eks_cluster" "c" {\n  enabled_cluster_log_types = ["api"]\n}\n', ["enabled_cluster_log_types"]),
        ('resource "aws_eks_cluster" "c" {\n  enabled_cluster_log_types = ["api", "audit"]\n}\n', []),
        ('resource "aws_eks_cluster" "c" {\n  enabled_cluster_log_types = var.types\n}\n', []),
        ('resource "aws_eks_cluster" "c" {\n  enabled_cluster_log_types = concat(["api"], var.types)\n}\n', []),
        ('data "aws_eks_cluster" "c" {\n  name = "c"\n}\n', []),
        ('resource "aws_eks_cluster" "c" {\n  enabled_cluster_log_types = ["api", "audits"]\n}\n', ['"audits"']),
        ('module "eks" {\n  source = "terraform-aws-modules/eks/aws"\n}\n', []),
        (
            'module "eks" {\n  source = "terraform-aws-modules/eks/aws"\n  cluster_enabled_log_types = []\n}\n',
            ["cluster_enabled_log_types"],
        ),
        (
            'module "eks" {\n  source = "terraform-aws-modules/eks/aws"\n  enabled_log_types = ["api"]\n}\n',
            ["enabled_log_types"],
        ),
        ('module "rds" {\n  source = "terraform-aws-modules/rds/aws"\n  enabled_log_types = ["audit2"]\n}\n', []),
        ('inputs = {\n  cluster_enabled_log_types = ["api"]\n}\n', ["cluster_enabled_log_types"]),
        ('resource "google_container_cluster" "c" {\n  logging_config {\n    enable_components = []\n  }\n}\n', []),
    ],
)
def test_managed_control_planes(text: str, expected: list[str]) -> None:
    found = misshapes(text, "terragrunt.hcl")
    assert found == [("control-plane-logging-off", word) for word in expected]


def aks(*logs: str) -> str:
    body = "".join(f"  {one}\n" for one in logs)
    return (
        'resource "azurerm_monitor_diagnostic_setting" "d" {\n'
        f"  target_resource_id = azurerm_kubernetes_cluster.c.id\n{body}}}\n"
    )


DYNAMIC = 'dynamic "enabled_log" {\n    for_each = %s\n    content {\n      category = enabled_log.value%s\n    }\n  }'


@pytest.mark.parametrize(
    ("each", "attribute", "expected"),
    [
        ('["kube-apiserver", "guard"]', "", ["dynamic"]),
        ('toset(["kube-apiserver", "guard"])', "", ["dynamic"]),
        ('{ a = { name = "kube-apiserver" } }', ".name", ["dynamic"]),
        ('{ a = { name = "kube-apiserver" }, b = { name = "kube-audit" } }', ".name", []),
        ('["kube-apiserver", "kube-audit"]', "", []),
        ('["kube-apiserver", var.more]', "", []),
        ("var.categories", "", []),
        ('concat(["kube-apiserver"], var.more)', "", []),
        ("[]", "", []),
    ],
)
def test_dynamic_logs_of_aks(each: str, attribute: str, expected: list[str]) -> None:
    text = aks(DYNAMIC % (each, attribute))
    assert misshapes(text, "main.tf") == [("control-plane-logging-off", one) for one in expected]
    named = text.replace("for_each", "iterator = one\n    for_each").replace("enabled_log.value", "one.value")
    assert misshapes(named, "main.tf") == misshapes(text, "main.tf")


def test_blocks_in_blocks_that_grow_without_end() -> None:
    body = "category = a.value"
    for name in "abcdef":
        body = f'dynamic "{name}" {{\n for_each = [{"1, " * 200}]\n content {{\n {body}\n }}\n}}'
    assert misshapes(aks(body), "main.tf") == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ('resource "aws_eks_cluster" "a" {\n  enabled_cluster_log_types = ["audit"]\n}\n', 1),
        ('resource "aws_eks_cluster" "a" {\n}\n', 1),
        ('resource "google_container_cluster" "a" {\n  name = "a"\n}\n', 1),
        ('module "a" {\n  source = "terraform-aws-modules/eks/aws"\n}\n', 1),
        ('module "a" {\n  source = "terraform-aws-modules/eks/aws//modules/karpenter"\n}\n', 0),
        ('resource "rancher2_cluster" "a" {\n  rke_config {\n  }\n}\n', 0),
    ],
)
def test_managed_control_planes_are_counted(text: str, number: int) -> None:
    assert len(found_in(text, "main.tf").managed) == number


def test_an_aks_cluster_and_its_settings_are_one() -> None:
    setting = aks('enabled_log {\n    category = "kube-audit"\n  }')
    cluster = 'resource "azurerm_kubernetes_cluster" "one" {\n  name = "a"\n}\n'
    assert [len(found_in(one, "main.tf").managed) for one in (setting, cluster, cluster + setting)] == [1, 1, 1]


def test_diagnostic_settings_of_aks() -> None:
    off = aks('enabled_log {\n    category = "kube-apiserver"\n  }', 'enabled_log {\n    category = "guard"\n  }')
    on = aks('enabled_log {\n    category = "kube-audit-admin"\n  }')
    assert misshapes(off, "main.tf") == [("control-plane-logging-off", "enabled_log")]
    assert misshapes(on, "main.tf") == []
    assert misshapes(off + on, "main.tf") == []
    assert misshapes(aks('enabled_log {\n    category_group = "allLogs"\n  }'), "main.tf") == []
    assert (
        misshapes(
            aks('dynamic "enabled_log" {\n    for_each = x\n    content {\n      category = "guard"\n    }\n  }'),
            "main.tf",
        )
        == []
    )
    assert (
        misshapes(
            off.replace("azurerm_kubernetes_cluster.c", "var.x").replace("kube-apiserver", "a").replace("guard", "b"),
            "main.tf",
        )
        == []
    )


def test_a_mistake_hides_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    bad = 'module "k" {\n  apiserver_extra_args = { audit-log-maxage = "3d" }\n}\n'
    Path("main.tf").write_text(bad + 'resource "x" {\n  audit = [1,\n}\n')
    Path("other.tf").write_text(bad)
    assert main(["check", ".", "--format", "concise"]) == 1
    out = capsys.readouterr()
    assert out.out.count("invalid-flag-value") == 2
    assert "main.tf:5" in out.err
    assert "cannot read this file" in out.err


@pytest.mark.parametrize(
    "text",
    [
        "",
        "audit",
        "audit = ",
        'audit = "',
        "audit = <<EOT\n",
        "a {" * 3000 + " audit",
        "audit = " + "[" * 5000,
        "audit = " + "(" * 9000 + "1",
        'audit = "${"${"${',
        "audit = {{{",
        "\ufeffaudit = 1",
        'audit = "\\',
        "audit = <<-\n",
        "\x00audit = {}",
        'audit = "\\ud800 audit.k8s.io/v1"',
        "audit\ud800 = 1",
        "audit = a" + ".a" * 20000,
        "audit = 1" + " + 1" * 9000,
        "audit = <<EOT\n${audit\nEOT\n",
    ],
)
def test_bad_input_never_crashes(text: str) -> None:
    found_in_bytes = text.encode("utf-8", "surrogatepass")
    from kube_audit_lint.pipeline.documents import collect

    collect("main.tf", found_in_bytes)
    collect("main.tf", b'module "k" {\n  kube_apiserver_args = ["audit-log-maxage=7"]\n' + found_in_bytes)


def test_a_large_file() -> None:
    one = 'resource "x" "audit_y" {\n  a = "${var.audit}/b"\n  c = { "audit-log-path" = [1, 2, "x"] }\n}\n'
    text = one * (100_000 // len(one))
    started = time.process_time()
    found_in(text, "main.tf")
    assert time.process_time() - started < 2
    assert "more than what is read" in notes("audit_log = 1\n" + "a = 1\n" * 45_000, "main.tf")[0]
    assert "more than what is read" in notes("# audit-log\n" * (hcl.LARGEST // 10), "main.tf")[0]


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.tf", "b.tfvars", "c.tofu"):
        Path(name).write_text('module "k" {\n  apiserver_extra_args = { audit-log-maxage = "3d" }\n}\n')
    Path("d.tf").write_text('resource "x" "y" {}\n')
    for module in ("discovery.walk", "pipeline.documents", "forms.terraform"):
        monkeypatch.setattr(f"kube_audit_lint.{module}.reads_terraform", lambda: False)
    assert main(["check", "."]) == 0
    note = "a.tf:1:1: note: 3 Terraform files mention auditing; pip install 'kube-audit-lint[terraform]' reads them"
    assert note in capsys.readouterr().err
    assert main(["check", "a.tf"]) == 0
    assert "1 Terraform file mentions auditing" in capsys.readouterr().err


def test_fixes_keep_to_the_syntax(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    recording = POLICY.replace("Metadata", "RequestResponse")
    lines = (
        'locals {\n  a = jsonencode({\n    apiVersion = "audit.k8s.io/v1"\n    kind = "Policy"\n'
        '    rules = [\n      { level = "RequestResponse" },\n    ]\n  })\n}\n'
        'module "k" {\n  apiserver_args = ["audit-log-path=/a", "audit-log-maxage=3"]\n}\n'
        f'resource "local_file" "p" {{\n  content = <<-EOT\n{indent(recording, "    ")}  EOT\n}}\n'
    )
    Path("main.tf").write_text(lines)
    main(["check", ".", "--unsafe-fixes"])
    after = Path("main.tf").read_text()
    assert '["audit-log-path=/a", "audit-log-maxage=30"]' in after
    assert "    rules:\n    - level: Metadata\n      resources:\n" in after
    assert after.startswith(lines[: lines.index("module")])
    assert "Terraform's own syntax" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "near"), [("API_SERVER", "APISERVER"), ("apiserver", "APISERVER"), ("APISERVER", "")])
def test_a_component_of_gke(name: str, near: str) -> None:
    text = 'resource "google_container_cluster" "c" {\n  logging_config {\n    enable_components = ["%s"]\n  }\n}\n'
    expected = [("wrong-shape", f'"{name}"', f"Write `{near}`.")] if near else []
    found = of_file(found_in(text % name, "a.tf"))
    assert [(rule, hit.place.text, hit.help) for rule, hit in found] == expected


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


CALL = 'resource "a" "b" {\n  user_data = templatefile("${path.module}/t.tftpl", { %s })\n}\n'
LOOP = "  extraArgs:\n%%{ for %s in args ~}\n    %s\n%%{ endfor ~}\n"


@pytest.mark.parametrize(
    ("given", "inside", "place"),
    [
        ('args = { "audit-log-maxage" = "30d", v = "2" }', LOOP % ("k, v", '${k}: "${v}"'), "${v}"),
        ('args = ["30d"]', LOOP % ("a", "audit-log-maxage: ${a}"), "${a}"),
        ('args = ["audit-log-maxage"]', LOOP % ("a", "${a}: 30d"), "30d"),
        ('args = { audit-log-maxage = "30d" }', "  extraArgs: ${jsonencode(args)}\n", "${jsonencode(args)}"),
        ('args = ["30d"]', '  extraArgs:\n    audit-log-maxage: ${join(",", args)}\n', '${join(",", args)}'),
    ],
)
@pytest.mark.usefixtures("folder")
def test_lists_that_a_template_is_given(
    given: str, inside: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are filled in, and what is found stands in the template, also where that shows nothing by itself."""
    Path("main.tf").write_text(CALL % given)
    Path("t.tftpl").write_text("kind: ClusterConfiguration\napiServer:\n" + inside)
    main(["check", "--format", "json", "main.tf"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    (one,) = [one for one in findings if one["rule"] == "invalid-flag-value"]
    line = Path("t.tftpl").read_text().splitlines()[one["start"]["line"] - 1]
    assert (one["path"], line[one["start"]["column"] - 1 : one["end"]["column"] - 1]) == ("t.tftpl", place)


@pytest.mark.usefixtures("folder")
def test_loops_over_what_is_not_known_stay(capsys: pytest.CaptureFixture[str]) -> None:
    Path("main.tf").write_text(CALL % "args = var.args, x = 1")
    Path("t.tftpl").write_text("kind: ClusterConfiguration\napiServer:\n" + LOOP % ("k, v", "${k}: ${v}"))
    main(["check", "--format", "json", "."])
    assert json.loads(capsys.readouterr().out)["findings"] == []
