"""What the rules about first match and about records share: places of rules, their names, proofs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kube_audit_lint.analysis.evaluate import NO_RULE, Decision
from kube_audit_lint.checks._subject import PolicySubject
from kube_audit_lint.model.policy import CONDITIONS, LEVELS, GroupResources, Policy, PolicyRule, Stage
from kube_audit_lint.model.version import Versions
from kube_audit_lint.syntax.nodes import Mapping
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kube_audit_lint.analysis.query import Query
    from kube_audit_lint.analysis.request import Request
    from kube_audit_lint.kubernetes.written import Text

REQUESTS: dict[str, Any] = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            "name": {"type": "string", "description": "What these requests are, in a few words."},
            "group": {"type": "string", "description": "The API group; empty for core, * for all."},
            **{
                key: {"type": "array", "items": {"type": "string"}, "minItems": 1}
                for key in ("resources", "names", "verbs", "namespaces", "users", "user-groups", "urls")
            },
            "who": {"type": "array", "items": {"enum": ["ordinary", "control-plane", "nobody"]}},
            "at-most": {"enum": list(LEVELS), "description": "For these requests; else as for all."},
            "sensitive": {"type": "array", "items": {"enum": ["request", "response"]}},
            "when-mentioned": {
                "type": "string",
                "description": "Only where the policy mentions a group that ends so: others do not have them.",
            },
        },
    },
}
"""JSON Schema of a parameter that lists classes of requests."""


def query_of(data: dict[str, Any], verbs: Iterable[str] = ()) -> Query:
    """The class of requests that one item of REQUESTS describes; `verbs` where it names none."""
    from kube_audit_lint.analysis.query import Query

    entries: tuple[GroupResources, ...] = ()
    if "resources" in data or "group" in data:
        entries = (GroupResources(data.get("group", ""), tuple(data.get("resources", ()))),)
    who = {"who": tuple(data["who"])} if "who" in data else {}
    return Query(
        entries,
        tuple(data.get("verbs") or verbs),
        tuple(data.get("namespaces", ())),
        tuple(data.get("names", ())),
        tuple(data.get("users", ())),
        tuple(data.get("user-groups", ())),
        tuple(data.get("urls", ())),
        **who,
    )


def concerns(data: dict[str, Any], policy: Policy) -> bool:
    """Whether a class of requests concerns this policy."""
    end = data.get("when-mentioned")
    return end is None or any(entry.group.endswith(end) for rule in policy.rules for entry in rule.resources)


def rule_place(subject: PolicySubject, rule: int) -> Place:
    """What to underline for a rule; for NO_RULE, the list of rules."""
    if rule == NO_RULE:
        return list_place(subject)
    rules = subject.loaded.rules
    return rules[rule].place if rule < len(rules) else subject.document.at("rules", rule)


def level_place(subject: PolicySubject, rule: int) -> Place:
    """The level of a rule, where that is what makes the difference."""
    rules = subject.loaded.rules
    level = rules[rule].level if 0 <= rule < len(rules) else None
    return level.place if level is not None else rule_place(subject, rule)


def list_place(subject: PolicySubject) -> Place:
    """The key `rules`, for what concerns all rules together."""
    root = subject.document.root
    key = root.key("rules") if isinstance(root, Mapping) else None
    return key.place if key is not None else subject.document.place


def stage_place(subject: PolicySubject, stage: Stage, rule: int) -> Place | None:
    """Where a stage is omitted for a rule: by the policy, else by the rule itself."""
    written = subject.loaded.written
    candidates: list[Text] = [] if written is None else list(written.omit_stages)
    rules = subject.loaded.rules
    if 0 <= rule < len(rules):
        candidates += rules[rule].lists["omitStages"]
    return next((one.place for one in candidates if one.text == stage), None)


def name_of(subject: PolicySubject, rule: int) -> str:
    """`rule 3 (line 12)`, counted from 1."""
    if rule == NO_RULE:
        return "no rule"
    place = rule_place(subject, rule)
    return f"rule {rule + 1} (line {place.source.position(place.start)[0]})"


def versions_of(minors: tuple[int, ...]) -> Versions | None:
    """The range that minors span."""
    return Versions(minors[0], minors[-1]) if minors else None


def proof_of(subject: PolicySubject, request: Request, decision: Decision) -> str:
    """A request and who decides it, in one line."""
    from kube_audit_lint.analysis.describe import describe  # a clean policy needs no words

    if decision.rule == NO_RULE:
        return f"{describe(request)}: no rule matches, nothing is recorded"
    return f"{describe(request)}: {name_of(subject, decision.rule)} decides, {outcome_of(decision)}"


def outcome_of(decision: Decision) -> str:
    """What a decision leaves, in words."""
    if decision.level == "None" or decision.records:
        return decision.level
    return f"{decision.level} with every stage omitted"


def unlimited(rule: PolicyRule) -> bool:
    """Whether the rule has no condition at all, and so takes every request."""
    return not any(getattr(rule, field) for field in CONDITIONS)


def joined(names: Sequence[str], most: int = 8) -> str:
    """`a, b and c`; of a long list the first ones, and how many more there are."""
    if len(names) > most:
        return f"{', '.join(names[: most - 2])} and {len(names) - most + 2} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def rules_named(subject: PolicySubject, rules: Sequence[int]) -> str:
    """`rule 3 (line 12)`, or `rules 3, 4 and 5` where the lines would be too many to read."""
    if len(rules) < 3:
        return " and ".join(name_of(subject, rule) for rule in rules)
    return f"rules {joined([str(rule + 1) for rule in rules], 12)}"
