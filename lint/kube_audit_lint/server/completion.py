"""What may be written at a cursor: words of policies, and audit flags with their values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kube_audit_lint.analysis.request import RESOURCE_VERBS
from kube_audit_lint.discovery.walk import named_policy
from kube_audit_lint.kubernetes import fields, flags, meanings
from kube_audit_lint.kubernetes import resources as catalogue
from kube_audit_lint.model.policy import LEVELS, STAGES, URL_VERBS
from kube_audit_lint.model.version import Versions
from kube_audit_lint.server.checked import Checked
from kube_audit_lint.server.cursor import Cursor, cursor, group_beside
from kube_audit_lint.server.hover import of_flag, of_group, of_resource
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

_SERVER = re.compile(r"(?i)api-?server|extraArgs|audit-log-|audit-policy-file")
_FLAG = re.compile(r"(?:^|[\s\"'=,\[])(--?)?(audit[a-z-]*|a|au|aud|audi|)(?:=([a-z/.0-9-]*))?\Z")
_USERS = ("system:anonymous", "system:apiserver", "system:kube-scheduler", "system:kube-controller-manager")
_GROUPS = ("system:authenticated", "system:unauthenticated", "system:masters", "system:nodes", "system:serviceaccounts")
_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_URLS = ("/api*", "/apis*", "/healthz*", "/livez*", "/metrics", "/openapi/*", "/readyz*", "/version", "*")


class Completion(NamedTuple):
    """A word to write. replaced: what it takes the place of. kind: value, field or flag."""

    label: str
    text: str
    detail: str
    replaced: Place
    kind: str = "value"


def completions(checked: Checked, offset: int) -> list[Completion]:
    """What may be written at an offset."""
    at = cursor(checked.source.text, offset)
    if _is_policy(checked, at):
        return list(_of_policy(checked, at, offset))
    return list(_of_server(checked, offset)) if _SERVER.search(checked.source.text) else []


def _is_policy(checked: Checked, at: Cursor) -> bool:
    """Whether the cursor is in a policy: among rules, or at the top of a file that is one."""
    ours = "audit.k8s.io" in checked.source.text or named_policy(checked.path)
    return ours and ("rules" in at.keys or not at.keys or at.keys[-1] in fields.POLICY)


def _of_policy(checked: Checked, at: Cursor, offset: int) -> Iterator[Completion]:
    keys = at.keys[len(at.keys) - at.keys[::-1].index("rules") :] if "rules" in at.keys else at.keys[-1:]
    in_rule = "rules" in at.keys
    replaced = checked.source.place(at.start, offset)
    for word, detail in _words(checked, at, keys, in_rule, offset):
        plain = at.quoted or (word != "" and not word.startswith("*"))  # to YAML, `*` begins an alias
        text = word if plain else f'"{word}"'
        yield Completion(word or '""', text, detail, replaced)
    for name, field in _fields(at, keys, in_rule).items():
        if field.first <= checked.versions.last and checked.versions.first <= field.last:
            meaning = "resources[]" if name == "resources" and keys else name
            yield Completion(name, f"{name}: ", meanings.FIELDS.get(meaning, ""), replaced, "field")


def _fields(at: Cursor, keys: tuple[str, ...], in_rule: bool) -> dict[str, fields.Field]:
    """The keys that may be here."""
    if not at.in_key or at.quoted:
        return {}
    if not in_rule:
        return fields.POLICY if not keys else {}
    return {(): fields.RULE, ("resources",): fields.RESOURCES}.get(keys, {})


def _words(
    checked: Checked, at: Cursor, keys: tuple[str, ...], in_rule: bool, offset: int
) -> Iterable[tuple[str, str]]:
    """The values that may be here, each with what it means."""
    field = keys[-1] if keys else ""
    versions = checked.versions
    if keys == ("resources", "resources") and in_rule:
        return _resources(group_beside(checked.source.text, offset), versions)
    if keys == ("resources", "group"):
        return [(group, of_group(group, versions)) for group in _groups(versions)]
    tables: dict[str, Iterable[str]] = {"level": LEVELS, "omitStages": STAGES, "verbs": (*RESOURCE_VERBS, *URL_VERBS)}
    if field in tables and len(keys) == 1:
        texts = {**meanings.LEVELS, **meanings.STAGES, **meanings.VERBS}
        return [(word, texts[word]) for word in dict.fromkeys(tables[field])]
    if field == "omitManagedFields":
        return [("true", "`managedFields` are left out of recorded bodies."), ("false", "Bodies are recorded whole.")]
    if not in_rule:
        known = [name for name, (first, last) in fields.API_VERSIONS.items() if first <= versions.last <= last]
        return [(word, "") for word in {"apiVersion": known, "kind": ["Policy"]}.get(field, [])]
    names = {"users": _USERS, "userGroups": _GROUPS, "namespaces": _NAMESPACES, "nonResourceURLs": _URLS}
    return [(word, "") for word in names.get(field, ())]


def _groups(versions: Versions) -> list[str]:
    minors = range(versions.first, versions.last + 1)
    return [group for group in catalogue.groups() if catalogue.is_builtin_group(group, minors)]


def _resources(group: str, versions: Versions) -> Iterator[tuple[str, str]]:
    """The resources and subresources that some of the versions serve."""
    first, last = catalogue.clamp(versions.first), catalogue.clamp(versions.last)
    for name in catalogue.names(group):
        spans = [one for one in catalogue.find(group, name) if one.first <= last and first <= one.last]
        subs = sorted({sub for span in spans for sub in span.subresources})
        items = [*([name] if any(span.verbs for span in spans) else []), *(f"{name}/{sub}" for sub in subs)]
        for item in [*items, *([f"{name}/*"] if subs else [])]:
            yield item, of_resource(group, item, versions)
    yield "*", of_resource(group, "*", versions)


def _of_server(checked: Checked, offset: int) -> Iterator[Completion]:
    """Audit flags of the versions; behind `=` the values of one."""
    start = checked.source.text.rfind("\n", 0, offset) + 1
    line = checked.source.text[start:offset]
    found = _FLAG.search(line)
    if found is None or not (found[1] or found[2]):
        return
    if found[3] is not None:
        yield from _values(checked, found[2], offset - len(found[3]), offset)
        return
    before = found[1] or ""
    replaced = checked.source.place(offset - len(found[2]) - len(before), offset)
    for name in flags.all_names():
        spec = flags.spec(name)
        if spec is not None and any(map(spec.exists, range(checked.versions.first, checked.versions.last + 1))):
            written = f"--{name}=" if before else name
            yield Completion(
                f"--{name}" if before else name, written, of_flag(name, checked.versions), replaced, "flag"
            )


def _values(checked: Checked, name: str, start: int, end: int) -> Iterator[Completion]:
    spec = flags.spec(name)
    words = flags.allowed(name, checked.versions.last) or (("true", "false") if spec and spec.type == "bool" else ())
    for word in words:
        yield Completion(word, word, "", checked.source.place(start, end))
