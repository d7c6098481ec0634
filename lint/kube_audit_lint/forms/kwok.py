"""kwok: the audit policy of a kwokctl cluster, and patches of its kube-apiserver.

Sources, kubernetes-sigs/kwok: pkg/apis/config/v1alpha1/kwokctl_configuration_types.go (options.kubeAuditPolicy,
componentsPatches with extraArgs of key and value, and extraVolumes), pkg/kwokctl/components/kube_apiserver.go (the
flags and mounts that kwokctl makes of a policy). Such clusters are for tests: what is missing is not reported.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import setting
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.extra_args import value_of
from kube_audit_lint.forms.common.levels import Levels, settled
from kube_audit_lint.forms.common.pod import value_at
from kube_audit_lint.forms.common.reader import Reader, unknown_keys
from kube_audit_lint.forms.common.split import ARGUMENT, HOST_MOUNT, split, whole
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer, Flag, HostFile
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import parse_versions
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar
from kube_audit_lint.syntax.source import Place

MARKS = ("kwok.x-k8s.io/",)
ORDER = 7

_GROUPS = ("config.kwok.x-k8s.io", "kwok.x-k8s.io")
_POLICY = "/etc/kubernetes/audit-policy.yaml"
_LOG = "/var/log/kubernetes/audit/audit.log"
_READER = Reader("kwokctl", "it is dropped", "kwokctl refuses the file")
_LEVELS = Levels({"": ("options", "componentsPatches"), "options": ("kubeAuditPolicy",)})


def read(document: Document, context: Context) -> Found | None:
    """A KwokctlConfiguration that says something about auditing."""
    root = document.mapping
    if root is None or (root.string("apiVersion") or "").partition("/")[0] not in _GROUPS:
        return None
    if root.string("kind") != "KwokctlConfiguration":
        return None
    root, misplaced = settled(root, _LEVELS, _READER)
    options = root.mapping("options")
    path = value_at(options, "kubeAuditPolicy")
    patches = [one for one in root.items("componentsPatches") if isinstance(one, Mapping)]
    patches = [one for one in patches if one.string("name") == "kube-apiserver"]
    flags = [flag for one in patches for flag in _flags(one)]
    misshapes = [*misplaced, *(shape for one in patches for shape in _shapes(one))]
    if options is not None:
        misshapes += unknown_keys(options, ("kubeAuditPolicy",), _READER)
    if path is None and not any(flag.name.startswith("audit-") for flag in flags):
        return Found(misshapes=tuple(misshapes)) if misshapes else None
    files = [file for one in patches for file in _files(one)]
    if path is not None and path.text:
        files.append(HostFile(_POLICY, path.place, None, path))
    version = value_at(options, "kubeVersion")
    versions = parse_versions(version.text) if version is not None else None
    server = ApiServer(
        "kwok",
        _place(options, patches, root),
        tuple(flags),
        defaults={"audit-policy-file": _POLICY, "audit-log-path": _LOG} if path is not None and path.text else {},
        versions=versions,
        version_place=version.place if version is not None and versions else None,
        files=tuple(files),
        partial=True,
        spelling=lambda name, value: f'- {{key: {name}, value: "{value}"}}' if value else name,
        name="kube-apiserver",
    )
    return Found(servers=(server,), misshapes=tuple(misshapes))


def _place(options: Mapping | None, patches: list[Mapping], root: Mapping) -> Place:
    for section, key in ((options, "kubeAuditPolicy"), *((one, "extraArgs") for one in patches), (root, "kind")):
        node = section.key(key) if section is not None else None
        if node is not None:
            return node.place
    return root.place


def _flags(patch: Mapping) -> Iterator[Flag]:
    for item in whole(patch.items("extraArgs"), ARGUMENT):
        name = item.get("key") if isinstance(item, Mapping) else None
        if isinstance(item, Mapping) and isinstance(name, Scalar):
            yield setting(Value(name.value.removeprefix("--"), name.place), value_of(item.get("value")))


def _files(patch: Mapping) -> Iterator[HostFile]:
    """What is mounted from the author's machine."""
    for item in whole(patch.items("extraVolumes"), HOST_MOUNT):
        host, path = value_at(item, "hostPath"), value_at(item, "mountPath")
        if host is not None and path is not None:
            yield HostFile(path.text, path.place, None, host)


def _shapes(patch: Mapping) -> Iterator[Misshape]:
    yield from unknown_keys(patch, ("name", "extraArgs", "extraVolumes", "extraEnvs"), _READER)
    yield from split(patch.items("extraVolumes"), HOST_MOUNT, "volume")
    yield from split(patch.items("extraArgs"), ARGUMENT, "argument")
    arguments = patch.get("extraArgs")
    if isinstance(arguments, Mapping) and arguments.entries:
        place = next(iter(arguments.entries.values())).key.place
        message = f"extraArgs is a list of key and value here: {_READER.refused}."
        yield Misshape("wrong-shape", place, message, "Write `- key: audit-log-path` with `value:` below it.")
    for item in patch.items("extraArgs"):
        if isinstance(item, Mapping):
            yield from unknown_keys(item, ("key", "value", "override"), _READER)
