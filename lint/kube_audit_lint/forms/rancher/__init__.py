"""Rancher's provisioning Cluster: RKE2 and K3s by `spec.rkeConfig`.

Sources: rancher/rancher pkg/capr/planner/config.go (addUserConfig: machineGlobalConfig, over it each
machineSelectorConfig whose selector fits; addConfigFile: what `audit-policy-file` holds is written to a file below
etc/config-files, and the file's path is what RKE2 gets; renderFiles: machineSelectorFiles) and planner.go
(fileParams); apis/provisioning.cattle.io/v1.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.levels import ANY, Levels, settled
from kube_audit_lint.forms.common.manifests import applied_text
from kube_audit_lint.forms.common.nodes import version_at
from kube_audit_lint.forms.common.reader import Reader
from kube_audit_lint.forms.rancher.files import files_of, policy_of, shapes_of_files
from kube_audit_lint.forms.rke2.settings import (
    ARGUMENTS,
    Settings,
    is_arguments,
    notes,
    settled_settings,
    shapes,
    spelling,
)
from kube_audit_lint.kubernetes.flags import POLICY_FILE
from kube_audit_lint.model.found import Found, joined
from kube_audit_lint.model.server import ApiServer, HostFile
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping
from kube_audit_lint.syntax.source import Place

MARKS = ("provisioning.cattle.io/",)
LOOK = (("provisioning.cattle.io", "/"),)
ORDER = 4

_GROUP = "provisioning.cattle.io/"
_APPLIES = "Rancher gives this to RKE2 and K3s to apply, and they fail at this one"
_GLOBAL, _SELECTED = "machineGlobalConfig", "machineSelectorConfig"
_SECTIONS = (_GLOBAL, _SELECTED, "machineSelectorFiles")
_POLICY_PLACE = "/etc/config-files/audit-policy-file"

_CONFIG = f"spec/rkeConfig/{_GLOBAL}"
_LEVELS = Levels(
    {"": ("spec",), "spec": ("rkeConfig",), "spec/rkeConfig": _SECTIONS, _CONFIG: (ARGUMENTS, POLICY_FILE)},
    sure=frozenset((*_SECTIONS, ARGUMENTS, POLICY_FILE)),
    known={_CONFIG: (ANY,), "spec/rkeConfig/chartValues": (ANY,)},
)
_READER = Reader("Rancher's Cluster", "it is dropped when the object is applied")


def read(document: Document, context: Context) -> Found | None:
    """A Cluster that Rancher makes; None for others, and for clusters that Rancher only imports."""
    root = document.mapping
    if root is None or not (root.string("apiVersion") or "").startswith(_GROUP) or root.string("kind") != "Cluster":
        return None
    root, misshapes = settled(root, _LEVELS, _READER)
    spec = root.mapping("spec")
    config = spec.mapping("rkeConfig") if spec is not None else None
    if spec is None or config is None:
        return None
    reader = "K3s" if "k3s" in (spec.string("kubernetesVersion") or "") else "RKE2"
    one = config.mapping(_GLOBAL)
    if one is not None:
        inside, more = settled_settings(one, reader)
        misshapes += more
        entries = {**config.entries, _GLOBAL: Entry(config.entries[_GLOBAL].key, inside)}
        config = Mapping(config.source, config.start, config.end, entries, config.duplicates)
    policies = _policies(config, version_at(spec.get("kubernetesVersion"))[0], context)
    found = [_server(mappings, config, spec, reader, policies) for mappings in _machines(config)]
    misshapes += (shape for mapping in _all(config) for shape in shapes(mapping, reader))
    misshapes += shapes_of_files(config)
    manifest = applied_text(config.get("additionalManifest"), _APPLIES, context)
    return joined([*policies.values(), *found, Found(misshapes=tuple(misshapes)), manifest])


def _policies(config: Mapping, versions: Versions | None, context: Context) -> dict[int, Found]:
    """The policies that are in the Cluster, by the identity of their entry."""
    entries = [entry for mapping in _all(config) if (entry := mapping.entries.get(POLICY_FILE)) is not None]
    return {id(entry): policy_of(entry, versions, context) for entry in entries}


def _server(mappings: list[Mapping], config: Mapping, spec: Mapping, reader: str, policies: dict[int, Found]) -> Found:
    settings = Settings(mappings)
    versions, version_place = version_at(spec.get("kubernetesVersion"))
    entry = settings.entry(POLICY_FILE)
    files = files_of(config)
    server = ApiServer(
        "rancher",
        _place(mappings, config, spec),
        settings.flags(own=False),
        defaults=_defaults(settings, config) if reader == "RKE2" else {},
        files=files,
        versions=versions,
        version_place=version_place,
        partial=any("/config.yaml.d/" in file.path for file in files),
        spelling=spelling,
        name="kube-apiserver",
        namespace="kube-system",
    )
    if reader == "RKE2" and entry is not None and server.flag(POLICY_FILE) is None:
        file = HostFile(server.defaults[POLICY_FILE], entry.key.place)
        policy = next(iter(policies[id(entry)].policies), None)
        server = server._replace(policy=policy, files=(*files, file))
    return Found(servers=(server,), notes=notes(server))


def _machines(config: Mapping) -> Iterator[list[Mapping]]:
    """The settings of each kind of machines that differ in what they say about auditing."""
    for_all = [one] if (one := config.mapping(_GLOBAL)) is not None else []
    for_some: list[Mapping] = []
    for item in config.items(_SELECTED):
        inner = item.mapping("config") if isinstance(item, Mapping) else None
        if isinstance(item, Mapping) and inner is not None:
            if not _selects(item):
                for_all.append(inner)
            elif any(is_arguments(name) or name in (POLICY_FILE, "profile") for name in inner.entries):
                for_some.append(inner)
    yield from ([*for_all, one] for one in for_some) if for_some else (for_all,)


def _selects(item: Mapping) -> bool:
    """Whether a selector leaves machines out: an empty one takes all."""
    selector = item.mapping("machineLabelSelector")
    labels = selector.mapping("matchLabels") if selector is not None else None
    return bool(labels and labels.entries) or bool(selector and selector.items("matchExpressions"))


def _all(config: Mapping) -> Iterator[Mapping]:
    one = config.mapping(_GLOBAL)
    if one is not None:
        yield one
    for item in config.items(_SELECTED):
        inner = item.mapping("config") if isinstance(item, Mapping) else None
        if inner is not None:
            yield inner


def _defaults(settings: Settings, config: Mapping) -> dict[str, str]:
    """What RKE2 sets by itself; the policy that is in the Cluster becomes a file of Rancher's."""
    defaults = settings.defaults()
    if settings.entry(POLICY_FILE) is None:
        return defaults
    directories = config.mapping("dataDirectories")
    directory = (directories.string("k8sDistro") if directories else None) or settings.string("data-dir")
    directory = (directory or "/var/lib/rancher/rke2").rstrip("/")
    return {
        "audit-log-maxage": "30",
        "audit-log-maxbackup": "10",
        "audit-log-maxsize": "100",
        "audit-log-path": f"{directory}/server/logs/audit.log",
        POLICY_FILE: directory + _POLICY_PLACE,
    }


def _place(mappings: list[Mapping], config: Mapping, spec: Mapping) -> Place:
    """What stands for the server: its arguments, else the policy, else the section."""
    for wanted in (is_arguments, (POLICY_FILE, "profile").__contains__):
        for mapping in reversed(mappings):
            for name, entry in mapping.entries.items():
                if wanted(name):
                    return entry.key.place
    key = config.key(_GLOBAL) or spec.key("rkeConfig")
    return spec.place if key is None else key.place
