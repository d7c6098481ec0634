"""What kube-apiserver makes of the kubeconfig of its audit webhook, which it reads at its start.

Sources: k8s.io/client-go tools/clientcmd client_config.go (ClientConfig: users and certificates count only where the
address is https, its query is dropped; getCluster), api/v1/types.go; rest/config.go (IsConfigTransportTLS),
rest/url_utils.go (DefaultServerURL), rest/client.go (NewRESTClient); k8s.io/apiserver pkg/util/webhook (LoadKubeconfig,
NewGenericWebhook). 1.24 to 1.36 alike. Why it is refused: kubeconfig_refused.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.kubernetes.go_urls import server_url
from kube_audit_lint.kubernetes.go_values import GoError
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.model.server import clean
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Mapping, Scalar
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

LISTS = {"clusters": "[]v1.NamedCluster", "contexts": "[]v1.NamedContext", "users": "[]v1.NamedAuthInfo"}
INNER = {"clusters": "cluster", "contexts": "context", "users": "user"}
KEYS = {
    "": ("kind", "apiVersion", "preferences", "current-context", "extensions", *LISTS),
    "clusters": (
        *("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority"),
        *("certificate-authority-data", "proxy-url", "disable-compression", "extensions"),
    ),
    "contexts": ("cluster", "user", "namespace", "extensions"),
    "users": (
        *("client-certificate", "client-certificate-data", "client-key", "client-key-data", "token", "tokenFile"),
        *("as", "as-uid", "as-groups", "as-user-extra", "username", "password", "auth-provider", "exec", "extensions"),
    ),
}


class ConfigProblem(NamedTuple):
    """One thing wrong in a kubeconfig. error: the server's message where it does not start, else ""."""

    place: Place
    error: str
    message: str = ""
    help: str = ""


class Target(NamedTuple):
    """What the current context leads to; None for what is not there."""

    cluster: Mapping | None = None
    user: Mapping | None = None
    cluster_name: str = ""
    user_name: str = ""

    @property
    def secure(self) -> bool:
        """Whether requests go over TLS: an address without a scheme is one of plain HTTP, whatever else is written."""
        server = self.cluster.string("server") if self.cluster is not None else None
        try:
            return bool(server) and server_url(server or "").scheme == "https"
        except GoError:
            return False


def target(root: Mapping) -> Target:
    """Where the events are sent, and as whom."""
    entry = named(root, "contexts", root.string("current-context") or "")
    context = entry.mapping("context") if entry is not None else None
    if context is None:
        return Target()
    cluster, user = context.string("cluster") or "", context.string("user") or ""
    found = [named(root, section, name) for section, name in (("clusters", cluster), ("users", user))]
    inner = [one.mapping(key) if one is not None else None for one, key in zip(found, ("cluster", "user"), strict=True)]
    return Target(inner[0], inner[1], cluster, user)


def dropped(root: Mapping) -> Iterator[ConfigProblem]:
    """The keys that nobody reads."""
    sections = [("", root)]
    for name, inner in INNER.items():
        items = (item.mapping(inner) for item in root.items(name) if isinstance(item, Mapping))
        sections += [(name, one) for one in items if one is not None]
    for name, section in sections:
        for key, entry in section.entries.items():
            near = nearest(key, KEYS[name]) if key not in KEYS[name] and not is_unknown(key) else None
            if near is not None and near not in section.entries:
                yield ConfigProblem(entry.key.place, "", f"`{key}` is not a key of a kubeconfig", f"Write `{near}`.")
            elif key not in KEYS[name] and not is_unknown(key) and name:
                yield ConfigProblem(entry.key.place, "", f"`{key}` is not a key of a kubeconfig")


def files_of(root: Mapping, path: str) -> Iterator[tuple[str, Value, str]]:
    """The files that it names: the path, where it is written, and what happens where there is no such file.

    path: where the kubeconfig is; other paths are relative to its folder (ResolveLocalPaths of clientcmd).
    """
    found = target(root)
    invalid = "kube-apiserver does not start: invalid configuration: unable to read"
    wanted = [
        (found.cluster, "certificate-authority", f"{invalid} certificate-authority {{0}} for {found.cluster_name}"),
        (found.user, "client-certificate", f"{invalid} client-cert {{0}} for {found.user_name}"),
        (found.user, "client-key", f"{invalid} client-key {{0}} for {found.user_name}"),
    ]
    if found.secure and found.user is not None:
        if "token" not in found.user.entries:
            wanted.append((found.user, "tokenFile", "kube-apiserver does not start: open {0}"))
        lost = "kube-apiserver starts and loses every event: getting credentials: exec: fork/exec {0}"
        wanted.append((found.user.mapping("exec"), "command", lost))
    for section, key, error in wanted:
        node = section.get(key) if section is not None else None
        if not isinstance(node, Scalar) or node.kind != "string" or not node.value or is_unknown(node.value):
            continue
        if key == "command" and "/" not in node.value:
            continue  # looked for in the PATH of the image
        at = node.value if node.value.startswith("/") else clean(f"{path.rpartition('/')[0]}/{node.value}")
        why = f"{error.format(at)} due to open {at}" if "unable to read" in error else error.format(at)
        yield at, Value(node.value, part_of(node, 0, len(node.value))), f"{why}: no such file or directory"


def server_of(root: Mapping) -> Value | None:
    """The address that the events are sent to; None where it is not there or not known."""
    cluster = target(root).cluster
    node = cluster.get("server") if cluster is not None else None
    if not isinstance(node, Scalar) or node.kind != "string" or not node.value or is_unknown(node.value):
        return None
    return Value(node.value, part_of(node, 0, len(node.value)))


def host_of(server: str) -> str:
    """The host name or address in an address."""
    found = re.match(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]*)", server, re.IGNORECASE)
    return found[1].strip("[]").lower() if found else ""


def unsent(root: Mapping) -> list[str]:
    """The keys whose certificates, tokens and passwords count for nothing, as the address is none of TLS."""
    found = target(root)
    if found.secure:
        return []
    keys = [
        (found.cluster, ("certificate-authority", "certificate-authority-data")),
        (found.user, ("client-certificate", "client-certificate-data", "token", "tokenFile", "username", "exec")),
    ]
    return [key for section, names in keys if section is not None for key in names if key in section.entries]


def nobody(root: Mapping) -> ConfigProblem | None:
    """A user of the current context that is not there, while those with credentials are nobody's: the events are sent
    without any (getAuthInfo of clientcmd takes an empty one)."""
    entry = named(root, "contexts", root.string("current-context") or "")
    context = entry.mapping("context") if entry is not None else None
    node = context.get("user") if context is not None else None
    users = [item for item in root.items("users") if isinstance(item, Mapping)]
    names = [item.string("name") or "" for item in users]
    if not isinstance(node, Scalar) or not node.value or node.value in names or is_unknown(f"{node.value}{names}"):
        return None
    contexts = (item.mapping("context") for item in root.items("contexts") if isinstance(item, Mapping))
    meant = {one.string("user") for one in contexts if one is not None}
    spare = [item.string("name") or "" for item in users if item.string("name") not in meant and _identifies(item)]
    if not spare or not target(root).secure:
        return None
    listed = " or ".join(f"`user: {one}`" for one in spare[:4])
    message = (
        f"`{node.value}` is not among the `users`: kube-apiserver starts, and sends the events without credentials."
    )
    return ConfigProblem(node.place, "", message, f"Write {listed}.")


def _identifies(item: Mapping) -> bool:
    user = item.mapping("user")
    return user is not None and any(key in user.entries for key in KEYS["users"])


def is_open(root: Mapping) -> str:
    """In words, why anybody on the way can read the events or take them; "" where nobody can, or nobody is there."""
    server, found = server_of(root), target(root)
    if server is None or found.cluster is None or re.match(r"localhost\Z|127\.|::1\Z", host_of(server.text)):
        return ""
    try:
        url = server_url(server.text)
    except GoError:
        return ""
    if url.scheme == "http":
        return "without encryption"
    insecure = found.cluster.get("insecure-skip-tls-verify")
    if isinstance(insecure, Scalar) and insecure.value == "true":
        return "to whoever answers: the server's certificate is not checked"
    return ""


def query_of(root: Mapping) -> Value | None:
    """The query of the address, with its `?`; None where it has none."""
    server = server_of(root)
    at = server.text.partition("#")[0].find("?") if server is not None else -1
    if server is None or at < 0:
        return None
    node = (target(root).cluster or root).get("server")
    text = server.text[at:]
    return Value(text, part_of(node, at, at + len(text))) if isinstance(node, Scalar) else None


def named(root: Mapping, section: str, name: str) -> Mapping | None:
    items = (item for item in root.items(section) if isinstance(item, Mapping))
    return next((item for item in items if item.string("name") == name), None)


def meant(section: Mapping, name: str, key: str) -> bool:
    """Whether a misspelt key was meant, which is reported by itself."""
    return any(one not in KEYS[name] and nearest(one, KEYS[name]) == key for one in section.entries)


def first_key(section: Mapping) -> Place:
    """Where the first key of a mapping stands, or it itself when it has none."""
    return next(iter(section.entries.values())).key.place if section.entries else section.place
