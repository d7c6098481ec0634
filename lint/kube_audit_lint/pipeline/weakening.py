"""How a change weakens the linter's own checks: by its configurations, rules, profiles, baselines and comments.

Both sides are put into folders of their own and read as a run reads them; what holds for files is compared, and not
how it is written.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.selection import Applied, Choice, applied
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.model.comparison import Weakened
from kube_audit_lint.model.finding import SEVERITIES
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.pipeline.baseline import Entry, entries_of
from kube_audit_lint.pipeline.config import NAMES, Config, Nearest
from kube_audit_lint.pipeline.configured import Settings, texts
from kube_audit_lint.pipeline.documents import collect
from kube_audit_lint.pipeline.git import Changed, Repository
from kube_audit_lint.pipeline.suppressing import Directive, directives_of
from kube_audit_lint.syntax.record import NamedTuple

Read = Callable[[str], bytes | None]
"""Reads a file of one side by its path in the repository; None where there is none."""

_FAIL_ON = ("info", "warning", "error", "never")
_FOREVER = "9999-12-31"


class Side(NamedTuple):
    """One side in a folder of its own: its files, how to read them, and the configurations of its folders."""

    top: str
    paths: frozenset[str]
    read: Read
    nearest: Nearest

    def config(self, folder: str) -> Config:
        """The configuration that holds in a folder, "" for the root. Raises OwnFileError."""
        return self.nearest.at(os.path.join(self.top, folder).rstrip("/"), Config())

    def inside(self, whole: str) -> str:
        """The path in the repository of one that a configuration names."""
        return os.path.relpath(os.path.join(os.getcwd(), whole), self.top).replace(os.sep, "/")


def weakened(repository: Repository, changed: Sequence[Changed], now: Read, notes: list[str]) -> list[Weakened]:
    """What weakens the checks, in the order of places. notes: takes up what could not be compared."""
    if not changed or not repository.commit:
        return []
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="kube-audit-lint-") as folder:
        top = os.path.realpath(folder)
        paths = repository.files(False)
        known = set(paths)
        old = _side(f"{top}/old", paths, lambda path: repository.before(path) if path in known else None)
        new = _side(f"{top}/new", repository.files(True), now)
        found = [*_of_configurations(old, new, changed, notes), *_of_baselines(old, new, changed)]
    found += _of_comments(repository, changed, now)
    return sorted(one._replace(path=repository.outside(one.path)) for one in dict.fromkeys(found))


def _side(top: str, paths: Sequence[str], read: Read) -> Side:
    os.makedirs(top)
    side = Side(top, frozenset(paths), read, Nearest(top, (top,)))
    _bring(side, (path for path in paths if os.path.basename(path) in NAMES))
    return side


def _bring(side: Side, paths: Iterator[str]) -> None:
    """Writes files of a side into its folder."""
    for path in paths:
        data = side.read(path)
        if data is None or os.path.isabs(path) or ".." in path.split("/"):
            continue
        whole = os.path.join(side.top, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "wb") as file:
            file.write(data)


def _of_configurations(old: Side, new: Side, changed: Sequence[Changed], notes: list[str]) -> Iterator[Weakened]:
    folders = {os.path.dirname(path) for side in (old, new) for path in side.paths if os.path.basename(path) in NAMES}
    touched = {path for one in changed for path in one if path is not None}
    for folder in sorted(folders):
        try:
            found = list(_of_folder(old, new, folder)) if _is_touched(old, new, folder, touched) else []
        except OwnFileError as error:  # noqa: PERF203 (of one folder only)
            if _can_be_read(old, folder):
                name = next((one for one in NAMES if os.path.join(folder, one) in touched), NAMES[0])
                yield Weakened(os.path.join(folder, name), error.line, f"cannot be used any more: {error.message}")
                continue
            notes.append(f"whether the checks of {folder or '.'} are weakened is not known: {error.message}")
        else:
            yield from found


def _can_be_read(side: Side, folder: str) -> bool:
    """Whether the checks of a folder are sound on a side, so that what is wrong is on the other one."""
    try:
        list(_of_folder(side, side, folder))
    except OwnFileError:
        return False
    return True


def _is_touched(old: Side, new: Side, folder: str, touched: set[str]) -> bool:
    """Whether a folder's own configuration changed, or rules of the users' own that hold there. Raises OwnFileError."""
    if any(os.path.join(folder, name) in touched for name in NAMES):
        return True
    own = tuple(f"{side.inside(one)}/" for side in (old, new) for one in side.config(folder).rule_folders)
    return any(path.startswith(own) for path in touched)


def _of_folder(old: Side, new: Side, folder: str) -> Iterator[Weakened]:
    before, after = old.config(folder), new.config(folder)
    own = after if after.folder == os.path.join(new.top, folder).rstrip("/") and after.path else None
    name = next((one for one in NAMES if os.path.join(folder, one) in new.paths), NAMES[0])

    def at(message: str, *keys: str | int) -> Weakened:
        return Weakened(os.path.join(folder, name), own.line_of(*keys) if own is not None else 0, message)

    data = [_data(side, config, folder) for side, config in ((old, before), (new, after))]
    catalogues = [_catalogue(side, config) for side, config in ((old, before), (new, after))]
    for config, catalogue in zip((before, after), catalogues, strict=True):
        config.check_against(catalogue)
    base = list(_of_rules(before.base, after.base, *catalogues))
    for id, message in base:
        yield at(message, *_keys(id, data[1]))
    yield from (at(message, *keys) for keys, message in _of_overrides(before, after, catalogues, base))
    yield from (at(message, key) for key, message in _of_lists(*data))
    older = _of_versions(before.base.versions, after.base.versions)
    yield from (at(message, "kubernetes-version") for message in older)
    if _rank(before.base.fail_on) < _rank(after.base.fail_on):
        yield at(f"fails a run later: fail-on {before.base.fail_on or 'warning'} -> {after.base.fail_on}", "fail-on")
    if before.base.require_reason and not after.base.require_reason:
        yield at("requires no reasons of comments any more", "require-reason")
    if before.base.embedded and not after.base.embedded:
        yield at("no longer looks into scripts and documentation (embedded)", "embedded")


def _data(side: Side, config: Config, folder: str) -> Mapping[str, Any]:
    """What the folder's own configuration has, and not one above it."""
    return config.data if config.path and config.folder == os.path.join(side.top, folder).rstrip("/") else {}


def _catalogue(side: Side, config: Config) -> Catalogue:
    """The catalogue with the users' own rules that hold there. Raises OwnFileError."""
    from kube_audit_lint.catalogue.shipped import catalogue_with

    folders = [f"{side.inside(one)}/" for one in config.rule_folders]
    _bring(side, (path for path in side.paths if path.startswith(tuple(folders)) and path.endswith((".yaml", ".yml"))))
    return catalogue_with(tuple(one for one in config.rule_folders if os.path.isdir(one)))


def _of_rules(before: Settings, after: Settings, old: Catalogue, new: Catalogue) -> Iterator[tuple[str, str]]:
    """The rules of which less is reported, each with how."""
    # One line for `pedantic`, and not one for each rule that goes with it.
    if before.pedantic and not after.pedantic:
        yield "pedantic", "reports no longer what only costs volume (pedantic)"
        before = before._replace(pedantic=False)
    are = applied(new, _choice(after))
    for id, was in applied(old, _choice(before)).items():
        now = are.get(id)
        if now is None:
            yield id, f"turns the rule {id} off" if id in new.rules else f"takes the rule {id} away"
        else:
            yield from ((id, message) for message in _of_rule(was, now))


def _choice(settings: Settings) -> Choice:
    return Choice(settings.profile or "default", tuple(settings.rules.items()), pedantic=settings.pedantic)


def _of_rule(was: Applied, now: Applied) -> Iterator[str]:
    id, severities = now.rule.id, (was.severity_of(""), now.severity_of(""))
    if SEVERITIES.index(severities[0]) > SEVERITIES.index(severities[1]):
        yield f"lowers {id} from {severities[0]} to {severities[1]}"
    if now.rule.folder and (was.rule.check, was.rule.params) != (now.rule.check, now.rule.params):
        yield f"changes what {id}, a rule of your own, reports"
    for key, value in was.params.items():
        other = now.params.get(key)
        if key == "at-least" and isinstance(value, int | float) and isinstance(other, int | float) and other < value:
            yield f"asks less of {id}: at-least {value} -> {other}"
        elif value is True and other is not True:
            yield f"asks less of {id}: {key} true -> {'false' if other is False else 'not set'}"


def _keys(id: str, data: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a configuration sets a rule: by its name, or by a profile."""
    if id in data:
        return (id,)
    rules = data.get("rules")
    return ("rules", id) if isinstance(rules, dict) and id in rules else ("profile",)


def _of_overrides(
    before: Config, after: Config, catalogues: Sequence[Catalogue], base: Sequence[tuple[str, str]]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What overrides weaken for their files, but for what is weakened for all."""
    known = {message for _, message in base}
    olds, news = ([(paths, one) for paths, one in config.overrides] for config in (before, after))
    pairs = [(number, paths, _with(paths, olds, before.base), one) for number, (paths, one) in enumerate(news)]
    pairs += [(-1, paths, one, after.base) for paths, one in olds if paths not in [each for each, _ in news]]
    for number, paths, was, now in pairs:
        for id, message in _of_rules(was, now, *catalogues):
            if message not in known:
                data = after.data["overrides"][number] if number >= 0 else {}
                yield (
                    (("overrides", number, *_keys(id, data)) if number >= 0 else ("overrides",)),
                    f"for {', '.join(paths)}: {message}",
                )


def _with(paths: list[str], overrides: Sequence[tuple[list[str], Settings]], otherwise: Settings) -> Settings:
    return next((one for each, one in overrides if each == paths), otherwise)


def _of_lists(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is excluded and ignored now and was not before."""
    before, after = (texts(data.get("exclude")) for data in (old, new))
    yield from (("exclude", f"excludes {one}") for one in after if one not in before and not one.startswith("!"))
    yield from (
        ("exclude", f"excludes what `{one}` took back in") for one in before if one not in after and one[:1] == "!"
    )
    for key, what in (("servers", "settings of an API server"), ("policies", "a policy")):
        gone = (one for one in texts(old.get(key)) if one not in texts(new.get(key)))
        yield from ((key, f"{one} is no longer {what} whatever it holds") for one in gone)
    yield from _of_links(old.get("links") or {}, new.get("links") or {})
    was = _ignored(old)
    for (paths, rule), until in _ignored(new).items():
        if was.get((paths, rule), "") < until:
            end = "" if until == _FOREVER else f" up to {until}"
            yield "ignores", f"ignores {rule} in {', '.join(paths)}{end}"


def _of_links(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The links that lead elsewhere: a server may be checked with a policy that it does not load."""
    for name in dict.fromkeys((*new, *old)):
        if old.get(name) != new.get(name):
            yield (
                "links",
                f"links {name} with {new.get(name, 'nothing')}" + (f", before with {old[name]}" if name in old else ""),
            )


def _of_versions(old: Versions | None, new: Versions | None) -> Iterator[str]:
    """An older version than was checked for; where none was named, than what counts then."""
    if new is not None and new.last < (DEFAULT.first if old is None else old.last):
        yield f"checks for Kubernetes {new}, and no longer for {old or f'what manifests say, or {DEFAULT}'}"


def _ignored(data: Mapping[str, Any]) -> dict[tuple[tuple[str, ...], str], str]:
    """What is ignored, with the last day."""
    return {
        (tuple(texts(one["paths"])), rule): one.get("until", _FOREVER)
        for one in data.get("ignores", ())
        for rule in texts(one["rule"])
    }


def _of_baselines(old: Side, new: Side, changed: Sequence[Changed]) -> Iterator[Weakened]:
    """What baselines know now and did not before: those that changed, and those that a configuration names newly."""
    named = {}
    for one in changed:
        path = one.after or ""
        if path.endswith(".json"):
            named[path] = one.before or path
        elif os.path.basename(path) in NAMES:
            was, now = (_baseline_of(side, os.path.dirname(path)) for side in (old, new))
            if now and was != now:
                named[now] = was
    for path, before in named.items():
        known = {one.fingerprint for one in _entries(old, before)}
        added = [one for one in _entries(new, path) if one.fingerprint not in known]
        if added:
            rules = ", ".join(f"{rule} {count}" for rule, count in Counter(one.rule for one in added).most_common())
            line = added[0].place.source.position(added[0].place.start)[0]
            yield Weakened(path, line, f"a baseline knows {len(added)} more: {rules}")


def _baseline_of(side: Side, folder: str) -> str:
    try:
        named = side.config(folder).baseline
    except OwnFileError:
        return ""
    return side.inside(named) if named else ""


def _entries(side: Side, path: str) -> list[Entry]:
    """The entries of what is a baseline, and of nothing else."""
    data = side.read(path) if path in side.paths else None
    try:
        return [] if data is None or b'"fingerprint"' not in data else entries_of(path, data)
    except OwnFileError:
        return []


def _of_comments(repository: Repository, changed: Sequence[Changed], now: Read) -> Iterator[Weakened]:
    for one in changed:
        data = now(one.after) if one.after is not None else None
        if data is None or b"kube-audit-lint:" not in data or one.after is None:
            continue
        known = _days(_directives(one.before, repository.before(one.before)) if one.before is not None else [])
        for directive in _directives(one.after, data):
            for (id, whole), day in _days([directive]).items():
                before = known.get((id, whole), [])
                if before and before[0] >= day[0]:
                    before.pop(0)
                    continue
                where = " in the whole file" if whole else ""
                line = directive.place.source.position(directive.place.start)[0]
                end = "" if day[0] == _FOREVER else f" up to {day[0]}"
                yield Weakened(one.after, line, f"a comment ignores {id}{where}{end}")


def _directives(path: str, data: bytes) -> list[Directive]:
    file = collect(path, data, embedded=True)
    return [] if file is None else directives_of(file)


def _days(directives: Sequence[Directive]) -> dict[tuple[str, bool], list[str]]:
    """The last days of comments by the rule and whether they are about the whole file, the latest first."""
    found: dict[tuple[str, bool], list[str]] = {}
    for one in directives:
        day = _FOREVER if one.until is None else one.until.text.removeprefix("until=")
        for id, _ in one.ids:
            found.setdefault((id, one.whole_file), []).append(day)
    return {key: sorted(days, reverse=True) for key, days in found.items()}


def _rank(fail_on: str) -> int:
    return _FAIL_ON.index(fail_on or "warning")
