"""kube-apiserver as a pod: static pod manifests and workloads that hold a pod template.

Sources: k8s.io/api core/v1 (PodSpec, Container), apps/v1, batch/v1; Kubernetes' own expansion of
`$(NAME)` in commands and arguments: k8s.io/kubernetes third_party/forked/golang/expansion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.arguments import Part, flags_of
from kube_audit_lint.forms.common.commandline import CommandLine, api_server, overfull
from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.nodes import below, objects
from kube_audit_lint.forms.common.pod import environment_of, expander, mounts_of, volumes_of
from kube_audit_lint.forms.common.pod_shape import shapes_of_container, shapes_of_pod
from kube_audit_lint.forms.common.reader import meant
from kube_audit_lint.model.found import Found, Misshape
from kube_audit_lint.model.server import ApiServer, Volume
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import Versions, version_of_image
from kube_audit_lint.syntax.nodes import Document, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import Room, is_unknown

MARKS = ("kube-apiserver", "apiserver")
LOOK = (("audit", r"(?<=k8s-audit)\"?:"), ("audit", r"(?<=_logs_audit)\"?:"))  # of Alibaba Cloud's collectors
ORDER = 1

_TEMPLATE = ("spec", "template", "spec")
_POD_SPEC = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
    "Revision": ("spec",),
}
"""Where the pod is in an object; in all other kinds (Deployment, Rollout, DeploymentConfig) at `_TEMPLATE`."""
_ARCHITECTURES = ("-amd64", "-arm64", "-arm", "-ppc64le", "-s390x")
_VERSIONED_IMAGES = ("kube-apiserver", "kubeapiserver", "hyperkube", "kubernetes")
_PATCHES = tuple(f"+{kind}.{end}" for kind in ("strategic", "merge") for end in ("yaml", "yml", "json"))
"""kubeadm's patch files: `kube-apiserver0+strategic.yaml`; in a folder of patches also `kube-apiserver.yaml`."""


_OVERLAYS = ("patch", "overlay")
"""Where a container without a command is one whose image is replaced, and no server without flags."""

_SEVERAL = r"\s*(?!--command=)--[a-z][\w-]*=\S+(?:\s+--[a-z][\w-]*=\S+)+\s*"
"""Several flags with their values in one item of a command; what `su --command=` starts is no flag."""
_ONE_WORD = r"\s*(?:/\S*/)?(?:kube-apiserver|hyperkube\s+(?:kube-)?apiserver)(?:\s+--?[a-z]\S*(?:\s+[^-\s]\S*)?)+\s*"
"""The program and its flags in one item of a command."""


def read(document: Document, context: Context) -> Found | None:
    """The API servers among a document's pods; None when it holds none."""
    servers: list[ApiServer] = []
    misshapes: list[Misshape] = []
    room = Room()
    for item, kind in _objects(document.root):
        patch = _is_patch(item, context)
        merged = patch and not _replaces(context.path)
        found = list(_of_object(item, room, merged=merged))
        if patch and not found and (spec := pod_spec(item)) is not None:
            from kube_audit_lint.forms.common.pod_in_patch import mounting

            found = list(mounting(spec, item, merged=merged))
        for server, wrong in found:
            part = not kind and (_is_overlay(context.path) or not _is_whole(item, server))
            part = part or patch or (not server.flags and _is_overlay(context.path))
            static = item.string("kind") in ("Pod", None) and (_is_static(context.path) or _in_host(item))
            servers.append(server._replace(partial=server.partial or part, is_static=static))
            misshapes += wrong
    about = any(server.partial for server in servers) if servers else "audit" in context.text
    if "apiserver" in context.path and about:
        from kube_audit_lint.forms.common.kubeadm_patches import wrong_patches

        misshapes += wrong_patches(document.root, context.path)
    if not servers and not misshapes:
        return None
    notes = overfull(room, servers[0].place) if servers else ()
    return Found(servers=tuple(servers), misshapes=tuple(misshapes), notes=notes)


def _objects(root: Node | None) -> Iterator[tuple[Mapping, bool]]:
    """The objects of a document: of a list, also of one without a kind, its items. Each with whether it has a kind.

    The items of an API server's own `PodList` do not repeat it.
    """
    for node in root.items if isinstance(root, Sequence) else [root]:
        if isinstance(node, Mapping):
            listed = node.string("kind") not in (None, "List")
            yield from ((item, listed or "kind" in item.entries) for item in objects(node))


def _is_whole(item: Mapping, server: ApiServer) -> bool:
    """Whether the container of a server has its image and its command: who forgot the kind wrote all the rest.

    A part of an object, which something else lays over the whole one, says only what it changes.
    """
    spec = pod_spec(item)
    containers = (*spec.items("initContainers"), *spec.items("containers")) if spec is not None else ()
    for one in containers:
        if isinstance(one, Mapping) and one.start <= server.place.start < one.end:
            return bool(one.string("image")) and bool(one.items(meant(one, "command")))
    return False


def pod_spec(item: Mapping) -> Mapping | None:
    """The spec of an object's pod.

    Without a `kind` it counts as a pod or what has a template of one; so does every kind that is not known here.
    """
    kind = item.string("kind")
    spec = below(item, *_POD_SPEC.get(kind or "Pod", _TEMPLATE))
    if kind is None and (spec is None or "containers" not in spec.entries):
        spec = below(item, *_TEMPLATE)
    return spec


def _is_static(path: str) -> bool:
    """Whether the kubelet itself reads a file, or kubeadm writes what comes of it for the kubelet to read."""
    folder, _, name = path.rpartition("/")
    return folder.endswith(("kubernetes/manifests", "pod-manifests")) or name.endswith(_PATCHES)


def _in_host(item: Mapping) -> bool:
    """Whether a pod is in the network of its host. Of pods that are no part of a workload only static ones are."""
    host = below(item, "spec")
    node = host.get("hostNetwork") if host is not None else None
    return item.string("kind") == "Pod" and isinstance(node, Scalar) and node.value == "true"


def _replaces(path: str) -> bool:
    """Whether a patch replaces lists as a whole, by the name that kubeadm takes it by."""
    return path.endswith(("+merge.yaml", "+merge.json"))


def _of_object(item: Mapping, room: Room, *, merged: bool = False) -> Iterator[tuple[ApiServer, list[Misshape]]]:
    """The API servers of an object's pod, each with what is wrong with its container; with the first, with the pod."""
    spec = pod_spec(item)
    if spec is None:
        return
    volumes: dict[str, Volume] | None = None
    all_volumes: tuple[Volume, ...] = ()
    told = False
    for container in (*spec.items("initContainers"), *spec.items("containers")):
        server, wrong = _server(container, item, room) if isinstance(container, Mapping) else (None, [])
        if server is None or not isinstance(container, Mapping):
            continue
        if volumes is None:  # once for all containers
            volumes = volumes_of(spec, item)
            all_volumes = tuple(volumes.values())
        about = server.audited or "audit" in container.place.text
        if about:
            wrong += [*(shapes_of_pod(spec, item, merged=merged) if not told else ())]
            wrong += shapes_of_container(container, spec)
        mounts = mounts_of(container, volumes, spec)
        if merged:
            from kube_audit_lint.forms.common.pod_in_patch import kept, merged_items  # of most pods there is no patch

            wrong += merged_items(spec) if about and not told else ()
            mounts = kept(mounts)
        told = told or about
        yield server._replace(mounts=mounts, volumes=all_volumes, host_names=_host_names(spec)), wrong


def _host_names(spec: Mapping) -> bool:
    """Whether names are resolved as the host does: in its network the kubelet takes ClusterFirst for Default.

    Source: getPodDNSType in pkg/kubelet/network/dns of k8s.io/kubernetes.
    """
    in_host = spec.get("hostNetwork")
    host = isinstance(in_host, Scalar) and in_host.value == "true"
    policy = spec.string("dnsPolicy") or "ClusterFirst"
    return "hostAliases" not in spec.entries and (policy == "Default" or (host and policy == "ClusterFirst"))


def _server(container: Mapping, item: Mapping, room: Room) -> tuple[ApiServer | None, list[Misshape]]:
    words, odd = _words(container)
    part = _parts(container)
    line = _command_line(container, words, part)
    if line is None:
        return None, []
    environment = environment_of(container)
    expand = expander(environment, room, bool(container.items("envFrom")))
    versions, version_place = _versions(container)
    metadata = item.mapping("metadata")
    server = ApiServer(
        "workload",
        line.place,
        flags_of([expand(word) for word in line.arguments], part),
        versions=versions,
        version_place=version_place,
        environment=environment,
        partial=line.partial,
        is_pod=True,
        name=(metadata.string("name") if metadata else None) or "",
        namespace=(metadata.string("namespace") if metadata else None) or "",
    )
    return server, list(_misshapes(words, odd))


def _parts(container: Mapping) -> Part:
    """Where parts of the container's own words are; not of words that were changed or lie within them."""
    nodes = {node.place: node for node in _nodes(container) if isinstance(node, Scalar)}

    def part(value: Value, start: int, end: int) -> Place | None:
        node = nodes.get(value.place)
        return part_of(node, start, end) if node is not None and node.value == value.text else None

    return part


def _command_line(container: Mapping, words: list[Value], part: Part) -> CommandLine | None:
    """The API server that the container starts, by its command or by its image's own entry point."""
    image = _base_of_image(container.string("image") or "")
    by_image = _is_api_server_image(image)
    entry_point = _entry_point(image, words) if not container.items(meant(container, "command")) else ""
    if entry_point:
        node = (container.key("args") if words else None) or container.get("image")
        return api_server([Value(entry_point, node.place if node else container.place), *words])
    named = by_image or container.string("name") == "kube-apiserver"
    return api_server(words, lambda value, start, end: part(value, start, end) or value.place, named)


def _entry_point(image: str, arguments: list[Value]) -> str:
    """The program that an image starts with these arguments, where it is an API server's; else ""."""
    first = arguments[0].text if arguments else ""
    if first.startswith("-") and _is_api_server_image(image):
        return "kube-apiserver"
    plain = _plain_image(image)
    if not arguments:
        return plain if plain == "kube-apiserver" else ""
    return plain if plain == "hyperkube" and first in ("apiserver", "kube-apiserver") else ""


def _nodes(container: Mapping) -> list[Node]:
    return [*container.items(meant(container, "command")), *container.items(meant(container, "args"))]


def _words(container: Mapping) -> tuple[list[Value], list[Node]]:
    """The words of command and args, and the items that are no strings."""
    words: list[Value] = []
    odd: list[Node] = []
    starts = bool(container.items(meant(container, "command")))  # else the image may start a shell with the words
    for node in _nodes(container):
        if not (isinstance(node, Scalar) and node.kind == "string"):
            odd.append(node)
        elif ("--audit" in node.value and _is_several(node.value)) or (
            starts and not words and _is_one_word(node.value)
        ):
            odd.append(node)
            words += [Value(one[0], part_of(node, *one.span())) for one in re.finditer(r"\S+", node.value)]
            continue
        words.append(Value(_text(node), node.place))
    return words, odd


def _is_overlay(path: str) -> bool:
    return any(one in path.lower() for one in _OVERLAYS)


def _is_several(text: str) -> bool:
    return len(text.split()) > 1 and re.fullmatch(_SEVERAL, text) is not None


def _is_one_word(text: str) -> bool:
    return "apiserver" in text and len(text.split()) > 1 and re.fullmatch(_ONE_WORD, text) is not None


def _text(node: Node) -> str:
    """An item as its author meant it: `30` for a number, `--a=b` for the mapping `--a: b`."""
    if isinstance(node, Scalar):
        return node.value if node.kind == "string" else node.place.text
    if isinstance(node, Mapping) and len(node.entries) == 1:
        ((name, entry),) = node.entries.items()
        if isinstance(entry.value, Scalar):
            return f"{name}={_text(entry.value)}"
    return ""


def _misshapes(words: list[Value], odd: list[Node]) -> list[Misshape]:
    """Items of an audit flag that are no strings: the kubelet does not take such a pod at all."""
    places = {node.place: node for node in odd}
    found = [_several(node) for node in odd if isinstance(node, Scalar) and node.kind == "string"]
    for at, word in enumerate(words):
        node = places.get(word.place)
        name = word.text if word.text.startswith("--") else words[at - 1].text if at else ""
        if node is not None and name.startswith(("--audit-", "--audit_")):
            found.append(_misshape(node, word))
    return found


def _several(node: Scalar) -> Misshape:
    """Flags that are one item of the command together, or that are one with the program."""
    if _is_one_word(node.value):
        message = "The program and its flags are one item here: the container runtime looks for a program with that "
        message += "whole name, finds none, and the container does not start."
        return Misshape("wrong-shape", node.place, message, "Write the program and each flag as an item of its own.")
    first, _, rest = node.value.partition("=")
    name, shown = first.removeprefix("--"), rest if len(rest) < 60 else f"{rest[:60]}..."
    message = f"These are several flags in one item: kube-apiserver takes it for the one flag --{name}, "
    message += f"with the value `{shown}`, and for none of the others."
    return Misshape("wrong-shape", node.place, message, "Write each flag as an item of its own.")


def _misshape(node: Node, word: Value) -> Misshape:
    what = {Mapping: "object", Sequence: "array"}.get(type(node), "")
    what = what or ("bool" if isinstance(node, Scalar) and node.kind == "bool" else "number")
    message = (
        "A command holds strings only. The kubelet does not start this pod: "
        f"json: cannot unmarshal {what} into Go struct field Container.command of type string."
    )
    verb = "Write it as one word" if isinstance(node, Mapping) else "Quote it"
    return Misshape("not-a-string", node.place, message, f'{verb}: "{word.text}".')


def _versions(container: Mapping) -> tuple[Versions | None, Place | None]:
    node = container.get("image")
    image = container.string("image")
    if node is None or image is None or is_unknown(image):
        return None, None
    versions = version_of_image(image) if any(one in image for one in _VERSIONED_IMAGES) else None
    return versions, node.place if versions else None


def _base_of_image(image: str) -> str:
    return image.rpartition("/")[2].partition("@")[0].partition(":")[0]


def _is_api_server_image(name: str) -> bool:
    """Whether an image is kube-apiserver's own: `kube-apiserver-amd64`, not `kube-apiserver-operator`."""
    name = _plain_image(name)
    return name == "kube-apiserver" or name.endswith(("-kube-apiserver", "_kube-apiserver"))


def _plain_image(name: str) -> str:
    """An image's name without its architecture."""
    for end in _ARCHITECTURES:
        name = name.removesuffix(end)
    return name


def _is_patch(item: Mapping, context: Context) -> bool:
    """Whether the object is a patch, laid over another that says the rest.

    An apps/v1 workload without a selector is none that an API server would take.
    """
    folder, _, name = context.path.rpartition("/")
    if name.endswith(_PATCHES) or (folder.endswith("patches") and name.startswith("kube-apiserver")):
        return True
    spec = item.mapping("spec")
    return item.string("apiVersion") == "apps/v1" and spec is not None and "selector" not in spec.entries
