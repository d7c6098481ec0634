"""Files of Terraform, OpenTofu and Terragrunt: texts of their strings, flags in maps, blocks of cluster providers.

Whatever a string, a heredoc, `yamlencode`, `jsonencode` or an object with `apiVersion` and `kind` comes to is read
through every form: policies, manifests, machine configurations, user data. Arguments of an API server under a key
that says so are a part of its settings (forms/common/loose.py). Blocks that have settings of their own are read by
`clusters.py`, control planes of providers by `managed.py`. docs/forms/terraform.md has the sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.applied import applied_in
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.loose import loose_arguments
from kube_audit_lint.forms.common.manifests import applied_file
from kube_audit_lint.forms.terraform.clusters import as_terraform, in_cluster, is_in_parts, is_worker
from kube_audit_lint.forms.terraform.managed import control_planes, given, may_be_off
from kube_audit_lint.forms.terraform.provisioners import provisioned
from kube_audit_lint.forms.terraform.scope import Scope
from kube_audit_lint.forms.terraform.texts import Texts
from kube_audit_lint.forms.terraform.values import Block, Head, LocalFile, Values
from kube_audit_lint.model.found import Found, Misshape, Note, joined
from kube_audit_lint.syntax.extras import TERRAFORM, reads_terraform
from kube_audit_lint.syntax.hcl import LARGEST, MOST_IN_A_LINE, MOST_PARTS, Attribute, parse
from kube_audit_lint.syntax.hcl import Block as Written
from kube_audit_lint.syntax.nodes import PLAIN, Entry, Mapping, Scalar
from kube_audit_lint.syntax.source import Source

MARKS = (
    "audit",
    "AUDIT",
    "YXVkaXQuazhzLmlv",
    "F1ZGl0Lms4cy5pb",
    "hdWRpdC5rOHMuaW",
    "aws_eks_cluster",
    "terraform-aws-modules/eks",
    "azurerm_monitor_diagnostic_setting",
    "azurerm_kubernetes_cluster",
    "google_container_cluster",
    "cluster_log_types",
    "enabled_log_types",
    "templatefile",
    "template_file",
    "rke_cluster",
    "rancher2_cluster",
    "enable_components",
)
LOOK = (
    ("eks", r"_cluster\"|/aws\""),
    ("azurerm_monitor_diagnostic_setting", r"\""),
    ("log_types", r"\s*="),
    ("templatefile", r"\("),
    ("template_file", r"\""),
    ("rke_cluster", r"\""),
    ("kubernetes_manifest", r"\"", "audit"),
    ("kubectl_manifest", r"\"", "audit"),
    ("enable_components", r"\s*="),
)
ORDER = 1

_APPLIES = "Terraform applies this as an object, and fails"
_APPLIED = ("kubernetes_manifest", "kubectl_manifest", "k8s_manifest", "kustomization_resource")
_DECODED = re.compile(r"yamldecode\(\s*(?:file|templatefile)\(\s*\"(?:\$\{path\.module\}/)?([^\"$]+)\"")
_MANIFESTS = ("manifest", "yaml_body", "content")
_RELEVANT = re.compile(
    r"(?i)audit|YXVkaXQuazhzLmlv|F1ZGl0Lms4cy5pb|hdWRpdC5rOHMuaW|api[-_]?server|kube[-_]api|eks|log_types|templatefile|template_file|_cluster\"|"
    r"diagnostic_setting"
)


def read_text(source: Source, context: Context) -> Found | None:
    """What a file of Terraform holds; None for other files, and where the extra is not installed."""
    if not source.path.endswith(TERRAFORM) or context.offsets is not None or not reads_terraform():
        return None
    tree = parse(source.text) if len(source.text) <= LARGEST else None
    if tree is None or tree.is_too_large:
        limits = f"{LARGEST / 1e6:g} MB, {MOST_PARTS:,} words, {MOST_IN_A_LINE:,} quotes in a line"
        return Found(notes=(Note(source.place(), f"more than what is read of Terraform ({limits}): not checked"),))
    scope = Scope(source, tree)
    context = context._replace(embedded=True)  # what a string brings onto a machine is run there
    blocks = [block for block in tree.top.blocks if _is_relevant(block, source)]
    parts = [_in_block(block, scope.values, context) for block in blocks]
    # A module's variables are its users' affair: only what is fixed in it switches something off.
    fixed = Scope(source, tree, defaults=False).values
    heads = ((_head(one), one) for one in blocks)
    bodies = ((head, fixed.of_body(one.body, one.start, one.end)) for head, one in heads if may_be_off(head))
    parts.append(control_planes(bodies))
    parts.append(_in_attributes(tree.top.attributes, scope.values, context))
    if tree.wrong is not None:
        message = "Terraform cannot read this file: it is not as its language wants it from here on"
        message += ", and what stands around this place was not checked"
        parts.append(Found(notes=(Note(source.place(*tree.wrong), message),)))
    found = joined(parts)
    return found if found else None


def _head(block: Written) -> Head:
    return Head(block.type, block.labels, block.start, block.type_end)


def _is_relevant(block: Written, source: Source) -> bool:
    return _RELEVANT.search(source.text, block.start, block.end) is not None


def _in_block(block: Written, values: Values, context: Context) -> Found:
    """What a block of the file's own level holds."""
    body = values.of_body(block.body, block.start, block.end)
    known = [in_cluster(_head(block), body, context)]
    if not known[0].servers:
        known.append(loose_arguments(_named(block, body)).with_servers(as_terraform))
    if is_worker(body):  # of a worker's configuration Talos takes nothing that is about the API server
        return joined(known)
    texts = Texts(context, values, known)
    template = body.get("template") if block.labels[:1] == ("template_file",) else None
    if isinstance(template, LocalFile):  # what templatefile does, in the provider that came before it
        known.append(texts.template(template.given(body.mapping("vars")), ""))
    found = joined([*known, *texts.of_body(block.body)])
    if block.type == "resource" and block.labels[:1] and block.labels[0] in _APPLIED:
        found = applied_in(found, _APPLIES).with_misshapes(_applied_files(body, context))
    found = provisioned(found, body, context)
    return found.with_servers(lambda one: one._replace(partial=True)) if is_in_parts(body) else found


def _applied_files(body: Block, context: Context) -> Iterator[Misshape]:
    """The policies that a block applies out of files."""
    for name in _MANIFESTS:
        node = body.get(name)
        decoded = _DECODED.match(node.place.text) if node is not None else None
        path = node.path if isinstance(node, LocalFile) else decoded[1] if decoded is not None else ""
        if node is not None and path:
            yield from applied_file(path, node.place, _APPLIES, context)


def _named(block: Written, body: Block) -> Mapping:
    """A body with the name that says what it is about: a variable's, whose default has it not."""
    if block.type != "variable" or not block.labels or "default" not in body.entries:
        return body
    source, name = body.source, block.labels[0]
    default = body.entries["default"]
    key = Scalar(source, default.key.start, default.key.end, "string", name, PLAIN)
    return Mapping(source, body.start, body.end, {name: Entry(key, default.value)})


def _in_attributes(attributes: tuple[Attribute, ...], values: Values, context: Context) -> Found:
    """What is at the file's own level: all of a `.tfvars`, the inputs of Terragrunt."""
    entries: dict[str, Entry] = {}
    relevant = []
    for one in attributes:
        if _RELEVANT.search(values.source.text, one.start, one.value.end):
            key = Scalar(values.source, one.start, one.end, "string", one.name, PLAIN)
            entries[one.name] = Entry(key, values.of(one.value))
            relevant.append(one)
    if not relevant:
        return Found()
    root = Mapping(values.source, relevant[0].start, relevant[-1].value.end, entries)
    inputs = root.mapping("inputs") or root
    known = [loose_arguments(root).with_servers(as_terraform), given(inputs)]
    texts = Texts(context, values, known)
    return joined([*known, *(part for one in relevant for part in texts.of(one.value, one.name))])
