"""Rules and profiles as a run needs them."""

from __future__ import annotations

from collections.abc import Mapping

from kube_audit_lint.model.finding import Severity
from kube_audit_lint.model.version import ALL, Versions
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import Any

CATEGORIES = {
    "load": "The policy does not load",
    "written": "The policy loads, but not as written",
    "first-match": "First match",
    "recorded": "What is recorded",
    "server": "API server settings",
    "mounts": "Mounts and files",
    "forms": "Shapes of the forms",
    "ack": "Alibaba Cloud ACK",
    "meta": "The linter itself",
    "detections": "What published detections need (only where it is chosen)",
}
"""Categories in the order in which they are shown, with their titles; `own` are the users' own rules."""


class Rule(NamedTuple):
    """One rule: a template in `checks/` with parameters, a severity, and its explanation.

    subject: what it is called for (`policy`, `server`, `link`, `directory`; `file` for the rules that
    the engine itself reports). versions: the minors that it may report for.
    opt_in: whether it is off until a profile, the configuration or `--select` turns it on.
    yields_to: rules of which a finding at the same place makes this one's superfluous. folder: where a rule of the
    users' own comes from.
    """

    id: str
    title: str
    severity: Severity
    category: str
    subject: str
    check: str
    params: dict[str, Any]
    versions: Versions = ALL
    pedantic: bool = False
    opt_in: bool = False
    standards: tuple[str, ...] = ()
    why: str = ""
    search: str = ""
    help: str = ""
    yields_to: tuple[str, ...] = ()
    fix: dict[str, Any] = {}  # noqa: RUF012 (only ever read)
    folder: str = ""


class Profile(NamedTuple):
    """A set of deviations: rule id to `off`, a severity, or a mapping of severity and parameters.

    extends: the profile that this one starts from; its rules are among these.
    """

    id: str
    title: str
    rules: dict[str, Any]
    folder: str = ""
    why: str = ""
    extends: str = ""


class Catalogue(NamedTuple):
    """All rules and profiles of a run, by id; and the folders that the users' own come from."""

    rules: dict[str, Rule]
    profiles: dict[str, Profile]
    folders: tuple[str, ...] = ()


def rule_of(data: dict[str, Any]) -> Rule:
    """A rule from the (validated) content of a rule file."""
    return Rule(
        data["id"],
        data["title"],
        data["severity"],
        data.get("category", "own"),
        data["subject"],
        data["check"],
        data.get("params") or {},
        _versions(data.get("kubernetes", "")),
        data.get("pedantic", False),
        data.get("opt-in", False),
        tuple(data.get("standards", ())),
        data.get("why", "").strip(),
        data.get("search", "").strip(),
        data.get("help", "").strip(),
        tuple(data.get("yields-to", ())),
        data.get("fix") or {},
    )


def profile_of(data: dict[str, Any]) -> Profile:
    """A profile from the (validated) content of a profile file."""
    why, extends = data.get("why", "").strip(), data.get("extends", "")
    return Profile(data["id"], data.get("title", data["id"]), data.get("rules") or {}, "", why, extends)


def long_form(setting: Any) -> dict[str, Any]:
    """A rule's setting as a mapping of severity and parameters; a plain `off` is false to YAML."""
    found = dict(setting) if isinstance(setting, dict) else {"severity": setting}
    if isinstance(found.get("severity"), bool):
        found["severity"] = "on" if found["severity"] else "off"
    return found


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings of rules with others over them, in the long form."""
    found = {name: long_form(one) for name, one in base.items()}
    for name, setting in over.items():
        before = found.get(name, {})
        if before.get("severity") == "off":  # numbers for a rule that is off are meant to turn it on
            del before["severity"]
        found[name] = {**before, **long_form(setting)}
    return found


def _versions(text: str) -> Versions:
    """`1.24-`, `-1.35`, `1.20-1.23`, `1.36` or nothing (all)."""
    if not text:
        return ALL
    first, dash, last = text.partition("-")
    low = int(first.strip()[2:]) if first.strip() else ALL.first
    high = (int(last.strip()[2:]) if last.strip() else ALL.last) if dash else low
    return Versions(low, high)
