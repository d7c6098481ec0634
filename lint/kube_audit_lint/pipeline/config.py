"""The configuration, `.kube-audit-lint.yaml`: found, read, and applied to single files.

The configurations in a file's folder and above decide what holds for it, up to the root of the repository that the
working directory is in; the nearest goes before those above it, and one with `root: true` ends the search. Outside
of a repository the search ends at the working directory, for a file in some folder above would surprise. All globs
are those of .gitignore. Shape and types are held against config.schema.json; the ids and parameters of rules
against the catalogue, once that is known (`check_against`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from kube_audit_lint.discovery.gitignore import repository_of
from kube_audit_lint.discovery.globs import Globs
from kube_audit_lint.pipeline.configured import (
    Ignore,
    Override,
    Settings,
    check_configuration,
    ignore_of,
    override_of,
    texts,
)
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kube_audit_lint.catalogue.ownfile import OwnFile
    from kube_audit_lint.catalogue.rule import Catalogue

__all__ = ["NAMES", "Config", "Ignore", "Settings", "load_config", "rule_folders"]

NAMES = (".kube-audit-lint.yaml", ".kube-audit-lint.yml")
_NAMES = frozenset(NAMES)


class Config:
    """A configuration with those above it; `Config()` is the empty one.

    path: its file, "" when there is none. folder: the absolute folder that its globs start from. beside: the one that
    the files start from that it names (rules, a baseline); the same but for a configuration from outside. nearest:
    where the configurations of folders are looked for.
    """

    def __init__(
        self,
        path: str = "",
        folder: str | None = None,
        file: OwnFile | None = None,
        above: Config | None = None,
        beside: str = "",
    ) -> None:
        self.path = path
        self.folder = _forward(os.path.realpath(folder or "."))
        self._beside = beside or self.folder
        self._cwd = _forward(os.getcwd()).rstrip("/") + "/"
        self._file = file
        data = self._data = (file and file.data) or {}
        self._above = None if data.get("root") else above
        self.named: tuple[str, ...] = ()
        self.nearest: Nearest | None = None
        self.exclude = Globs(texts(data.get("exclude")))
        self.own_rule_folders = tuple(self._absolute(one) for _, one in _rule_folders(data))
        self.api_resources = self._shown(self._absolute(data["api-resources"])) if "api-resources" in data else ""
        self.baseline = self._shown(self._absolute(data["baseline"])) if "baseline" in data else ""
        self.ignores: tuple[Ignore, ...] = ()
        self._hints = tuple((hint, Globs(texts(data[key]))) for key, hint in _HINTS if key in data)
        self._links = [(Globs([glob]), path) for glob, path in data.get("links", {}).items()]
        self._clusters = [(Globs(texts(value)), name) for name, value in data.get("clusters", {}).items()]
        self._overrides: list[Override] = []
        self._base: Override | None = None
        if file is not None:
            self.ignores = tuple(ignore_of(file, one, index) for index, one in enumerate(data.get("ignores", ())))
            self._base = override_of(file, data, (), self.own_rule_folders)
            overrides = enumerate(data.get("overrides", ()))
            self._overrides = [override_of(file, one, ("overrides", index)) for index, one in overrides]
        self._settings: dict[tuple[int, ...], Settings] = {}
        self._of_folder: dict[str, Config] = {}

    @cached_property
    def chain(self) -> tuple[Config, ...]:
        """This configuration and those above it."""
        return (self, *(() if self._above is None else self._above.chain))

    @property
    def base(self) -> Settings:
        """The settings for a file that no override is about."""
        settings = _NOTHING
        for one in reversed(self.chain):
            settings = settings if one._base is None else settings.with_override(one._base)
        return settings

    @property
    def overrides(self) -> list[tuple[list[str], Settings]]:
        """The overrides by their paths, each with what comes of it over `base`."""
        data = self._data.get("overrides", ())
        return [
            (texts(one["paths"]), self.base.with_override(over))
            for one, over in zip(data, self._overrides, strict=True)
        ]

    @property
    def data(self) -> Mapping[str, Any]:
        """The content of the file."""
        return self._data

    def line_of(self, *keys: str | int) -> int:
        """The line of a value, or of the nearest one around it; 0 without a file."""
        return 0 if self._file is None else self._file.line(keys)

    @property
    def rule_folders(self) -> tuple[str, ...]:
        """The folders with rules of the users' own, those of the farthest configuration first."""
        return tuple(dict.fromkeys(folder for one in reversed(self.chain) for folder in one.own_rule_folders))

    def of(self, path: str) -> Config:
        """The nearest configuration of a file."""
        if self.nearest is None:
            return self
        folder = path[: path.rfind("/") + 1]
        found = self._of_folder.get(folder)
        if found is None:
            whole = self._whole(folder).rstrip("/") or "/"
            found = self._of_folder[folder] = self.nearest.at(whole, self)
        return found

    def known(self) -> list[Config]:
        """This configuration, those of the files that were looked up, and those above them."""
        every = [self] if self.nearest is None else [self, *self.nearest.found]
        return [one for one in dict.fromkeys(one for each in every for one in each.chain) if one.path]

    def for_path(self, path: str) -> Settings:
        """The settings for a file; the same object for files with the same settings."""
        settings = _NOTHING
        for one in reversed(self.of(path).chain):
            settings = one._over(settings, path)
        return settings

    def _over(self, settings: Settings, path: str) -> Settings:
        """Settings with those over them that this configuration has for a file."""
        if self._base is None:
            return settings
        below = self.below(path) if self._overrides else ""
        matching = [index for index, one in enumerate(self._overrides) if one.paths.matches(below)]
        key = (id(settings), *matching)
        if key not in self._settings:
            settings = settings.with_override(self._base)
            for index in matching:
                settings = settings.with_override(self._overrides[index])
            self._settings[key] = settings
        return self._settings[key]

    def hint(self, path: str) -> str | None:
        """`policy` or `server` when the configuration declares what a file is."""
        for one in self.of(path).chain:
            below = one.below(path) if one._hints else ""
            for hint, globs in one._hints:
                if globs.matches(below):
                    return hint
        return None

    def linked_policy(self, path: str) -> str | None:
        """The path, as reports show it, of the policy that the configuration has the servers of a file load."""
        for one in self.of(path).chain:
            below = one.below(path) if one._links else ""
            for globs, policy in reversed(one._links):
                if globs.matches(below):
                    return self._shown(os.path.join(one.folder, policy))
        return None

    def cluster_of(self, path: str) -> str | None:
        """The cluster that the configuration puts a file into, as a name that no other configuration gives."""
        for one in self.of(path).chain:
            below = one.below(path) if one._clusters else ""
            for globs, name in one._clusters:
                if globs.matches(below):
                    return f"{one.path}:{name}"
        return None

    def ignores_for(self, path: str) -> list[Ignore]:
        """The entries of `ignores` for a file, those of the nearest configuration first."""
        chain = (one for one in self.of(path).chain if one.ignores)
        return [entry for one in chain for entry in one.ignores if entry.paths.matches(one.below(path))]

    def baseline_of(self, path: str) -> Config | None:
        """The configuration that names the baseline of a file."""
        return next((one for one in self.of(path).chain if one.baseline), None)

    def api_resources_of(self, path: str) -> Config | None:
        """The configuration that names what the cluster of a file serves."""
        return next((one for one in self.of(path).chain if one.api_resources), None)

    def excluding(self, folder: str, names: Sequence[str] | None = None) -> list[tuple[Globs, str]]:
        """What is excluded of a folder's entries: globs and the folders that they start from, the nearest first."""
        nearest = self if self.nearest is None else self.nearest.at(folder, self, names)
        return nearest._excluding

    @cached_property
    def _excluding(self) -> list[tuple[Globs, str]]:
        return [(one.exclude, one.folder) for one in self.chain if one.exclude]

    def check_against(self, catalogue: Catalogue) -> None:
        """Raises OwnFileError for rules, profiles and parameters of rules that do not exist."""
        for one in self.chain:
            if one._file is not None:
                check_configuration(one._file, one._data, catalogue)

    def check_rule_folders(self) -> None:
        """Raises OwnFileError for folders of rules that are not there."""
        for one in self.chain:
            for (key, written), folder in zip(_rule_folders(one._data), one.own_rule_folders, strict=True):
                if one._file is not None and not os.path.isdir(folder):
                    instead = "; rules by their ids are a mapping, as {log-maxage: off}" if key == "rules" else ""
                    one._file.fail((key,), f"{written}: there is no such folder{instead}")

    def _absolute(self, path: str) -> str:
        return _forward(os.path.normpath(os.path.join(self._beside, path)))

    def _shown(self, whole: str) -> str:
        """A path of the configuration as reports show it."""
        return _forward(os.path.relpath(whole, self._cwd))

    def _whole(self, path: str) -> str:
        whole = path if os.path.isabs(path) else self._cwd + path
        return _forward(os.path.normpath(whole)) if "./" in path or ".." in path else whole

    def below(self, path: str) -> str:
        """A shown path as globs see it: relative to the folder; a file outside of it by its absolute path."""
        whole = self._whole(path)
        base = self.folder.rstrip("/") + "/"
        return whole[len(base) :] if whole.startswith(base) else whole.lstrip("/")


_NOTHING = Settings()
_HINTS = (("policies", "policy"), ("servers", "server"))


class Nearest:
    """The configurations of the folders below one, each read when a file below it is looked up.

    named: the paths that the command names, which may be outside of the repository.
    """

    def __init__(self, top: str, named: tuple[str, ...] = ()) -> None:
        self._top = _forward(top).rstrip("/") or "/"
        self._inside = self._top.rstrip("/") + "/"
        self._named = named
        self._by_folder: dict[str, Config] = {}
        self.check: Callable[[Config], None] | None = None

    @property
    def found(self) -> list[Config]:
        """The configurations of all folders that were looked up."""
        return list(dict.fromkeys(self._by_folder.values()))

    def at(self, folder: str, otherwise: Config, names: Sequence[str] | None = None) -> Config:
        """The nearest configuration at or above an absolute folder; another for what is elsewhere.

        names: the entries of the folder, where they are known. Raises OwnFileError for one that cannot be used.
        """
        found = self._by_folder.get(folder)
        if found is not None:
            return found
        if folder != self._top and not folder.startswith(self._inside):
            return otherwise
        unknown = [folder]
        while folder != self._top and (folder := folder[: folder.rfind("/")] or "/") not in self._by_folder:
            unknown.append(folder)
        found = self._by_folder.get(folder)
        for one in reversed(unknown):
            known = names if one == unknown[0] else None
            found = self._by_folder[one] = self._own(one, found, known) or found or Config("", one)
        assert found is not None
        return found

    def _own(self, folder: str, above: Config | None, names: Sequence[str] | None) -> Config | None:
        if names is None:
            names = [name for name in NAMES if os.path.lexists(os.path.join(folder, name))]
        if _NAMES.isdisjoint(names):
            return None
        name = next(name for name in NAMES if name in names)
        config = _read(_forward(os.path.relpath(os.path.join(folder, name))), folder, above, self._named)
        if self.check is not None:
            self.check(config)
        return config


def rule_folders(paths: Sequence[str], config: Config) -> tuple[str, ...]:
    """The folders with own rules for the working directory and for what is named: options may name these rules.

    Raises OwnFileError for one that is not there.
    """
    inside = (os.path.join(path, "-") if os.path.isdir(path) else path for path in paths)
    named = (folder for path in inside for folder in config.for_path(path).rule_folders)
    found = tuple(dict.fromkeys((*config.rule_folders, *named)))
    for one in config.known() if found else ():
        one.check_rule_folders()
    return found


def load_config(path: str | None = None) -> Config:
    """The configuration at a path, for all files; or the one of the working directory, with those of other folders.

    Raises OwnFileError, which names file, line, column and key.
    """
    here = os.getcwd()
    if path is None:
        nearest = Nearest(repository_of(here) or here)
        config = nearest.at(_forward(here), Config())
        config.nearest = nearest
        nearest.check = _check
        return config
    folder = os.path.dirname(path) or "."
    top = os.path.realpath(repository_of(here) or here)
    inside = _forward(os.path.realpath(folder) + os.sep).startswith(_forward(top).rstrip("/") + "/")
    return _read(path, folder if inside else top, None, (path, folder), folder)


def _check(config: Config) -> None:
    """Raises OwnFileError for a configuration that names rules that there are not."""
    from kube_audit_lint.catalogue.shipped import catalogue_with

    config.check_rule_folders()
    config.check_against(catalogue_with(config.rule_folders))


def _read(path: str, folder: str, above: Config | None, named: tuple[str, ...] = (), beside: str = "") -> Config:
    """The configuration in a file. Raises OwnFileError. named: the paths that the command names."""
    from kube_audit_lint.catalogue.ownfile import read_own_file
    from kube_audit_lint.catalogue.shape import validate

    file = read_own_file(path, named)
    if file.data is not None:
        validate(file, "config")
    config = Config(path, folder, file, above, _forward(os.path.realpath(beside)) if beside else "")
    config.named = named
    if config.own_rule_folders:
        _check_rule_folders(config, file)
    return config


def _rule_folders(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The folders with rules of the users' own that a configuration names, each with the key that does."""
    keys = ("rule-directories",) if isinstance(data.get("rules"), dict) else ("rules", "rule-directories")
    return [(key, one) for key in keys for one in texts(data.get(key))]


def _check_rule_folders(config: Config, file: OwnFile) -> None:
    """Raises OwnFileError for folders that lie where nothing may be read."""
    from kube_audit_lint.discovery.roots import OUTSIDE, readable

    for (key, written), folder in zip(_rule_folders(config.data), config.own_rule_folders, strict=True):
        if not readable(folder, config.named):
            file.fail((key,), f"{written}: {OUTSIDE}")


def _forward(path: str) -> str:
    return path if os.sep == "/" else path.replace(os.sep, "/")
