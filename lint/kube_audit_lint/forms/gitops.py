"""What deploys folders of a repository, where a policy is no object: Argo CD's Applications, Flux, skaffold.

Sources: argo-cd docs/user-guide/directory.md (the .yml, .yaml and .json of `path`, those of folders below with
`directory.recurse`; a kustomization or a chart there is another tool's); fluxcd/kustomize-controller
docs/spec/v1/kustomizations.md (`path`, with a kustomization generated where there is none); skaffold.dev
docs/references/yaml (manifests.rawYaml, deploy.kubectl.manifests).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.manifests import applied_files, applied_plain_folder
from kube_audit_lint.forms.common.nodes import below
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar

MARKS = ("argoproj.io/", "kustomize.toolkit.fluxcd.io/", "skaffold/")
LOOK = (("argoproj.io", r"/", "audit"), ("kustomize.toolkit.fluxcd.io", r"/", "audit"), ("skaffold/", r"v", "audit"))
ORDER = 3

_SOURCES = {"Application": ("spec",), "ApplicationSet": ("spec", "template", "spec")}
_ARGO = "Argo CD applies the files of this folder, and fails at one"
_FLUX = "Flux applies the files of this folder, and fails at one"
_SKAFFOLD = "skaffold applies this with kubectl, and fails"


def read(document: Document, context: Context) -> Found | None:
    """The policies in what is deployed; None where there are none."""
    root = document.mapping
    wrong = tuple(_wrong(root, context)) if root is not None else ()
    return Found(misshapes=wrong) if wrong else None


def _wrong(root: Mapping, context: Context) -> Iterator[Misshape]:
    version, kind = root.string("apiVersion") or "", root.string("kind") or ""
    if version.startswith("argoproj.io/") and kind in _SOURCES:
        spec = below(root, *_SOURCES[kind])
        for source in (spec.mapping("source"), *spec.items("sources")) if spec is not None else ():
            if isinstance(source, Mapping):
                deep = below(source, "directory")
                every = deep.get("recurse") if deep is not None else None
                recurses = isinstance(every, Scalar) and every.value == "true"
                yield from _in_folder(source.get("path"), _ARGO, context, recurses)
    elif version.startswith("kustomize.toolkit.fluxcd.io/") and kind == "Kustomization":
        spec = root.mapping("spec")
        yield from _in_folder(spec.get("path") if spec is not None else None, _FLUX, context, True)
    elif version.startswith("skaffold/"):
        for path in (("manifests", "rawYaml"), ("deploy", "kubectl", "manifests")):
            section = below(root, *path[:-1])
            yield from applied_files(section.items(path[-1]) if section is not None else (), _SKAFFOLD, context)


def _in_folder(node: Node | None, by: str, context: Context, deep: bool) -> Iterator[Misshape]:
    if isinstance(node, Scalar) and node.kind == "string":
        yield from applied_plain_folder(node, by, context, deep=deep)
