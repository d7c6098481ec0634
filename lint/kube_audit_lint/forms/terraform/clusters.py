"""Blocks of providers that have settings of an API server of their own, handed to the forms that know them.

Sources: rancher/terraform-provider-rke and rancher/terraform-provider-rancher2 (forms/terraform/rke.py);
terraform-kops/terraform-provider-kops docs/resources/cluster.md (kube_api_server, file_assets: names of kops with `_`);
pvotal-tech/terraform-provider-k3d docs/resources/cluster.md (k3s.extra_args, volume, image);
tehcyx/terraform-provider-kind kind/schema_kind_config.go (kind_config: kind's own names with `_`, `node` for `nodes`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.terraform.values import Block, Head
from kube_audit_lint.model.found import Found, joined
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.nodes import PLAIN, Document, Entry, Mapping, Node, Scalar, Sequence


def in_cluster(block: Head, body: Block, context: Context) -> Found:
    """The API server of a cluster's resource; nothing for other blocks."""
    kind = block.labels[0] if block.type == "resource" and block.labels else ""
    found = Found()
    if kind in ("rke_cluster", "rancher2_cluster", "rancher2_cluster_template"):
        from kube_audit_lint.forms.terraform.rke import rke

        found = rke(body, context, kind != "rke_cluster")
    elif kind == "kops_cluster":
        found = _kops(block, body, context)
    elif kind == "k3d_cluster":
        found = _k3d(block, body, context)
    elif kind == "kind_cluster":
        found = _kind(body, context)
    return found.with_servers(as_terraform)


def is_worker(body: Block) -> bool:
    """Whether a machine's configuration is that of one on which no API server runs."""
    return body.string("machine_type") == "worker"


def is_in_parts(body: Block) -> bool:
    """Whether a cluster of RKE2 or K3s has a configuration for all machines and others for some of them."""
    return any("machine_selector_config" in config.entries for config in _mappings(body.get("rke_config")))


def _mappings(node: Node | None) -> Iterator[Mapping]:
    yield from (one for one in _items(node) if isinstance(one, Mapping))


def as_terraform(server: ApiServer) -> ApiServer:
    """A server whose settings are spelt as Terraform has them: `name = value`."""
    spelt = server.spelling
    if spelt is None:
        return server

    def spelling(name: str, value: str) -> str:
        text = spelt(name, value)
        key, colon, rest = text.partition(": ")
        if text.startswith("- ") or not colon:
            return f'"{text.removeprefix("- ")}"' if "=" in text else text
        return f"{key} = {rest}" if re.fullmatch(r"\d+|true|false|\".*\"", rest) else f'{key} = "{rest}"'

    return server._replace(spelling=spelling)


def _kops(block: Head, body: Block, context: Context) -> Found:
    from kube_audit_lint.forms import kops

    spec = _mapping(body, {})
    for name in ("kubernetes_version", "kube_api_server", "file_assets"):
        if name in body.entries:
            entry = body.entries[name]
            _put(spec, _kops_name(entry.key), _as_kops(entry.value, name))
    root = _mapping(body, {})
    for name, value in (("apiVersion", "kops.k8s.io/v1alpha2"), ("kind", "Cluster")):
        _put(root, _word(context, block, name), _word(context, block, value))
    _put(root, _word(context, block, "spec"), spec)
    return kops.read(Document(body.source, body.start, body.end, root), context) or Found()


def _as_kops(node: Node, name: str) -> Node:
    """A section with kops' names; assets are a list, though there be one."""
    if name == "file_assets":
        items = node.items if isinstance(node, Sequence) else [node]
        return Sequence(node.source, node.start, node.end, [_as_kops(item, "") for item in items])
    if not isinstance(node, Mapping):
        return node
    renamed = _mapping(node, {})
    for entry in node.entries.values():
        _put(renamed, _kops_name(entry.key), entry.value)
    return renamed


def _kops_name(key: Scalar) -> Scalar:
    return _called(key, _camel(key.value).replace("kubeApiServer", "kubeAPIServer"))


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _called(key: Scalar, name: str) -> Scalar:
    return Scalar(key.source, key.start, key.end, "string", name, PLAIN)


def _kind(body: Block, context: Context) -> Found:
    from kube_audit_lint.forms import kind

    found = []
    image = body.entries.get("node_image")
    for root in map(_as_kind, _mappings(body.get("kind_config"))):
        for node in _mappings(root.get("nodes")) if isinstance(root, Mapping) else ():
            if image is not None and "image" not in node.entries:
                _put(node, _called(image.key, "image"), image.value)
        found.append(kind.read(Document(root.source, root.start, root.end, root), context) or Found())
    return joined(found)


def _as_kind(node: Node) -> Node:
    """A block with kind's own names; what may occur several times is a list there."""
    if isinstance(node, Sequence):
        return Sequence(node.source, node.start, node.end, [_as_kind(item) for item in node.items])
    if not isinstance(node, Mapping):
        return node
    renamed = _mapping(node, {})
    for name, entry in node.entries.items():
        value, new = _as_kind(entry.value), {"node": "nodes"}.get(name, _camel(name))
        if new in ("nodes", "extraMounts", "extraPortMappings") and isinstance(value, Mapping):
            value = Sequence(value.source, value.start, value.end, [value])
        _put(renamed, _called(entry.key, new), value)
    return renamed


def _k3d(block: Head, body: Block, context: Context) -> Found:
    from kube_audit_lint.forms import k3d

    root, options, k3s = _mapping(body, {}), _mapping(body, {}), _mapping(body, {})
    _put(root, _word(context, block, "apiVersion"), _word(context, block, "k3d.io/v1alpha5"))
    _put(k3s, _word(context, block, "extraArgs"), Sequence(body.source, body.start, body.end, list(_arguments(body))))
    _put(options, _word(context, block, "k3s"), k3s)
    _put(root, _word(context, block, "options"), options)
    if "image" in body.entries:
        _put(root, body.entries["image"].key, body.entries["image"].value)
    if "volume" in body.entries:
        volumes = body.entries["volume"]
        _put(root, _called(volumes.key, "volumes"), _as_kind(volumes.value))
    return k3d.read(Document(body.source, body.start, body.end, root), context) or Found()


def _arguments(body: Block) -> Iterator[Node]:
    for k3s in _mappings(body.get("k3s")):
        yield from _items(k3s.get("extra_args"))


def _items(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return node.items if isinstance(node, Sequence) else [node]


def _mapping(node: Mapping, entries: dict[str, Entry]) -> Mapping:
    return Mapping(node.source, node.start, node.end, entries)


def _put(mapping: Mapping, key: Scalar, value: Node) -> None:
    mapping.entries[key.value] = Entry(key, value)


def _word(context: Context, block: Head, value: str) -> Scalar:
    """Something that the block's own words stand for."""
    return Scalar(context.source, block.start, block.end, "string", value, PLAIN)
