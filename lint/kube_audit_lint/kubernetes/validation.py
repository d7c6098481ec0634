"""What kube-apiserver refuses in a policy that it could decode.

Source: staging/src/k8s.io/apiserver/pkg/apis/audit/validation/validation.go, Kubernetes 1.12 to 1.37: the same
in all of them, but for `group: "*"`, which is allowed from 1.36. Verbs, users and the spelling of groups and
resources are not validated at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kube_audit_lint.kubernetes.problems import Problem, fatal
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.kubernetes.written import Text, WrittenEntry, WrittenPolicy, WrittenRule
from kube_audit_lint.model.advice import Advice, write
from kube_audit_lint.model.finding import Related
from kube_audit_lint.model.policy import LEVELS, STAGES, Level, Stage
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar
from kube_audit_lint.syntax.unknown import is_unknown

STAR_GROUP_FIRST = 36
"""The first minor in which `group: "*"` means every group; before, it is refused."""

_OF_LABELS = "abcdefghijklmnopqrstuvwxyz0123456789-"
_BOTH = "rules cannot apply to both regular resources and non-resource URLs"
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character"
)
_LEVEL_WORDS: dict[str, Level] = {
    "response": "RequestResponse",
    "requestandresponse": "RequestResponse",
    "request/response": "RequestResponse",
    "request-response": "RequestResponse",
    "request_response": "RequestResponse",
    "meta": "Metadata",
    "off": "None",
    "false": "None",
    "no": "None",
}

_EMPTY = '""'


def validate(policy: WrittenPolicy, partial: bool) -> Iterator[Problem]:
    """What is refused. partial: only a part of the policy is at hand, so that what is missing may be elsewhere."""
    yield from _stages(policy.omit_stages, "omitStages")
    for rule in policy.rules:
        path = f"rules[{rule.number}]"
        if rule.node is None:
            continue  # no mapping: a wrong type (decoding.py), or null (loading.py)
        yield from _level(rule, rule.node, path, partial)
        yield from _urls(rule, path, partial)
        for entry in rule.entries:
            yield from _entry(entry, path, partial)
        yield from _stages(rule.lists["omitStages"], f"{path}.omitStages")


def is_subdomain(name: str) -> bool:
    """Whether a name is a DNS subdomain, as names of groups have to be."""
    labels = name.split(".")
    return len(name) <= 253 and all(
        label and label[0] != "-" and label[-1] != "-" and not label.strip(_OF_LABELS) for label in labels
    )


def meant_level(text: str) -> Level | None:
    """The level that a wrong one was probably meant to be."""
    return _LEVEL_WORDS.get(text.strip().lower()) or nearest(text, LEVELS)


def meant_stage(text: str) -> Stage | None:
    """The stage that a wrong one was probably meant to be."""
    return nearest(text, STAGES)


def meant_group(text: str) -> str:
    """The group that a refused one was probably meant to be: `apps` for `apps/v1`, "" for `core/v1`, `/v1`, `v1/`."""
    group = text.strip().lower().partition("/")[0]
    return "" if group in ("core", "v1") else group


def meant_url(text: str) -> str | None:
    """The path that a refused one was probably meant to be; None when that is anybody's guess."""
    path = text.strip()
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    path = re.sub(r"\*+\Z", "*", path)
    if path and not path.startswith(("/", "*")):
        path = "/" + path
    return path if path and "*" not in path[:-1] else None


def _level(rule: WrittenRule, node: Mapping, path: str, partial: bool) -> Iterator[Problem]:
    if not node.entries:
        return  # an empty rule: see loading.py
    value, level = node.get("level"), rule.level
    if value is None or (isinstance(value, Scalar) and value.kind == "null"):
        yield from _no_level(rule, node, path, partial)
        return
    if level is None or level.text in LEVELS or not level.known:
        return
    if not isinstance(value, Scalar) or value.kind != "string":
        return  # a wrong type: see decoding.py
    meant = meant_level(level.text)
    yield fatal(
        "invalid-level",
        level.place,
        f"`{level.text or _EMPTY}` is {'a stage, and ' if level.text in STAGES else ''}not a level: there are None, "
        "Metadata, Request and RequestResponse, in exactly this spelling.",
        server=_unsupported(path, level.text),
        help=write(meant, field="level") if meant else "",
    )


def _unsupported(path: str, text: str) -> str:
    if not text:
        return f"{path}.level: Required value"
    return (
        f'{path}.level: Unsupported value: "{text}": supported values: "None", "Metadata", "Request", "RequestResponse"'
    )


def _no_level(rule: WrittenRule, node: Mapping, path: str, partial: bool) -> Iterator[Problem]:
    server = f"{path}.level: Required value"
    if rule.level_key is not None:
        message = (
            f"This rule has no level: `{rule.level_key.value}` is another field to kube-apiserver, which drops it."
        )
        yield fatal("invalid-level", rule.level_key.place, message, server=server, help=write("level"))
    elif not partial and not any(is_unknown(name) for name in node.entries):
        entry = node.entries.get("level")
        place = rule.place if entry is None else entry.key.place
        yield fatal("invalid-level", place, "This rule has no level, and every rule needs one.", server=server)


def _urls(rule: WrittenRule, path: str, partial: bool) -> Iterator[Problem]:
    urls = rule.lists["nonResourceURLs"]
    for index, url in enumerate(urls):
        if url.text == "*" or not url.known:
            continue
        wrong = []
        if not url.text.startswith("/"):
            wrong.append("non-resource URL rules must begin with a '/' character")
        if "*" in url.text[:-1]:
            wrong.append("non-resource URL wildcards '*' must be the final character of the rule")
        if wrong:
            yield _wrong_url(url, f'{path}.nonResourceURLs[{index}]: Invalid value: "{url.text}": {wrong[0]}')
    if urls and rule.resources_only and not partial:
        yield _urls_with_resources(rule)


def _wrong_url(url: Text, server: str) -> Problem:
    if not url.text:
        message = "An empty URL is refused: a path begins with `/`."
    elif "*" in url.text[:-1]:
        message = f"`{url.text}` is refused: `*` may only be the last character, for any end of the path."
    else:
        message = f"`{url.text}` is refused: a path begins with `/`."
    meant = meant_url(url.text)
    return fatal("invalid-url", url.place, message, server=server, help=write(meant, quoted=True) if meant else "")


def _urls_with_resources(rule: WrittenRule) -> Problem:
    node = rule.node
    key = node.key("nonResourceURLs") if node is not None else None
    other = "resources" if rule.entries else "namespaces"
    related = node.key(other) if node is not None else None
    return fatal(
        "urls-with-resources",
        rule.place if key is None else key.place,
        f"A rule is either for URLs or for resources: `nonResourceURLs` and `{other}` in one rule are refused.",
        server=_BOTH,
        help="Make two rules of it, one with `nonResourceURLs` and one with the rest.",
        related=() if related is None else (Related(related.place, f"`{other}` is here."),),
        hopeless=True,
    )


def _entry(entry: WrittenEntry, path: str, partial: bool) -> Iterator[Problem]:
    group = entry.group
    if group is not None and group.text and group.known and not is_subdomain(group.text):
        yield _wrong_group(group, path)
    if entry.names and not entry.resources and not partial:
        node = entry.node
        if node is not None and _unknown(node.get("resources")):
            return
        key = node.key("resourceNames") if node is not None else None
        yield fatal(
            "names-without-resources",
            entry.place if key is None else key.place,
            "`resourceNames` without `resources` is refused: a name belongs to a resource.",
            server="using resourceNames requires at least one resource",
            help="Say which `resources` the names belong to.",
            hopeless=True,
        )


def _unknown(node: Node | None) -> bool:
    return isinstance(node, Scalar) and is_unknown(node.value)


def _wrong_group(group: Text, path: str) -> Problem:
    server = f'{path}.resources.group: Invalid value: "{group.text}": {_SUBDOMAIN_RULE}'
    if group.text == "*":
        return fatal(
            "invalid-group",
            group.place,
            "`*` for every group is known from Kubernetes 1.36; before that it is refused.",
            server=server,
            help="Name the groups, an item for each; a rule without `resources` matches everything, URLs too.",
            minors=(0, STAR_GROUP_FIRST - 1),
        )
    slash = "/" in group.text
    meant = meant_group(group.text)
    if slash:
        message = f"`{group.text}` is not a group: a policy names the group alone, without a version."
    elif "*" in group.text:
        message = f"`{group.text}` is refused: there are no patterns for groups."
    else:
        message = f'`{group.text}` is refused: a group is a domain name in lower case, or `""` for the core group.'
    help = write(meant, field="group", quoted=not meant)
    usable = not meant or is_subdomain(meant)
    return fatal("invalid-group", group.place, message, server=server, help=help if usable else "")


def _stages(stages: Iterable[Text], path: str) -> Iterator[Problem]:
    for index, stage in enumerate(stages):
        if stage.text in STAGES or not stage.known:
            continue
        level = nearest(stage.text, LEVELS)
        meant = None if level else meant_stage(stage.text)
        what = f"`{stage.text}` is not a stage" if stage.text else "An empty item is not a stage"
        if level:
            what = f"`{stage.text}` is a level, and no stage"
        yield fatal(
            "invalid-stage",
            stage.place,
            f"{what}: there are {', '.join(STAGES)}, in exactly this spelling.",
            server=f'{path}[{index}]: Invalid value: "{stage.text}": allowed stages are {",".join(STAGES)}',
            help=_stage_help(stage, level, meant),
        )


def _stage_help(stage: Text, level: Level | None, meant: Stage | None) -> str | Advice:
    if level:
        rest = f": how much is recorded is written as `level: {level}`, in each rule."
        return Advice("leave out", f"Remove `{stage.text}`", rest)
    return write(meant) if meant else ""
