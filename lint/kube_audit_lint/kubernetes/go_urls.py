"""Addresses as Go parses them, and as client-go takes them for the address of a server.

Sources: net/url (getScheme, parse, parseAuthority, parseHost, shouldEscape) of Go 1.26; k8s.io/client-go
rest/url_utils.go (DefaultServerURL).
"""

from __future__ import annotations

import re

from kube_audit_lint.kubernetes.go_values import GoError, quote
from kube_audit_lint.syntax.record import NamedTuple

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_IN_HOST = re.compile(r"[\w~.!$&'()*+,;=:\[\]<>\"%-]|[^\x00-\x7f]")
_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")


class Url(NamedTuple):
    """The parts of an address that decide where a request goes. query: whether it has one."""

    scheme: str
    host: str
    path: str
    query: bool = False


def parse(text: str) -> Url:
    """The parts of an address. Raises GoError, with the reason."""
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise GoError("net/url: invalid control character in URL")
    found = _SCHEME.match(text)
    if found is None and text.startswith(":"):
        raise GoError("missing protocol scheme")
    scheme = found[1].lower() if found else ""
    rest, _, _ = text[found.end() if found else 0 :].partition("#")
    rest, mark, _ = rest.partition("?")
    if not rest.startswith("/"):
        if not scheme and ":" in rest.partition("/")[0]:
            raise GoError("first path segment in URL cannot contain colon")
        if scheme:
            return Url(scheme, "", "")
    host = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        host, rest = _host(authority.rpartition("@")[2]), slash + path
    _check_escapes(rest)
    return Url(scheme, host, rest, bool(mark))


def _host(host: str) -> str:
    """A host with its port, once it is one."""
    port = host.rpartition("]")[2] if host.startswith("[") else host[host.rfind(":") :] if ":" in host else ""
    if port and not re.fullmatch(r":\d*", port):
        raise GoError(f"invalid port {quote(port)} after host")
    if not host.startswith("[") and host.count(":") > 1:
        raise GoError(f"invalid port {quote(host[host.index(':') :])} after host")
    wrong = next((one for one in host if not _IN_HOST.match(one)), None)
    if wrong is not None:
        raise GoError(f"invalid character {quote(wrong)} in host name")
    _check_escapes(host)
    return host


def _check_escapes(text: str) -> None:
    found = _ESCAPE.search(text)
    if found is not None:
        raise GoError(f"invalid URL escape {quote(text[found.start() : found.start() + 3])}")


def server_url(text: str) -> Url:
    """Where client-go sends requests for a server's address: without a scheme, to plain HTTP. Raises GoError."""
    try:
        url = parse(text)
        if url.scheme and url.host:
            return url
    except GoError:
        pass
    try:
        url = parse(f"http://{text}")
    except GoError as error:
        raise GoError(f"parse {quote(f'http://{text}')}: {error}") from None
    if url.path not in ("", "/"):
        raise GoError(f"host must be a URL or a host:port pair: {quote(text)}")
    return url
