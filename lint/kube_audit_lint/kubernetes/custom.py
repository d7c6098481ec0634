"""Resources that a cluster serves besides the built-in ones: from a list of the cluster, or from definitions (CRDs).

Lists are what `kubectl api-resources` prints as a table, and discovery as JSON: `APIResourceList` of one group, and
`APIGroupDiscoveryList` of all (k8s.io/api/apidiscovery/v2, Kubernetes 1.27 on).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kube_audit_lint.kubernetes import resources
from kube_audit_lint.syntax.record import NamedTuple

CRD = "CustomResourceDefinition"


class Custom(NamedTuple):
    """A resource. subresources: None where they are not known."""

    group: str
    name: str
    namespaced: bool
    subresources: frozenset[str] | None = None


class Served(NamedTuple):
    """Resources by group and name. whole: whether no other group is served; source: where it is known from.

    used: names of resources that roles and objects of a repository use, which nothing in it defines, by group.
    """

    groups: Mapping[str, Mapping[str, Custom]]
    whole: bool
    source: str
    used: Mapping[str, frozenset[str]] = {}

    def is_closed(self, group: str) -> bool:
        """Whether it is known which resources a group has; of built-in groups the versions say that."""
        return not resources.is_builtin_group(group) and (self.whole or group in self.groups)


def by_group(found: Iterable[Custom]) -> dict[str, dict[str, Custom]]:
    """The resources by group and name; one of several versions has the subresources of all."""
    groups: dict[str, dict[str, Custom]] = {}
    for one in found:
        named = groups.setdefault(one.group, {})
        before = named.get(one.name)
        if before is not None:
            subs = (before.subresources, one.subresources)
            both = None if None in subs else frozenset().union(*(each or () for each in subs))
            one = one._replace(subresources=both, namespaced=before.namespaced or one.namespaced)
        named[one.name] = one
    return groups


def parse_listed(text: str) -> list[Custom]:
    """The resources of a list of the cluster. Raises ValueError."""
    return list(_of_json(text) if text.lstrip()[:1] in ("{", "[") else _of_table(text))


def _of_table(text: str) -> Iterator[Custom]:
    import re

    rows = [row for row in text.splitlines() if row.strip()]
    columns = {found[0].strip(): found.span() for found in re.finditer(r"\S+ *", rows[0])} if rows else {}
    version = "APIVERSION" if "APIVERSION" in columns else "APIGROUP"
    if not {"NAME", "NAMESPACED", version} <= columns.keys():
        raise ValueError(
            "has no columns NAME, APIVERSION and NAMESPACED, as `kubectl api-resources -o wide` prints them"
        )

    def cell(row: str, name: str) -> str:
        start, end = columns[name]
        return row[start : end if end < len(rows[0]) else None].strip()

    for row in rows[1:]:
        group = cell(row, version)
        if version == "APIVERSION":
            group = group.rpartition("/")[0]
        yield Custom(group, cell(row, "NAME"), cell(row, "NAMESPACED") == "true")


def _of_json(text: str) -> Iterator[Custom]:
    """One document, a list of them, or several behind each other, as calls of `kubectl get --raw` print them."""
    import json

    decoder, at = json.JSONDecoder(), 0
    pending: list[Any] = []
    while at < len(text.rstrip()):
        at += len(text[at:]) - len(text[at:].lstrip())
        found, at = decoder.raw_decode(text, at)
        pending += found if isinstance(found, list) else [found]
    for one in pending:
        kind = one.get("kind") if isinstance(one, dict) else None
        try:
            if kind == "APIResourceList":
                yield from _of_list(one)
            elif kind == "APIGroupDiscoveryList":
                yield from _of_discovery(one)
            else:
                raise ValueError(f"kind is {kind}, not APIResourceList or APIGroupDiscoveryList")
        except KeyError as error:
            raise ValueError(f"{kind} without {error}") from error
        except (TypeError, AttributeError) as error:
            raise ValueError(f"{kind} of another shape than kube-apiserver gives it") from error


def _of_list(data: dict[str, Any]) -> Iterator[Custom]:
    group = data["groupVersion"].rpartition("/")[0]
    listed = data.get("resources") or []
    subs: dict[str, set[str]] = {}
    for one in listed:
        name, _, sub = one["name"].partition("/")
        subs.setdefault(name, set()).update([sub] if sub else [])
    plain = (one for one in listed if "/" not in one["name"])
    for one in plain:
        yield Custom(group, one["name"], bool(one["namespaced"]), frozenset(subs[one["name"]]))


def _of_discovery(data: dict[str, Any]) -> Iterator[Custom]:
    for item in data["items"]:
        group = item["metadata"].get("name", "")
        for version in item.get("versions") or ():
            for one in version.get("resources") or ():
                subs = frozenset(sub["subresource"] for sub in one.get("subresources") or ())
                yield Custom(group, one["resource"], one["scope"] == "Namespaced", subs)


def of_definition(data: Any) -> Custom | None:
    """The resource that a CustomResourceDefinition defines; None for what is no whole one."""
    spec = data.get("spec") if isinstance(data, dict) and data.get("kind") == CRD else None
    names = spec.get("names") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(names, dict):
        return None
    group, name, scope = spec.get("group"), names.get("plural"), spec.get("scope", "Namespaced")
    if not isinstance(group, str) or not isinstance(name, str):
        return None
    versions = [spec, *(one for one in spec.get("versions") or () if isinstance(one, dict))]
    subs = frozenset(sub for one in versions for sub in (one.get("subresources") or {}))
    return Custom(group, name, scope == "Namespaced", subs)
