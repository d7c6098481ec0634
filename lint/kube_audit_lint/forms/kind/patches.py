"""The patches of a kind Cluster, laid over one another as kind does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kube_audit_lint.forms.common.folded import folded
from kube_audit_lint.forms.common.json_patch import patched
from kube_audit_lint.forms.common.nodes import below
from kube_audit_lint.forms.common.reader import Reader
from kube_audit_lint.forms.common.shapes import GROUP
from kube_audit_lint.forms.kubeadm import api_server_section
from kube_audit_lint.forms.kubeadm.versions import kubernetes_of
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.model.server import Flag, Mount
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.offsets import embedded_text
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

_KIND = "ClusterConfiguration"


class Patches:
    """What the patches of a cluster and its first control-plane node make of the API server."""

    def __init__(self) -> None:
        self._flags: dict[str, Flag] = {}
        self.mounts: tuple[Mount, ...] = ()
        self.misshapes: list[Misshape] = []
        self.place: Place | None = None
        self.versions: tuple[Versions, Place | None] | None = None
        self.spelling: Callable[[str, str], str] | None = None

    @property
    def flags(self) -> tuple[Flag, ...]:
        return tuple(self._flags.values())

    @property
    def about_audit(self) -> bool:
        """Whether anything in the patches is about auditing."""
        return any("audit" in flag.name for flag in self.flags) or any(
            "audit" in shape.place.text.lower() for shape in self.misshapes
        )

    def add(self, patch: Mapping, target: str | None) -> None:
        """Lays a merge patch over those before it."""
        own = (patch.string("apiVersion") or "").removeprefix(GROUP) or None
        section = api_server_section(patch, own or target, _reader(own or target))
        if own is not None and target is not None and own != target:
            self.misshapes.append(_left_out(patch, target))
        self.misshapes += section.misshapes
        removed = set(_removed(patch))
        for flag in section.flags:
            self._flags[flag.name] = flag
        for name in removed:
            self._flags.pop(name, None)
        if section.mounts:
            self.mounts = section.mounts
        if section.flags or self.place is None:
            self.place, self.spelling = section.place, section.spelling
        versions, place = kubernetes_of(patch, None)
        if versions is not None:
            self.versions = versions, place

    def add_json(self, operations: Iterable[Node]) -> None:
        """Lays a JSON patch over those before it."""
        found = patched(operations)
        for flag in found.flags:
            self._flags[flag.name] = flag
            self.place = flag.place
        self.mounts = (*self.mounts, *found.mounts)


def patches_of(sections: Iterable[Mapping], versions: Versions | None) -> Patches:
    """The patches of a cluster, then those of its node."""
    patches, target = Patches(), _target(versions)
    for section in sections:
        for patch in _merge_patches(section, patches.misshapes):
            if patch.string("kind") == _KIND:
                patches.add(patch, target)
            elif "apiServer" in patch.entries and not is_unknown(patch.string("kind") or ""):
                patches.misshapes.append(_not_that_kind(patch))
        for item in section.items("kubeadmConfigPatchesJSON6902"):
            if isinstance(item, Mapping) and item.string("kind") == _KIND:
                for root in _documents(item.get("patch")):
                    if isinstance(root, Sequence):
                        patches.add_json(root.items)
    return patches


def _target(versions: Versions | None) -> str | None:
    """The API version that kind writes for a node; None where it depends on the version of kind."""
    if versions is None or not versions.single or versions.first >= 36:
        return None
    return "v1beta2" if versions.first < 23 else "v1beta3"


def _merge_patches(section: Mapping, misshapes: list[Misshape]) -> Iterator[Mapping]:
    node = section.get("kubeadmConfigPatches")
    if isinstance(node, Scalar) and node.kind == "string":
        misshapes.append(_not_a_list(section, node))
    for item in node.items if isinstance(node, Sequence) else [node] if node is not None else []:
        if isinstance(item, Mapping):
            misshapes.append(_not_a_string(item))
            yield item
        elif isinstance(item, Scalar) and (wrong := folded(item)) is not None:
            misshapes.append(wrong)
            continue
        for root in _documents(item):
            if isinstance(root, Mapping):
                yield root


def _documents(node: Node | None) -> Iterator[Node]:
    if isinstance(node, Scalar) and node.kind == "string":
        text, offsets = embedded_text(node)
        for document in read_documents(node.source, text, offsets):
            if document.root is not None:
                yield document.root


def _removed(patch: Mapping) -> Iterator[str]:
    """The flags that a merge patch takes out: those set to null."""
    arguments = below(patch, "apiServer", "extraArgs")
    for key, entry in arguments.entries.items() if arguments is not None else ():
        if isinstance(entry.value, Scalar) and entry.value.kind == "null":
            yield key


def _reader(version: str | None) -> Reader:
    refused = "kubeadm refuses what kind hands it, and kind fails"
    return Reader("kubeadm", refused=refused, version=f"{GROUP}{version}")


def _left_out(patch: Mapping, target: str) -> Misshape:
    node = patch.get("apiVersion")
    assert node is not None
    message = (
        f"For this node image kind writes a {GROUP}{target} {_KIND}, and leaves out every patch with another "
        "apiVersion without a word: nothing of it reaches kube-apiserver."
    )
    return Misshape("wrong-shape", node.place, message, f"Leave apiVersion away, or write {GROUP}{target}.")


def _not_that_kind(patch: Mapping) -> Misshape:
    kind = patch.get("kind")
    place = kind.place if kind is not None else next(iter(patch.entries.values())).key.place
    message = (
        f"Settings of the API server belong to kind: {_KIND}. kind applies a patch only to the object of its kind, "
        "and leaves others out without a word: nothing of it reaches kube-apiserver."
    )
    return Misshape("wrong-shape", place, message, f"Write `kind: {_KIND}` in the patch.")


def _not_a_string(item: Mapping) -> Misshape:
    message = (
        "A patch is a string, and this is a mapping: kind refuses the file (`cannot unmarshal !!map into string`)."
    )
    first = next(iter(item.entries.values()), None)
    return Misshape("wrong-shape", first.key.place if first else item.place, message, "Write `- |` above it.")


def _not_a_list(section: Mapping, node: Scalar) -> Misshape:
    key = section.key("kubeadmConfigPatches")
    message = (
        "kubeadmConfigPatches is a list of strings: kind refuses the file (`cannot unmarshal !!str into []string`)."
    )
    return Misshape("wrong-shape", key.place if key else node.place, message, "Write `- |` in front of the patch.")
