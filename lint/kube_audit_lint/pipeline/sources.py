"""From the paths of the command line to the files of a run: those that were named, and the repository around them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from kube_audit_lint.discovery import walk as discovery
from kube_audit_lint.discovery.gitignore import repository_of
from kube_audit_lint.discovery.roots import OUTSIDE
from kube_audit_lint.errors import TooManyPartsError
from kube_audit_lint.model.finding import FileError
from kube_audit_lint.model.found import Note
from kube_audit_lint.pipeline import mentions
from kube_audit_lint.pipeline.config import Config
from kube_audit_lint.pipeline.documents import Collected, collect, starts_server
from kube_audit_lint.pipeline.options import STDIN, Options
from kube_audit_lint.pipeline.repository import Repository, absolute, beginning, marked
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Source
from kube_audit_lint.syntax.typed import Protocol, TypeVar

T = TypeVar("T")

Progress = Callable[[int], None]


class Keep(Protocol):
    """Does what is to be done with a file or folder around the named ones, or has kept what came of it."""

    def __call__(self, what: str, path: str, make: Callable[[], T]) -> T: ...


def keep_nothing(what: str, path: str, make: Callable[[], T]) -> T:
    """For a single run, which does each thing once."""
    return make()


OUTSIDE_LIMIT = 20_000
"""How many files are looked through around a named one that is in no repository."""


class Named(NamedTuple):
    """The files that were named, by absolute path: what they hold, None where it is nothing of ours.

    excluded: how many paths `exclude` of the configuration leaves out. names: what reports call the files.
    """

    files: dict[str, Collected | None]
    errors: tuple[FileError, ...]
    notes: tuple[Note, ...]
    excluded: int
    names: dict[str, str]


class _One(NamedTuple):
    """One file that was read, or why it was not."""

    file: Collected | None = None
    error: FileError | None = None
    note: Note | None = None
    unread: Sequence[Note] = ()


def read_named(options: Options, config: Config, progress: Progress) -> Named:
    """Reads standard input, the named files, and what is below the named folders."""
    read: dict[str, _One] = {}
    names: dict[str, str] = {}
    errors: list[FileError] = []
    left_out: list[tuple[str, str]] = []
    if options.stdin is not None:
        name, data = options.stdin
        own = _of_file(name, options, config)
        read[absolute(name)] = _collected(name, data, own, config.hint(name) or "", always=name == STDIN)
    walk = discovery.walk(options.paths, config, errors.append, True, lambda *one: left_out.append(one), programs=True)
    given = {absolute(path) for path in options.paths}
    unread: list[Note] = []
    lacking: list[str] = []
    for path in walk:
        if discovery.is_program(path) and path not in options.paths:
            unread += mentions.look_into_program(path)
            continue
        at = absolute(path)
        if at in read:
            continue
        own = _of_file(path, options, config)
        read_only_embedded = discovery.embeds(path) and not own.embedded
        passed_over = at not in given and (read_only_embedded or discovery.produces(path))
        mentioned = mentions.look(path) if passed_over and not discovery.lacks_parser(path) else ()
        if not passed_over or (mentioned and _starts_server(path)):
            read[at] = _read(path, own, config.hint(path) or "")
            names[at] = path
            progress(len(read))
        else:
            unread += mentioned
        if discovery.lacks_parser(path):
            lacking.append(path)
    errors = [_with_meant(one) for one in errors]
    errors += [one.error for one in read.values() if one.error is not None]
    notes = [*_of_left_out(left_out, config), *(one.note for one in read.values() if one.note is not None)]
    unread += [note for one in read.values() for note in one.unread]
    notes += [*mentions.one_note(unread, options.embedded), *mentions.of_terraform(lacking)]
    files = {at: one.file for at, one in read.items()}
    return Named(files, tuple(errors), tuple(notes), sum(why == discovery.EXCLUDED for _, why in left_out), names)


def _starts_server(path: str) -> bool:
    """Whether a file that mentions auditing is a script that starts kube-apiserver, and so is read whole."""
    return path.endswith(discovery.SHELL) and starts_server(path, beginning(path))


def _of_left_out(left_out: list[tuple[str, str]], config: Config) -> Iterator[Note]:
    """Of pipes and links to nowhere, notes on those that the configuration or their name makes a file of ours."""
    for path, why in left_out:
        wanted = why == OUTSIDE or config.hint(path) or discovery.clearly_policy(path)
        if wanted and why != discovery.EXCLUDED:
            yield Note(Source(path, "").place(), why)


def _with_meant(error: FileError) -> FileError:
    from kube_audit_lint.pipeline.meant import meant_path

    return error._replace(message=error.message + meant_path(error.path))


def repository(
    named: Named, options: Options, config: Config, errors: list[FileError], keep: Keep = keep_nothing
) -> Repository:
    """The named files and those around them, which are read when something depends on them.

    errors: takes up why one of the others could not be read.
    """

    roots = _roots(options, config)

    def others() -> Iterator[str]:
        for root, limit in roots.items():
            yield from keep("files", root, partial(_below_root, root, limit, options, config))
            # What is open in an editor may not be on disk yet.
            yield from (path for path in options.contents if _below(path, root) and not os.path.lexists(path))

    def read(path: str, declared: str) -> Collected | None:
        shown = os.path.relpath(path).replace(os.sep, "/")
        hint = declared or config.hint(shown) or ""
        one = keep(f"holds {hint}", path, lambda: _read(shown, _of_file(shown, options, config), hint))
        if one.error is not None:
            errors.append(one.error)
        return None if one.file is None else one.file._replace(reported=False)

    if keep is keep_nothing and not options.contents:
        return Repository(named.files, others if roots else tuple, read, names=named.names)

    def content(path: str) -> bytes:
        found = options.contents.get(path)
        return keep("content", path, lambda: beginning(path)) if found is None else found

    def texts(paths: Iterable[str]) -> dict[str, bytes]:
        found = {}
        for path in paths:
            data = options.contents.get(path)
            found[path] = keep("text", path, partial(_marked, path)) if data is None else data
        return {path: data for path, data in found.items() if data}

    return Repository(named.files, others, read, content, texts, named.names)


def _marked(path: str) -> bytes:
    return marked((path,)).get(path, b"")


def _below_root(root: str, limit: int | None, options: Options, config: Config) -> list[str]:
    """The files below a folder by their absolute paths."""
    here = os.getcwd().replace(os.sep, "/").rstrip("/")
    found = discovery.walk((root,), config, lambda error: None, True)
    read = (one for one in found if not discovery.embeds(one) or _of_file(one, options, config).embedded)
    return [path if os.path.isabs(path) else f"{here}/{path}" for path in islice(read, limit)]


def _roots(options: Options, config: Config) -> dict[str, int | None]:
    """The folders in which the named files may have counterparts, each with how many files are looked through.

    Without a repository that is their own folder, and the working directory where they lie below it.
    """
    named = (*options.paths, *([options.stdin[0]] if options.stdin else ()))
    walked = {os.path.realpath(path) for path in named if os.path.isdir(path)}
    above = {os.path.dirname(path) or "." for path in named if not os.path.isdir(path)}
    folders = walked | {os.path.realpath(folder) for folder in above}
    roots: dict[str, int | None] = {}
    outside = []
    for folder in sorted(folders):
        root = repository_of(folder) or (config.folder if config.path and _below(folder, config.folder) else None)
        if root is None:
            outside.append(folder)
        else:
            roots[root] = None
    if outside and not all(folder in walked for folder in outside):
        roots[os.path.commonpath(outside)] = OUTSIDE_LIMIT
        here = os.path.realpath(".")
        if here not in ("/", os.path.expanduser("~")) and all(_below(folder, here) for folder in outside):
            roots[here] = OUTSIDE_LIMIT
    return {root: limit for root, limit in roots.items() if root not in walked}


def _of_file(path: str, options: Options, config: Config) -> Options:
    """The options with what the configuration has for a file."""
    embedded = not options.embedded and config.for_path(path).embedded
    return options._replace(embedded=True) if embedded else options


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _read(path: str, options: Options, declared: str) -> _One:
    if options.contents and (content := options.contents.get(absolute(path))) is not None:
        return _collected(path, content, options, declared)
    try:
        data = discovery.read_bytes(path, always=bool(declared))
    except OSError as error:
        return _One(error=FileError(path, error.strerror or str(error)))
    except discovery.TooLarge as error:
        return _too_large(path, declared, str(error))
    return _collected(path, data, options, declared)


def _too_large(path: str, declared: str, why: str) -> _One:
    """What is surely meant as configuration is an error; a dump that only holds the words is not."""
    if declared or discovery.named_policy(path):
        return _One(error=FileError(path, why))
    return _One(note=Note(Source(path, "").place(), why))


def _collected(path: str, data: bytes, options: Options, declared: str, *, always: bool = False) -> _One:
    """What a file holds. declared: `policy` or `server` where the configuration or a server declares what it is."""
    if not (declared or always or discovery.worth_parsing(data, path)):
        return _One(unread=mentions.of(path, data) if discovery.is_benchmark(data) else ())
    if discovery.is_sealed(data):
        return _One(note=_sealed(path) if declared or discovery.clearly_policy(path) else None)
    try:
        file = collect(path, data, hint=declared, embedded=options.embedded)
        wrong = next((FileError(path, one.message) for one in file.found.notes if one.is_error), None) if file else None
        return _One(file, wrong, unread=mentions.of(path, data) if file is None else ())
    except TooManyPartsError as error:
        return _too_large(path, declared or ("policy" if discovery.says_policy(data) else ""), str(error))
    except Exception as error:  # one file's fault must not hide the others' findings
        return _One(error=FileError(path, f"internal error while reading: {type(error).__name__}: {error}"))


def _sealed(path: str) -> Note:
    return Note(Source(path, "").place(), "it is encrypted or kept elsewhere: what the server gets was not checked")
