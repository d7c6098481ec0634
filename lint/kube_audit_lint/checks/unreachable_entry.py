"""Template `unreachable-entry`: a listed value that never decides anything, because earlier rules took its requests."""

from __future__ import annotations

from collections.abc import Iterator

from kube_audit_lint.checks import Hit
from kube_audit_lint.checks._subject import Params, PolicySubject
from kube_audit_lint.kubernetes.written import WrittenEntry
from kube_audit_lint.syntax.record import NamedTuple, make
from kube_audit_lint.syntax.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from kube_audit_lint.analysis.analysis import Analysis
    from kube_audit_lint.analysis.answers import Reach
    from kube_audit_lint.kubernetes.written import Text, WrittenRule

SUBJECT = "policy"
PARAMS = {"type": "object", "additionalProperties": False}

_LISTS = (
    ("users", "users", "user"),
    ("user_groups", "userGroups", "group"),
    ("verbs", "verbs", "verb"),
    ("namespaces", "namespaces", "namespace"),
    ("non_resource_urls", "nonResourceURLs", "URL"),
)


class _Listed(NamedTuple):
    """One value of a rule: its field, at which index and which one below, of what kind, and where it is written."""

    field: str
    at: int
    sub: int | None
    kind: str
    value: Text | WrittenEntry
    group: str | None = None
    """The group that the value takes whole; None for a value that does not."""

    @property
    def named(self) -> str:
        """The value in words."""
        if not isinstance(self.value, WrittenEntry):
            return f"The {self.kind} `{self.value.text}`"
        return f"The group `{self.group}`" if self.group else "The core group"


def check(subject: PolicySubject, params: Params) -> Iterator[Hit]:
    """One hit for each such value of a rule that is otherwise reached."""
    analysis = subject.analysis
    if analysis is None:
        return
    for index, rule in enumerate(subject.loaded.rules):
        if analysis.reach(index):
            for listed in _listed(rule):
                reach = analysis.reach_value(index, listed.field, listed.at, listed.sub)
                if not reach and reach.blockers:
                    yield _hit(subject, analysis, index, listed, reach)
                elif reach and listed.field == "resources":
                    yield from _custom_alone(subject, analysis, index, listed)


def _listed(rule: WrittenRule) -> Iterator[_Listed]:
    """The values that are beside others: a single one is reached where its rule is."""
    for field, name, kind in _LISTS:
        values = rule.lists[name]
        for index, text in enumerate(values if len(values) > 1 else ()):
            yield make(_Listed, (field, index, None, kind, text, None))
    several = len(rule.entries) > 1
    for index, entry in enumerate(rule.entries):
        if several and not entry.resources:
            yield _Listed("resources", index, None, "group", entry, entry.group_name)
        for sub, text in enumerate(entry.resources if several or len(entry.resources) > 1 else ()):
            group = entry.group_name if text.text == "*" else None
            yield make(_Listed, ("resources", index, sub, "resource", text, group))
        for sub, text in enumerate(entry.names if len(entry.names) > 1 else ()):
            yield _Listed("resource_names", index, sub, "name", text)


def _custom_alone(subject: PolicySubject, analysis: Analysis, rule: int, listed: _Listed) -> Iterator[Hit]:
    """That of a built-in resource's name, in the group `*`, only custom resources are left."""
    entry, at = analysis.policy.rules[rule].resources[listed.at], listed.sub
    if entry.group != "*" or at is None:
        return
    from kube_audit_lint.checks import _blocked

    if not _blocked.names_built_in(entry.group, entry.resources[at]) or _blocked.custom_alone(analysis, rule):
        return  # the rule `unreachable-rule` reports the latter
    reach = analysis.reach_value(rule, "resources", listed.at, at, built_in=True)
    if reach or not reach.blockers:
        return
    takers = _blocked.takers(subject, analysis, reach, "requests for the built-in resource")
    yield Hit(
        listed.value.place,
        f"{listed.named} decides no request for a built-in resource here: {takers}. Only custom or aggregated "
        f"resources of that name are left to it. {_blocked.outcome(analysis, rule, reach)}.",
        _blocked.related(subject, reach),
        witness=_blocked.witness(reach),
        proof=_blocked.proof(subject, analysis, reach),
        help="Move the rule in front of those that take these requests, or name the group that is meant.",
        severity="info",
        pedantic=_blocked.same(analysis, rule, reach),
    )


def _carved_out(analysis: Analysis, listed: _Listed, reach: Reach) -> bool:
    """Whether what takes a whole group names its resources one by one: then it is known what is left for the rest."""
    rules = [analysis.policy.rules[one.rule] for one in reach.blockers]
    taken = [entry for rule in rules for entry in rule.resources if entry.group in (listed.group, "*")]
    by_name = all(entry.resources and "*" not in entry.resources for entry in taken)
    return listed.group is not None and by_name and all(rule.resources for rule in rules)


def _hit(subject: PolicySubject, analysis: Analysis, rule: int, listed: _Listed, reach: Reach) -> Hit:
    from kube_audit_lint.checks import _blocked

    same = _blocked.same(analysis, rule, reach) or _carved_out(analysis, listed, reach)
    return Hit(
        listed.value.place,
        f"{listed.named} never decides anything here: {_blocked.takers(subject, analysis, reach)}. "
        f"{_blocked.outcome(analysis, rule, reach)}.",
        _blocked.related(subject, reach),
        witness=_blocked.witness(reach),
        proof=_blocked.proof(subject, analysis, reach),
        help="Take it out of this rule." if same else "",
        severity="info" if same else "",
        pedantic=same,
    )
