"""Kustomizations put together as `kustomize build` does it: the objects that come out, with where each part is.

Source: kubernetes-sigs/kustomize api/internal/target/kusttarget.go (accumulateTarget: resources, components,
generators; then patches, namespace, names, labels, patchesJson6902, images).
"""

from __future__ import annotations

from collections.abc import Callable

from kube_audit_lint.discovery.look import KUSTOMIZATIONS
from kube_audit_lint.forms.common.json6902 import NotAppliedError, apply_patch
from kube_audit_lint.forms.common.nodes import first_place, objects
from kube_audit_lint.forms.common.strategic import NO_KEYS, POD_KEYS, merge
from kube_audit_lint.pipeline.kustomization import (
    CannotBuildError,
    Generated,
    Object,
    Patch,
    added_labels,
    at,
    generated,
    is_remote,
    names,
    new_object,
    patches,
    selects,
    unread,
    with_images,
)
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar, Sequence, strings
from kube_audit_lint.syntax.record import NamedTuple

Read = Callable[[str], "tuple[Document, ...] | None"]
"""The documents of the file at an absolute path; None where it is none of the run, or cannot be read."""

_BUILT_IN = frozenset(("Pod", "PodTemplate", "Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "Job", "CronJob"))
_DEEPEST = 20
_MOST = 2000


class Built(NamedTuple):
    """What comes out of a kustomization.

    whole: whether every resource was read. files: all that was read for it, the kustomizations first.
    """

    objects: list[Object]
    generated: dict[tuple[str, str], Generated]
    whole: bool
    files: tuple[str, ...]


class Builder:
    """Builds kustomizations, each folder once."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._built: dict[str, Built | CannotBuildError] = {}

    def build(self, path: str) -> Built:
        """What comes out of the kustomization at a path. Raises CannotBuildError."""
        if path not in self._built:
            self._built[path] = CannotBuildError(None, "these kustomizations lie in each other")
            try:
                self._built[path] = self._accumulated(path, Built([], {}, True, ()), 0)
            except CannotBuildError as error:
                self._built[path] = error
        built = self._built[path]
        if isinstance(built, CannotBuildError):
            raise built
        return built

    def _accumulated(self, path: str, given: Built, depth: int) -> Built:
        """What a kustomization makes of the objects that it is given: of a component the parent's, else none."""
        root = self.root(path)
        if depth > _DEEPEST or len(given.objects) > _MOST:
            raise CannotBuildError(root.place._replace(end=root.start), "too many kustomizations lie in each other")
        for key in unread(root):
            raise CannotBuildError(key.place, f"`{key.value}` is not read here")
        built = given._replace(files=(*given.files, path))
        folder = path.rpartition("/")[0]
        for one in (*strings(root.get("resources")), *strings(root.get("bases"))):
            built = self._with_resource(built, folder, one)
        for one in strings(root.get("components")):
            inner = self._kustomization(at(folder, one.value))
            if inner is None or is_remote(one.value):
                raise CannotBuildError(one.place, "this component is not here")
            built = self._accumulated(inner, built, depth + 1)
        for made in generated(root, folder):
            built.generated[made.kind, made.name] = _joined(built.generated.get((made.kind, made.name)), made)
            built = built._replace(files=(*built.files, *(file for file, _ in made.files.values())))
        return self._transformed(built, root, folder)

    def root(self, path: str) -> Mapping:
        """The kustomization at a path. Raises CannotBuildError where it cannot be read."""
        documents = self._read(path)
        root = documents[0].mapping if documents else None
        if root is None:
            raise CannotBuildError(None, "it cannot be read")
        return root

    def _with_resource(self, built: Built, folder: str, one: Scalar) -> Built:
        path = at(folder, one.value)
        inner = None if is_remote(one.value) else self._kustomization(path)
        if inner is not None:
            below = self.build(inner)
            return Built(
                [*built.objects, *below.objects],
                {**built.generated, **below.generated},
                built.whole and below.whole,
                (*built.files, *below.files),
            )
        documents = None if is_remote(one.value) or not _within(path, folder) else self._read(path)
        if documents is None or any(each.problem for each in documents):
            return built._replace(whole=False)
        found = [new_object(item, each) for each in documents if each.mapping for item in objects(each.mapping)]
        return built._replace(objects=[*built.objects, *found], files=(*built.files, path))

    def _kustomization(self, folder: str) -> str | None:
        """The kustomization in a folder."""
        return next((path for name in KUSTOMIZATIONS if self._read(path := f"{folder}/{name}") is not None), None)

    def _transformed(self, built: Built, root: Mapping, folder: str) -> Built:
        files: list[str] = []

        def read(name: Scalar) -> tuple[Document, ...]:
            path = at(folder, name.value)
            documents = self._read(path) if _within(path, folder) and not is_remote(name.value) else None
            if documents is None or any(one.problem for one in documents):
                raise CannotBuildError(name.place, "this patch is not here, or cannot be read")
            files.append(path)
            return documents

        first, last = patches(root, read)
        found = built.objects
        for patch in first:
            found = _patched(found, patch, built.whole)
        found = _renamed(found, root)
        for patch in last:
            found = _patched(found, patch, built.whole)
        images = [one for one in root.items("images") if isinstance(one, Mapping)]
        if images:
            found = [_with_images(one, images) for one in found]
        return built._replace(objects=found, files=(*built.files, *files))


def _within(path: str, folder: str) -> bool:
    """Whether kustomize reads a file for the kustomization of a folder: by default only what is below it."""
    return path.startswith(f"{folder}/")


def _joined(base: Generated | None, made: Generated) -> Generated:
    if base is None or made.behavior != "merge":
        # What is merged into is not here: it may hold more.
        return made._replace(whole=made.whole and (made.behavior != "merge"))
    return made._replace(files={**base.files, **made.files}, whole=base.whole and made.whole)


def _patched(found: list[Object], patch: Patch, whole: bool) -> list[Object]:
    """The objects with a patch applied. Raises CannotBuildError where kustomize refuses it."""
    node, target = patch.node, patch.target
    out: list[Object] = []
    count = 0
    for one in found:
        by_name = target is None and isinstance(node, Mapping) and names(node, one)
        meant = by_name or (target is not None and selects(target, one))
        count += meant
        changed = _with_patch(one, patch) if meant else one
        out += [changed] if changed is not None else []
    if not count and patch.required and whole:
        raise CannotBuildError(first_place(patch.node), "kustomize refuses this patch: no resource of it matches")
    return out


def _with_patch(one: Object, patch: Patch) -> Object | None:
    laid = (*one.patches, patch.node)
    if isinstance(patch.node, Sequence):
        try:
            root = apply_patch(one.root, patch.node)
        except NotAppliedError as error:
            raise CannotBuildError(error.place, f"kustomize refuses this patch: {error.message}") from None
        return one._replace(root=root, patches=laid) if isinstance(root, Mapping) else None
    node = patch.node
    assert isinstance(node, Mapping)
    keys = POD_KEYS if one.root.string("kind") in _BUILT_IN else NO_KEYS
    merged = merge(one.root, _without_head(node) if patch.target is not None else node, keys, first=True)
    return one._replace(root=merged, patches=laid) if isinstance(merged, Mapping) else None


def _without_head(patch: Mapping) -> Mapping:
    """A patch without the name and kind that it is called by: with a target these change nothing."""
    metadata = patch.mapping("metadata")
    entries = {key: entry for key, entry in patch.entries.items() if key not in ("apiVersion", "kind")}
    if metadata is not None:
        kept = {key: entry for key, entry in metadata.entries.items() if key not in ("name", "namespace")}
        inner = Mapping(metadata.source, metadata.start, metadata.end, kept, metadata.duplicates)
        entries["metadata"] = type(entries["metadata"])(entries["metadata"].key, inner)
    return Mapping(patch.source, patch.start, patch.end, entries, patch.duplicates)


def _renamed(found: list[Object], root: Mapping) -> list[Object]:
    """The objects with the names, namespaces and labels that a kustomization gives them."""
    before, behind = root.string("namePrefix") or "", root.string("nameSuffix") or ""
    namespace, labels = root.string("namespace"), added_labels(root)
    if not (before or behind or namespace or labels):
        return found
    return [
        one._replace(
            names=(*one.names, f"{before}{one.names[-1]}{behind}") if before or behind else one.names,
            namespaces=(*one.namespaces, namespace) if namespace else one.namespaces,
            labels={**one.labels, **labels},
        )
        for one in found
    ]


def _with_images(one: Object, images: list[Mapping]) -> Object:
    root = with_images(one.root, images)
    return one if root is one.root or not isinstance(root, Mapping) else one._replace(root=root)
