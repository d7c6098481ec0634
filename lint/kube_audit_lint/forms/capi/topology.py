"""ClusterClass: the JSON patches that put audit settings into the template of a control plane.

Source: api/core/v1beta1 and v1beta2 of Cluster API (ClusterClassPatch: definitions with jsonPatches, each with a
value, or a valueFrom: a template in Go's language, or a variable, of which the class may have a default).
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms import capi_rke2
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import always_mounted, ordered
from kube_audit_lint.forms.common.host_files import brought_file, policy_paths
from kube_audit_lint.forms.common.json_patch import assembled, items_at, operations, patched
from kube_audit_lint.forms.common.nodes import below
from kube_audit_lint.model.found import Found, Note, joined
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar

_TEMPLATE = "/spec/template/spec"
_SPEC = f"{_TEMPLATE}/kubeadmConfigSpec"
_CONFIGURATION = f"{_SPEC}/clusterConfiguration"


def found_in_class(root: Mapping, context: Context) -> Found | None:
    """What the patches put in, taken together; None when nothing of it is about auditing."""
    patches = list(_patches(root))
    what = patched(patches, _CONFIGURATION)
    servers: tuple[ApiServer, ...] = ()
    if any("audit" in flag.name for flag in what.flags):
        place = what.flags[0].place
        mounts = (*always_mounted(place, None, what.mounts), *what.mounts)
        servers = (ApiServer("cluster-api", place, ordered(what.flags), mounts=mounts, partial=True),)
    wanted = policy_paths(servers)
    items = items_at(operations(patches), f"{_SPEC}/files")
    files = [one for item in items if isinstance(item, Mapping) and (one := brought_file(item, context, wanted))]
    servers = tuple(server._replace(files=tuple(one.file for one in files), files_known=True) for server in servers)
    other = capi_rke2.found_in_class(assembled(operations(patches), _TEMPLATE, root), root, context)
    found = joined([Found(servers=servers, notes=tuple(_notes(patches))), *(one.found for one in files), other])
    return found if found else None


def _patches(root: Mapping) -> Iterator[Mapping]:
    spec = root.mapping("spec")
    defaults = dict(_defaults(spec)) if spec is not None else {}
    for patch in spec.items("patches") if spec is not None else ():
        for definition in patch.items("definitions") if isinstance(patch, Mapping) else ():
            for one in definition.items("jsonPatches") if isinstance(definition, Mapping) else ():
                if isinstance(one, Mapping) and isinstance(patch, Mapping):
                    yield _with_value(one, defaults, "enabledIf" in patch.entries)


def _defaults(spec: Mapping) -> Iterator[tuple[str, Node]]:
    """The variables that a class gives a value where a cluster gives none."""
    for variable in spec.items("variables"):
        schema = below(variable, "schema", "openAPIV3Schema") if isinstance(variable, Mapping) else None
        name = variable.string("name") if isinstance(variable, Mapping) else None
        value = schema.get("default") if schema is not None else None
        if name is not None and value is not None:
            yield name, value


def _with_value(patch: Mapping, defaults: dict[str, Node], conditional: bool) -> Mapping:
    """A patch with the value that its template or variable stands for, where that is known.

    conditional: the patch is left out for some values, such as an empty default.
    """
    source = patch.mapping("valueFrom")
    if source is None:
        return patch
    template = source.get("template")
    if isinstance(template, Scalar):
        value = _of_template(template)
    else:
        value = _at(defaults, (source.string("variable") or "").split("."))
        if conditional and isinstance(value, Scalar) and not value.value:
            value = None
    if value is None:
        return patch
    key = Scalar(value.source, value.start, value.start, "string", "value")
    return Mapping(patch.source, patch.start, patch.end, {**patch.entries, "value": Entry(key, value)})


def _at(defaults: dict[str, Node], steps: list[str]) -> Node | None:
    node = defaults.get(steps[0])
    for step in steps[1:]:
        node = node.get(step) if isinstance(node, Mapping) else None
    return node


def _of_template(template: Scalar) -> Node | None:
    """What a template becomes, with unknown values for its placeholders; None where it is no YAML then."""
    from kube_audit_lint.syntax.offsets import embedded_text
    from kube_audit_lint.syntax.reader import read_documents

    text, offsets = embedded_text(template)
    documents = read_documents(template.source, text, offsets)
    return documents[0].root if documents and documents[0].problem is None else None


def _notes(patches: list[Mapping]) -> Iterator[Note]:
    for patch in patches:
        path = patch.get("path")
        unknown = "valueFrom" in patch.entries and "value" not in patch.entries
        if isinstance(path, Scalar) and unknown and _about_audit(patch, path):
            yield Note(path.place, "the value is known only with a cluster's variables")


def _about_audit(patch: Mapping, path: Scalar) -> bool:
    inside = patch.source.text[patch.start : patch.end]
    return path.value.startswith(_TEMPLATE) and "audit" in inside
