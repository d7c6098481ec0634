"""What is known of custom resources in a run: a list of the cluster, or the definitions in the repository.

Definitions are only looked for where a policy names a group that they could be about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kube_audit_lint.discovery.look import MANIFEST_ENDS, TEMPLATE_ENDS
from kube_audit_lint.discovery.roots import read_own
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.kubernetes.custom import CRD, Custom, Served, by_group, of_definition, parse_listed
from kube_audit_lint.pipeline.repository import Repository
from kube_audit_lint.syntax.decode import decode

_SCHEMA = rb"(?m)^( *)schema:[ \t]*\r?\n(?:\1 [^\n]*\n|[ \t]*\r?\n)+"
"""A key with what is indented below it: nearly all of a definition, of which nothing here needs it."""

_ROLE = rb"apiGroups:([^:]{1,500})resources:([^:]{1,2000}?)(?:\w+:|-?[ \t]*\Z)"
"""What a rule of a role is about; templates of charts hold them, too, so that they are not parsed."""

_OBJECT = r"/v\w+[\"']?[ \t]*\r?\n[ \t]*kind:[ \t]*[\"']?(\w+)"
_ENDINGS = (*MANIFEST_ENDS, *TEMPLATE_ENDS)


def listed(path: str, named: tuple[str, ...]) -> Served:
    """What a file lists. Raises OwnFileError. named: the paths that the command names."""
    try:
        text, problem = decode(read_own(path, named))
        if problem is not None:
            raise ValueError(problem.message)
        return Served(by_group(parse_listed(text)), True, path)
    except OSError as error:
        raise OwnFileError(path, error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise OwnFileError(path, f"--api-resources: {error}") from error


def joined(cluster: Served | None, here: Served | None) -> Served | None:
    """What a list of the cluster and definitions say together: what is defined here may not be in the cluster yet."""
    if cluster is None or here is None:
        return cluster or here
    both = {group: {**names, **cluster.groups.get(group, {})} for group, names in here.groups.items()}
    return cluster._replace(groups={**cluster.groups, **both})


def served_here(wanted: set[str], repository: Repository) -> Served | None:
    """What the definitions of the repository say of groups; None where they say nothing."""
    found: list[Custom] = []
    unclear: set[str] = set()
    for path in repository.paths:
        if path.endswith(_ENDINGS):
            data = repository.content(path)
            named = {group for group in wanted if group.encode() in data} if CRD.encode() in data else set()
            if named:
                known = list(_definitions(data))
                found += [one for one in known if one is not None]
                # A file that a template fills may define more than can be seen.
                unclear |= named if None in known or not known else set()
    groups = {group: names for group, names in by_group(found).items() if group in wanted - unclear}
    if not groups:
        return None
    used: dict[str, set[str]] = {group: set() for group in groups}
    for path in repository.paths:
        if path.endswith(_ENDINGS):
            _add_used(used, repository.content(path))
    return Served(
        groups, False, "the repository", {group: frozenset(used[group]).difference(groups[group]) for group in groups}
    )


def _add_used(used: dict[str, set[str]], data: bytes) -> None:
    """Adds the resources of groups that roles name, and those of objects, by the usual plural of their kinds."""
    named = [group for group in used if group.encode() in data] if CRD.encode() not in data else []
    roles = re.findall(_ROLE, data) if named and b"apiGroups:" in data else []
    for group in named:
        exact = rf"(?<![\w.-]){re.escape(group)}"
        of_group = re.compile(rf"{exact}(?![\w.-])".encode())
        for groups, names in roles:
            if of_group.search(groups):
                listed = re.findall(rb"[a-z][a-z0-9./-]*", names)
                used[group].update(one.decode().partition("/")[0] for one in listed)
        for kind in re.findall(f"{exact}{_OBJECT}".encode(), data):
            used[group].add(_plural(kind.decode().lower()))


def _plural(kind: str) -> str:
    ending = "es" if re.search(r"(?:s|x|ch|sh)\Z", kind) else "s"
    return re.sub(r"(?<=[^aeiou])y\Z", "ie", kind) + ending


def _definitions(data: bytes) -> Iterator[Custom | None]:
    """The definitions in a file; None for one that cannot be read."""
    documents = _documents(re.sub(_SCHEMA, b"", data)) or _documents(data)
    if documents is None:
        yield None
    for one in documents or ():
        items = one.get("items") if isinstance(one, dict) and isinstance(one.get("items"), list) else [one]
        for item in items or ():
            if isinstance(item, dict) and item.get("kind") == CRD:
                yield of_definition(item)


def _documents(data: bytes) -> list[Any] | None:
    """The documents of a YAML file; None where it cannot be read."""
    import yaml

    try:
        return list(yaml.load_all(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
