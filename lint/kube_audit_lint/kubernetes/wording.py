"""What to say of a value of the wrong type, and of fields that kube-apiserver drops."""

from __future__ import annotations

from kube_audit_lint.kubernetes.fields import METADATA, POLICY, RESOURCES, RULE, Type
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.model.advice import Advice, leave_out, write
from kube_audit_lint.model.finding import SeverityOrNone
from kube_audit_lint.model.policy import STAGES
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.source import Place

_MEANT_IN_RULE = {
    "user": "users",
    "username": "users",
    "usernames": "users",
    "groups": "userGroups",
    "group": "userGroups",
    "usergroup": "userGroups",
    "urls": "nonResourceURLs",
    "url": "nonResourceURLs",
    "paths": "nonResourceURLs",
    "path": "nonResourceURLs",
    "nonresourcepaths": "nonResourceURLs",
    "omitstage": "omitStages",
    "actions": "verbs",
    "operations": "verbs",
    "methods": "verbs",
}
_MEANT_IN_ENTRY = {
    "groups": "group",
    "apigroup": "group",
    "apigroups": "group",
    "name": "resourceNames",
    "names": "resourceNames",
    "resource": "resources",
    "kinds": "resources",
    "kind": "resources",
}
_WITHOUT = {
    "users": "every user",
    "userGroups": "every user",
    "verbs": "every verb",
    "namespaces": "every namespace",
    "resourceNames": "every name",
}
_SPECIAL = {
    "stages": "There is no field that chooses stages: `omitStages` lists those that are not recorded.",
    "codes": "The response's code is not known when the rule is chosen: no policy can select by it.",
    "subresources": "A subresource is written into `resources`, as in `pods/exec`.",
}


_Unknown = tuple[str, str | Advice, SeverityOrNone]
"""Message, help and severity for a field that kube-apiserver drops."""


def wrong_type(node: Node, wanted: Type, path: str) -> tuple[str, str]:
    """Message and help for a value that is not what the field wants."""
    name = path.rpartition(".")[2].partition("[")[0]
    item = path.endswith("]")
    what = f"An item of `{name}`" if item else f"`{name}`"
    if not path:
        what = "An audit policy"
    message = f"{what} has to be {wanted.noun}, and this is {noun(node)}."
    return message, _help_of_type(node, wanted, name, item)


def _help_of_type(node: Node, wanted: Type, name: str, item: bool) -> str:
    text = node.place.text
    if isinstance(node, Scalar) and (text.startswith(("$", "<")) or text.strip("_@%") != text.strip()):
        return f"Fill in the placeholder `{text}`."
    if isinstance(node, Scalar) and len(text) < 80 and "\n" not in text:
        if wanted.go in ("[]string", "[]v1.Stage"):
            parts = ", ".join(part.strip() for part in text.split(","))
            return f"Write `{name}: [{parts}]`."
        if wanted.kind == "string":
            return f'Write `"{text}"`, in quotes.' if item else f'Write `{name}: "{text}"`, in quotes.'
        if wanted.kind == "bool" and node.value.lower() in ("true", "false"):
            return f"Write `{name}: {node.value.lower()}`, without quotes."
        if wanted.go == "v1.GroupResources" and node.kind == "string":
            return _entry_for(node.value)
    if isinstance(node, Sequence) and len(node.items) == 1 and wanted.kind in ("string", "bool") and not item:
        (only,) = node.items
        if isinstance(only, Scalar):
            return f"Write `{name}: {only.place.text}`."
    if wanted.kind == "list" and isinstance(node, Mapping) and name == "resources":
        return "Put `- ` in front of it: it is a list, also when it has one item."
    return ""


def _entry_for(name: str) -> str:
    from kube_audit_lint.kubernetes.resources import groups_serving

    serving = groups_serving(name.partition("/")[0])
    if not serving:
        return ""
    return f'Write `- {{group: "{serving[0][0]}", resources: ["{name}"]}}`.'


def noun(node: Node) -> str:
    """What a reader calls this value."""
    if isinstance(node, Scalar):
        if node.kind == "bool" and node.place.text.lower() not in ("true", "false"):
            return f"a boolean (YAML takes `{node.place.text}` for `{node.value}`)"
        return {"string": "a string", "bool": "a boolean", "null": "nothing"}.get(node.kind, "a number")
    return "a list" if isinstance(node, Sequence) else "a mapping"


def repeated_key(losers: list[Entry], kept: Entry, json: bool) -> tuple[Place, str, str, SeverityOrNone]:
    """Place, message, help and severity for a key that is more than once in a mapping."""
    name, lost = kept.key.value, losers[-1]
    if kept.merged and not lost.merged:
        message = (
            f"`{name}` is overwritten by the merge `<<` that stands after it: kube-apiserver lets the last one count, "
            "also where YAML says that a merge does not overwrite."
        )
        return lost.key.place, message, "Put the `<<` first.", ""
    if lost.merged:
        message = (
            f"`{name}` overrides what the merge `<<` brings. It works, but from 1.26 kube-apiserver logs a warning "
            "at every start (falling back to lenient decoding)."
        )
        return kept.key.place, message, "", "info"
    times = "twice" if len(losers) == 1 else f"{len(losers) + 1} times"
    before = "the one before is" if len(losers) == 1 else "those before are"
    message = f"`{name}` stands {times} in this mapping: this one counts, {before} dropped without an error."
    if json:
        message = f"`{name}` stands {times} in this object: this one is read over what stands before."
    return kept.key.place, message, "", ""


def unknown_field(entry: Entry, node: Mapping, wanted: Type) -> _Unknown:
    """Message, help and severity for a field that kube-apiserver drops."""
    if wanted.fields is RULE:
        return _unknown_in_rule(entry.key.value, node)
    if wanted.fields is RESOURCES:
        return _unknown_in_entry(entry.key.value, node)
    if wanted.fields is POLICY:
        return _unknown_in_policy(entry)
    return _unknown_in_metadata(entry.key.value, wanted)


def _unknown_in_rule(name: str, node: Mapping) -> _Unknown:
    head = f"A rule has no field `{name}`: kube-apiserver drops it without an error."
    low = name.lower()
    if low in _SPECIAL:
        return f"{head} {_SPECIAL[low]}", _help_of_stages(node.get(name)) or leave_out(name), ""
    if low in ("apigroups", "apigroup") or (low in ("group", "groups") and not _names_users(node.get(name))):
        return (
            f"{head} {_without('resources', node)}",
            "Name the group inside `resources`, as `- group: ...`.",
            "",
        )
    if low in ("name", "names", "resourcename", "resourcenames"):
        help = "Write `resourceNames` inside the item of `resources` that it belongs to."
        return f"{head} The rule matches every name.", help, ""
    meant = _MEANT_IN_RULE.get(low) or nearest(name, RULE)
    if meant is None:
        return f"{head} The rule matches what its other fields say.", "", ""
    if meant in node.entries:
        return f"{head} Only `{meant}` of this rule counts.", f"Put it all into `{meant}`.", ""
    return f"{head} {_without(meant, node)}", write(meant), ""


def _help_of_stages(node: Node | None) -> Advice | None:
    """The `omitStages` that leaves only the stages that `stages` lists."""
    chosen = [item.value for item in node.items if isinstance(item, Scalar)] if isinstance(node, Sequence) else []
    if not chosen or any(stage not in STAGES for stage in chosen):
        return None
    omitted = tuple(stage for stage in STAGES if stage not in chosen)
    return Advice("write", f"Write `omitStages: [{', '.join(omitted)}]`", field="omitStages", values=omitted)


def _names_users(node: Node | None) -> bool:
    items = node.items if isinstance(node, Sequence) else [node]
    return any(isinstance(item, Scalar) and ":" in item.value for item in items)


def _without(field: str, node: Mapping) -> str:
    if field in _WITHOUT:
        return f"Without it the rule matches {_WITHOUT[field]}."
    if field == "resources":
        if _has_items(node, "namespaces"):
            return "Without it the rule matches every resource in its namespaces."
        if _has_items(node, "nonResourceURLs") or _has_items(node, "resources"):
            return "The rule matches what its other fields say."
        return "Without it the rule matches every resource, and all other URLs too."
    if field == "nonResourceURLs":
        if _has_items(node, "resources") or _has_items(node, "namespaces"):
            return "The rule matches resources only."
        return "Without it the rule matches every URL, and all resources too."
    if field == "omitStages":
        return "Without it the rule omits no stage of its own."
    return "The rule matches what its other fields say."


def _has_items(node: Mapping, name: str) -> bool:
    return bool(node.items(name))


def _unknown_in_entry(name: str, node: Mapping) -> _Unknown:
    head = f"An item of `resources` has no field `{name}`: kube-apiserver drops it without an error."
    low = name.lower()
    if name in RULE:
        without = _WITHOUT.get(name)
        tail = f" It does not limit what matches: {without} does." if without else ""
        return f"{head}{tail}", f"Move `{name}` up, beside `level`: it holds for the whole rule.", ""
    if low in _SPECIAL:
        return f"{head} {_SPECIAL[low]}", leave_out(name), ""
    meant = _MEANT_IN_ENTRY.get(low) or nearest(name, RESOURCES)
    group = _called(node.string("group") or "")
    matches = "what its other fields say" if _has_items(node, "resources") else f"every resource of the {group}"
    if meant is None and low in _MEANT_IN_RULE:
        help = f"Write `{_MEANT_IN_RULE[low]}`, beside `level`: it holds for the whole rule."
        return f"{head} The item matches {matches}.", help, ""
    if meant is None:
        return f"{head} The item matches {matches}.", "", ""
    if meant in node.entries:
        return f"{head} Only `{meant}` of this item counts.", f"Put it all into `{meant}`.", ""
    without = {
        "resources": f"Without it the item matches every resource of the {group}.",
        "resourceNames": "Without it the item matches every name.",
        "group": "Without it the item is for the core group.",
    }[meant]
    return f"{head} {without}", write(meant), ""


def _called(group: str) -> str:
    return f"group `{group}`" if group else "core group"


def _unknown_in_policy(entry: Entry) -> _Unknown:
    name = entry.key.value
    head = f"A policy has no field `{name}`: kube-apiserver drops it without an error."
    if name.lower() in ("apiversion", "kind"):
        right = "kind" if name.lower() == "kind" else "apiVersion"
        message = f"The field is spelt `{right}`. This one works, but from 1.26 it draws a warning at every start."
        return message, write(right), "warning"
    if name.startswith("x-"):
        message = f"{head} As a place for anchors it does no harm, but from 1.26 it draws a warning at every start."
        return message, "Write each anchor in the rule that is the first to use it, or leave this as it is.", "info"
    if name in METADATA:
        message = f"`{name}` belongs into `metadata`. It does no harm, but from 1.26 it draws a warning at every start."
        return message, f"Move `{name}` into `metadata`, or leave it out.", "info"
    if name in RULE:
        return f"{head} It belongs to a rule.", f"Move `{name}` into the rule that it is meant for.", ""
    meant = nearest(name, POLICY)
    if meant is not None:
        tail = " Without it no stage is omitted by the policy as a whole." if meant == "omitStages" else ""
        return f"{head}{tail}", write(meant), ""
    return head, leave_out(name, ", or make it a comment."), ""


def _unknown_in_metadata(name: str, wanted: Type) -> _Unknown:
    if wanted.fields is METADATA and (name in POLICY or name in RULE):
        message = f"`{name}` is inside `metadata`, where kube-apiserver drops it without an error."
        return message, f"Move `{name}` out of `metadata`.", ""
    message = f"`{name}` is not a field here. It does no harm, but from 1.26 it draws a warning at every start."
    return message, leave_out(name, ", or make it a comment."), "info"
