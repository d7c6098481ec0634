"""What kube-apiserver makes of the kubeconfig of its audit webhook, which it reads at its start.

Sources: k8s.io/client-go tools/clientcmd client_config.go (ConfirmUsable, getCluster), validation.go
(validateClusterInfo, validateAuthInfo), api/v1/types.go and conversion.go; rest/url_utils.go (DefaultServerURL);
transport (TLSConfigFor); k8s.io/apiserver pkg/util/webhook (LoadKubeconfig, NewGenericWebhook). 1.24 to 1.36 alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.model.server import clean
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.parts import part_of
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

_NOTHING = "no configuration has been provided, try setting KUBERNETES_MASTER environment variable"
_LISTS = {"clusters": "[]v1.NamedCluster", "contexts": "[]v1.NamedContext", "users": "[]v1.NamedAuthInfo"}
_INNER = {"clusters": "cluster", "contexts": "context", "users": "user"}
_KEYS = {
    "": ("kind", "apiVersion", "preferences", "current-context", "extensions", *_LISTS),
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
_PEM = "-----BEGIN"


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


def target(root: Mapping) -> Target:
    """Where the events are sent, and as whom."""
    entry = _named(root, "contexts", root.string("current-context") or "")
    context = entry.mapping("context") if entry is not None else None
    if context is None:
        return Target()
    cluster, user = context.string("cluster") or "", context.string("user") or ""
    found = [_named(root, section, name) for section, name in (("clusters", cluster), ("users", user))]
    inner = [one.mapping(key) if one is not None else None for one, key in zip(found, ("cluster", "user"), strict=True)]
    return Target(inner[0], inner[1], cluster, user)


def refusals(root: Mapping) -> Iterator[ConfigProblem]:
    """Why kube-apiserver does not start with it."""
    shapes = list(_shapes(root))
    yield from shapes
    if not shapes:
        yield from _unnamed(root)
        found = target(root)
        if found.cluster is not None:
            yield from _of_cluster(found.cluster, found.cluster_name)
        if found.user is not None:
            yield from _of_user(found.user, found.user_name)


def dropped(root: Mapping) -> Iterator[ConfigProblem]:
    """The keys that nobody reads."""
    sections = [("", root)]
    for name, inner in _INNER.items():
        items = (item.mapping(inner) for item in root.items(name) if isinstance(item, Mapping))
        sections += [(name, one) for one in items if one is not None]
    for name, section in sections:
        for key, entry in section.entries.items():
            near = nearest(key, _KEYS[name]) if key not in _KEYS[name] and not is_unknown(key) else None
            if near is not None and near not in section.entries:
                yield ConfigProblem(entry.key.place, "", f"`{key}` is no key of a kubeconfig", f"Write `{near}`.")
            elif key not in _KEYS[name] and not is_unknown(key) and name:
                yield ConfigProblem(entry.key.place, "", f"`{key}` is no key of a kubeconfig")


def files_of(root: Mapping, path: str) -> Iterator[tuple[str, Value, str]]:
    """The files that it names: the path, where it is written, and the server's message where there is no such file.

    path: where the kubeconfig is; other paths are relative to its folder (ResolveLocalPaths of clientcmd).
    """
    found = target(root)
    wanted = (
        (
            found.cluster,
            "certificate-authority",
            f"unable to read certificate-authority {{0}} for {found.cluster_name} ",
        ),
        (found.user, "client-certificate", f"unable to read client-cert {{0}} for {found.user_name} "),
        (found.user, "client-key", f"unable to read client-key {{0}} for {found.user_name} "),
        (found.user, "tokenFile", ""),
    )
    for section, key, error in wanted:
        node = section.get(key) if section is not None else None
        if isinstance(node, Scalar) and node.kind == "string" and node.value and not is_unknown(node.value):
            at = node.value if node.value.startswith("/") else clean(f"{path.rpartition('/')[0]}/{node.value}")
            cause = f"open {at}: no such file or directory"
            message = f"invalid configuration: {error.format(at)}due to {cause}" if error else cause
            yield at, Value(node.value, part_of(node, 0, len(node.value))), message


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


def is_open(root: Mapping) -> str:
    """In words, why anybody on the way can read the events or take them; "" where nobody can, or nobody is there."""
    server, cluster = server_of(root), target(root).cluster
    if server is None or cluster is None or re.match(r"localhost\Z|127\.|::1\Z", host_of(server.text)):
        return ""
    if server.text.lower().startswith("http://"):
        return "without encryption"
    insecure = cluster.get("insecure-skip-tls-verify")
    if isinstance(insecure, Scalar) and insecure.value == "true":
        return "to whoever answers: the server's certificate is not checked"
    return ""


def _named(root: Mapping, section: str, name: str) -> Mapping | None:
    items = (item for item in root.items(section) if isinstance(item, Mapping))
    return next((item for item in items if item.string("name") == name), None)


def _shapes(root: Mapping) -> Iterator[ConfigProblem]:
    """Lists that are none, names that occur twice, certificates that are not in base64."""
    for section, kind in _LISTS.items():
        node = root.get(section)
        key = root.key(section)
        if isinstance(node, Mapping) and key is not None:
            error = f"json: cannot unmarshal object into Go struct field Config.{section} of type {kind}"
            yield ConfigProblem(key.place, error, help="Put `- ` in front of each entry: it is a list.")
        yield from _twice(node, section)
        for item in node.items if isinstance(node, Sequence) else ():
            inner = item.mapping(_INNER[section]) if isinstance(item, Mapping) else None
            for name, entry in inner.entries.items() if inner is not None else ():
                if name.endswith("-data") and isinstance(entry.value, Scalar) and _PEM in entry.value.value:
                    help = f"Encode it in base64, or name its file with `{name.removesuffix('-data')}`."
                    yield ConfigProblem(entry.key.place, "illegal base64 data at input byte 0", help=help)


def _twice(node: Node | None, section: str) -> Iterator[ConfigProblem]:
    seen: set[str] = set()
    for item in node.items if isinstance(node, Sequence) else ():
        name = item.get("name") if isinstance(item, Mapping) else None
        if not isinstance(name, Scalar) or is_unknown(name.value):
            continue
        if name.value in seen:
            yield ConfigProblem(name.place, f'error converting {section}: duplicate name "{name.value}" in list')
        seen.add(name.value)


def _unnamed(root: Mapping) -> Iterator[ConfigProblem]:
    """A current context, or its cluster, that is not there."""
    current = root.get("current-context")
    if not isinstance(current, Scalar) or not current.value:
        if "current-context" in root.entries or not _meant(root, "", "current-context"):
            place = current.place if current is not None else next(iter(root.entries.values())).key.place
            yield ConfigProblem(place, f"invalid configuration: {_NOTHING}", "Nothing says which context counts.")
        return
    if is_unknown(current.value):
        return
    entry = _named(root, "contexts", current.value)
    if entry is None:
        error = f"context was not found for specified context: {current.value}, cluster has no server defined"
        yield _missing(current, f"invalid configuration: [{error}]", root, "contexts")
        return
    inner = entry.mapping("context")
    node = inner.get("cluster") if inner is not None else None
    if isinstance(node, Scalar) and node.value and not is_unknown(node.value):
        found = _named(root, "clusters", node.value)
        if found is None:  # a user that is not there is nobody, and no error
            yield _missing(node, f"invalid configuration: {_NOTHING}", root, "clusters")
        elif found.mapping("cluster") is None:
            yield _missing(node, f'invalid configuration: no server found for cluster "{node.value}"', root, "clusters")


def _missing(node: Scalar, error: str, root: Mapping, section: str) -> ConfigProblem:
    names = [item.string("name") or "" for item in root.items(section) if isinstance(item, Mapping)]
    known = " or ".join(f"`{one}`" for one in names if one)
    if node.value in names:
        return ConfigProblem(node.place, error, help="Write `cluster:` with `server:` in it into this cluster.")
    help = f"Write {known}, which the file has." if known else f"Add it to `{section}`."
    return ConfigProblem(node.place, error, f"`{node.value}` is not among the `{section}`.", help)


def _of_cluster(cluster: Mapping, name: str) -> Iterator[ConfigProblem]:
    server, authority = cluster.get("server"), cluster.get("certificate-authority")
    open_ended = any(is_unknown(key) for key in cluster.entries)
    if (
        not (isinstance(server, Scalar) and server.value)
        and not open_ended
        and not _meant(cluster, "clusters", "server")
    ):
        place = server.place if server is not None else _first(cluster)
        error = f'invalid configuration: no server found for cluster "{name}"'
        yield ConfigProblem(place, error, help="Write `server:` with the address into this cluster.")
    elif (
        isinstance(server, Scalar) and re.match(r"(?![a-z]+://)[^/]+/.", server.value) and not is_unknown(server.value)
    ):
        error = f'host must be a URL or a host:port pair: "{server.value}"'
        yield ConfigProblem(server.place, error, help=f"Write `https://{server.value}`.")
    if authority is not None and "certificate-authority-data" in cluster.entries:
        error = f"certificate-authority-data and certificate-authority are both specified for {name}."
        yield ConfigProblem(_key(cluster, "certificate-authority"), f"invalid configuration: {error}", help="Keep one.")
    insecure = cluster.get("insecure-skip-tls-verify")
    if isinstance(insecure, Scalar) and insecure.value == "true" and _any(cluster, "certificate-authority"):
        error = "specifying a root certificates file with the insecure flag is not allowed"
        yield ConfigProblem(_key(cluster, "insecure-skip-tls-verify"), error, help="Leave it away.")


def _of_user(user: Mapping, name: str) -> Iterator[ConfigProblem]:
    if _any(user, "client-certificate") and not _any(user, "client-key") and not _meant(user, "users", "client-key"):
        error = (
            f"client-key-data or client-key must be specified for {name} to use the clientCert authentication method."
        )
        yield ConfigProblem(_first(user), f"invalid configuration: {error}", help="Write `client-key`, too.")
    if "token" in user.entries and ("username" in user.entries or "password" in user.entries):
        error = f"more than one authentication method found for {name}; found [token basicAuth], only one is allowed"
        yield ConfigProblem(_key(user, "token"), f"invalid configuration: {error}", help="Keep one of both.")


def _any(section: Mapping, key: str) -> bool:
    return key in section.entries or f"{key}-data" in section.entries


def _meant(section: Mapping, name: str, key: str) -> bool:
    """Whether a misspelt key was meant, which is reported by itself."""
    return any(one not in _KEYS[name] and nearest(one, _KEYS[name]) == key for one in section.entries)


def _first(section: Mapping) -> Place:
    return next(iter(section.entries.values())).key.place if section.entries else section.place


def _key(section: Mapping, name: str) -> Place:
    key = section.key(name) or section.key(f"{name}-data")
    return key.place if key is not None else section.place
