"""The files of kubeadm's folder of patches: what their names say, and what kubeadm does with names that say nothing.

Source: cmd/kubeadm/app/util/patches/patches.go of k8s.io/kubernetes (parseFilename: another ending or an unknown target
is ignored with a line in the output, an unknown type behind `+` is an error; without a type it is a strategic merge;
files are applied in the order of their paths, those of folders below too).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.json_patch import operations
from kube_audit_lint.forms.common.nodes import first_place
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.templates import filled_name
from kube_audit_lint.syntax.unknown import is_unknown

_TARGETS = r"etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kubeletconfiguration|corednsdeployment"
_NAME = re.compile(rf"({_TARGETS})([^.+\n]*)(\+)?(json|merge|strategic)?")
_SURELY = re.compile(rf"(?:{_TARGETS})[^.+\n]*\+(?:json|merge|strategic)[^.]*\.(?:yaml|json)\Z")
_MEANT = re.compile(r"(?i)\A(?:kube[-_]?)?api[-_]?server")
_MEDIA = {"json": "json-patch", "merge": "merge-patch", "strategic": "strategic-merge-patch"}
_ABSENT = re.compile(
    r"[^/]|/(?:spec/)?(?:template|volumeMounts|initContainers|args|command)/|/(?:volumes|containers)/"
    r"|/spec/containers/(?:[1-9]|[^\d/])|/spec/containers/0/(?:args|volumes|initContainers)/"
)
"""Paths of which the manifest that kubeadm writes does not even have what is above them (phases/controlplane of
cmd/kubeadm: one container, without args)."""
_KNOWN = "[etcd kube-apiserver kube-controller-manager kube-scheduler ...]"  # more in newer versions


class PatchName(NamedTuple):
    """What kubeadm takes a file for. type: "json", "merge" or "strategic"."""

    target: str
    type: str


def patch_name(name: str) -> PatchName | None:
    """What kubeadm takes a file of a name for; None for one that it ignores or refuses."""
    found = _NAME.match(name)
    if found is None or not re.search(r".\.(?:json|yaml)\Z", name) or (found[3] and not found[4]):
        return None
    return PatchName(found[1], found[4] or "strategic")


def wrong_patches(root: Node | None, path: str) -> Iterator[Misshape]:
    """What kubeadm does not take of a patch for the API server as it was meant: by its name, or by what is in it."""
    name = filled_name(path[path.rfind("/") + 1 :])
    if root is None or not _MEANT.match(name) or not _among_patches(path):
        return
    place = first_place(root)
    named = patch_name(name)
    if named is None:
        yield Misshape("wrong-shape", place, *_unnamed(name))
    elif named.target == "kube-apiserver":
        yield from _of_type(root, named.type, name)


def _among_patches(path: str) -> bool:
    """Whether a file is in a folder of kubeadm's patches: by its own name, or by that of a file beside it."""
    folder, name = os.path.split(path)
    if "+" in name:
        return True
    try:
        return any(_SURELY.match(one) for one in os.listdir(folder or "."))
    except OSError:
        return False


def _unnamed(name: str) -> tuple[str, str]:
    """Why kubeadm does not take a file for a patch of the API server, and how it is to be called."""
    kind = re.search(r"\+(\w*)", name)
    wanted = next((one for one in _MEDIA if kind and kind[1].lower().startswith(one[:4])), "strategic")
    help = f"Call it `kube-apiserver+{wanted}.yaml`."
    if not re.search(r".\.(?:json|yaml)\Z", name):
        why = f'kubeadm does not apply this patch: [patches] Ignoring file "{name}": the file extension must be one of '
        return f"{why}[json yaml].", help
    if _NAME.match(name) is None:
        why = f'kubeadm does not apply this patch: [patches] Ignoring file "{name}": unknown target, must be one of '
        return f"{why}{_KNOWN}.", help
    return "kubeadm stops: unknown or missing patch type after '+', must be one of [json merge strategic].", help


def _of_type(root: Node, type: str, name: str) -> Iterator[Misshape]:
    """A patch that is none of the type which its name says, and lists that it replaces."""
    listed = isinstance(root, Sequence)
    if listed != (type == "json"):
        message = f'kubeadm stops: could not apply the following patch of type "application/{_MEDIA[type]}+json" to '
        message += 'target "kube-apiserver". '
        message += "This is a JSON patch, a list of operations." if listed else "This is no list of operations."
        wanted = "json" if listed else "strategic"
        help = f"Call the file `kube-apiserver+{wanted}.yaml`: without a type behind `+` it is a strategic merge."
        yield Misshape("wrong-shape", first_place(root), message, help)
    elif isinstance(root, Mapping):
        yield from _replaced(root, type)
    elif isinstance(root, Sequence):
        yield from _missing_paths(root)


def _replaced(root: Mapping, type: str) -> Iterator[Misshape]:
    """Lists that a patch replaces as a whole, though it has but some of their items."""
    spec = root.mapping("spec")
    if type == "merge" and spec is not None:
        yield from _replaced_volumes(spec)
    key = spec.key("containers") if spec is not None else None
    if type == "merge" and spec is not None and key is not None:
        containers = [one for one in spec.items("containers") if isinstance(one, Mapping)]
        if containers and not any("image" in one.entries for one in containers):
            message = "A merge patch replaces the whole list of containers: of the one that kubeadm writes, nothing is "
            message += "left, and the kubelet refuses the pod: spec.containers[0].image: Required value."
            help = "Call the file `kube-apiserver+strategic.yaml`: a strategic merge merges containers by name."
            yield Misshape("wrong-shape", key.place, message, help)
            return
    for container in spec.items("containers") if spec is not None else ():
        command = container.get("command") if isinstance(container, Mapping) else None
        if isinstance(container, Mapping) and isinstance(command, Sequence) and _is_short(command):
            key = container.key("command")
            assert key is not None
            message = "This list replaces the whole command that kubeadm writes, as no patch but a JSON patch changes "
            message += "single words of it: kube-apiserver is left with these words alone and does not start "
            message += "(--etcd-servers must be specified)."
            help = (
                "Write the flags into `extraArgs` of the ClusterConfiguration, or as `args:`, which kubeadm does not "
            )
            yield Misshape("wrong-shape", key.place, message, f"{help}set and which come behind the command.")


def _replaced_volumes(spec: Mapping) -> Iterator[Misshape]:
    """Volumes in place of all that kubeadm writes, while its mounts are left."""
    key = spec.key("volumes")
    names = {one.string("name") or "" for one in spec.items("volumes") if isinstance(one, Mapping)}
    if key is not None and "k8s-certs" not in names and not any(is_unknown(one) for one in names):
        message = "A merge patch replaces the whole list of volumes: those that kubeadm writes are gone while their "
        message += 'mounts are left, and the kubelet refuses the pod: volumeMounts[0].name: Not found: "ca-certs".'
        help = "Call the file `kube-apiserver+strategic.yaml`: a strategic merge merges volumes by name."
        yield Misshape("wrong-shape", key.place, message, help)


def _missing_paths(root: Sequence) -> Iterator[Misshape]:
    """Operations of a JSON patch that add to something which the manifest of kubeadm does not have."""
    added: set[str] = set()
    for operation in operations(root.items):
        path = operation.path.value
        if _ABSENT.match(path) and not any(path.startswith(f"{one}/") for one in added) and not is_unknown(path):
            message = "kubeadm stops: the manifest that it writes has nothing at this path. "
            message += f'add operation does not apply: doc is missing path: "{path}": missing value'
            help = "Paths that it has: /spec/containers/0/command/-, /spec/containers/0/volumeMounts/-, /spec/volumes/-"
            yield Misshape("wrong-shape", operation.path.place, f"{message}.", f"{help}.")
        added.add(path)


def _is_short(command: Sequence) -> bool:
    """Whether a command holds audit flags, and not those without which no API server starts."""
    words = [one.value for one in command.items if isinstance(one, Scalar)]
    return any("--audit-" in word for word in words) and not any("etcd-servers" in word for word in words)
