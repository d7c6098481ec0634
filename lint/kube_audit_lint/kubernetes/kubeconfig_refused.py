"""Why kube-apiserver does not start with the kubeconfig of its audit webhook.

Sources: k8s.io/client-go tools/clientcmd loader.go (LoadFromFile), api/v1 types.go and conversion.go,
client_config.go (ClientConfig, ConfirmUsable), validation.go (validateClusterInfo, validateAuthInfo); rest and
transport (TLSConfigFor); encoding/base64 of Go. What client-go 0.36.6 makes of each mistake is in
tests/data/kubeconfigs.json.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator

from kube_audit_lint.kubernetes.go_urls import parse, server_url
from kube_audit_lint.kubernetes.go_values import GoError, quote
from kube_audit_lint.kubernetes.kubeconfig import INNER, KEYS, LISTS, ConfigProblem, first_key, meant, named, target
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.unknown import is_unknown

_NOTHING = "no configuration has been provided, try setting KUBERNETES_MASTER environment variable"
_STRUCTS = {"": "Config", "clusters": "Cluster", "contexts": "Context", "users": "AuthInfo"}
_CONVERTED = {
    "clusters": "*[]NamedCluster into *map[string]*api.Cluster",
    "contexts": "*[]NamedContext into *map[string]*api.Context",
    "users": "*[]NamedAuthInfo into *map[string]*api.AuthInfo",
}
_BOOLS = ("insecure-skip-tls-verify", "disable-compression")
_OTHERS = ("preferences", "extensions", "as-groups", "as-user-extra", "auth-provider", "exec")
_SAMPLE = re.compile(r"[A-Z][A-Z0-9_+ -]{0,60}|.*(?:\.{3}|\u2026|[<$\[{]).*", re.DOTALL)
"""What stands for a certificate in an example: `BASE64_CA`, `LS0t...`, `<ca>`."""
_STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def refusals(root: Mapping) -> Iterator[ConfigProblem]:
    """Each reason why it is refused, of the first step at which it is."""
    for step in (_undecoded, _unusable, _unconnected):
        problems = list(step(root))
        yield from problems
        if any(one.error for one in problems):
            return


def _undecoded(root: Mapping) -> Iterator[ConfigProblem]:
    yield from _header(root)
    yield from _shapes(root)


def _unusable(root: Mapping) -> Iterator[ConfigProblem]:
    yield from _unnamed(root)
    found = target(root)
    if found.cluster is not None:
        yield from _of_cluster(found.cluster, found.cluster_name)
    if found.user is not None:
        yield from _of_user(found.user, found.user_name)


def _unconnected(root: Mapping) -> Iterator[ConfigProblem]:
    """What TLS makes of the certificates. Over plain HTTP nobody reads them."""
    found = target(root)
    if found.secure:
        yield from _of_authority(found.cluster)
        yield from _of_pair(found.user)


def _header(root: Mapping) -> Iterator[ConfigProblem]:
    """Another kind or version than the only one that there is; without either, that one is meant."""
    version, kind = root.string("apiVersion"), root.string("kind")
    for key, given, right in (("apiVersion", version, "v1"), ("kind", kind, "Config")):
        node = root.get(key)
        if node is not None and given and given != right and not is_unknown(f"{version}{kind}"):
            error = f'no kind "{kind or "Config"}" is registered for version "{version or "v1"}"'
            yield ConfigProblem(node.place, error, help=f"Write `{key}: {right}`.")
            return


def _shapes(root: Mapping) -> Iterator[ConfigProblem]:
    """Values of a wrong type, names that occur twice, certificates that are not in base64."""
    yield from _types(root, "", "")
    for section, kind in LISTS.items():
        node, key = root.get(section), root.key(section)
        if isinstance(node, Mapping) and key is not None:
            error = f"json: cannot unmarshal object into Go struct field Config.{section} of type {kind}"
            yield ConfigProblem(key.place, error, help="Put `- ` in front of each entry: it is a list.")
        yield from _twice(node, section)
        for item in node.items if isinstance(node, Sequence) else ():
            inner = item.get(INNER[section]) if isinstance(item, Mapping) else None
            if isinstance(inner, Mapping):
                yield from _types(inner, section, f"{section}.{INNER[section]}.")
                yield from _encoded(inner)
            elif isinstance(inner, (Scalar, Sequence)) and not _is_open(inner):
                kinds = f"{kind[2:]}.{section}.{INNER[section]} of type v1.{_STRUCTS[section]}".removeprefix("v1.")
                yield ConfigProblem(inner.place, f"json: cannot unmarshal {_json(inner)} into Go struct field {kinds}")


def _types(section: Mapping, name: str, path: str) -> Iterator[ConfigProblem]:
    """Values that are no strings, or no booleans, where these are expected."""
    for key, entry in section.entries.items():
        node = entry.value
        if key not in KEYS[name] or key in LISTS or key in _OTHERS or _is_open(node):
            continue
        wanted = "bool" if key in _BOOLS else "[]uint8" if key.endswith("-data") else "string"
        given = _json(node)
        if given != {"[]uint8": "string"}.get(wanted, wanted) and not (wanted == "[]uint8" and given == "array"):
            error = f"json: cannot unmarshal {given} into Go struct field {_STRUCTS[name]}.{path}{key} of type {wanted}"
            help = "Write `true` or `false`, without quotes." if wanted == "bool" else "Put it into quotes."
            yield ConfigProblem(node.place, error, help=help if isinstance(node, Scalar) else "")


def _json(node: Node) -> str:
    """What JSON calls a value."""
    if isinstance(node, Scalar):
        return {"int": "number", "float": "number"}.get(node.kind, node.kind)
    return "object" if isinstance(node, Mapping) else "array"


def _is_open(node: Node) -> bool:
    return isinstance(node, Scalar) and (node.kind == "null" or is_unknown(node.value))


def _twice(node: Node | None, section: str) -> Iterator[ConfigProblem]:
    seen: set[str] = set()
    for item in node.items if isinstance(node, Sequence) else ():
        name = item.get("name") if isinstance(item, Mapping) else None
        if not isinstance(name, Scalar) or is_unknown(name.value):
            continue
        if name.value in seen:
            error = f'error converting {_CONVERTED[section]}: duplicate name "{name.value}" in list'
            yield ConfigProblem(name.place, error, help=f"Give each of the `{section}` a name of its own.")
        seen.add(name.value)


def _encoded(section: Mapping) -> Iterator[ConfigProblem]:
    """Certificates and keys that are not in base64."""
    for name, entry in section.entries.items():
        text = _data(section, name)
        at = base64_error(text) if text is not None else None
        if at is not None:
            help = f"Encode it in base64 (`base64 -w0 FILE`), or name its file with `{name.removesuffix('-data')}`."
            yield ConfigProblem(entry.key.place, f"illegal base64 data at input byte {at}", help=help)


def _data(section: Mapping | None, name: str) -> str | None:
    """What a `-data` key holds; None where it is open, or an example has something in its place."""
    node = section.get(name) if section is not None and name.endswith("-data") else None
    if not isinstance(node, Scalar) or node.kind != "string" or not node.value or is_unknown(node.value):
        return None
    return None if _SAMPLE.fullmatch(node.value) else node.value


def base64_error(text: str) -> int | None:
    """The byte at which encoding/base64 of Go stops; None for what it decodes. Line breaks count nothing."""
    data = text.encode("utf-8", "surrogateescape")
    digits = 0
    for at, byte in enumerate(data):
        character = chr(byte)
        if character in "\r\n":
            continue
        if character == "=":
            return _padding_error(data, at, digits % 4)
        if character not in _STANDARD:
            return at
        digits += 1
    return len(data) - digits % 4 if digits % 4 else None


def _padding_error(data: bytes, at: int, digits: int) -> int | None:
    """The same for what begins with the first `=`, behind so many characters of a group of four."""
    if digits < 2:
        return at
    rest = [index for index in range(at + 1, len(data)) if data[index] not in b"\r\n"]
    if digits == 2:
        if not rest:
            return len(data)
        if data[rest[0]] != ord("="):
            return rest[0]
        rest = rest[1:]
    return rest[0] if rest else None


def _unnamed(root: Mapping) -> Iterator[ConfigProblem]:
    """A current context, or its cluster, that is not there."""
    current = root.get("current-context")
    if not isinstance(current, Scalar) or not current.value or current.kind == "null":
        if "current-context" in root.entries or not meant(root, "", "current-context"):
            place = current.place if current is not None else first_key(root)
            help = _one_of(root, "contexts", "current-context: ", "Add a context, and its name as `current-context`.")
            yield ConfigProblem(place, _invalid(_NOTHING), "No `current-context` is set.", help)
        return
    entry = named(root, "contexts", current.value)
    if entry is None and not is_unknown(current.value) and not _is_filled(root, "contexts"):
        error = f"[context was not found for specified context: {current.value}, cluster has no server defined]"
        yield _missing(current, _invalid(error), root, "contexts")
    elif entry is not None:
        yield from _without_cluster(root, entry)


def _without_cluster(root: Mapping, entry: Mapping) -> Iterator[ConfigProblem]:
    """A context whose cluster is not there. A user that is not there is nobody, and no error."""
    inner = entry.mapping("context")
    node = inner.get("cluster") if inner is not None else None
    if inner is None or not isinstance(node, Scalar) or not node.value or node.kind == "null":
        if inner is None or not meant(inner, "contexts", "cluster"):
            place = node.place if node is not None else first_key(inner) if inner is not None else entry.place
            help = _one_of(root, "clusters", "cluster: ", "Add a cluster, and its name here.")
            yield ConfigProblem(place, _invalid(_NOTHING), "The current context names no cluster.", help)
        return
    found = None if is_unknown(node.value) else named(root, "clusters", node.value)
    if found is None and not is_unknown(node.value) and not _is_filled(root, "clusters"):
        yield _missing(node, _invalid(_NOTHING), root, "clusters")
    elif found is not None and found.mapping("cluster") is None:
        yield _missing(node, _invalid(f'no server found for cluster "{node.value}"'), root, "clusters")


def _is_filled(root: Mapping, section: str) -> bool:
    """Whether a template fills in the name of one of a list, which may be any."""
    return any(is_unknown(name) for name in _names(root, section))


def _invalid(error: str) -> str:
    return f"invalid configuration: {error}"


def _names(root: Mapping, section: str) -> list[str]:
    names = (item.string("name") for item in root.items(section) if isinstance(item, Mapping))
    return [one for one in names if one]


def _one_of(root: Mapping, section: str, before: str, otherwise: str) -> str:
    """Advice to write one of the names of a list."""
    names = _names(root, section)
    return f"Write {' or '.join(f'`{before}{one}`' for one in names[:4])}." if names else otherwise


def _missing(node: Scalar, error: str, root: Mapping, section: str) -> ConfigProblem:
    if node.value in _names(root, section):
        return ConfigProblem(node.place, error, help="Write `cluster:` with `server:` in it into this cluster.")
    help = _one_of(root, section, "", "").replace(".", ", which the file has.") or f"Add it to `{section}`."
    return ConfigProblem(node.place, error, f"`{node.value}` is not among the `{section}`.", help)


def _of_cluster(cluster: Mapping, name: str) -> Iterator[ConfigProblem]:
    server, proxy = cluster.get("server"), cluster.get("proxy-url")
    if not (isinstance(server, Scalar) and server.value and server.kind != "null"):
        open_ended = any(is_unknown(key) for key in cluster.entries)
        if not open_ended and not meant(cluster, "clusters", "server"):
            place = server.place if server is not None else first_key(cluster)
            help = "Write `server:` with the address into this cluster."
            yield ConfigProblem(place, _invalid(f'no server found for cluster "{name}"'), help=help)
    elif not is_unknown(server.value):
        yield from _of_server(server)
    if isinstance(proxy, Scalar) and proxy.value and not _is_open(proxy):
        yield from _of_proxy(proxy, name)
    if _has(cluster, "certificate-authority") and _has(cluster, "certificate-authority-data"):
        error = f"certificate-authority-data and certificate-authority are both specified for {name}."
        yield ConfigProblem(_key(cluster, "certificate-authority"), _invalid(error), help="Keep one.")


def _of_server(server: Scalar) -> Iterator[ConfigProblem]:
    try:
        url = server_url(server.value)
    except GoError as error:
        near = server.value.strip().strip("\"'")
        bare = re.fullmatch(r"[\w.-]+(?::\d+)?/.*", near)
        yield ConfigProblem(server.place, str(error), help=f"Write `https://{near}`." if bare else "")
        return
    if url.scheme not in ("http", "https"):
        message = "kube-apiserver starts with this address and loses every event: unsupported protocol scheme "
        yield ConfigProblem(server.place, "", f"{message}{quote(url.scheme)}.", "Write it with `https://`.")


def _of_proxy(proxy: Scalar, name: str) -> Iterator[ConfigProblem]:
    """A proxy that is none (parseProxyURL)."""
    try:
        scheme = parse(proxy.value).scheme
        error = f'unsupported scheme "{scheme}", must be http, https, or socks5'
    except GoError:
        scheme, error = "", f"could not parse: {proxy.value}"
    if scheme not in ("http", "https", "socks5"):
        bare = re.fullmatch(r"[\w.-]+(?::\d+)?", proxy.value)
        help = f"Write `http://{proxy.value}`." if bare else ""
        text = _invalid(f"invalid 'proxy-url' {quote(proxy.value)} for cluster {quote(name)}: {error}")
        yield ConfigProblem(proxy.place, text, help=help)


def _of_user(user: Mapping, name: str) -> Iterator[ConfigProblem]:
    for key, words, end in (
        ("client-certificate", "client-cert-data and client-cert", "."),
        ("client-key", "client-key-data and client-key", ";"),
    ):
        if _has(user, key) and _has(user, f"{key}-data") and _any(user, "client-certificate"):
            error = f"{words} are both specified for {name}{end}"
            yield ConfigProblem(_key(user, key), _invalid(error), help="Keep one.")
    if _any(user, "client-certificate") and not _any(user, "client-key") and not meant(user, "users", "client-key"):
        error = "client-key-data or client-key must be specified for "
        error += f"{name} to use the clientCert authentication method."
        yield ConfigProblem(first_key(user), _invalid(error), help="Write `client-key`, too.")
    if _has(user, "token") and (_has(user, "username") or _has(user, "password")):
        error = f"more than one authentication method found for {name}; found [token basicAuth], only one is allowed"
        yield ConfigProblem(_key(user, "token"), _invalid(error), help="Keep one of both.")
    if not _has(user, "as") and any(_has(user, key) for key in ("as-uid", "as-groups", "as-user-extra")):
        error = f"requesting uid, groups or user-extra for {name} without impersonating a user"
        yield ConfigProblem(first_key(user), _invalid(error), help="Write `as:` with the user, too.")
    yield from _of_plugins(user, name)


def _of_plugins(user: Mapping, name: str) -> Iterator[ConfigProblem]:
    """Programs and built-in providers that get the credentials."""
    plugin, provider = user.mapping("exec"), user.mapping("auth-provider")
    if plugin is not None and provider is not None:
        error = f"authProvider cannot be provided in combination with an exec plugin for {name}"
        yield ConfigProblem(_key(user, "auth-provider"), _invalid(error), help="Keep one of both.")
    elif provider is not None and provider.string("name"):
        error = f"no Auth Provider found for name {quote(provider.string('name') or '')}"
        yield ConfigProblem(_key(user, "auth-provider"), error, help="Write a token, or a client certificate and key.")
    if plugin is None or any(is_unknown(key) for key in plugin.entries):
        return
    for key in ("command", "apiVersion"):
        if not _has(plugin, key):
            error = f"{key} must be specified for {name} to use exec authentication plugin"
            yield ConfigProblem(_key(user, "exec"), _invalid(error), help=f"Write `{key}:` into `exec`.")
    if (plugin.string("apiVersion") or "").endswith("/v1") and not _has(plugin, "interactiveMode"):
        error = f"interactiveMode must be specified for {name} to use exec authentication plugin"
        yield ConfigProblem(_key(user, "exec"), _invalid(error), help="Write `interactiveMode: Never` into `exec`.")


def _of_authority(cluster: Mapping | None) -> Iterator[ConfigProblem]:
    if cluster is None:
        return
    insecure = cluster.get("insecure-skip-tls-verify")
    if isinstance(insecure, Scalar) and insecure.value == "true" and _any(cluster, "certificate-authority"):
        error = "specifying a root certificates file with the insecure flag is not allowed"
        yield ConfigProblem(_key(cluster, "insecure-skip-tls-verify"), error, help="Leave it away.")
    elif _is_no_pem(cluster, "certificate-authority-data", "CERTIFICATE"):
        error = "unable to load root certificates: unable to parse bytes as PEM block"
        yield _no_pem(cluster, "certificate-authority-data", error)


def _of_pair(user: Mapping | None) -> Iterator[ConfigProblem]:
    """What is wrong with a client's certificate, its key, or the other ways to log in."""
    if user is None:
        return
    for key, kind, error in (
        ("client-certificate-data", "CERTIFICATE", "tls: failed to find any PEM data in certificate input"),
        ("client-key-data", "PRIVATE KEY", "tls: failed to find any PEM data in key input"),
    ):
        if _any(user, "client-certificate") and _is_no_pem(user, key, kind):
            yield _no_pem(user, key, error)
            return
    if _has(user, "tokenFile") and (_has(user, "username") or _has(user, "password")):
        error = "username/password or bearer token may be set, but not both"
        yield ConfigProblem(_key(user, "tokenFile"), error, help="Keep one of both.")


def _is_no_pem(section: Mapping, key: str, kind: str) -> bool:
    text = _data(section, key)
    if text is None or base64_error(text) is not None:
        return False
    data = b64decode(text)
    return not (b"-----BEGIN " in data and kind.encode() in data and b"-----END " in data)


def _no_pem(section: Mapping, key: str, error: str) -> ConfigProblem:
    message = "Decoded from base64, this is nothing whole in PEM (`-----BEGIN ...`)."
    return ConfigProblem(_key(section, key), error, message, "Encode the file in PEM: `base64 -w0 FILE`.")


def _has(section: Mapping, key: str) -> bool:
    """Whether a key is there with anything in it."""
    node = section.get(key)
    return node is not None and not (isinstance(node, Scalar) and (node.kind == "null" or not node.value))


def _any(section: Mapping, key: str) -> bool:
    return _has(section, key) or _has(section, f"{key}-data")


def _key(section: Mapping, name: str) -> Place:
    key = section.key(name) or section.key(f"{name}-data")
    return key.place if key is not None else section.place
