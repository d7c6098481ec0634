"""Template `unknown-resource`: a resource that a built-in group does not have.

kube-apiserver does not check the names of resources. Built-in groups are closed: their resources are those of
kubernetes/resources.py. Other groups are open, unless a list of the cluster or definitions say what they hold.
"""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.kubernetes import resources
from kube_audit_lint.kubernetes.resources import Resource
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.kubernetes.written import Text, WrittenEntry
from kube_audit_lint.model.advice import Advice, leave_out, write
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.kubernetes.custom import Custom, Served

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}

_SHORT = {
    "cj": "cronjobs",
    "cm": "configmaps",
    "cr": "clusterroles",
    "cs": "componentstatuses",
    "crd": "customresourcedefinitions",
    "crds": "customresourcedefinitions",
    "customresources": "customresourcedefinitions",
    "csr": "certificatesigningrequests",
    "csrs": "certificatesigningrequests",
    "deploy": "deployments",
    "deploys": "deployments",
    "ds": "daemonsets",
    "ep": "endpoints",
    "ev": "events",
    "hpa": "horizontalpodautoscalers",
    "ing": "ingresses",
    "limits": "limitranges",
    "netpol": "networkpolicies",
    "no": "nodes",
    "ns": "namespaces",
    "pc": "priorityclasses",
    "pdb": "poddisruptionbudgets",
    "po": "pods",
    "psp": "podsecuritypolicies",
    "pv": "persistentvolumes",
    "pvc": "persistentvolumeclaims",
    "quota": "resourcequotas",
    "rc": "replicationcontrollers",
    "rs": "replicasets",
    "sa": "serviceaccounts",
    "sc": "storageclasses",
    "sts": "statefulsets",
    "svc": "services",
    "validatingwebhooks": "validatingwebhookconfigurations",
    "validatingadmissionwebhooks": "validatingwebhookconfigurations",
    "validatingwebhookconfigs": "validatingwebhookconfigurations",
    "mutatingwebhooks": "mutatingwebhookconfigurations",
    "mutatingadmissionwebhooks": "mutatingwebhookconfigurations",
    "mutatingwebhookconfigs": "mutatingwebhookconfigurations",
}
_ANY_GROUPS = "status"
"""Policies name `*/status` of one group after the other; where no resource has it, nothing is lost."""
SUBRESOURCES = {
    "exec": "pods/exec",
    "attach": "pods/attach",
    "portforward": "pods/portforward",
    "log": "pods/log",
    "logs": "pods/log",
    "eviction": "pods/eviction",
    "ephemeralcontainers": "pods/ephemeralcontainers",
    "token": "serviceaccounts/token",
    "tokens": "serviceaccounts/token",
    "tokenrequest": "serviceaccounts/token",
    "tokenrequests": "serviceaccounts/token",
    "approval": "certificatesigningrequests/approval",
}
_OF_KUBELET = ("stats", "metrics", "log", "spec", "healthz", "configz", "pods", "checkpoint")


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each resource of a built-in group that no version of the range serves."""
    for rule in subject.loaded.rules:
        for entry in rule.entries:
            group = entry.group_name
            if not resources.is_builtin_group(group):
                if subject.served is not None and subject.served.is_closed(group):
                    yield from _custom(entry, group, subject.served)
                continue
            for item in entry.resources:
                if item.known:
                    yield from _judge(item, group, subject.versions, len(entry.resources) == 1)


def _custom(entry: WrittenEntry, group: str, served: Served) -> Iterator[Hit]:
    """What a group of custom resources does not have, as far as these are known."""
    known = served.groups.get(group, {})
    if not known and entry.group is not None:
        others = sorted(one for one in served.groups if not resources.is_builtin_group(one))
        near = nearest(group, others)
        otherwise = "Leave the item out, or write the group that the cluster serves."
        help = write(near, field="group") if near else otherwise
        message = f"The cluster of {served.source} serves no group `{group}`{_NOTHING}"
        # What is near another group is a slip; others belong to add-ons that this cluster does not have.
        yield Hit(entry.group.place, message, severity="" if near else "info", help=help)
        return
    for item in entry.resources:
        name, slash, sub = item.text.partition("/")
        if not item.known or "*" in name or not name or (slash and not sub):
            continue
        if name not in known:
            yield from _undefined(item, group, served)
        else:
            yield from _custom_part(item, known[name], sub, served)


def _undefined(item: Text, group: str, served: Served) -> Iterator[Hit]:
    """A resource that nothing defines. Definitions in a repository may be a part of a group's: by them a name is wrong
    where a known one is near, and worth a look where nothing shows that there are others."""
    name, slash, sub = item.text.partition("/")
    known, used = served.groups.get(group, {}), served.used.get(group, frozenset())
    meant = meant_by(name, sorted({*known, *used}))
    if name in used or (used and not meant):
        return
    help = write(f"{meant}{slash}{sub}") if meant else f"There is {', '.join(sorted(known))}."
    if meant or served.whole:
        yield Hit(item.place, f"{_source(served, group)} has no `{name}`{_NOTHING}", help=help)
        return
    message = f"No CustomResourceDefinition of this repository defines `{name}` of `{group}`. Where nothing else does, "
    yield Hit(item.place, message + "this item matches nothing.", severity="info", help=help)


def _custom_part(item: Text, custom: Custom, sub: str, served: Served) -> Iterator[Hit]:
    subs = custom.subresources
    if subs is not None and sub not in ("", "*", *subs):
        near = nearest(sub, sorted(subs))
        help = write(f"{custom.name}/{near}") if near else write(custom.name, lossy=True)
        yield Hit(item.place, f"{_source(served, custom.group)} has no `{item.text}`{_NOTHING}", help=help)


_NOTHING = ": this item matches nothing."


def _source(served: Served, group: str) -> str:
    if served.whole:
        return f"The group `{group}` of the cluster of {served.source}"
    return f"The group `{group}`, as the CustomResourceDefinitions of this repository define it,"


def _judge(item: Text, group: str, versions: Versions, alone: bool) -> Iterator[Hit]:
    name, slash, sub = item.text.partition("/")
    if not name or (slash and not sub) or "/" in sub:
        yield _never(item)
        return
    if "*" in name or ("*" in sub and sub != "*"):
        if name == "*" and sub and "*" not in sub:
            yield from _every_subresource(item, group, sub, alone)
        return  # literal-wildcard reports other patterns
    spans = resources.find(group, name)
    if not spans:
        yield _unknown(item, group, name, sub)
        return
    first, last = resources.clamp(versions.first), resources.clamp(versions.last)  # older ones are not known
    served = [span for span in spans if span.first <= last and first <= span.last]
    newest = resources.known_minors()[-1]
    if not served and not (spans[-1].last == newest and versions.first > newest):
        yield _not_served(item, spans)
    elif sub not in ("", "*") and not any(sub in span.subresources for span in spans):
        yield _unknown_subresource(item, name, sub, spans)


def _every_subresource(item: Text, group: str, sub: str, alone: bool) -> Iterator[Hit]:
    """`*/sub`, where nothing in the group has such a subresource. alone: without it the entry takes the whole group."""
    spans = [span for name in resources.names(group) for span in resources.find(group, name)]
    known = sorted({one for span in spans for one in span.subresources})
    if sub not in known:
        message = f"Nothing in {called(group)} has a subresource `{sub}`, so this item matches nothing."
        meant = None if sub == _ANY_GROUPS else _meant_by_every(sub, group, known)
        help: str | Advice = write(meant) if meant else leave_out(f"*/{sub}")
        if alone and meant is None:
            help = f"Write a resource of {called(group)}, or remove the whole item: without a resource it takes all."
        yield Hit(item.place, message, severity="info" if sub == _ANY_GROUPS else "", help=help)


def _meant_by_every(sub: str, group: str, known: list[str]) -> str | None:
    """What `*/sub` was meant for: a resource of the group, or another subresource."""
    resource = meant_by(sub, resources.names(group))
    near = nearest(sub, known)
    return resource if resource is not None and (near is None or resource.startswith(sub)) else near and f"*/{near}"


def _never(item: Text) -> Hit:
    if not item.text:
        message = "The empty string is not a resource, so this item matches nothing."
        rest = "; a list of `resources` that is left out means all of the group."
        return Hit(item.place, message, help=Advice("leave out", "Leave it out", rest))
    message = f"`{item.text}` is compared with `resource` or `resource/subresource`, and no request is like that."
    return Hit(item.place, message, help="Write `resource` or `resource/subresource`.")


def _not_served(item: Text, spans: tuple[Resource, ...]) -> Hit:
    name = spans[0].name
    newest = resources.known_minors()[-1]
    if spans[-1].last < newest:
        message = (
            f"`{name}` of this group is served up to Kubernetes 1.{spans[-1].last} only: this item matches nothing."
        )
    else:
        message = (
            f"`{name}` of this group is served from Kubernetes 1.{spans[0].first}: before, this item matches nothing."
        )
    now = [group for group, _, last in resources.groups_serving(name) if last == newest and group != spans[0].group]
    help = f"Add them in {called(now[0])}, where {name} are now." if now else "Remove it when no such server is left."
    return Hit(item.place, message, severity="info", help=help)


def _unknown(item: Text, group: str, name: str, sub: str) -> Hit:
    here = called(group)
    tail = f"/{sub}" if sub else ""
    elsewhere = [other for other, _, _ in resources.groups_serving(name.lower())]
    if name in SUBRESOURCES and not sub:
        message = f"`{name}` is a subresource and no resource of its own, so this item matches nothing."
        whole = SUBRESOURCES[name]
        homes = [one for one, _, _ in resources.groups_serving(whole.partition("/")[0])]
        return Hit(item.place, message, help=write(whole) if group in homes else _in_group(homes[0], whole))
    if elsewhere and group not in elsewhere:
        message = f"`{name}` are not in {here} but in {called(elsewhere[0])}, so this item matches nothing."
        return Hit(item.place, message, help=_in_group(elsewhere[0]))
    message = f"There is no resource `{name}` in {here}, so this item matches nothing."
    meant = meant_by(name, resources.names(group))
    if meant:
        return Hit(item.place, message, help=write(meant + tail))
    every = sorted({other for one in resources.groups() for other in resources.names(one)})
    meant = meant_by(name, every)
    if meant:
        return Hit(item.place, message, help=_in_group(resources.groups_serving(meant)[0][0], meant + tail))
    return Hit(item.place, message, help="Write the name as `kubectl api-resources` has it, with its group.")


def _in_group(group: str, text: str = "") -> Advice:
    """To put the item, or another text in its place, into an item of this group."""
    what, values = (f"Write `{text}` in", (text,)) if text else ("Move it to", ())
    return Advice("to group", f'{what} an item with `group: "{group}"`', field=group, values=values)


def meant_by(name: str, known: tuple[str, ...] | list[str]) -> str | None:
    """The one of the known resources that a name is short, singular or misspelt for."""
    low = name.strip().lower()
    forms = [low, low + "s", low + "es", low[:-1] + "ies" if low.endswith("y") else low, _SHORT.get(low, low)]
    for form in forms:
        if form in known:
            return form
    return nearest(low, known, max(1 if len(low) <= 5 else 2, len(low) // 4))


def _unknown_subresource(item: Text, name: str, sub: str, spans: tuple[Resource, ...]) -> Hit:
    if name == "nodes" and sub in _OF_KUBELET:
        message = (
            f"`nodes/{sub}` is a right to the kubelet's own API in RBAC. To kube-apiserver such requests are "
            "`nodes/proxy`, so this item matches nothing."
        )
        return Hit(item.place, message, help=write("nodes/proxy"))
    known = sorted({one for span in spans for one in span.subresources})
    message = f"`{name}` have no subresource `{sub}`, so this item matches nothing."
    meant = nearest(sub, known)
    if meant:
        return Hit(item.place, message, help=write(f"{name}/{meant}"))
    return Hit(item.place, message, help=f"Write one of {', '.join(known)}." if known else write(name, lossy=True))


def called(group: str) -> str:
    """A group in words."""
    return f"the group `{group}`" if group else "the core group"
