"""What kube-apiserver makes of a policy file, for a whole range of versions at once.

Source: staging/src/k8s.io/apiserver/pkg/audit/policy/reader.go, Kubernetes 1.12 to 1.37: decode, look at the
version, validate, and refuse a policy without rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from kube_audit_lint.kubernetes import decoding, header
from kube_audit_lint.kubernetes.fields import RULE
from kube_audit_lint.kubernetes.problems import MOST, Problem, bounded, fatal, loads_in, within
from kube_audit_lint.kubernetes.validation import (
    is_subdomain,
    meant_group,
    meant_level,
    meant_stage,
    meant_url,
    validate,
)
from kube_audit_lint.kubernetes.written import (
    Text,
    WrittenEntry,
    WrittenPolicy,
    WrittenRule,
    first_key,
    written_policy,
)
from kube_audit_lint.model.advice import write
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.policy import LEVELS, STAGES, GroupResources, Policy, PolicyRule, Stage
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import is_unknown

__all__ = ["Loaded", "Problem", "load"]


class Loaded(NamedTuple):
    """The outcome of loading one policy in a range of versions.

    problems: everything wrong, by place. loads_in: the minors in which kube-apiserver accepts the file.
    policy_versions: the minors for which `policy` holds. policy: the policy as held in memory by the newest of them;
    where no version accepts it, the policy that it would be after following the help of its problems,
    or None when nobody can tell what was meant or a template decides it. written: the rules with
    their places, None when the file cannot be read as a policy at all.
    """

    problems: tuple[Problem, ...]
    loads_in: Versions | None
    policy_versions: Versions
    policy: Policy | None = None
    written: WrittenPolicy | None = None

    @property
    def rules(self) -> list[WrittenRule]:
        """The rules as written; none when the file cannot be read as a policy."""
        return [] if self.written is None else self.written.rules


class _Read(NamedTuple):
    """What reading a document gave. unknown: a template decides whether there is a policy at all."""

    problems: list[Problem]
    written: WrittenPolicy | None = None
    unknown: bool = False


def load(document: PolicyDocument, versions: Versions) -> Loaded:
    """Loads a policy document as kube-apiserver does, in every minor of a range."""
    read = _read(document, versions)
    problems = tuple(sorted(within(read.problems, versions), key=lambda one: (one.place.start, one.place.end)))
    accepted = loads_in(problems, versions)
    policy_versions = accepted or versions
    written, policy = read.written, None
    if written is not None and not (read.unknown or written.unknown or document.partial):
        hopeless = written.strange or any(one.hopeless for one in problems) or any(map(_no_level, written.rules))
        if accepted is not None or not hopeless:
            policy = _policy(written, policy_versions)
    return Loaded(problems, accepted, policy_versions, policy, written)


def _read(document: PolicyDocument, versions: Versions) -> _Read:
    read = document.document
    root = document.root
    if read.problem is not None:
        message = "kube-apiserver cannot read this file as YAML or JSON."
        return _Read([fatal("policy-unreadable", read.problem.place, message, server=read.problem.message)])
    if root is None or (isinstance(root, Scalar) and root.kind == "null"):
        return _Read(list(_empty(document, versions)))
    if not isinstance(root, Mapping):
        unknown = isinstance(root, Scalar) and is_unknown(root.value)
        return _Read([] if unknown else [_no_mapping(document, root, versions)], unknown=unknown)
    effective = root
    if read.json and root.duplicates:
        from kube_audit_lint.kubernetes.json_duplicates import overlaid

        effective = overlaid(root)
    head = header.check(effective, document.place, versions, partial=document.partial, json=read.json)
    if not head.readable:
        return _Read(list(head.problems))
    written = written_policy(effective)
    problems = [*head.problems, *([] if document.partial else _missing_rules(document, effective, written))]
    problems += bounded(validate(written, document.partial))
    keys = (head.key, written.rules_key, *(rule.level_key for rule in written.rules))
    claimed = frozenset(id(key) for key in keys if key is not None)
    problems += bounded(decoding.check(root, json=read.json, partial=document.partial, claimed=claimed))
    unknown = "rules" not in effective.entries and any(is_unknown(key) for key in effective.entries)
    return _Read(problems, written, unknown)


def _empty(document: PolicyDocument, versions: Versions) -> Iterator[Problem]:
    if document.partial or document.embedded:
        return
    message = "There is no policy in this file, and kube-apiserver does not start with an empty one."
    help = f"Write {_whole_policy(versions)} with at least one rule, such as `- level: Metadata`."
    if any(isinstance(one.root, Mapping) for one in document.later):
        message = "The first document of this file is empty, and kube-apiserver reads only the first."
        help = "Remove the `---` in front of the policy."
    server = "unknown group version field audit.k8s.io/__internal, Kind=Policy in policy"
    yield fatal("unsupported-api-version", document.place, message, server=server, help=help)


def _no_mapping(document: PolicyDocument, root: Node, versions: Versions) -> Problem:
    if any(isinstance(one.root, Mapping) for one in document.later):
        message = "kube-apiserver reads only the first document of a file, and this is not a policy."
        return fatal("wrong-type", root.place, message, help="Remove what stands in front of the policy.")
    what = "list" if isinstance(root, Sequence) else "single value"
    message = f"An audit policy is a mapping with `apiVersion`, `kind` and `rules`; this file is a {what}."
    if not isinstance(root, Sequence) or not root.items:
        help = f"Write {_whole_policy(versions)} with at least one rule, such as `- level: Metadata`."
        return fatal("wrong-type", root.place, message, help=help)
    place = first_key(root.items[0]) if isinstance(root.items[0], Mapping) else root.items[0].place
    return fatal("wrong-type", place, message, help=f"Put {_whole_policy(versions)} above it.")


def _whole_policy(versions: Versions) -> str:
    return f"`apiVersion: {header.version_to_write(versions)}`, `kind: Policy` and `rules:`"


def _missing_rules(document: PolicyDocument, root: Mapping, written: WrittenPolicy) -> Iterator[Problem]:
    """No rules at all, or empty ones."""
    server = "loaded illegal policy with 0 rules"
    message = "This policy has no rules, and kube-apiserver does not start without one."
    entry, key = root.entries.get("rules"), written.rules_key
    if key is not None:
        message = f"This policy has no rules: `{key.value}` is another field to kube-apiserver, which drops it."
        is_list = isinstance(root.entries[key.value].value, Sequence)
        yield fatal("no-rules", key.place, message, server=server, help=write("rules"), hopeless=not is_list)
    elif entry is None:
        if not any(is_unknown(name) for name in root.entries):
            yield fatal("no-rules", document.place, message, server=server, hopeless=True)
    elif isinstance(entry.value, Scalar) and entry.value.kind == "null":
        yield fatal("no-rules", entry.key.place, message, server=server, hopeless=True)
    elif isinstance(entry.value, Sequence) and not entry.value.items:
        yield fatal("no-rules", entry.value.place, message, server=server, hopeless=True)
    for rule in islice((rule for rule in written.rules if rule.empty), MOST + 1):
        message = "This rule is empty, and every rule needs at least a level."
        server = f"rules[{rule.number}].level: Required value"
        help = "Give it a `level`." if len(written.rules) == 1 else "Remove it, or give it a `level`."
        yield fatal("no-rules", rule.place, message, server=server, help=help, hopeless=True)


def _no_level(rule: WrittenRule) -> bool:
    """Whether nobody can tell which level a rule was meant to have."""
    return rule.level is None or (rule.level.text not in LEVELS and meant_level(rule.level.text) is None)


def _policy(written: WrittenPolicy, policy_versions: Versions) -> Policy:
    knows_managed_fields = policy_versions.last >= RULE["omitManagedFields"].first
    return Policy(
        tuple(_rule(rule, knows_managed_fields) for rule in written.rules),
        _stages(written.omit_stages),
        bool(written.omit_managed_fields) and knows_managed_fields,
    )


def _rule(rule: WrittenRule, knows_managed_fields: bool) -> PolicyRule:
    lists = rule.lists
    level = "" if rule.level is None else rule.level.text
    return PolicyRule(
        level if level in LEVELS else meant_level(level) or "None",
        _plain(lists["users"]),
        _plain(lists["userGroups"]),
        _plain(lists["verbs"]),
        tuple(_entry(entry) for entry in rule.entries),
        _plain(lists["namespaces"]),
        tuple(_url(url.text) for url in lists["nonResourceURLs"]),
        _stages(lists["omitStages"]),
        rule.omit_managed_fields if knows_managed_fields else None,
    )


def _entry(entry: WrittenEntry) -> GroupResources:
    group = entry.group_name
    if group not in ("", "*") and not is_subdomain(group):
        group = meant_group(group)
    return GroupResources(group, _plain(entry.resources), _plain(entry.names))


def _plain(texts: list[Text]) -> tuple[str, ...]:
    return tuple(text.text for text in texts)


def _url(text: str) -> str:
    """The URL, put right where it would be refused."""
    if text == "*" or (text.startswith("/") and "*" not in text[:-1]):
        return text
    return meant_url(text) or text


def _stages(stages: list[Text]) -> tuple[Stage, ...]:
    """The stages; misspelt ones as they were meant, others not at all."""
    meant = (stage.text if stage.text in STAGES else meant_stage(stage.text) for stage in stages)
    return tuple(stage for stage in meant if stage is not None)
