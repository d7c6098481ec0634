"""The configuration, `.kube-audit-lint.yaml`: found, read, and asked about single files.

It is looked for in the working directory and above, up to the root of the repository; outside of a
repository, in the working directory alone, for a file in some folder above would surprise. All its globs
are those of .gitignore. Shape and types are held against config.schema.json; the ids and parameters of rules
against the catalogue, once that is known (`check_against`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kube_audit_lint.discovery.globs import Globs
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.model.version import Versions, parse_versions, refused
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place

if TYPE_CHECKING:
    from kube_audit_lint.catalogue.ownfile import Keys, OwnFile
    from kube_audit_lint.catalogue.rule import Catalogue

NAMES = (".kube-audit-lint.yaml", ".kube-audit-lint.yml")


class Settings(NamedTuple):
    """What holds for one file. rules: rule id to `severity` (`off`, `on` or one) and parameters."""

    versions: Versions | None = None
    profile: str = ""
    rules: Mapping[str, Mapping[str, Any]] = {}
    pedantic: bool = False

    def with_override(self, override: _Override) -> Settings:
        """These settings with those of an override over them."""
        return Settings(
            override.versions or self.versions,
            override.profile or self.profile,
            _merged(self.rules, override.rules),
            self.pedantic if override.pedantic is None else override.pedantic,
        )


class _Override(NamedTuple):
    """Settings, those that are not given as None or empty, and the files they are for."""

    paths: Globs
    versions: Versions | None
    profile: str
    rules: Mapping[str, Mapping[str, Any]]
    pedantic: bool | None


class Ignore(NamedTuple):
    """An entry of `ignores`. days: how many are left up to `until`, None for ever. places: of the rules' names."""

    paths: Globs
    rules: tuple[str, ...]
    reason: str
    places: tuple[Place, ...]
    until: Place | None = None
    days: int | None = None


class Config:
    """A configuration; `Config()` is the one that says nothing.

    path: its file, "" when there is none. folder: the absolute folder that globs and paths start from.
    """

    def __init__(self, path: str = "", folder: str | None = None, file: OwnFile | None = None) -> None:
        self.path = path
        self.named: tuple[str, ...] = ()
        self.folder = _forward(os.path.realpath(folder or "."))
        self._cwd = _forward(os.getcwd()).rstrip("/") + "/"
        self._file = file
        data = self._data = (file and file.data) or {}
        self.exclude = Globs(_texts(data.get("exclude")))
        rules = data.get("rules")
        own = [] if isinstance(rules, dict) else _texts(rules)
        self.rule_folders = tuple(self._absolute(one) for one in own + _texts(data.get("rule-directories")))
        self.fail_on: str = data.get("fail-on", "")
        self.require_reason: bool = data.get("require-reason", False)
        self.embedded: bool = data.get("embedded", False)
        self.baseline = self._shown(data["baseline"]) if "baseline" in data else ""
        self.ignores = tuple(self._ignore(one, index) for index, one in enumerate(data.get("ignores", ())))
        self._hints = tuple((hint, Globs(_texts(data[key]))) for key, hint in _HINTS if key in data)
        self._links = [(Globs([glob]), path) for glob, path in data.get("links", {}).items()]
        self._clusters = [(Globs(_texts(value)), name) for name, value in data.get("clusters", {}).items()]
        self._base = Settings().with_override(self._override(data, ()))
        overrides = enumerate(data.get("overrides", ()))
        self._overrides = [self._override(one, ("overrides", index)) for index, one in overrides]
        self._settings: dict[tuple[int, ...], Settings] = {(): self._base}

    def for_path(self, path: str) -> Settings:
        """The settings for a file; the same object for files with the same settings."""
        if not self._overrides:
            return self._base
        below = self._below(path)
        key = tuple(index for index, one in enumerate(self._overrides) if one.paths.matches(below))
        if key not in self._settings:
            settings = self._base
            for index in key:
                settings = settings.with_override(self._overrides[index])
            self._settings[key] = settings
        return self._settings[key]

    def hint(self, path: str) -> str | None:
        """`policy` or `server` when the configuration says what a file is."""
        if not self._hints:
            return None
        below = self._below(path)
        return next((hint for hint, globs in self._hints if globs.matches(below)), None)

    def linked_policy(self, path: str) -> str | None:
        """The path, as reports show it, of the policy that the configuration says the servers of a file load."""
        if not self._links:
            return None
        below = self._below(path)
        for globs, policy in reversed(self._links):
            if globs.matches(below):
                return self._shown(policy)
        return None

    def cluster_of(self, path: str) -> str | None:
        """The cluster that the configuration puts a file into."""
        if not self._clusters:
            return None
        below = self._below(path)
        return next((name for globs, name in self._clusters if globs.matches(below)), None)

    def ignores_for(self, path: str) -> list[Ignore]:
        """The entries of `ignores` for a file."""
        if not self.ignores:
            return []
        below = self._below(path)
        return [one for one in self.ignores if one.paths.matches(below)]

    def check_against(self, catalogue: Catalogue) -> None:
        """Raises OwnFileError for rules, profiles and parameters of rules that do not exist."""
        if self._file is None:
            return
        from kube_audit_lint.catalogue.settings import check_settings

        overrides = enumerate(self._data.get("overrides", ()))
        for keys, data in [((), self._data), *((("overrides", index), one) for index, one in overrides)]:
            self._check_profile(self._file, keys, data, catalogue.profiles)
            if isinstance(data.get("rules"), dict):
                check_settings(self._file, (*keys, "rules"), data["rules"], catalogue.rules)
        for index, one in enumerate(self.ignores):
            self._check_ignored(self._file, ("ignores", index, "rule"), one, catalogue)

    def _check_ignored(self, file: OwnFile, keys: Keys, ignore: Ignore, catalogue: Catalogue) -> None:
        from kube_audit_lint.catalogue.settings import did_you_mean
        from kube_audit_lint.pipeline.suppressing import ALWAYS_SHOWN

        for number, name in enumerate(ignore.rules):
            at = (*keys, number) if isinstance(self._data["ignores"][keys[1]]["rule"], list) else keys
            if name not in catalogue.rules:
                file.fail(at, f"there is no rule {name}; {did_you_mean(name, catalogue.rules)}")
            if name in ALWAYS_SHOWN:
                file.fail(at, f"{name} cannot be ignored: it reports what others do not see")

    def _check_profile(self, file: OwnFile, keys: Keys, data: dict[str, Any], known: Mapping[str, object]) -> None:
        name = data.get("profile")
        if name is not None and name not in known:
            from kube_audit_lint.kubernetes.spelling import nearest

            near = nearest(name, known)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(sorted(known))}"
            file.fail((*keys, "profile"), f"there is no profile {name}; {hint}")

    def _ignore(self, data: dict[str, Any], index: int) -> Ignore:
        assert self._file is not None
        keys: Keys = ("ignores", index)
        rules = tuple(_texts(data["rule"]))
        listed = isinstance(data["rule"], list)
        places = [self._file.place((*keys, "rule", at) if listed else (*keys, "rule")) for at in range(len(rules))]
        found = Ignore(Globs(_texts(data["paths"])), rules, data["reason"], tuple(places))
        if "until" not in data:
            return found
        from kube_audit_lint.pipeline.expiry import days_left

        days = days_left(data["until"])
        if days is None:
            self._file.fail((*keys, "until"), f"{data['until']} is no date such as 2027-03-31")
        return found._replace(until=self._file.place((*keys, "until")), days=days)

    def _override(self, data: dict[str, Any], keys: Keys) -> _Override:
        settings = data.get("rules")
        rules = {name: _setting(one) for name, one in settings.items()} if isinstance(settings, dict) else {}
        if "log-rate" in data:
            rule, parameter = _LOG_RATE
            rules[rule] = {parameter: data["log-rate"], **rules.get(rule, {})}
        return _Override(
            Globs(_texts(data.get("paths"))),
            self._versions((*keys, "kubernetes-version")) if "kubernetes-version" in data else None,
            data.get("profile", ""),
            rules,
            data.get("pedantic"),
        )

    def _versions(self, keys: Keys) -> Versions | None:
        assert self._file is not None
        text = self._file.text(keys)
        versions = parse_versions(text)
        if versions is None:
            self._file.fail(keys, f"{text} is no version such as 1.30 and no range such as 1.29-1.34")
        if refused(versions):
            self._file.fail(keys, refused(versions))
        return versions

    def _absolute(self, path: str) -> str:
        return _forward(os.path.normpath(os.path.join(self.folder, path)))

    def _shown(self, path: str) -> str:
        """A path of the configuration as reports show it."""
        return _forward(os.path.relpath(self._absolute(path), self._cwd))

    def _below(self, path: str) -> str:
        """A shown path as globs see it: relative to the folder; a file outside of it by its absolute path."""
        whole = path if os.path.isabs(path) else self._cwd + path
        if "./" in path or ".." in path:
            whole = _forward(os.path.normpath(whole))
        base = self.folder.rstrip("/") + "/"
        return whole[len(base) :] if whole.startswith(base) else whole.lstrip("/")


_HINTS = (("policies", "policy"), ("servers", "server"))
_LOG_RATE = ("retention-too-short", "log-rate")  # what `log-rate` at the top is a shorter way to


def load_config(path: str | None = None) -> Config:
    """The configuration at a path, or the one found from the working directory upwards, or one that says nothing.

    Raises OwnFileError, which names file, line, column and key.
    """
    found = path or _found()
    if found is None:
        return Config()
    from kube_audit_lint.catalogue.ownfile import read_own_file
    from kube_audit_lint.catalogue.shape import validate

    named = (path,) if path else ()
    file = read_own_file(found, named)
    if file.data is not None:
        validate(file, "config")
    config = Config(found, os.path.dirname(found) or ".", file)
    config.named = named
    if config.rule_folders:
        from kube_audit_lint.discovery.roots import OUTSIDE, readable

        for folder in config.rule_folders:
            if not readable(folder, named):
                raise OwnFileError(found, f"rule-directories: {folder}: {OUTSIDE}")
    return config


def _found() -> str | None:
    folder = os.getcwd()
    prefix = ""
    candidates: list[str] = []
    while True:
        candidates += [prefix + name for name in NAMES]
        if os.path.lexists(os.path.join(folder, ".git")):
            return next(filter(os.path.lexists, candidates), None)
        above = os.path.dirname(folder)
        if above == folder:
            return next(filter(os.path.lexists, NAMES), None)
        folder = above
        prefix += "../"


def _texts(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _setting(value: Any) -> dict[str, Any]:
    """A rule's setting in its long form; a plain `off` is false to YAML."""
    setting = dict(value) if isinstance(value, dict) else {"severity": value}
    if isinstance(setting.get("severity"), bool):
        setting["severity"] = "on" if setting["severity"] else "off"
    return setting


def _merged(
    base: Mapping[str, Mapping[str, Any]], over: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Mapping[str, Any]]:
    merged = dict(base)
    for name, setting in over.items():
        before = dict(merged.get(name, {}))
        if before.get("severity") == "off":  # numbers for a rule that is off are meant to turn it on
            del before["severity"]
        merged[name] = {**before, **setting}
    return merged


def _forward(path: str) -> str:
    return path if os.sep == "/" else path.replace(os.sep, "/")
