"""The configuration, `.kube-audit-lint.yaml`: found, read, and asked about single files.

It is looked for in the working directory and above, up to the root of the repository; outside of a
repository, in the working directory alone, for a file in some folder above would surprise. All its globs
are those of .gitignore. Shape and types are held against config.schema.json (shape.py); the ids and
parameters of rules against the catalogue, once that is known (`hold_against`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from kube_audit_lint.discovery.globs import Globs
from kube_audit_lint.errors import ConfigError
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.model.version import Versions, parse_versions
from kube_audit_lint.syntax.nodes import Document, Node, Scalar
from kube_audit_lint.syntax.nodes import Mapping as MappingNode
from kube_audit_lint.syntax.nodes import Sequence as SequenceNode
from kube_audit_lint.syntax.plain import plain
from kube_audit_lint.syntax.record import NamedTuple

if TYPE_CHECKING:
    from kube_audit_lint.catalogue.rule import Catalogue, Rule
    from kube_audit_lint.model.server import ApiServer

NAMES = (".kube-audit-lint.yaml", ".kube-audit-lint.yml")
SCHEMA = os.path.join(os.path.dirname(__file__), os.pardir, "schemas", "config.schema.json")


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


class Config:
    """A configuration; `Config()` is the one that says nothing.

    path: its file, "" when there is none. folder: the absolute folder that globs and paths start from.
    """

    def __init__(self, path: str = "", folder: str | None = None, document: Document | None = None) -> None:
        self.path = path
        self.folder = _forward(os.path.realpath(folder or "."))
        self._root = document.mapping if document is not None else None
        root = self._root
        self.exclude = Globs(_texts(root, "exclude"))
        self.rule_folders = tuple(self._absolute(one) for one in self._rule_folders())
        self.fail_on = (root and root.string("fail-on")) or ""
        self.require_reason = _flag(root, "require-reason") is True
        self.embedded = _flag(root, "embedded") is True
        self._cwd = _forward(os.getcwd()).rstrip("/") + "/"
        self._hints = tuple((hint, Globs(_texts(root, key))) for key, hint in _HINTS if _texts(root, key))
        self._links = [(Globs([glob]), path) for glob, path in self._entries("links")]
        self._clusters = [(Globs(_texts_of(value)), name) for name, value in self._nodes("clusters")]
        self._base = Settings().with_override(self._override(root)) if root is not None else Settings()
        overrides = root.items("overrides") if root is not None else []
        self._overrides = [self._override(node) for node in overrides if isinstance(node, MappingNode)]
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

    def linked_policy(self, server: ApiServer) -> str | None:
        """The path, as reports show it, of the policy that the configuration says a server loads."""
        if not self._links:
            return None
        below = self._below(server.source.path)
        for globs, policy in reversed(self._links):
            if globs.matches(below):
                return _forward(os.path.relpath(self._absolute(policy), self._cwd))
        return None

    def cluster_of(self, path: str) -> str | None:
        """The cluster that the configuration puts a file into."""
        if not self._clusters:
            return None
        below = self._below(path)
        return next((name for globs, name in self._clusters if globs.matches(below)), None)

    def hold_against(self, catalogue: Catalogue) -> None:
        """Raises ConfigError for rules, profiles and parameters of rules that do not exist."""
        if self._root is None:
            return
        for node in (self._root, *self._root.items("overrides")):
            if isinstance(node, MappingNode):
                self._hold_profile(node, catalogue.profiles)
                rules = node.mapping("rules")
                if rules is not None:
                    self._hold_rules(rules, catalogue.rules)

    def _hold_profile(self, node: MappingNode, known: Mapping[str, object]) -> None:
        profile = node.get("profile")
        if isinstance(profile, Scalar) and profile.value not in known:
            near = nearest(profile.value, known)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(sorted(known))}"
            self._fail(profile, f"profile: there is no profile {profile.value}; {hint}")

    def _hold_rules(self, rules: MappingNode, known: Mapping[str, Rule]) -> None:
        for name, entry in rules.entries.items():
            rule = known.get(name)
            if rule is None:
                near = nearest(name, known)
                hint = f"did you mean {near}?" if near else "`kube-audit-lint rules` lists them"
                self._fail(entry.key, f"rules.{name}: there is no rule {name}; {hint}")
            if isinstance(entry.value, MappingNode) and entry.value.entries.keys() - {"severity"}:
                self._hold_params(name, entry.value, rule)

    def _hold_params(self, name: str, node: MappingNode, rule: Rule) -> None:
        from importlib import import_module

        from kube_audit_lint.pipeline.shape import problems

        template = import_module(f"kube_audit_lint.checks.{rule.check.replace('-', '_')}")
        schema = {key: value for key, value in template.PARAMS.items() if key != "required"}
        schema["properties"] = {**schema.get("properties", {}), "severity": {}}
        for problem in problems(node, schema, f"rules.{name}"):
            self._fail(problem.node, str(problem))

    def _override(self, node: MappingNode) -> _Override:
        rules = {name: _setting(plain(entry.value)) for name, entry in _entries(node.mapping("rules"))}
        rate = plain(node.get("log-rate"))
        if rate is not None:
            rule, parameter = _LOG_RATE
            rules[rule] = {parameter: rate, **rules.get(rule, {})}
        return _Override(
            Globs(_texts(node, "paths")),
            self._versions(node.get("kubernetes-version")),
            node.string("profile") or "",
            rules,
            _flag(node, "pedantic"),
        )

    def _versions(self, node: Node | None) -> Versions | None:
        if not isinstance(node, Scalar):
            return None
        # A plain 1.30 is the number 1.3 to YAML, but its author wrote a version.
        text = node.value if node.kind == "string" else node.place.text
        versions = parse_versions(text)
        if versions is None:
            self._fail(node, f"kubernetes-version: {text} is no version such as 1.30 and no range such as 1.29-1.34")
        return versions

    def _rule_folders(self) -> list[str]:
        rules = self._root.get("rules") if self._root is not None else None
        own = [] if isinstance(rules, MappingNode) else _texts_of(rules)
        return own + _texts(self._root, "rule-directories")

    def _entries(self, key: str) -> list[tuple[str, str]]:
        return [(name, node.value) for name, node in self._nodes(key) if isinstance(node, Scalar)]

    def _nodes(self, key: str) -> list[tuple[str, Node]]:
        node = self._root.mapping(key) if self._root is not None else None
        return [(name, entry.value) for name, entry in _entries(node)]

    def _absolute(self, path: str) -> str:
        return _forward(os.path.normpath(os.path.join(self.folder, path)))

    def _below(self, path: str) -> str:
        """A shown path as globs see it: relative to the folder; a file outside of it by its absolute path."""
        whole = path if os.path.isabs(path) else self._cwd + path
        if "./" in path or ".." in path:
            whole = _forward(os.path.normpath(whole))
        base = self.folder.rstrip("/") + "/"
        return whole[len(base) :] if whole.startswith(base) else whole.lstrip("/")

    def _fail(self, node: Node, message: str) -> NoReturn:
        line, column = node.source.position(node.start)
        raise ConfigError(self.path, message, line, column)


_HINTS = (("policies", "policy"), ("servers", "server"))
_LOG_RATE = ("retention-too-short", "log-rate")  # what `log-rate` at the top is a shorter way to


def load_config(path: str | None = None) -> Config:
    """The configuration at a path, or the one found from the working directory upwards, or one that says nothing.

    Raises ConfigError, which names file, line, column and key.
    """
    found = path or _found()
    if found is None:
        return Config()
    named = (path,) if path else ()
    document = _read(found, named)
    if document is not None:
        _validate(found, document)
    config = Config(found, os.path.dirname(found) or ".", document)
    if config.rule_folders:
        from kube_audit_lint.discovery.roots import OUTSIDE, readable

        for folder in config.rule_folders:
            if not readable(folder, named):
                raise ConfigError(found, f"rule-directories: {folder}: {OUTSIDE}")
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


def _read(path: str, named: tuple[str, ...]) -> Document | None:
    from kube_audit_lint.discovery.roots import read_own
    from kube_audit_lint.syntax.reader import read_file

    try:
        _, documents = read_file(path, read_own(path, named))
    except OSError as error:
        raise ConfigError(path, error.strerror or str(error)) from error
    for document in documents:
        if document.problem is not None:
            place = document.problem.place
            raise ConfigError(path, document.problem.message, *place.source.position(place.start))
    if len(documents) > 1:
        raise ConfigError(path, "holds more than one document", *documents[1].source.position(documents[1].start))
    return documents[0] if documents and documents[0].root is not None else None


def _validate(path: str, document: Document) -> None:
    from kube_audit_lint.pipeline.shape import problems

    root = document.root
    if root is None or (isinstance(root, Scalar) and root.kind == "null"):
        return
    for one in _duplicates(root):
        raise ConfigError(path, f"{one.value}: stands twice in one mapping", *one.source.position(one.start))
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    for problem in problems(root, schema):
        raise ConfigError(path, str(problem), *problem.node.source.position(problem.node.start))


def _duplicates(node: Node) -> Iterable[Scalar]:
    if isinstance(node, SequenceNode):
        for item in node.items:
            yield from _duplicates(item)
    elif isinstance(node, MappingNode):
        yield from (winner.key for _, winner in node.duplicates)
        for entry in node.entries.values():
            yield from _duplicates(entry.value)


def _entries(node: MappingNode | None) -> list[tuple[str, Any]]:
    return [] if node is None else list(node.entries.items())


def _texts(node: MappingNode | None, key: str) -> list[str]:
    return [] if node is None else _texts_of(node.get(key))


def _texts_of(node: Node | None) -> list[str]:
    value = plain(node)
    return [value] if isinstance(value, str) else [one for one in value or () if isinstance(one, str)]


def _flag(node: MappingNode | None, key: str) -> bool | None:
    value = plain(node.get(key)) if node is not None else None
    return value if isinstance(value, bool) else None


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
