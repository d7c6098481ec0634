"""A configuration's content: settings for files, and what is ignored; from its data, held against a catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from kube_audit_lint.catalogue.rule import long_form, merged
from kube_audit_lint.discovery.globs import Globs
from kube_audit_lint.model.version import Versions, parse_versions, refused
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kube_audit_lint.catalogue.ownfile import Keys, OwnFile
    from kube_audit_lint.catalogue.rule import Catalogue


class Settings(NamedTuple):
    """What holds for one file. rules: rule id to `severity` (`off`, `on` or one) and parameters.

    rule_folders: the folders with rules of the users' own that are applied to it. versions_at: where the versions are
    written.
    """

    versions: Versions | None = None
    profile: str = ""
    rules: Mapping[str, Mapping[str, Any]] = {}
    pedantic: bool = False
    embedded: bool = False
    require_reason: bool = False
    fail_on: str = ""
    rule_folders: tuple[str, ...] = ()
    versions_at: Place | None = None

    def with_override(self, over: Override) -> Settings:
        """These settings with those of an override over them."""
        return Settings(
            over.versions or self.versions,
            over.profile or self.profile,
            merged(self.rules, over.rules),
            self.pedantic if over.pedantic is None else over.pedantic,
            self.embedded if over.embedded is None else over.embedded,
            self.require_reason if over.require_reason is None else over.require_reason,
            over.fail_on or self.fail_on,
            tuple(dict.fromkeys((*self.rule_folders, *over.rule_folders))),
            over.versions_at or self.versions_at,
        )


class Override(NamedTuple):
    """Settings, those that are not given as None or empty, and the files they are for."""

    paths: Globs
    versions: Versions | None
    profile: str
    rules: Mapping[str, Mapping[str, Any]]
    pedantic: bool | None
    embedded: bool | None
    require_reason: bool | None
    fail_on: str
    rule_folders: tuple[str, ...]
    versions_at: Place | None = None


class Ignore(NamedTuple):
    """An entry of `ignores`. days: how many are left up to `until`, None for ever. places: of the rules' names."""

    paths: Globs
    rules: tuple[str, ...]
    reason: str
    places: tuple[Place, ...]
    until: Place | None = None
    days: int | None = None


def override_of(file: OwnFile, data: Mapping[str, Any], keys: Keys, rule_folders: tuple[str, ...] = ()) -> Override:
    """The settings at `keys` of a configuration. Raises OwnFileError for what is no version."""
    settings = data.get("rules")
    rules = {name: long_form(one) for name, one in settings.items()} if isinstance(settings, dict) else {}
    if "log-rate" in data:
        rule, parameter = _LOG_RATE
        rules[rule] = {parameter: data["log-rate"], **rules.get(rule, {})}
    at = (*keys, "kubernetes-version") if "kubernetes-version" in data else None
    return Override(
        Globs(texts(data.get("paths"))),
        None if at is None else _versions(file, at),
        data.get("profile", ""),
        rules,
        data.get("pedantic"),
        data.get("embedded"),
        data.get("require-reason"),
        data.get("fail-on", ""),
        rule_folders,
        None if at is None else file.place(at),
    )


_LOG_RATE = ("retention-too-short", "log-rate")  # what `log-rate` at the top is a shorter way to


def ignore_of(file: OwnFile, data: Mapping[str, Any], index: int) -> Ignore:
    """An entry of `ignores`. Raises OwnFileError for what is no date."""
    rules, reason = tuple(texts(data["rule"])), data["reason"]
    keys: Keys = ("ignores", index)
    found = Ignore(Globs(texts(data["paths"])), rules, reason, tuple(map(file.place, _keys_of_rules(data, index))))
    if "until" not in data:
        return found
    from kube_audit_lint.pipeline.expiry import days_left, is_written

    days = days_left(data["until"])
    if days is None:
        file.fail(
            (*keys, "until"),
            f"{data['until']}: there is no such day"
            if is_written(data["until"])
            else f"{data['until']} is not a date such as 2027-03-31",
        )
    return found._replace(until=file.place((*keys, "until")), days=days)


def _keys_of_rules(data: Mapping[str, Any], index: int) -> list[Keys]:
    at: Keys = ("ignores", index, "rule")
    return [(*at, number) for number in range(len(data["rule"]))] if isinstance(data["rule"], list) else [at]


def check_configuration(file: OwnFile, data: Mapping[str, Any], catalogue: Catalogue) -> None:
    """Raises OwnFileError for rules, profiles and parameters of rules that do not exist."""
    from kube_audit_lint.catalogue.settings import check_settings

    overrides = enumerate(data.get("overrides", ()))
    for keys, one in [((), data), *((("overrides", index), each) for index, each in overrides)]:
        _check_profile(file, keys, one, catalogue.profiles)
        if isinstance(one.get("rules"), dict):
            check_settings(file, (*keys, "rules"), one["rules"], catalogue.rules)
    for index, one in enumerate(data.get("ignores", ())):
        _check_ignored(file, one, index, catalogue)


def _check_profile(file: OwnFile, keys: Keys, data: Mapping[str, Any], known: Mapping[str, object]) -> None:
    name = data.get("profile")
    if name is not None and name not in known:
        from kube_audit_lint.kubernetes.spelling import nearest

        near = nearest(name, known)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(sorted(known))}"
        file.fail((*keys, "profile"), f"there is no profile {name}; {hint}")


def _check_ignored(file: OwnFile, data: Mapping[str, Any], index: int, catalogue: Catalogue) -> None:
    from kube_audit_lint.catalogue.settings import did_you_mean
    from kube_audit_lint.pipeline.suppressing import ALWAYS_SHOWN

    for name, keys in zip(texts(data["rule"]), _keys_of_rules(data, index), strict=True):
        if name not in catalogue.rules:
            file.fail(keys, f"there is no rule {name}; {did_you_mean(name, catalogue.rules)}")
        if name in ALWAYS_SHOWN:
            file.fail(keys, f"{name} cannot be ignored: it reports what others do not see")


def _versions(file: OwnFile, keys: Keys) -> Versions:
    text = file.text(keys)
    versions = parse_versions(text)
    if versions is None:
        file.fail(keys, f"{text} is no version such as 1.30 and no range such as 1.29-1.34")
    if refused(versions):
        file.fail(keys, refused(versions))
    return versions


def texts(value: str | list[str] | None) -> list[str]:
    """A list of texts; a single text is one of them."""
    return [value] if isinstance(value, str) else value or []
