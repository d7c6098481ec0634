"""The files that kops brings onto its machines: `fileAssets` of a Cluster or an InstanceGroup.

Source: kubernetes/kops nodeup/pkg/model/file_assets.go: without a path the file is in /srv/kubernetes/assets;
base64 is decoded as `RawStdEncoding`, which takes no padding (`=`) and no blanks, but line ends.
"""

from __future__ import annotations

from collections.abc import Iterable

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.inside import found_inside
from kube_audit_lint.forms.common.misplaced import misplaced_in
from kube_audit_lint.forms.common.split import ASSET, whole
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import HostFile, clean
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, strings

_DEFAULT_DIRECTORY = "/srv/kubernetes/assets/"
_CONTROL_PLANE = ("apiserver", "controlplane", "control-plane", "master")


class Asset:
    """One of the fileAssets. `path` is where it is on the machine."""

    def __init__(self, item: Mapping, path: str) -> None:
        self.item = item
        self.path = path
        content = item.get("content")
        self.content: Node | None = content
        base64 = item.get("isBase64")
        self.base64 = isinstance(base64, Scalar) and base64.kind == "bool" and base64.value == "true"
        roles = [role.value.lower() for role in strings(item.get("roles"))]
        self.on_control_plane = not roles or any(role in _CONTROL_PLANE for role in roles)

    def host_file(self, found: Found) -> HostFile:
        """The file as the model has it. found: what it holds."""
        policy, kubeconfig = next(iter(found.policies), None), next(iter(found.kubeconfigs), None)
        return HostFile(self.path if self.on_control_plane else "", self.item.place, policy, None, kubeconfig)


def assets_of(spec: Mapping) -> list[Asset]:
    """The assets that have a path."""
    found: list[Asset] = []
    for item in whole(spec.items("fileAssets"), ASSET):
        path = _path(item) if isinstance(item, Mapping) else None
        if isinstance(item, Mapping) and path is not None:
            found.append(Asset(item, path))
    return found


def found_in_assets(
    assets: Iterable[Asset], context: Context, loaded: str, versions: Versions | None
) -> dict[int, Found]:
    """What the assets hold, by the asset's identity. `loaded`: the path that the policy is read from."""
    parts: dict[int, Found] = {}
    for asset in assets:
        hint = "policy" if loaded and clean(loaded) == clean(asset.path) else ""
        at = asset.item.get("path") or asset.item
        parts[id(asset)] = misplaced_in(_found_in(asset, context, hint, versions), asset.path, at.place)
    return parts


def _found_in(asset: Asset, context: Context, hint: str, versions: Versions | None) -> Found:
    content = asset.content
    if isinstance(content, Mapping) and (content.string("apiVersion") or "").startswith("audit.k8s.io/"):
        return Found(misshapes=(_not_a_string(content),))
    if not isinstance(content, Scalar) or content.kind != "string":
        return Found()
    if not asset.base64:
        return found_inside(content, context, name=asset.path, versions=versions, hint=hint)
    found = found_inside(_padded(content), context, name=asset.path, encoding="base64", versions=versions, hint=hint)
    if content.value.strip().endswith("=") and (found or hint):
        return found._replace(misshapes=(*found.misshapes, _padding(content)))
    return found


def _path(item: Mapping) -> str | None:
    path, name = item.string("path"), item.string("name")
    return path or (_DEFAULT_DIRECTORY + name if name else None)


def _padded(content: Scalar) -> Scalar:
    """The content with the padding that others ask for."""
    packed = "".join(content.value.split())
    text = packed + "=" * (-len(packed) % 4)
    return Scalar(content.source, content.start, content.end, content.kind, text, content.style)


def _not_a_string(content: Mapping) -> Misshape:
    return Misshape(
        "wrong-shape",
        next(iter(content.entries.values())).key.place,
        "content is a string, and this is a mapping: kops refuses the cluster "
        "(`cannot unmarshal object into Go struct field FileAssetSpec.spec.fileAssets.content of type string`).",
        "Put `|` behind `content:`.",
    )


def _padding(content: Scalar) -> Misshape:
    at = content.start + content.place.text.rfind("=")
    return Misshape(
        "wrong-shape",
        content.place._replace(start=at, end=at + 1),
        "kops decodes base64 without padding, and the machine does not come up "
        "(`failed on file asset: ... unable to decode base64, error: illegal base64 data`).",
        "Leave the `=` at the end out, or write the content as it is.",
    )
