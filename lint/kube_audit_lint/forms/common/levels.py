"""Settings at a level, or under a name, where their form does not read them.

Each of them is a finding, and is put where it belongs before the form reads the document: what would be missing without
it is the same mistake, and no further finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from kube_audit_lint.forms.common.nodes import below
from kube_audit_lint.forms.common.reader import Reader, near_key, unknown_key
from kube_audit_lint.kubernetes.flags import all_names, spec
from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import is_unknown

_DEPTH = 8
_LIMIT = 40
_MOST_SECTIONS = 2000
"""More than any configuration has; aliases of aliases make as many as they like."""
_MOST_NAMED = 3
ANY = "*"
_FREE = frozenset(("metadata", "labels", "annotations", "status"))


class Levels(NamedTuple):
    """Where a form has its settings about auditing. A section is a path of keys with `/`; "" is the whole.

    homes: the keys that belong into a section. known: keys of a section that are read there as well, perhaps as
    something else; ANY of them. foreign: the names of sections that have such keys for something else, such as another
    program. flags: the section that takes kube-apiserver's flags by their names; listed: as a list of name and value.
    other_names: what is also written for a key, in lower case without dashes. sure: keys that are about auditing
    whatever their value is. folds: whether the reader takes a key in any case. defaults: sections without which all is
    set by default, and what else such a section needs then.
    """

    homes: dict[str, tuple[str, ...]]
    known: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - never written to
    foreign: frozenset[str] = frozenset()
    flags: str | None = None
    listed: bool = False
    other_names: dict[str, str] = {}  # noqa: RUF012 - never written to
    sure: frozenset[str] = frozenset()
    folds: bool = False
    defaults: dict[str, str] = {}  # noqa: RUF012 - never written to


class _Slip(NamedTuple):
    """An entry that is not read. path, key: where it is. home, name: where it belongs."""

    path: tuple[str, ...]
    key: str
    entry: Entry
    home: tuple[str, ...]
    name: str

    @property
    def mistake(self) -> tuple[str, ...]:
        """What is the same of entries that stand together and belong together."""
        own = "" if self.name == self.key.removeprefix("--") else self.name
        return ("/".join(self.path), "/".join(self.home), own)

    def is_also(self, read: tuple[tuple[str, ...], int, int]) -> bool:
        """Whether its value is what a section has in another place, by an alias."""
        return read[0] != self.path and read[1:] == (self.entry.value.start, self.entry.value.end)

    @property
    def silent(self) -> bool:
        """Whether only the case differs."""
        return self.path == self.home and self.key.lower() == self.name.lower()


def settled(root: Mapping, levels: Levels, reader: Reader) -> tuple[Mapping, list[Misshape]]:
    """The document with each setting where its form reads it, and what was somewhere else."""
    groups: dict[tuple[str, ...], list[_Slip]] = {}
    whole = root = _with_lost(root, levels)
    for _ in range(_LIMIT):
        slip = _first_slip(root, levels)
        if slip is None:
            break
        if not (levels.folds and slip.silent):
            groups.setdefault(slip.mistake, []).append(slip)
        root = _moved(root, slip, levels)
    return root, [_misshape(slips, whole, levels, reader) for slips in groups.values()]


def _with_lost(root: Mapping, levels: Levels) -> Mapping:
    """The document with what a section lost to another of its name, which is a finding of its own (reader.twice)."""
    for path, names in levels.homes.items():
        section = below(root, *_steps(path))
        for lost, wins in section.duplicates if section is not None else ():
            if lost.key.value in names and isinstance(lost.value, Mapping) and isinstance(wins.value, Mapping):
                root = _put(root, _steps(path), Entry(wins.key, lost.value))
    return root


def _first_slip(root: Mapping, levels: Levels) -> _Slip | None:
    """The first entry that is not read where it is, and nowhere else: an anchor may stand anywhere."""
    slips = list(_slips(root, levels))
    read = set(_read(root, levels)) if slips else set()
    return next((one for one in slips if not any(map(one.is_also, read))), None)


def _read(root: Mapping, levels: Levels) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Where the values stand that are below the sections of a form, each with the path of its own section."""
    for home, names in levels.homes.items():
        section = below(root, *_steps(home))
        waiting = [(_steps(home), name, section) for name in names if section is not None and name in section.entries]
        for path, name, inside in islice(waiting, _MOST_SECTIONS):
            value = inside.entries[name].value
            yield path, value.start, value.end
            if isinstance(value, Mapping):
                waiting += [((*path, name), key, value) for key in value.entries]


def _slips(root: Mapping, levels: Levels) -> Iterator[_Slip]:
    """The entries that are not read where they are, outer ones first."""
    waiting: list[tuple[tuple[str, ...], Mapping]] = [((), root)]
    for path, section in islice(waiting, _MOST_SECTIONS):
        for key, entry in section.entries.items():
            if entry.merged or is_unknown(key) or key in _FREE:
                continue
            target = _target(path, key, section, levels)
            if target is not None:
                yield _Slip(path, key, entry, *target)
            elif isinstance(entry.value, Mapping) and len(path) < _DEPTH and not _is_known(path, key, levels):
                waiting.append(((*path, key), entry.value))


def _target(path: tuple[str, ...], key: str, section: Mapping, levels: Levels) -> tuple[tuple[str, ...], str] | None:
    """The section and the name under which an entry is read; None where it is, or is about something else."""
    here = "/".join(path)
    names = levels.homes.get(here, ())
    if key in names or _is_known(path, key, levels) or not _about_auditing(path, key, section, levels):
        return None
    plain = _plain(key)
    plain = _plain(levels.other_names.get(plain, plain))
    homes = [(home, name) for home, keys in levels.homes.items() for name in keys if _plain(name) == plain]
    foreign = not levels.foreign.isdisjoint(path)
    if homes and (not foreign or "audit" in key.lower()):
        home, name = max(homes, key=lambda one: _shared(_steps(one[0]), path))
        return None if home == here and name in section.entries else (_steps(home), name)
    if levels.flags not in (None, here) and spec(key.removeprefix("--")) is not None and "audit-" in key:
        return _steps(levels.flags or ""), key.removeprefix("--")
    near = None if foreign else near_key(section, key, names)
    return None if near is None else (path, near)


def _is_known(path: tuple[str, ...], key: str, levels: Levels) -> bool:
    known = levels.known.get("/".join(path), ())
    return key in known or ANY in known


def _about_auditing(path: tuple[str, ...], key: str, section: Mapping, levels: Levels) -> bool:
    if key in levels.sure or any("audit" in step.lower() for step in (*path, key)):
        return True
    return "audit" in section.entries[key].value.place.text.lower()


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")) if path else ()


def _shared(home: tuple[str, ...], path: tuple[str, ...]) -> tuple[bool, int]:
    """How near a section is to another: itself, else by the steps that both have."""
    same = next((at for at, (one, other) in enumerate(zip(home, path, strict=False)) if one != other), None)
    return home == path, min(len(home), len(path)) if same is None else same


def _misshape(slips: list[_Slip], root: Mapping, levels: Levels, reader: Reader) -> Misshape:
    """The finding about entries that stand together and belong together."""
    first, help = slips[0].entry.key, _help(slips, root, levels)
    other = next((step for step in slips[0].path if step in levels.foreign), None)
    if other is None or slips[0].name not in all_names():
        if len(slips) == 1:
            return unknown_key(first, reader, help)
        unknown = reader.unknown.replace("{key}", first.value).replace("it is ", "they are ")
        unknown = unknown.replace("nothing of it", "nothing of them")
        return Misshape(
            "unknown-key", first.place, f"{_called(slips)} are no settings of {reader.name} here: {unknown}.", help
        )
    are, it = ("is a flag", "it") if len(slips) == 1 else ("are flags", "them")
    message = f"{_called(slips)} {are} of kube-apiserver, and `{other}` is about another program, which does not know "
    message += f"{it} and does not start. Nothing of it reaches kube-apiserver."
    return Misshape("unknown-key", first.place, message, help)


def _called(slips: list[_Slip]) -> str:
    names = [f"`{one.key}`" for one in slips]
    if len(names) > _MOST_NAMED:
        return f"{names[0]} and {len(names) - 1} more settings beside it"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _help(slips: list[_Slip], root: Mapping, levels: Levels) -> str:
    slip = slips[0]
    what = "them" if len(slips) > 1 else "it" if slip.name == slip.key else f"`{slip.name}`"
    if slip.home == slip.path:
        return f"Write {what}."
    if not slip.home:
        return f"Write {what} at the top."
    inner = slip.home[-1] if slip.home[:-1] == slip.path else ".".join(slip.home)
    more = levels.defaults.get("/".join(slip.home), "") if below(root, *slip.home) is None else ""
    return f"Write {what} below `{inner}`{more}."


def _moved(root: Mapping, slip: _Slip, levels: Levels) -> Mapping:
    """The document with an entry under the name and in the section where it is read."""
    key = slip.entry.key
    entry = Entry(_named(key, slip.name), slip.entry.value)
    if slip.home == slip.path:
        return _put(root, slip.path, entry, replaces=slip.key)
    root = _put(root, slip.path, None, replaces=slip.key)
    if "/".join(slip.home) in levels.defaults and below(root, *slip.home) is None:
        return root
    above, last = slip.home[:-1], slip.home[-1:]
    if levels.listed and levels.flags == "/".join(slip.home) and last:
        return _put(root, above, Entry(_named(key, last[0]), _as_list(entry)))
    return _put(root, slip.home, entry)


def _named(key: Scalar, name: str) -> Scalar:
    return key if key.value == name else Scalar(key.source, key.start, key.end, "string", name, key.style)


def _as_list(flag: Entry) -> Sequence:
    """A flag as a list of one name and value."""
    key, end = flag.key, flag.value.end
    entries = {"name": Entry(_named(key, "name"), key), "value": Entry(_named(key, "value"), flag.value)}
    return Sequence(key.source, key.start, end, [Mapping(key.source, key.start, end, entries)])


def _put(section: Mapping, path: tuple[str, ...], entry: Entry | None, replaces: str = "") -> Mapping:
    """A section with an entry more, below a path of keys, or in the place of another."""
    entries = dict(section.entries)
    if path:
        old = entries.get(path[0])
        inner = old.value if old is not None and isinstance(old.value, Mapping) else None
        if old is not None and inner is None and not _is_empty(old.value):
            return section  # something else stands where the entry belongs, which is a finding of its own
        if inner is None:
            at = entry.key if entry is not None else section
            inner = Mapping(section.source, at.start, at.end, {})
        key = old.key if old is not None else _named(entry.key, path[0]) if entry is not None else None
        assert key is not None
        entries[path[0]] = Entry(key, _put(inner, path[1:], entry, replaces))
    elif replaces:
        entries = {}
        for name, one in section.entries.items():
            if name != replaces:
                entries[name] = one
            elif entry is not None:
                entries[entry.key.value] = entry
    elif entry is not None:
        old = entries.get(entry.key.value)
        entries[entry.key.value] = entry if old is None else Entry(old.key, _joined(old.value, entry.value))
    return Mapping(section.source, section.start, section.end, entries, section.duplicates)


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.kind == "null"


def _joined(first: Node, second: Node) -> Node:
    """What stands in two places as one; where both say something, the first counts."""
    if isinstance(first, Sequence) and isinstance(second, Sequence):
        known = {(item.start, item.end) for item in first.items}
        more = [item for item in second.items if (item.start, item.end) not in known]
        return Sequence(first.source, first.start, first.end, [*first.items, *more])
    if not isinstance(first, Mapping) or not isinstance(second, Mapping):
        return second if _is_empty(first) else first
    entries = dict(first.entries)
    for name, entry in second.entries.items():
        old = entries.get(name)
        entries[name] = entry if old is None else Entry(old.key, _joined(old.value, entry.value))
    return Mapping(first.source, first.start, first.end, entries, first.duplicates)
