"""Generate the catalogue of built-in resources: `lint/kube_audit_lint/kubernetes/resource_table.py`.

Source: the paths and methods in the `kubernetes` client wheels on the Python registry, one release for each
Kubernetes minor (RELEASES in model/version.py). Those clients are generated from the OpenAPI document that
kube-apiserver of that minor publishes with every API switched on, alpha ones included. The wheels are downloaded
once into a cache directory and are only read, never imported.

What the paths say, and how it is read:

- the collection `.../RES`: GET is list and watch, POST is create, DELETE is deletecollection;
- the object `.../RES/{name}`: GET is get, PUT is update, PATCH is patch, DELETE is delete;
- `.../RES/{name}/SUB` is a subresource with the verb of the method; `.../proxy/{path}` is the proxy again;
- HEAD of proxies is left out: to a policy it is get. OPTIONS, which only the proxies of pods, services and nodes
  accept (proxyMethods in pkg/registry/core/{pod,service,node}, alike in 1.12, 1.30 and 1.36), has the verb "" there;
  exec, attach and portforward take GET and POST alone (upgradeableMethods, pod/rest/subresources.go, the same minors);
- a resource with a `{namespace}` in one of its paths is namespaced;
- versions of a group are put together: an audit policy names no versions.

What they do not say:

- watch is a query parameter of list, and the parameter is documented even for componentstatuses, which
  cannot be watched (pkg/registry/core/componentstatus/rest.go has no Watcher);
- kubectl 1.30+ opens exec, attach and portforward with GET (websockets) where older ones send POST: both
  methods are in the paths of every release, so both get and create are listed;
- serviceaccounts/token is in the OpenAPI document only from 1.16 on, for until then it was served only when
  --service-account-issuer was set; it is listed from 1.12 on (feature TokenRequest, beta and on since 1.12),
  because it hands out credentials (EXTRA_SUBRESOURCES);
- pods/ephemeralcontainers was an alpha subresource from 1.16 on that the OpenAPI document shows only from
  1.21 on: it is not listed for those minors. pods/resize appeared in 1.32;
- wheels carry stale modules of API versions that their minor no longer serves (31.0.0 and 32.0.1 still have
  resource_v1alpha2_api.py): only the modules that the package's api/__init__.py imports are read;
- aggregated APIs such as metrics.k8s.io and custom resources are not served by kube-apiserver itself and so
  are not in the catalogue at all.

Format (one line of JSON, kept small because the linter reads it in every run):

    {"minors": [first, last],
     "groups": {GROUP: {RESOURCE: [[first, last, namespaced, verbs, {SUBRESOURCE: verbs}], ...]}}}

`first` and `last` are minors, both included; spans of a resource do not overlap and are in ascending order,
and a new span begins wherever anything changes. `namespaced` is 0 or 1. `verbs` is a string of letters, one a
verb: g get, l list, w watch, c create, u update, p patch, d delete, x deletecollection, o the empty verb of OPTIONS.
The core group is "".
An empty verbs string means that only the subresources are served (extensions/replicationcontrollers).

Usage: python scripts/generate_resources.py [--cache DIR] [--check]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tables import table_module

from kube_audit_lint.model.version import RELEASES

TARGET = Path(__file__).parents[1] / "lint/kube_audit_lint/kubernetes/resource_table.py"
DEFAULT_CACHE = Path.home() / ".cache/kube-audit-lint/wheels"

LETTERS = {
    "get": "g", "list": "l", "watch": "w", "create": "c",
    "update": "u", "patch": "p", "delete": "d", "deletecollection": "x", "": "o",
}  # fmt: skip
Table = dict[str, tuple[str, ...]]
COLLECTION: Table = {"GET": ("list", "watch"), "POST": ("create",), "DELETE": ("deletecollection",)}
OBJECT: Table = {
    "GET": ("get",), "POST": ("create",), "PUT": ("update",), "PATCH": ("patch",), "DELETE": ("delete",),
    "OPTIONS": ("",),
}  # fmt: skip
UNWATCHABLE = {("", "componentstatuses")}
# (group, resource): subresource -> verbs, put in wherever the wheel of a minor has the resource.
EXTRA_SUBRESOURCES = {("", "serviceaccounts"): {"token": {"create"}}}

# Older clients: call_api('/path', 'METHOD', ...). From 37 on: param_serialize(method=..., resource_path=...).
CALL = re.compile(r"""call_api\(\s*'(?P<path>/[^']*)',\s*'(?P<method>[A-Z]+)'""")
SERIALIZE = re.compile(r"""method='(?P<method>[A-Z]+)',\s*resource_path='(?P<path>/[^']*)'""")
PACKAGE = re.compile(r"kubernetes/client/apis?/__init__\.py$")
IMPORTED = re.compile(r"(?<=[. ])(\w+_api)(?= import )")
ROUTE = re.compile(
    r"^/(?:api/v1|apis/(?P<group>[a-z0-9.-]+)/v\w+)"
    r"(?P<namespaced>/namespaces/\{namespace\}(?=/))?"
    r"/(?P<resource>[a-z]+)(?P<object>/\{name\})?(?:/(?P<sub>[a-z]+))?(?:/\{path\})?$"
)


class Entry(NamedTuple):
    """One resource as one minor serves it; verbs as strings of letters."""

    namespaced: int
    verbs: str
    subresources: tuple[tuple[str, str], ...]


Catalogue = dict[tuple[str, str], Entry]


def main(argv: list[str] | None = None) -> int:
    """Write the table, or with --check say by exit status 1 that it is stale."""
    parser = argparse.ArgumentParser(description="Generate the catalogue of built-in resources.")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where the wheels are kept")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    options = parser.parse_args(argv)
    clients = {minor: client for minor, (_, client) in RELEASES.items() if client is not None}
    text = render({minor: catalogue(wheel(client, options.cache)) for minor, client in clients.items()})
    if options.check:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET}: {len(text)} bytes")
    return 0


def wheel(version: str, cache: Path) -> Path:
    """The path of the client's wheel of that version, downloaded when it is not in the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    if not (found := sorted(cache.glob(f"kubernetes-{version}-*.whl"))):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*pip, "--dest", str(cache), f"kubernetes=={version}"], check=True)
        found = sorted(cache.glob(f"kubernetes-{version}-*.whl"))
    return found[0]


def catalogue(path: Path) -> Catalogue:
    """Every resource in one wheel."""
    verbs: dict[tuple[str, str], dict[str, set[str]]] = {}
    namespaced: set[tuple[str, str]] = set()
    for method, route in routes(path):
        key = (route["group"] or "", route["resource"])
        seen = verbs.setdefault(key, {"": set()})
        of_collection = not route["object"] and not route["sub"]
        table = COLLECTION if of_collection else OBJECT
        seen.setdefault(route["sub"] or "", set()).update(table.get(method, ()))
        if route["namespaced"]:
            namespaced.add(key)
    for key in UNWATCHABLE:
        verbs[key][""].discard("watch")
    for key, extra in EXTRA_SUBRESOURCES.items():
        verbs[key].update(extra)
    return {key: entry(seen, key in namespaced) for key, seen in verbs.items()}


def routes(path: Path) -> Iterator[tuple[str, re.Match[str]]]:
    """(HTTP method, match of ROUTE) for each call in a wheel that addresses a resource."""
    with zipfile.ZipFile(path) as archive:
        for source in sources(archive):
            for pattern in (CALL, SERIALIZE):
                for call in pattern.finditer(source):
                    if route := ROUTE.match(call["path"]):
                        yield call["method"], route


def sources(archive: zipfile.ZipFile) -> Iterator[str]:
    """The text of every API module that the client's package imports."""
    package = min(filter(PACKAGE.match, archive.namelist()))  # 10 and 11 have a second one that forwards
    for module in sorted(set(IMPORTED.findall(archive.read(package).decode("utf-8")))):
        yield archive.read(package.replace("__init__", module)).decode("utf-8")


def entry(verbs: dict[str, set[str]], namespaced: bool) -> Entry:
    """The compact form of one resource's verbs; "" is the resource itself."""
    subresources = tuple((sub, letters(seen)) for sub, seen in sorted(verbs.items()) if sub)
    return Entry(int(namespaced), letters(verbs[""]), subresources)


def letters(verbs: set[str]) -> str:
    """Verbs as letters, always in the order of LETTERS."""
    return "".join(letter for verb, letter in LETTERS.items() if verb in verbs)


def render(minors: dict[int, Catalogue]) -> str:
    """The whole file: the catalogues of all minors folded into spans."""
    groups: dict[str, dict[str, list[Any]]] = {}
    for group, resource in sorted({key for served in minors.values() for key in served}):
        by_minor = {minor: served.get((group, resource)) for minor, served in minors.items()}
        groups.setdefault(group, {})[resource] = spans(by_minor)
    return table_module(
        "The resources that kube-apiserver serves by version, made by scripts/generate_resources.py.",
        MINORS=("tuple[int, int]", (min(minors), max(minors)), 0),
        GROUPS=("dict[str, dict[str, list[list[Any]]]]", groups, 2),
    )


def spans(by_minor: dict[int, Entry | None]) -> list[list[Any]]:
    """[first, last, namespaced, verbs, subresources] for each run of minors with one and the same entry."""
    found: list[list[Any]] = []
    previous: Entry | None = None
    for minor, now in sorted(by_minor.items()):
        if now is not None and now == previous:
            found[-1][1] = minor
        elif now is not None:
            found.append([minor, minor, now.namespaced, now.verbs, dict(now.subresources)])
        previous = now
    return found


if __name__ == "__main__":
    raise SystemExit(main())
