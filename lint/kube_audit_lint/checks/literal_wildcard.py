"""Template `literal-wildcard`: a `*` where kube-apiserver compares it as a character.

Source: staging/src/k8s.io/apiserver/pkg/audit/policy/checker.go, Kubernetes 1.10 to 1.37: users, groups, verbs,
namespaces and names are compared exactly; of resources, `*`, `*/sub` and `res/*` are patterns and nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.checks.user_is_a_group import instead
from kube_audit_lint.kubernetes.names import may_be_name
from kube_audit_lint.kubernetes.written import Text, WrittenEntry
from kube_audit_lint.model.advice import Advice, write

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}

_SUBJECTS = {
    "users": ("user", "every user"),
    "userGroups": ("group", "every user"),
    "verbs": ("verb", "every verb"),
    "namespaces": ("namespace", "every namespace"),
}


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each item with a `*` that is none of the patterns kube-apiserver knows."""
    for rule in subject.loaded.rules:
        for field in _SUBJECTS:
            for item in rule.lists[field]:
                if _starred(item):
                    yield _literal(item, field, rule.lists[field], "userGroups" in rule.lists)
        for entry in rule.entries:
            yield from _in_entry(entry)


def _starred(item: Text) -> bool:
    return item.known and "*" in item.text


def _literal(item: Text, field: str, items: list[Text], beside_groups: bool) -> Hit:
    noun, every = _SUBJECTS[field]
    message = f"`*` is an ordinary character in `{field}`: no {noun} is called `{item.text}`, so {_so(items)}."
    if item.text.strip() == "*":
        return Hit(item.place, message, help=_without(field, f"the rule matches {every}"))
    others = any(not _starred(one) for one in items)
    either = Advice("leave out", f"Name each {noun}, or leave `{field}` out", field=field, choice=True)
    return Hit(item.place, message, help=_instead(item.text, field, others, beside_groups) or either)


def _without(field: str, matched: str) -> Advice:
    return Advice("leave out", f"Leave `{field}` out", f": without it {matched}.", field)


def _so(items: list[Text]) -> str:
    if all(_starred(item) for item in items):
        return "this condition can never be true, and the rule never applies"
    return "this item matches nothing"


def _instead(text: str, field: str, others: bool, beside_groups: bool) -> Advice | None:
    """The group that has all the users that a pattern was meant for. others: further users are listed beside it."""
    start = text.partition("*")[0].rstrip(":.")
    parts = start.split(":")
    group = ""
    if parts[:2] in (["system", "serviceaccount"], ["system", "serviceaccounts"]):
        group = ":".join(["system", "serviceaccounts", *parts[2:3]])
    elif parts[:2] in (["system", "node"], ["system", "nodes"]):
        group = "system:nodes"
    if not group or field not in ("users", "userGroups"):
        return None
    if field == "userGroups":
        return write(group, quoted=True, where=" in place of it")
    return instead(group, others, beside_groups)


def _in_entry(entry: WrittenEntry) -> Iterator[Hit]:
    for item in entry.names:
        if _starred(item):
            help: str | Advice = _without("resourceNames", "the item matches every name")
            if item.text != "*":
                help = "List the names in full; there are no patterns for names."
            message = "`*` is an ordinary character in `resourceNames`: "
            if may_be_name(item.text, entry.group_name):
                message += f"only an object that is itself called `{item.text}` matches."
            else:
                message += f"no object can be called `{item.text}`, so {_so_entry(entry.names, 'name')}."
            yield Hit(item.place, message, help=help)
    for item in entry.resources:
        if _starred(item) and not is_pattern(item.text):
            message = (
                f"`{item.text}` is no pattern that kube-apiserver knows, so {_so_entry(entry.resources, 'resource')}."
            )
            yield Hit(item.place, message, help=_resource_instead(item.text))


def _so_entry(items: list[Text], noun: str) -> str:
    good = [item for item in items if not _starred(item) or (noun == "resource" and is_pattern(item.text))]
    return f"it matches no {noun}" if good else f"this item of `resources` matches nothing: no {noun} is like that"


def is_pattern(text: str) -> bool:
    """Whether the text is one of the patterns for resources."""
    resource, slash, sub = text.partition("/")
    if not slash:
        return resource == "*"
    return (resource == "*" and sub != "" and "*" not in sub) or (sub == "*" and resource != "" and "*" not in resource)


def _resource_instead(text: str) -> str | Advice:
    if text.strip() in ("*/*", "**", "*.*", "*/", "/*"):
        return write("*", quoted=True, rest=": it matches all resources of the group and their subresources.")
    return "Write the resources in full; only `*`, `*/scale` and `pods/*` are patterns."
