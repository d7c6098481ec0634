"""What a kustomization has: its resources, patches, generators and images, each with its place.

Sources: kubernetes-sigs/kustomize api/types/kustomization.go, patch.go, selector.go (expressions match a whole name),
image.go; api/resmap/reswrangler.go (Select: a name or namespace of any step counts).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Mapped
from types import MappingProxyType

from kube_audit_lint.forms.common.nodes import first_place
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar, Sequence, strings
from kube_audit_lint.syntax.reader import read_documents
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

UNREAD = (
    "helmCharts",
    "helmChartInflationGenerator",
    "generators",
    "transformers",
    "replacements",
    "vars",
    "openapi",
)
"""What may change any object and is not read here."""

_REMOTE = re.compile(r"://|\Agit@|\Agithub\.com[/:]|\?ref=|\?timeout=|//")


class Object(NamedTuple):
    """An object on its way through kustomizations.

    base: what its file has, in the document `origin`. names, namespaces: what it was called at any step.
    patches: what was laid over it.
    """

    root: Mapping
    base: Mapping
    origin: Document
    names: tuple[str, ...]
    namespaces: tuple[str, ...] = ()
    labels: Mapped[str, str] = MappingProxyType({})
    patches: tuple[Node, ...] = ()

    @property
    def group_version(self) -> tuple[str, str]:
        """The group, "" for the core one, and the version."""
        group, _, version = (self.root.string("apiVersion") or "").rpartition("/")
        return group, version


class Patch(NamedTuple):
    """One patch. target: None where a strategic patch names its object. required: whether it has to match one."""

    node: Node
    target: Mapping | None
    required: bool


class CannotBuildError(Exception):
    """Why a kustomization is not put together, and its place."""

    def __init__(self, place: Place | None, why: str) -> None:
        super().__init__(why)
        self.place = place
        self.why = why


def new_object(root: Mapping, origin: Document) -> Object:
    """An object as its file has it."""
    metadata = root.mapping("metadata")
    name = (metadata.string("name") if metadata else None) or ""
    namespace = (metadata.string("namespace") if metadata else None) or "default"
    return Object(root, root, origin, (name,), (namespace,), _texts(metadata, "labels"))


def is_remote(resource: str) -> bool:
    """Whether a resource is fetched from elsewhere."""
    return _REMOTE.search(resource) is not None


def unread(root: Mapping) -> Iterator[Scalar]:
    """The keys of what is not read here."""
    for name in UNREAD:
        key, value = root.key(name), root.get(name)
        if key is not None and (not isinstance(value, Sequence) or value.items):
            yield key


def patches(root: Mapping, read: Callable[[Scalar], tuple[Document, ...]]) -> tuple[list[Patch], list[Patch]]:
    """The patches of the first step and those of patchesJson6902, which are applied after names have changed."""
    first: list[Patch] = []
    for one in strings(root.get("patchesStrategicMerge")):
        documents = _inline(one) if "\n" in one.value else read(one)
        first += [Patch(node, None, True) for node in _roots(documents)]
    for item in root.items("patches"):
        if isinstance(item, Mapping):
            first += _of_item(item, read, False)
    last = [
        each
        for item in root.items("patchesJson6902")
        if isinstance(item, Mapping)
        for each in _of_item(item, read, True)
    ]
    return first, last


def _of_item(item: Mapping, read: Callable[[Scalar], tuple[Document, ...]], required: bool) -> Iterator[Patch]:
    path, text = item.get("path"), item.get("patch")
    target = item.mapping("target")
    documents: tuple[Document, ...] = ()
    if isinstance(text, Scalar) and text.kind == "string" and text.value:
        documents = _inline(text)
    elif isinstance(path, Scalar) and path.kind == "string":
        documents = read(path)
    for node in _roots(documents):
        if target is None and isinstance(node, Sequence):
            raise CannotBuildError(first_place(item), "a JSON patch has no target: kustomize refuses it")
        yield Patch(node, target, required or target is None)


def _inline(text: Scalar) -> tuple[Document, ...]:
    from kube_audit_lint.syntax.offsets import embedded_text

    inner, offsets = embedded_text(text)
    documents = tuple(read_documents(text.source, inner, offsets))
    if any(one.problem for one in documents):
        raise CannotBuildError(text.place._replace(end=text.start + 1), "this patch cannot be read")
    return documents


def _roots(documents: tuple[Document, ...]) -> list[Node]:
    return [one.root for one in documents if isinstance(one.root, (Mapping, Sequence))]


def selects(target: Mapping, one: Object) -> bool:
    """Whether a target means an object. Raises CannotBuildError for an expression that is none here."""
    group, version = one.group_version
    given = (("group", (group,)), ("version", (version,)), ("kind", (one.root.string("kind") or "",)))
    for key, values in (*given, ("name", one.names), ("namespace", one.namespaces)):
        wanted = target.string(key)
        if wanted and not any(_matches(wanted, value, target) for value in values):
            return False
    wanted, notes = target.string("labelSelector"), target.string("annotationSelector")
    annotations = _texts(one.root.mapping("metadata"), "annotations")
    return _chosen(wanted, one.labels, target) and _chosen(notes, annotations, target)


def _matches(expression: str, value: str, target: Mapping) -> bool:
    try:
        return re.fullmatch(expression, value) is not None
    except re.error:
        raise CannotBuildError(first_place(target), "an expression of a target is not read here") from None


def _chosen(selector: str | None, labels: Mapped[str, str], target: Mapping) -> bool:
    """Whether labels match a selector: `a=b`, `a!=b`, `a in (b, c)`, `a`, `!a`."""
    return all(
        _one_chosen(part.strip(), labels, target) for part in re.split(r",(?![^(]*\))", selector or "") if part.strip()
    )


def _one_chosen(part: str, labels: Mapped[str, str], target: Mapping) -> bool:
    found = re.fullmatch(r"([\w./-]+)\s*(==?|!=|\sin|\snotin)\s*\(?([^()]*)\)?", part)
    if found is None:
        name = part.lstrip("!").strip()
        if not re.fullmatch(r"[\w./-]+", name):
            raise CannotBuildError(first_place(target), "a selector of a target is not read here")
        return (name in labels) != part.startswith("!")
    values = [one.strip() for one in found[3].split(",")]
    return (labels.get(found[1]) in values) != (found[2].strip() in ("!=", "notin"))


def names(patch: Mapping, one: Object) -> bool:
    """Whether a strategic patch names an object: by group, version, kind, name, and namespace where it has one."""
    wanted = new_object(patch, one.origin)
    same = patch.string("kind") == one.root.string("kind") and wanted.group_version == one.group_version
    return same and wanted.names[0] in one.names and (wanted.namespaces[0] in (*one.namespaces, "default"))


def _texts(section: Mapping | None, key: str) -> dict[str, str]:
    inner = section.mapping(key) if section is not None else None
    entries = inner.entries.items() if inner is not None else ()
    return {name: one.value.value for name, one in entries if isinstance(one.value, Scalar)}


def added_labels(root: Mapping) -> dict[str, str]:
    """The labels that a kustomization gives all objects."""
    found = _texts(root, "commonLabels")
    for item in root.items("labels"):
        if isinstance(item, Mapping):
            found.update(_texts(item, "pairs"))
    return found


class Generated(NamedTuple):
    """A ConfigMap or Secret that a kustomization makes: the absolute paths of files by key; whether these are all."""

    kind: str
    name: str
    files: Mapped[str, tuple[str, Scalar]]
    whole: bool
    behavior: str


def generated(root: Mapping, folder: str) -> Iterator[Generated]:
    """What the generators of a kustomization make."""
    for section, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
        for item in root.items(section):
            name = item.string("name") if isinstance(item, Mapping) else None
            if not isinstance(item, Mapping) or name is None:
                continue
            files: dict[str, tuple[str, Scalar]] = {}
            for one in strings(item.get("files")):
                key, equals, path = one.value.partition("=")
                path = path if equals else key
                files[key if equals else os.path.basename(path)] = at(folder, path), one
            whole = not any(other in item.entries for other in ("literals", "envs", "env"))
            yield Generated(kind, name, files, whole, item.string("behavior") or "create")


def at(folder: str, name: str) -> str:
    """The absolute path of what a kustomization in a folder names."""
    return os.path.normpath(os.path.join(folder, name)).replace(os.sep, "/")


def with_images(node: Node, images: list[Mapping]) -> Node:
    """A copy in which the images of containers are those that a kustomization sets; the same node without any."""
    if isinstance(node, Sequence):
        items = [with_images(one, images) for one in node.items]
        unchanged = all(new is old for new, old in zip(items, node.items, strict=True))
        return node if unchanged else Sequence(node.source, node.start, node.end, items)
    if not isinstance(node, Mapping):
        return node
    entries = dict(node.entries)
    for key, entry in node.entries.items():
        value = entry.value
        if key in ("containers", "initContainers") and isinstance(value, Sequence):
            new: Node = _containers(value, images)
        elif key in ("spec", "template", "jobTemplate"):
            new = with_images(value, images)
        else:
            continue
        if new is not value:
            entries[key] = type(entry)(entry.key, new)
    if all(entries[key] is entry for key, entry in node.entries.items()):
        return node
    return Mapping(node.source, node.start, node.end, entries, node.duplicates)


def _containers(node: Sequence, images: list[Mapping]) -> Sequence:
    items = [_container(one, images) for one in node.items]
    unchanged = all(new is old for new, old in zip(items, node.items, strict=True))
    return node if unchanged else Sequence(node.source, node.start, node.end, items)


def _container(node: Node, images: list[Mapping]) -> Node:
    entry = node.entries.get("image") if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping) or entry is None or not isinstance(entry.value, Scalar):
        return node
    value = entry.value
    for image in images:
        value = _image(value, image)
    if value is entry.value:
        return node
    entries = {**node.entries, "image": type(entry)(entry.key, value)}
    return Mapping(node.source, node.start, node.end, entries, node.duplicates)


def _image(value: Scalar, image: Mapping) -> Scalar:
    """A container's image as an entry of `images` sets it; the same scalar where it means another image."""
    head, _, digest = value.value.partition("@")
    name, colon, tag = head.rpartition(":")
    if not colon or "/" in tag:
        name, tag = head, ""
    new_tag, new_digest = image.get("newTag"), image.get("digest")
    if image.string("name") != name:
        return value
    text = image.string("newName") or name
    if isinstance(new_tag, Scalar) or isinstance(new_digest, Scalar):
        tag, digest = "", ""
        if isinstance(new_tag, Scalar):
            tag = new_tag.value if new_tag.kind == "string" else new_tag.place.text
        if isinstance(new_digest, Scalar):
            digest = new_digest.value
    text += (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    place = (new_tag or image.get("newName") or image).place
    return Scalar(place.source, place.start, place.end, "string", text)
