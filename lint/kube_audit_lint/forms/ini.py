"""Arguments of an API server in INI, Java's properties and Ansible's inventories, under keys that say so: a part.

What the variables of an inventory hold (`[all:vars]`, or the words behind a host) is read as a file of variables is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kube_audit_lint.forms.common.context import Context
from kube_audit_lint.forms.common.loose import loose_arguments
from kube_audit_lint.model.found import Found, joined
from kube_audit_lint.syntax.nodes import Document, Entry, Mapping, Scalar
from kube_audit_lint.syntax.source import Source

MARKS = ("audit-", "audit_")
ORDER = 8

_ENDING = re.compile(
    r"(?i)(?:\.(?:properties|ini|cfg|conf|env|cnf)|(?:\A|[/.-])(?:hosts|inventory|env)[\w.-]*|/[\w-]+)\Z"
)


def read_text(source: Source, context: Context) -> Found | None:
    """The servers of a file, one for each key with arguments that say something of auditing."""
    if context.offsets is not None or not _ENDING.search(f"/{context.path}") or context.is_template:
        return None
    from kube_audit_lint.syntax.ini import read_ini

    properties = context.path.endswith(".properties")
    root = read_ini(source, properties)
    if root is None:
        return None
    variables = [] if properties else list(_variables(root))
    found = joined([*_inventory(variables, context), loose_arguments(_without(root, variables), top=True)])
    return found if found else None


def _variables(root: Mapping) -> Iterator[Mapping]:
    """The variables of an inventory's groups and hosts."""
    for name, entry in root.entries.items():
        if isinstance(entry.value, Mapping):
            hosts = [one.value for one in entry.value.entries.values() if isinstance(one.value, Mapping)]
            yield from [entry.value] if name.endswith(":vars") else hosts


def _inventory(variables: list[Mapping], context: Context) -> Iterator[Found]:
    for node in variables:
        document = Document(node.source, node.start, node.end, node)
        readers = context.readers.of_document(node.source.text) if context.readers else iter(())
        part = next((found for read in readers if (found := read(document, context)) is not None), None)
        if part is not None:
            yield part


def _without(root: Mapping, variables: list[Mapping]) -> Mapping:
    """The settings that are no variables of an inventory."""

    def kept(entry: Entry) -> bool:
        return not any(entry.value is one for one in variables)

    out = Mapping(root.source, root.start, root.end, {})
    for entry in root.entries.values():
        value = entry.value
        if isinstance(value, Mapping):
            inner = {name: one for name, one in value.entries.items() if kept(one)}
            value = Mapping(value.source, value.start, value.end, inner)
        if kept(entry):
            out.put(Entry(_key(entry.key), value))
    return out


def _key(key: Scalar) -> Scalar:
    """A section's name without what is behind a colon."""
    name = key.value.partition(":")[0]
    return Scalar(key.source, key.start, key.start + len(name), "string", name)
