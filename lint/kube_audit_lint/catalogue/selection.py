"""Which rules a run applies, at which severity and with which numbers."""

from __future__ import annotations

from kube_audit_lint.catalogue.rule import Catalogue, Rule, long_form
from kube_audit_lint.model.finding import SEVERITIES, Severity, SeverityOrNone
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import Any


class Applied(NamedTuple):
    """A rule as this run applies it.

    severity: what the profile or the configuration set, or "" for the rule's own. params: complete.
    pedantic: whether its pedantic cases are reported, too.
    """

    rule: Rule
    severity: SeverityOrNone
    params: dict[str, Any]
    pedantic: bool

    def severity_of(self, hit_severity: SeverityOrNone) -> Severity:
        """The severity of a hit; a lesser case of a mistake stays lesser under a set severity."""
        own = hit_severity or self.rule.severity
        if not self.severity:
            return own
        lesser = SEVERITIES.index(own) < SEVERITIES.index(self.rule.severity)
        return min(own, self.severity, key=SEVERITIES.index) if lesser else self.severity


class Choice(NamedTuple):
    """What decides: a profile, settings of the configuration, and the command line's wishes."""

    profile: str
    settings: tuple[tuple[str, Any], ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pedantic: bool = False


def applied(catalogue: Catalogue, choice: Choice) -> dict[str, Applied]:
    """The rules that are on, by id, in the catalogue's order.

    The profile comes first, then the configuration, then `--select` and `--ignore`, which take rule
    ids and categories. A pedantic rule is on when it is chosen: by `--pedantic`, by id in `--select`,
    or by a profile or configuration that sets anything but `off` for it. For an opt-in rule `--pedantic` does nothing,
    but to select a category of which all rules are opt-in.
    """
    profile = catalogue.profiles[choice.profile].rules if choice.profile in catalogue.profiles else {}
    settings = dict(choice.settings)
    always = {rule.category for rule in catalogue.rules.values() if not rule.opt_in}
    opt_in = [one for one in choice.select if one not in always]
    out: dict[str, Applied] = {}
    for rule in catalogue.rules.values():
        one = _apply(rule, (profile.get(rule.id), settings.get(rule.id)), choice, rule.category in opt_in)
        if one is not None:
            out[rule.id] = one
    return out


def turned_off(catalogue: Catalogue, choice: Choice) -> dict[str, Applied]:
    """The rules that only the configuration keeps out of a run: by its settings, or by a profile of the users' own."""
    from kube_audit_lint.catalogue.shipped import shipped

    profile = choice.profile if choice.profile in shipped().profiles else "default"
    chosen = applied(catalogue, choice)
    without = applied(catalogue, choice._replace(settings=(), profile=profile))
    return {id: one for id, one in without.items() if id not in chosen}


def _apply(rule: Rule, wishes: tuple[Any, Any], choice: Choice, by_category: bool) -> Applied | None:
    severity: SeverityOrNone = ""
    params, chosen, off = rule.params, False, False
    for wish in wishes:
        if wish is None:
            continue
        wish = long_form(wish)
        level = wish.pop("severity", None)
        off = level == "off"
        chosen = chosen or not off
        if level in SEVERITIES:
            severity = level
        params = {**params, **wish} if wish else params
    named = rule.id in choice.select
    if choice.select:
        off = not (named or rule.category in choice.select)
    if off or rule.id in choice.ignore or rule.category in choice.ignore:
        return None
    if rule.opt_in and not (chosen or named or by_category):
        return None
    pedantic = choice.pedantic or chosen or named
    return None if rule.pedantic and not pedantic else Applied(rule, severity, params, pedantic)
