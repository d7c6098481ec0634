"""K3s in a pod: a container that runs `k3s server` with `--kube-apiserver-arg`, as vcluster and test clusters do.

Sources: k3s-io/k3s pkg/cli/cmds/server.go (the option), package/Dockerfile (the image's entrypoint is k3s). K3s runs
kube-apiserver in its own process: it finds what the container mounts, and sets no audit flag by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.nodes import objects, version_at
from kube_audit_lint.forms.common.pod import mounts_of, volumes_of
from kube_audit_lint.forms.k3s import flags_in_words
from kube_audit_lint.forms.workload import pod_spec
from kube_audit_lint.model.found import Found
from kube_audit_lint.model.server import ApiServer
from kube_audit_lint.model.value import Value
from kube_audit_lint.model.version import version_of_image
from kube_audit_lint.syntax.nodes import Document, Mapping, Scalar
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

MARKS = ("--kube-apiserver-arg",)
ORDER = 2


def read(document: Document, context: Context) -> Found | None:
    """The API servers in a document's pods; None where no container runs K3s with an audit flag."""
    root = document.mapping
    servers = tuple(one for item in objects(root) for one in _of_object(item)) if root is not None else ()
    return Found(servers=servers) if servers else None


def _of_object(item: Mapping) -> Iterator[ApiServer]:
    spec = pod_spec(item)
    for container in spec.items("containers") if spec is not None else ():
        server = _server(container) if isinstance(container, Mapping) else None
        if server is not None and spec is not None and isinstance(container, Mapping):
            volumes = volumes_of(spec, item)
            mounts = mounts_of(container, volumes, spec)
            yield server._replace(mounts=mounts, volumes=tuple(volumes.values()))


def _server(container: Mapping) -> ApiServer | None:
    nodes = [one for key in ("command", "args") for one in container.items(key) if isinstance(one, Scalar)]
    by_place = {(one.start, one.end): one for one in nodes}
    words = [Value(one.value, one.place) for one in nodes]

    def part(word: Value, start: int, end: int) -> Place:
        node = by_place.get((word.place.start, word.place.end))
        return (part_of(node, start, end) if node is not None else None) or word.place

    flags = tuple(flags_in_words(words, part))
    if not any(flag.name.startswith("audit") for flag in flags):
        return None
    versions, version_place = version_at(container.get("image"), version_of_image)
    partial = any(is_unknown(word.text) and not word.text.startswith("--") for word in words)
    return ApiServer(
        "k3s-pod",
        flags[0].place,
        flags,
        versions=versions,
        version_place=version_place,
        partial=partial or "server" not in " ".join(word.text for word in words).split(),
        spelling=lambda name, value: f"--kube-apiserver-arg={name}" + (f"={value}" if value else ""),
        name="kube-apiserver",
    )
