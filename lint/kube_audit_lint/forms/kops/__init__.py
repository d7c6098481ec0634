"""kops' Cluster: the audit settings of `spec.kubeAPIServer`, and the files of `spec.fileAssets`.

Sources: kubernetes/kops pkg/apis/kops/v1alpha2/componentconfig.go (KubeAPIServerConfig) and cluster.go
(FileAssetSpec); pkg/flagbuilder/build_flags.go (what is empty makes no flag); nodeup/pkg/model/file_assets.go;
pkg/kopscodecs (fields that are not known are dropped), read from 1.6 to 1.36.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.nodes import version_at
from kube_audit_lint.forms.common.split import ASSET, split
from kube_audit_lint.forms.kops.files import assets_of, found_in_assets
from kube_audit_lint.forms.kops.mounts import mounting, mounts_of, twice_mounted
from kube_audit_lint.forms.kops.settings import (
    SECTION,
    SETTINGS,
    settled_cluster,
    settled_group,
    spelling,
    unknown_settings,
    wrong_types,
)
from kube_audit_lint.model.found import Found, Misshape, joined
from kube_audit_lint.model.server import ApiServer, Flag
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar
from kube_audit_lint.syntax.source import Place

MARKS = ("kops.k8s.io/", "kops/", "kubeAPIServer")
LOOK = (  # API versions, no labels
    ("kops.k8s.io", r"(?<![\w.-]kops\.k8s\.io)/(?=v\d|[^a-z])"),
    ("kops/v", r"(?<![\w./-]kops/v)\dalpha"),
)
ORDER = 3

_GROUPS = ("kops.k8s.io/", "kops/")


def read(document: Document, context: Context) -> Found | None:
    """A Cluster, the file assets of an InstanceGroup, or a part of a Cluster that shows an audit setting."""
    root = document.mapping
    if root is None:
        return None
    if (root.string("apiVersion") or "").startswith(_GROUPS):
        if root.string("kind") == "InstanceGroup":
            root, misshapes = settled_group(root)
            return _of_assets(root.mapping("spec") or root, context, misshapes)
        return _cluster(root, context) if root.string("kind") == "Cluster" else None
    spec = root.mapping("spec") or root
    section = None if "kind" in root.entries or "apiVersion" in root.entries else spec.mapping(SECTION)
    if section is None or not any(key in SETTINGS for key in section.entries):
        return None
    return _cluster(root, context, partial=True)


def _of_assets(spec: Mapping, context: Context, misshapes: list[Misshape]) -> Found | None:
    assets = assets_of(spec)
    found = joined(found_in_assets(assets, context, "", None).values()).with_misshapes(misshapes)
    return found if found else None


def _cluster(root: Mapping, context: Context, partial: bool = False) -> Found:
    root, misplaced = settled_cluster(root)
    spec = root.mapping("spec") or root
    key, section = spec.key(SECTION), spec.mapping(SECTION)
    versions, version_place = version_at(spec.get("kubernetesVersion"))
    flags = tuple(_flags(section)) if section is not None else ()
    server = ApiServer(
        "kops",
        _place(root, spec, key),
        flags,
        versions=versions,
        version_place=version_place,
        partial=partial,
        spelling=spelling,
        mounts_itself=True,
        name="kube-apiserver",
        namespace="kube-system",
    )
    assets = assets_of(spec)
    inside = found_in_assets(assets, context, server.value("audit-policy-file") or "", versions)
    files = tuple(asset.host_file(inside[id(asset)]) for asset in assets)
    server = server._replace(mounts=mounts_of(server), files=files, mounting=mounting(server))
    misshapes = (*misplaced, *_shapes(section), *twice_mounted(server))
    misshapes += tuple(split(spec.items("fileAssets"), ASSET, "file"))
    return joined([*inside.values(), Found(servers=(server,), misshapes=misshapes)])


def _shapes(section: Mapping | None) -> Iterator[Misshape]:
    if section is not None:
        yield from unknown_settings(section)
        yield from wrong_types(section)


def _flags(section: Mapping) -> Iterator[Flag]:
    """The flags of the settings that are not empty, for which alone kops writes flags."""
    for name, (flag, kind) in SETTINGS.items():
        entry = section.entries.get(name)
        value = None if entry is None else entry.value
        if entry is None or not isinstance(value, Scalar) or value.kind == "null" or not value.value:
            continue
        text = value.value
        if kind == "quantity" and text.endswith("m") and text[:-1].isdigit():
            text = f"{int(text[:-1]) / 1000:g}"
        made = setting(Value(entry.key.value, entry.key.place), Value(text, value.place))
        yield made._replace(name=flag)


def _place(root: Mapping, spec: Mapping, key: Scalar | None) -> Place:
    key = key or spec.key("kubernetesVersion") or root.key("spec") or root.key("kind")
    return root.place if key is None else key.place
