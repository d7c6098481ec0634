"""Template `unknown-group`: an API group that looks built in and is not.

kube-apiserver does not check the names of groups. A group of a custom resource is never reported: those have a
dot (apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go, 1.9 to 1.37: "should be a domain with
at least one dot"), and are spelt like no built-in group.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.kubernetes import resources
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.kubernetes.validation import is_subdomain
from kube_audit_lint.kubernetes.written import WrittenEntry
from kube_audit_lint.model.advice import Advice, write

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}

_CORE = ("core", "v1", "api", "legacy", "core.k8s.io", "v1.core", "core.v1", "kubernetes")
_UNKNOWN = "Write the group that the resources belong to."
_CORE_HELP = write("", field="group", quoted=True)
# Served without a dot once, or by aggregated APIs of old.
_ONCE = ("metrics", "federation", "componentconfig", "imagepolicy", "servicecatalog")


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each group that is a slip of the pen."""
    for rule in subject.loaded.rules:
        for entry in rule.entries:
            group = entry.group
            if group is None or not group.text or not group.known or not is_subdomain(group.text):
                continue  # what is no subdomain is refused altogether
            meant = meant_group(group.text)
            if meant is None:
                continue
            message = f"There is no API group `{group.text}`, so this item matches nothing."
            help: str | Advice = write(meant, field="group")
            if meant in ("", "core"):
                help = _help_by_resources(entry)
                if meant and help == _UNKNOWN:
                    help = _CORE_HELP
                if help == _CORE_HELP:
                    message += ' The core group is the empty string: `""`.'
            yield Hit(group.place, message, help=help)


def _help_by_resources(entry: WrittenEntry) -> str | Advice:
    """The group that serves what the item lists: `v1` is the version of many groups."""
    groups = {serving[0][0] for one in entry.resources if (serving := _groups_serving(one.text))}
    if not groups:
        return _UNKNOWN
    if groups == {""}:
        return _CORE_HELP
    if len(groups) == 1:
        return write(groups.pop(), field="group")
    names = (f'`{one.text}`: "{serving[0][0]}"' for one in entry.resources if (serving := _groups_serving(one.text)))
    return f"Make an item of each group: {', '.join(names)}."


def _groups_serving(text: str) -> tuple[tuple[str, int, int], ...]:
    return resources.groups_serving(text.partition("/")[0])


def meant_group(text: str) -> str | None:
    """`core`, a built-in group, or "" for what is certainly none; None when the group may well exist."""
    known = resources.groups()
    if text in known or text in resources.WELL_KNOWN_OPEN_GROUPS or text in _ONCE:
        return None
    if text in _CORE:
        return "core"
    dotted = [group for group in known if "." in group]
    if "." not in text:
        full = [group for group in dotted if group.split(".")[0] == text]
        return full[0] if len(full) == 1 else nearest(text, [group for group in known if group], 1) or ""
    for ending in (".k8s.io", ".io"):
        if text + ending in known:
            return text + ending
    start, _, rest = text.partition(".")
    if rest in ("k8s.io", "kubernetes.io"):
        same = [group for group in known if group and group.split(".")[0] == start]
        if len(same) == 1 and same[0] != "autoscaling":
            return same[0]
    if text.endswith(".kubernetes.io") and text[: -len("kubernetes.io")] + "k8s.io" in known:
        return text[: -len("kubernetes.io")] + "k8s.io"
    return nearest(text, dotted, 1 if len(text) < 14 else 2)
