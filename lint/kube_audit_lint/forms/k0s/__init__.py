"""k0s' ClusterConfig, alone and inside k0sctl's and k0smotron's objects.

Sources: k0sproject/k0s pkg/apis/k0s/v1beta1/api.go (extraArgs is a map of strings, rawArgs a list behind it),
pkg/component/controller/apiserver.go (the server runs on the host; k0s sets no audit flag, docs/cis_benchmark.md
says so), internal/pkg/strictyaml (a key that is not known is an error).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import flags_of
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import flags_of_arguments
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.nodes import below
from kube_audit_lint.forms.common.reader import Reader, meant, unknown_keys
from kube_audit_lint.forms.common.settings import in_map
from kube_audit_lint.forms.common.shapes import shape_of_flags
from kube_audit_lint.forms.k0s.files import Around, around, log_of_root
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar
from kube_audit_lint.syntax.source import Place

MARKS = ("k0sproject.io/", "k0smotron.io/", "K0s", "extraArgs")
LOOK = (("k0sproject.io", "/"),)
ORDER = 6

_GROUP = "k0s.k0sproject.io/"
_READER = Reader(
    "k0s",
    "k0s refuses the configuration (`unknown field`)",
    "k0s refuses the configuration",
    go="APISpec.api.extraArgs",
)
_KEYS = (
    *("address", "onlyBindToAddress", "externalAddress", "extraArgs", "rawArgs", "k0sApiPort", "port", "sans"),
    *("ca", "tunneledNetworkingMode"),
)
_OTHERS = frozenset(
    (
        *("storage", "network", "controllerManager", "scheduler", "workerProfiles", "installConfig", "telemetry"),
        *("images", "extensions", "konnectivity"),
    )
)
_LEVELS = Levels(
    {"": ("spec",), "spec": ("api",), "spec/api": ("extraArgs", "rawArgs")},
    foreign=_OTHERS,
    flags="spec/api/extraArgs",
    other_names={"apiserver": "api", "kubeapiserver": "api"},
    folds=True,  # encoding/json, through sigs.k8s.io/yaml
)

_OF_K0SCTL = Levels(
    {"": ("spec",), "spec": ("k0s", "hosts"), "spec/k0s": ("config", "version"), "spec/k0s/config": ("spec",)},
    foreign=frozenset(("config",)),
)


def read(document: Document, context: Context) -> Found | None:
    """A ClusterConfig, or what carries one; a part of either only when it shows an audit flag."""
    root = document.mapping
    if root is None:
        return None
    if (root.string("apiVersion") or "").startswith(_GROUP):
        if root.string("kind") not in ("ClusterConfig", "Cluster"):
            return None
        return _found(root, Around()).with_misshapes(log_of_root(root))
    misplaced: list[Misshape] = []
    if (root.string("apiVersion") or "").startswith("k0sctl."):
        root, misplaced = settled(root, _OF_K0SCTL, Reader("k0sctl", "k0sctl refuses the file (`unknown field`)"))
    carried = around(root, context)
    if carried is not None:
        if carried.configuration is not None:
            return _found(carried.configuration, carried).with_misshapes(misplaced)
        found = carried.found.with_misshapes(misplaced)
        return found if found.misshapes else None
    if "kind" in root.entries or "apiVersion" in root.entries:
        return None
    return _fragment(root)


def _fragment(root: Mapping) -> Found | None:
    """`spec.api.extraArgs` alone, or a ClusterConfig below `spec.k0sConfig` of something unnamed."""
    inner = below(root, "spec", "k0sConfig")
    api = below(inner or root, "spec", "api")
    if api is None or not any(flag.name.startswith("audit-") for flag in _flags(api)):
        return None
    return _found(inner or root, Around()).with_servers(lambda server: server._replace(partial=True))


def _found(configuration: Mapping, carried: Around) -> Found:
    configuration, misshapes = settled(configuration, _LEVELS, _READER)
    spec = configuration.mapping("spec")
    key = meant(spec, "api") if spec is not None else "api"
    api = spec.mapping(key) if spec is not None else None
    metadata = configuration.mapping("metadata")
    flags = tuple(_flags(api)) if api is not None else ()
    # The object that k0s keeps in the cluster says nothing of a controller's own settings.
    in_cluster = api is None and metadata is not None and "namespace" in metadata.entries
    server = ApiServer(
        "k0s",
        _place(configuration, spec, key, api),
        flags,
        versions=carried.versions,
        version_place=carried.version_place,
        files=carried.files,
        partial=in_cluster or (carried.part and not any(flag.name.startswith("audit-") for flag in flags)),
        spelling=in_map,
        name="kube-apiserver",
    )
    if spec is not None:
        misshapes += unknown_keys(spec, ("api", *_BESIDE), _READER, "Write it in `api.extraArgs`.")
    if api is not None:
        misshapes += unknown_keys(api, _KEYS, _READER, "Write it as a flag in `extraArgs`.")
        misshapes += shape_of_flags(api.get("extraArgs"), _READER)
    return joined([Found(servers=(server,), misshapes=tuple(misshapes)), carried.found])


_BESIDE = (
    *("storage", "network", "controllerManager", "scheduler", "workerProfiles", "installConfig", "telemetry"),
    *("images", "extensions", "konnectivity", "featureGates", "podSecurityPolicy", "interval"),
)
"""What else `spec` has (pkg/apis/k0s/v1beta1/clusterconfig_types.go)."""


def _flags(api: Mapping) -> Iterator[Flag]:
    yield from flags_of_arguments(api.get("extraArgs"))
    raw = [node for node in api.items("rawArgs") if isinstance(node, Scalar) and node.kind == "string"]
    yield from flags_of([Value(node.value, node.place) for node in raw])


def _place(configuration: Mapping, spec: Mapping | None, key: str, api: Mapping | None) -> Place:
    for section, name in ((api, "extraArgs"), (spec, key), (configuration, "kind"), (configuration, "spec")):
        node = section.key(name) if section is not None else None
        if node is not None:
            return node.place
    return configuration.place
