"""What kube-apiserver makes of a policy file, for a whole range of versions at once.

Source: staging/src/k8s.io/apiserver/pkg/audit/policy/reader.go, Kubernetes 1.12 to 1.37: decode, look at the
version, validate, and refuse a policy without rules.
"""

from __future__ import annotations

from kube_audit_lint.kubernetes import decoding, header
from kube_audit_lint.kubernetes.fields import RULE
from kube_audit_lint.kubernetes.problems import Problem, Problems
from kube_audit_lint.kubernetes.validation import (
    is_subdomain,
    meant_group,
    meant_level,
    meant_stage,
    meant_url,
    misspelt_key,
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
from kube_audit_lint.model.document import PolicyDocument
from kube_audit_lint.model.policy import LEVELS, STAGES, GroupResources, Policy, PolicyRule
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.unknown import is_unknown

__all__ = ["Loaded", "Problem", "load"]


class Loaded:
    """The outcome of loading one policy in a range of versions.

    problems: everything wrong, by place. loads_in: the minors in which kube-apiserver accepts the file.
    policy: the policy as held in memory by the newest of them; where no version accepts it, the policy that
    it would be after mending what the problems propose (`assumed`), or None when that is anybody's guess or
    a template decides it. judged: the minors for which `policy` holds. written: the rules with their places,
    None when the file cannot be read as a policy at all.
    """

    __slots__ = ("assumed", "judged", "loads_in", "policy", "problems", "written")

    def __init__(
        self,
        problems: tuple[Problem, ...],
        loads_in: Versions | None,
        judged: Versions,
        policy: Policy | None = None,
        written: WrittenPolicy | None = None,
    ) -> None:
        self.problems = problems
        self.loads_in = loads_in
        self.judged = judged
        self.policy = policy
        self.written = written
        self.assumed = policy is not None and loads_in is None

    @property
    def rules(self) -> list[WrittenRule]:
        """The rules as written; none when the file cannot be read as a policy."""
        return [] if self.written is None else self.written.rules


def load(document: PolicyDocument, versions: Versions) -> Loaded:
    """Judges a policy document for every minor of a range."""
    problems = Problems(versions, document.partial)
    written = _read(document, problems)
    loads_in = problems.loads_in()
    judged = loads_in or versions
    policy = None
    if written is not None and not (problems.unknown or written.unknown or document.partial):
        hopeless = problems.hopeless or written.strange
        if loads_in is not None or not hopeless:
            policy = _policy(written, judged)
    found = tuple(sorted(problems.found, key=lambda one: (one.place.start, one.place.end)))
    return Loaded(found, loads_in, judged, policy, written)


def _read(document: PolicyDocument, problems: Problems) -> WrittenPolicy | None:
    read = document.document
    root = document.root
    if read.problem is not None:
        message = "kube-apiserver cannot read this file as YAML or JSON."
        problems.fatal("policy-unreadable", read.problem.place, message, server=read.problem.message, hopeless=True)
        return None
    if root is None or (isinstance(root, Scalar) and root.kind == "null"):
        _empty(document, problems)
        return None
    if not isinstance(root, Mapping):
        if isinstance(root, Scalar) and is_unknown(root.value):
            problems.unknown = True
        else:
            _no_mapping(document, root, problems)
        return None
    if read.json and root.duplicates:
        from kube_audit_lint.kubernetes.json_duplicates import overlaid

        effective = overlaid(root)
    else:
        effective = root
    if not header.check(effective, document.place, problems, read.json):
        return None
    return _body(document, root, effective, problems)


def _empty(document: PolicyDocument, problems: Problems) -> None:
    place = document.place
    message = "There is no policy in this file, and kube-apiserver does not start with an empty one."
    help = ""
    if any(isinstance(one.root, Mapping) for one in document.later):
        message = "The first document of this file is empty, and kube-apiserver reads only the first."
        help = "Remove the `---` in front of the policy."
    if document.partial or document.embedded:
        return
    server = "unknown group version field audit.k8s.io/__internal, Kind=Policy in policy"
    problems.fatal("unsupported-api-version", place, message, server=server, help=help, hopeless=True)


def _no_mapping(document: PolicyDocument, root: Node, problems: Problems) -> None:
    what = "list" if isinstance(root, Sequence) else "single value"
    help = ""
    place = root.place
    if any(isinstance(one.root, Mapping) for one in document.later):
        message = "kube-apiserver reads only the first document of a file, and this is no policy."
        help = "Remove what stands in front of the policy."
        problems.fatal("wrong-type", place, message, help=help, hopeless=True)
        return
    if isinstance(root, Sequence) and root.items:
        place = first_key(root.items[0]) if isinstance(root.items[0], Mapping) else root.items[0].place
        help = "Put `apiVersion: audit.k8s.io/v1`, `kind: Policy` and `rules:` above it."
    message = f"An audit policy is a mapping with `apiVersion`, `kind` and `rules`; this file is a {what}."
    problems.fatal("wrong-type", place, message, help=help, hopeless=True)


def _body(document: PolicyDocument, root: Mapping, effective: Mapping, problems: Problems) -> WrittenPolicy:
    rules = effective.get("rules")
    if rules is None:
        key = misspelt_key(effective, "rules")
        if key is not None:
            rules = effective.get(key)
    written = written_policy(effective, rules)
    if not document.partial:
        _rules_there(document, effective, rules, problems)
        _empty_rules(written, problems)
    validate(written, problems)
    decoding.check(root, problems, document.document.json)
    return written


def _rules_there(document: PolicyDocument, root: Mapping, rules: Node | None, problems: Problems) -> None:
    server = "loaded illegal policy with 0 rules"
    place, help = document.place, ""
    message = "This policy has no rules, and kube-apiserver does not start without one."
    entry = root.entries.get("rules")
    if entry is None and rules is not None:
        key = root.entries[misspelt_key(root, "rules") or ""].key
        problems.claimed.add(id(key))
        place, help = key.place, "Write `rules`."
        message = f"This policy has no rules: `{key.value}` is another field to kube-apiserver, which drops it."
        hopeless = not isinstance(rules, Sequence)
    elif entry is None:
        hopeless = True
        if any(is_unknown(key) for key in root.entries):
            problems.unknown = True
            return
    elif isinstance(entry.value, Scalar) and entry.value.kind == "null":
        place, hopeless = entry.key.place, True
    elif isinstance(entry.value, Sequence) and not entry.value.items:
        place, hopeless = entry.value.place, True
    else:
        return
    problems.fatal("no-rules", place, message, server=server, help=help, hopeless=hopeless)


def _empty_rules(written: WrittenPolicy, problems: Problems) -> None:
    for rule in written.rules:
        if rule.empty:
            problems.fatal(
                "no-rules",
                rule.place,
                "This rule is empty, and every rule needs at least a level.",
                server=f"rules[{rule.index}].level: Required value",
                help="Remove it, or give it a `level`.",
                hopeless=True,
            )


def _policy(written: WrittenPolicy, judged: Versions) -> Policy:
    knows_managed_fields = judged.last >= RULE["omitManagedFields"].first
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


def _stages(stages: list[Text]) -> tuple[str, ...]:
    """The stages; misspelt ones as they were meant, others not at all."""
    meant = (stage.text if stage.text in STAGES else meant_stage(stage.text) for stage in stages)
    return tuple(stage for stage in meant if stage is not None)
