"""From a kustomization to what the forms find in the objects that come out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from kube_audit_lint.forms import AllForms
from kube_audit_lint.forms.common.context import Context, Reading
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer, HostFile, Mount
from kube_audit_lint.model.value import Value
from kube_audit_lint.pipeline.building import Builder, Built
from kube_audit_lint.pipeline.kustomization import Object, at
from kube_audit_lint.syntax.nodes import Document, Mapping
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

_CHANGING = ("patches", "patchesStrategicMerge", "patchesJson6902", "components", "images", "configMapGenerator")
"""The keys of a kustomization, that one first which tells best what it does to an object."""

_Files = dict[str, dict[str, tuple[str, Place]]]
"""The files of generated ConfigMaps and Secrets: absolute paths and places by file name, by the volume's name."""


class Variant(NamedTuple):
    """What one kustomization makes of one object. by: what of the kustomization does.

    found: None where it leaves the object as it is. files: the absolute paths of all that was put together.
    """

    one: Object
    by: Place
    found: Found | None
    files: tuple[str, ...]


def variants(path: str, builder: Builder) -> Iterator[Variant]:
    """What comes out of the kustomization at a path, object by object. Raises CannotBuildError."""
    built = builder.build(path)
    root = builder.root(path)
    by = next((key.place for name in _CHANGING if (key := root.key(name)) is not None), root.place)
    documents = tuple(Document(one.origin.source, one.base.start, one.base.end, one.root) for one in built.objects)
    for one, document in zip(built.objects, documents, strict=True):
        yield Variant(one, by, _found(one, document, documents, built), built.files)


def _found(one: Object, document: Document, documents: tuple[Document, ...], built: Built) -> Found | None:
    """What the forms find in an object; None where nothing changes it."""
    generated = _generated(one.root, built)
    if one.root is one.base and not generated:
        return None
    sources = dict.fromkeys((one.origin.source, *(patch.source for patch in one.patches)))
    context = Context(one.origin.source, documents, readers=AllForms(), reading=Reading())
    readers = AllForms().of_document("\n".join(source.text for source in sources))
    found = next((found for read in readers if (found := read(document, context)) is not None), Found())

    def composed(server: ApiServer) -> ApiServer:
        """What a kustomization makes is applied to an API server, and no static pod."""
        return server._replace(files=(*server.files, *_files(server, generated)), is_static=False)

    return found.with_servers(composed)


def _generated(root: Mapping, built: Built) -> _Files:
    """The volumes of an object's pod that come out of generators, with their files."""
    if not built.generated:
        return {}
    from kube_audit_lint.forms.workload import pod_spec

    spec = pod_spec(root)
    volumes = [one for one in spec.items("volumes") if isinstance(one, Mapping)] if spec is not None else []
    found = {one.string("name") or "": dict(_of_volume(one, built)) for one in volumes}
    return {name: files for name, files in found.items() if files}


def _of_volume(volume: Mapping, built: Built) -> Iterator[tuple[str, tuple[str, Place]]]:
    projected = volume.mapping("projected")
    for source in (volume, *(projected.items("sources") if projected is not None else ())):
        for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
            section = source.mapping(key) if isinstance(source, Mapping) else None
            if section is None:
                continue
            name = section.string("name") or section.string("secretName") or ""
            made = built.generated.get((kind, name))
            renamed = {
                one.string("key"): one.string("path") for one in section.items("items") if isinstance(one, Mapping)
            }
            for file, (path, node) in made.files.items() if made is not None else ():
                seen = renamed.get(file) if renamed else file
                if seen:
                    yield seen, (path, node.place)


def _files(server: ApiServer, generated: _Files) -> Iterator[HostFile]:
    """The files that a server sees in its container, by their paths there."""
    folder = os.path.dirname(at(os.getcwd(), server.source.path))
    for mount in server.mounts or ():
        for name, (path, place) in generated.get(mount.name.text, {}).items():
            seen = _seen_at(mount, name)
            if seen is not None:
                yield HostFile(seen, place, local=Value(os.path.relpath(path, folder).replace(os.sep, "/"), place))


def _seen_at(mount: Mount, name: str) -> str | None:
    if mount.sub_path is None:
        return f"{mount.path.text.rstrip('/')}/{name}"
    return mount.path.text if mount.sub_path.text == name else None
