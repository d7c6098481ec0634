"""`rke_cluster`, and `rke_config` of Rancher's provider: RKE's settings, with the policy as a string.

Sources: rancher/terraform-provider-rke rke/schema_rke_cluster_services_kube_api.go and structure_... (the policy is
JSON, which is decoded as audit.k8s.io/v1; what is not set stays empty, and RKE passes that on);
rancher/terraform-provider-rancher2 rancher2/schema_cluster_rke_config_services_kube_api.go (YAML; defaults of its own).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from kube_audit_lint.forms import rke1
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.nodes import below
from kube_audit_lint.forms.terraform.values import Block, LocalFile
from kube_audit_lint.model.found import Found, Note, joined
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import PLAIN, Document, Entry, Kind, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.offsets import embedded_text
from kube_audit_lint.syntax.reader import looks_like_json, read_documents
from kube_audit_lint.syntax.unknown import UNKNOWN, is_unknown

_OLD = "services_kube_api"
"""What the section was called before version 1.0 of the provider."""
_OF_RANCHER = {
    "format": ("string", "json"),
    "max_age": ("int", "30"),
    "max_backup": ("int", "10"),
    "max_size": ("int", "100"),
    "path": ("string", "/var/log/kube-audit/audit-log.json"),
}
"""What Rancher's provider sets in `configuration` where it is not said."""


def rke(body: Block, context: Context, rancher: bool) -> Found:
    """The API servers of the clusters in a block. rancher: in Rancher's provider, which knows defaults and YAML."""
    return joined([_found(config, context, rancher) for config in _configs(body)])


def _configs(node: Node) -> Iterator[Mapping]:
    """The mappings with `services`, wherever the provider puts them."""
    if isinstance(node, Mapping):
        if "services" in node.entries or _OLD in node.entries:
            yield node
        for entry in node.entries.values():
            yield from _configs(entry.value) if isinstance(entry.value, Block | Sequence) else ()
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _configs(item) if isinstance(item, Block) else ()


def _found(config: Mapping, context: Context, rancher: bool) -> Found:
    services = config.mapping("services") or config
    name = "kube_api" if services is not config else _OLD
    section = services.mapping(name)
    if section is None:
        return Found()
    key = services.entries[name].key
    named = Scalar(key.source, key.start, key.end, "string", "kube-api", PLAIN)  # the provider renames it
    inner = _with(services, {"kube-api": Entry(named, _section(section, rancher))})
    entries = {"services": Entry(named, inner)}
    if "kubernetes_version" in config.entries:
        entries["kubernetes_version"] = config.entries["kubernetes_version"]
    root = Mapping(config.source, config.start, config.end, {"rke_config": Entry(named, _with(config, entries))})
    found = rke1.read(Document(config.source, config.start, config.end, root), context) or Found()
    found = found.with_servers(lambda server: _with_file(server, config))
    notes = () if rancher else tuple(_notes(config))
    misshapes = tuple(one for one in found.misshapes if one.kind != "unknown-key")  # Terraform refuses these by itself
    return found._replace(misshapes=misshapes, notes=(*found.notes, *notes))


def _with(node: Mapping, entries: dict[str, Entry]) -> Mapping:
    return Mapping(node.source, node.start, node.end, entries)


def _section(section: Mapping, rancher: bool) -> Mapping:
    """The section with its policy as what the string comes to, and with the provider's defaults."""
    audit = section.mapping("audit_log")
    configuration = audit.mapping("configuration") if audit is not None else None
    if audit is None or configuration is None:
        return section
    entries = dict(configuration.entries)
    read = _policy(configuration.get("policy"))
    if read is not None:
        entries["policy"] = Entry(entries["policy"].key, read)
    key = audit.entries["configuration"].key
    for name, (kind, value) in _OF_RANCHER.items() if rancher else ():
        if name not in entries:
            node = Scalar(key.source, key.start, key.end, cast(Kind, kind), value, PLAIN)
            entries[name] = Entry(Scalar(key.source, key.start, key.end, "string", name, PLAIN), node)
    audit = _with(audit, {**audit.entries, "configuration": Entry(key, _with(configuration, entries))})
    return _with(section, {**section.entries, "audit_log": Entry(section.entries["audit_log"].key, audit)})


def _policy(node: Node | None) -> Node | None:
    """What a policy's string comes to; None where nobody can read it."""
    if not isinstance(node, Scalar) or node.kind != "string" or not node.value.strip(UNKNOWN + " \n"):
        return None
    first = next(iter(read_documents(node.source, *embedded_text(node))), None)
    return None if first is None else first.root


def _notes(config: Mapping) -> Iterator[Note]:
    """A policy in YAML, where the provider of RKE takes JSON: Terraform says so before anything happens."""
    section = below(config, "services", "kube_api", "audit_log", "configuration")
    node = section.get("policy") if section is not None else None
    if not isinstance(node, Scalar) or not node.value.strip() or is_unknown(node.value) or looks_like_json(node.value):
        return
    message = 'the provider of RKE takes the policy as JSON, and this is none: the plan fails (`"policy" must be in '
    yield Note(node.place, f"{message}json format`). Write `jsonencode(yamldecode(...))` around it")


def _with_file(server: ApiServer, config: Mapping) -> ApiServer:
    """The server with the file of the repository that its policy is, where `file` names one."""
    section = below(config, "services", "kube_api", "audit_log", "configuration")
    node = section.get("policy") if section is not None else None
    if not isinstance(node, LocalFile):
        return server
    local = Value(node.path, node.place)
    return server._replace(files=tuple(file._replace(local=local) for file in server.files))
