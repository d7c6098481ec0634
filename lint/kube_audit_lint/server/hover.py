"""What a rule, a value or a flag means, where the pointer rests on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kube_audit_lint.kubernetes import flags, meanings
from kube_audit_lint.kubernetes import resources as catalogue
from kube_audit_lint.kubernetes.names import group_meant, is_role, is_user
from kube_audit_lint.model.server import Flag
from kube_audit_lint.model.version import Versions
from kube_audit_lint.report.safe import markdown, visible
from kube_audit_lint.server.checked import Checked
from kube_audit_lint.server.deciding import told
from kube_audit_lint.server.pointed import Pointed, pointed
from kube_audit_lint.syntax.nodes import Scalar
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place


class Hover(NamedTuple):
    """Markdown, in which text from files is nothing but text, and what it is about."""

    text: str
    place: Place


def hover(checked: Checked, offset: int) -> Hover | None:
    """What there is to tell at an offset; None where there is nothing."""
    found = _of_flag(checked, offset)
    if found is not None:
        return found
    at = pointed(checked, offset)
    if at is None:
        return None
    parts = [*_meaning(at), *(told(at.policy, at.rule) if at.rule is not None else ())]
    place = at.place if isinstance(at.node, Scalar) else checked.source.place(offset)
    return Hover(_markdown(parts), place) if parts else None


def _markdown(paragraphs: Iterable[str]) -> str:
    """Paragraphs and items of lists, each in one line whatever a file has in it."""
    return markdown("\n\n".join(map(visible, paragraphs)).replace("\n\n- ", "\n- "))


def _meaning(at: Pointed) -> Iterator[str]:
    """What the key or the value means by itself."""
    names = [step for step in at.path if isinstance(step, str)]
    if not names or not isinstance(at.node, Scalar):
        return
    if at.is_key:
        name = "resources[]" if names[-2:] == ["resources", "resources"] else names[-1]
        if (text := meanings.FIELDS.get(name)) and names[0] != "metadata":
            yield f"**{names[-1]}**: {text}"
        return
    text = _of_value(names, at.node.value, at)
    if text:
        yield f"**{at.node.value or '(empty)'}**: {text}"


def _of_value(names: list[str], value: str, at: Pointed) -> str:
    versions = at.policy.versions
    field = "resources[]" if names[-2:] == ["resources", "resources"] else names[-1]
    tables = {"level": meanings.LEVELS, "omitStages": meanings.STAGES, "verbs": meanings.VERBS}
    if field in tables:
        return tables[field].get(value, "There is none of this name.")
    if field == "group":
        return of_group(value, versions)
    if field == "resources[]":
        return of_resource(_group_of(at), value, versions)
    return _OF_NAMES[field](value) if field in _OF_NAMES else meanings.FIELDS.get(field, "")


def _group_of(at: Pointed) -> str:
    """The group beside a resource."""
    rule = at.policy.loaded.rules[at.rule] if at.rule is not None else None
    for entry in rule.entries if rule is not None else ():
        if any(one.node is at.node for one in entry.resources):
            return entry.group_name
    return ""


def of_group(group: str, versions: Versions) -> str:
    """What a group is in these versions."""
    if group == "*":
        return "every group, from Kubernetes 1.36 on."
    span = catalogue.group_minors(group)
    if span is None:
        return "no group that Kubernetes builds in: of custom resources or an aggregated API."
    names = [name for name in catalogue.names(group) if _spans(group, name, versions)]
    what = "the core group" if not group else "a group"
    if not names:
        return f"{what} that Kubernetes {versions} does not serve; {_since(span, 'served')}."
    return f"{what} with {', '.join(names)}."


def of_resource(group: str, item: str, versions: Versions) -> str:
    """What an item of `resources` takes in these versions."""
    name, _, sub = item.partition("/")
    called = group or "the core group"
    if item == "*":
        return f"every resource and subresource of {called}."
    if name == "*":
        return f"the subresource `{sub}` of every resource of {called}."
    if not catalogue.is_builtin_group(group):
        return f"a resource of {called}, which Kubernetes does not build in."
    spans = _spans(group, name, versions)
    if not spans:
        homes = [home for home, _, _ in catalogue.groups_serving(name) if _spans(home, name, versions)]
        there = f"; it is in {' and '.join(home or 'the core group' for home in homes)}" if homes else ""
        return f"{called} has no {name} in Kubernetes {versions}{there}."
    newest = spans[-1]
    if sub and sub != "*":
        verbs = newest.subresources.get(sub)
        return (
            f"served with {_verbs(verbs)}." if verbs else f"{name} has no subresource {sub} in Kubernetes {versions}."
        )
    scope = "in namespaces" if newest.namespaced else "not in namespaces"
    text = f"{scope}, served with {_verbs(newest.verbs)}."
    subs = sorted(newest.subresources)
    if sub == "*":
        return f"{text} Its subresources too: {', '.join(subs) or 'none'}."
    return text + (f" Not its subresources: {', '.join(f'{name}/{one}' for one in subs)}." if subs else "")


def _spans(group: str, name: str, versions: Versions) -> list[catalogue.Resource]:
    first, last = catalogue.clamp(versions.first), catalogue.clamp(versions.last)
    return [one for one in catalogue.find(group, name) if one.first <= last and first <= one.last]


def _verbs(verbs: frozenset[str]) -> str:
    return ", ".join(verb for verb in meanings.VERBS if verb in verbs and verb) or "its subresources alone"


def _since(span: tuple[int, int], word: str) -> str:
    last = "" if span[1] == catalogue.known_minors()[-1] else f" to 1.{span[1]}"
    return f"{word} from 1.{span[0]}{last or ' on'}" if span[0] > catalogue.known_minors()[0] else f"{word}{last}"


def _of_user(name: str) -> str:
    group = group_meant(name)
    if group:
        return f"no user has this name: it is a group; write it into `userGroups` as `{group}`."
    if is_role(name) or "*" in name:
        return "no user has this name: it is that of a role." if is_role(name) else "names have no wildcards."
    parts = name.split(":")
    if parts[:2] == ["system", "serviceaccount"] and len(parts) == 4:
        return f"the service account {parts[3]} of the namespace {parts[2]}."
    if parts[:2] == ["system", "node"]:
        return f"the kubelet of the node {':'.join(parts[2:])}."
    return _USERS.get(name, "a user by the name that authentication gives.")


_USERS = {
    "system:anonymous": "requests without credentials, where anonymous access is allowed.",
    "system:apiserver": "kube-apiserver itself.",
    "system:kube-scheduler": "the scheduler.",
    "system:kube-controller-manager": "the controller manager, unless its controllers have accounts of their own.",
    "system:kube-proxy": "kube-proxy.",
}

_GROUPS = {
    "system:authenticated": "every user who could be authenticated.",
    "system:unauthenticated": "requests without credentials.",
    "system:masters": "administrators whom no authorization holds back.",
    "system:nodes": "the kubelets.",
    "system:serviceaccounts": "the service accounts of all namespaces.",
    "system:bootstrappers": "machines that join with a bootstrap token.",
}


def _of_user_group(name: str) -> str:
    if is_user(name):
        return "no group has this name: it is that of a user; write it into `users`."
    if name.startswith("system:serviceaccounts:"):
        return f"the service accounts of the namespace {name.rpartition(':')[2]}."
    return _GROUPS.get(name, "a group by the name that authentication gives.")


def _of_namespace(name: str) -> str:
    return "requests without a namespace: for cluster-scoped objects, or over all." if not name else "one namespace."


def _of_url(path: str) -> str:
    if path == "*":
        return "every path that names no resource."
    return f"every path that begins with `{path[:-1]}`." if path.endswith("*") else "this path alone."


_OF_NAMES = {"users": _of_user, "userGroups": _of_user_group, "namespaces": _of_namespace, "nonResourceURLs": _of_url}


def _of_flag(checked: Checked, offset: int) -> Hover | None:
    for server in checked.servers:
        for flag in server.server.flags:
            place = flag.place
            if place.source is server.server.source and place.start <= offset <= place.end:
                text = of_flag(flag.name, server.versions, flag)
                return Hover(_markdown(text.split("\n\n")), place) if text else None
    return None


def of_flag(name: str, versions: Versions, given: Flag | None = None) -> str:
    """What an audit flag does in these versions, and what it is by itself; "" for what is none."""
    spec = flags.spec(name)
    if spec is None:
        return ""
    lines = [f"**--{name}** ({spec.type}): {meanings.of_flag(name)}"]
    known = [minor for minor in range(versions.first, versions.last + 1) if spec.exists(minor)]
    if not known:
        until = f" to 1.{spec.until}" if spec.until is not None else " on"
        lines.append(f"Kubernetes {versions} does not have it, and does not start with it: from 1.{spec.since}{until}.")
        return "\n\n".join(lines)
    lines.append(f"Default: {_defaults(name, known)}.")
    values = flags.allowed(name, known[-1])
    if values:
        lines.append(f"Values: {', '.join(f'`{one}`' for one in values)}.")
    if spec.replacement:
        lines.append(f"Deprecated: use `--{spec.replacement}`.")
    if given is not None and given.value is not None:
        wrong = flags.parse_value(spec, given.value, known[-1])
        if wrong:
            lines.append(f"kube-apiserver {versions} does not start with this value: {wrong}")
    return "\n\n".join(lines)


def _defaults(name: str, minors: list[int]) -> str:
    """The value without the flag: one, or one for each run of versions."""
    found: dict[str, list[int]] = {}
    for minor in minors:
        value = flags.default(name, minor)
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        found.setdefault(f"`{shown}`" if shown else "not set", []).append(minor)
    if len(found) == 1:
        return next(iter(found))
    return ", ".join(f"{value} in {Versions(at[0], at[-1])}" for value, at in found.items())
