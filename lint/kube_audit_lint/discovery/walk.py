"""Which files a run reads: the named ones, and those below named folders.

Below folders, left out are: what git ignores (what it tracks is not ignored, whatever .gitignore matches);
`.git`; everything that `exclude` of the configuration names; symlinks to folders (what they lead to is walked
where it is, or is outside); pipes, sockets and devices; and, by the ends of their names, files that are
surely something else (SOURCES). Markdown, shell and Terraform files are read only when embedded configuration
is wanted (EMBEDDING), programs in languages for configuration never (LANGUAGES). All else is decided by
content (look.py), for audit configuration has no end of its own: kube-apiserver.yaml.bak counts in a static
pod directory, units are .service, templates .j2, argument files have none at all.

A named file is read even when git ignores it, whatever its end; `exclude` holds for it all the same,
for pre-commit names every file. Each file is read once, by the first name under which it turns up;
symlinks to files come last.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence

from kube_audit_lint.discovery.files import LIMIT, TooLarge, is_file, is_folder, read_bytes, refuse_special, why_no_file
from kube_audit_lint.discovery.gitignore import EVERYTHING, NOTHING, Ignores, at_root, below, repository_of, tracked_in
from kube_audit_lint.discovery.globs import Globs
from kube_audit_lint.discovery.look import (
    clearly_policy,
    interesting,
    is_benchmark,
    is_sealed,
    named_policy,
    says_policy,
    worth_parsing,
)
from kube_audit_lint.discovery.roots import OUTSIDE, Roots
from kube_audit_lint.model.finding import FileError
from kube_audit_lint.syntax.extras import TERRAFORM, reads_terraform
from kube_audit_lint.syntax.record import NamedTuple, make
from kube_audit_lint.syntax.typed import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kube_audit_lint.discovery.index import Tracked

__all__ = [
    "LIMIT",
    "TooLarge",
    "clearly_policy",
    "embeds",
    "interesting",
    "is_benchmark",
    "is_program",
    "is_sealed",
    "lacks_parser",
    "named_policy",
    "produces",
    "read_bytes",
    "says_policy",
    "walk",
    "worth_parsing",
]

SOURCES = frozenset(
    """
    7z a adoc asc asm avi avif bat bin bmp bz2 c cc class cmake cpp crt crx cs csr css csv cxx dart db deb der
    diff dll dylib ear ejs elm eot erl ex exe exs fs gif go gradle groovy gz h hh hpp hs htm html ico iml ipynb iso
    jar java jpeg jpg js jsonl jsx key kt kts lcov less lock log lua m map md5 mjs mk ml mod mov mp3
    mp4 ndjson o odt ogg otf p12 parquet patch pb pcap pdf pem pfx php pl pm png pom ppt pptx prof proto ps1 psd
    pub py pyc pyi pyo pyx r rb rego rpm rs rst sass scala scss sha256 sig sln snap so sol sql sqlite sum svelte svg
    swift tar tfstate tgz tif tiff ts tsv tsx ttf vue war wasm wav webm webp whl woff woff2 xlsx xml xsd xsl xz zip
    zst
    """.split()  # noqa: SIM905 (a list of them would fill a page)
)
"""Ends of names of files that are not even opened when a folder is walked."""

SHELL = (".bash", ".ksh", ".sh", ".zsh")
"""Ends of names of shell scripts, which are read whole where they start kube-apiserver."""

EMBEDDING = frozenset(("bash", "hcl", "ksh", "markdown", "md", "mdx", "sh", "tf", "tfvars", "tofu", "zsh"))
"""Ends of names of files that may embed audit configuration."""

LANGUAGES = frozenset(("cue", "jsonnet", "libsonnet", "nix"))
"""Ends of names of programs that produce configuration: not read, but noted where they name a setting of auditing."""

PROGRAMS = frozenset(
    "bat cs ex exs go gradle groovy java js kt kts lua mjs php pl pm pp ps1 py rb rs scala ts tsx".split()  # noqa: SIM905
)
"""Ends of names of programs that may start or write an API server's configuration: looked into for such a note only."""

EXCLUDED = "the configuration excludes it"


Excluding = tuple[Globs, str]


class Scope(Protocol):
    """What the configuration excludes."""

    def excluding(self, folder: str, names: Sequence[str] | None = None) -> Sequence[Excluding]:
        """What is excluded of an absolute folder's entries: globs and the folders they start from; the first that
        matches an entry counts. names: the entries, where they are known."""


def walk(
    paths: Sequence[str],
    scope: Scope,
    on_error: Callable[[FileError], None],
    embedded: bool = False,
    on_left_out: Callable[[str, str], None] = lambda path, why: None,
    programs: bool = False,
) -> Iterator[str]:
    """The files of a run, as reports show them: relative to the working directory where they are below it.

    The order is that of `paths`, and within a folder by name, files before folders. on_left_out: is called
    with what `exclude` names (`EXCLUDED`), with what leads out of the folders of the run (`OUTSIDE`), and with
    what cannot be read because it is no file (the reason). programs: whether PROGRAMS are among them.
    """
    skipped = SOURCES if embedded else SOURCES | EMBEDDING | LANGUAGES
    skipped = skipped - PROGRAMS if programs else skipped
    yield from _Walk(scope, on_error, on_left_out, skipped, Roots(paths)).all(paths)


def embeds(path: str) -> bool:
    """Whether a file is a script or documentation, which is read for embedded configuration only."""
    return _end(path) in EMBEDDING and not (path.endswith(TERRAFORM) and reads_terraform())


def lacks_parser(path: str) -> bool:
    """Whether a file is Terraform's, and the extra that reads it is not installed."""
    return path.endswith(TERRAFORM) and not reads_terraform()


def produces(path: str) -> bool:
    """Whether a file is a program that produces configuration, which nothing here runs."""
    return _end(path) in LANGUAGES


def is_program(path: str) -> bool:
    """Whether a file is a program, which no form reads."""
    return _end(path) in PROGRAMS


class _Folder(NamedTuple):
    """A folder to walk: its real path and the path shown, both with a trailing `/`; where the repository's root
    ends in the real path; and what is ignored in it."""

    real: str
    shown: str
    root: int
    ignores: Ignores


class _Walk:
    def __init__(
        self,
        scope: Scope,
        on_error: Callable[[FileError], None],
        on_left_out: Callable[[str, str], None],
        skipped: frozenset[str],
        roots: Roots,
    ) -> None:
        self._scope = scope
        self._cwd = _slash(_forward(os.getcwd()))
        self._on_error = on_error
        self._on_left_out = on_left_out
        self._roots = roots
        self._skipped = skipped
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._links: list[tuple[str, str]] = []
        self._tracked: dict[str, Tracked] = {}

    def all(self, paths: Iterable[str]) -> Iterator[str]:
        for path in paths:
            yield from self._named(path)
        for real, shown in self._links:
            yield from self._once(_real(real), shown)

    def _named(self, path: str) -> Iterator[str]:
        try:
            mode = os.stat(path).st_mode
            if not stat.S_ISDIR(mode):
                refuse_special(mode, path)
        except (OSError, ValueError) as error:
            self._on_error(FileError(_forward(path), _reason(error)))
            return
        if stat.S_ISDIR(mode):
            start = self._start(path)
            if self._excludes_named(start.real.rstrip("/"), folder=True):
                self._on_left_out(start.shown.rstrip("/") or ".", EXCLUDED)
            elif not self._roots.hold(start.real.rstrip("/") or "/"):
                self._on_left_out(start.shown.rstrip("/"), OUTSIDE)
            else:
                yield from self._below(start)
            return
        # The folder's real path and the file's own name: a symlink is excluded by its own name.
        folder, name = os.path.split(path)
        real = _slash(_real(folder or ".")) + name
        if self._excludes_named(real, folder=False):
            self._on_left_out(self._shown(path), EXCLUDED)
        else:
            yield from self._once(_real(real) if os.path.islink(path) else real, self._shown(path))

    def _once(self, real: str, shown: str) -> Iterator[str]:
        if not self._roots.hold(real):
            self._on_left_out(shown, OUTSIDE)
        elif real not in self._files:
            self._files.add(real)
            yield shown

    def _start(self, path: str) -> _Folder:
        """A named folder, with what is ignored in it by files above it, unless it is ignored itself."""
        real = _real(path)
        shown = self._shown(path)
        shown = "" if shown == "." else _slash(shown)
        root = repository_of(real)
        if root is None:
            return _Folder(_slash(real), shown, len(_slash(real)), NOTHING)
        root = _forward(root)
        ignores = at_root(root)
        end = len(_slash(root))
        at = end - 1
        while 0 <= at < len(real):
            step = real.find("/", at + 1)
            step = len(real) if step < 0 else step
            ignores = below(ignores, _slash(root), _slash(real[end:at]) if at > end else "")
            if ignores.ignored(real[end:step], folder=True):
                return _Folder(_slash(real), shown, end, NOTHING)
            at = step
        return _Folder(_slash(real), shown, end, ignores)

    def _below(self, start: _Folder) -> Iterator[str]:
        pending = [start]
        while pending:
            folder = pending.pop()
            if folder.real in self._folders:
                continue
            self._folders.add(folder.real)
            try:
                with os.scandir(folder.real) as found:
                    entries = sorted(found, key=_name)
            except OSError as error:
                self._on_error(FileError(folder.shown.rstrip("/") or ".", _reason(error)))
                continue
            names = [entry.name for entry in entries]
            folder = self._with_own(folder, names)
            excluding = self._scope.excluding(folder.real[:-1] or "/", names)
            folders = [entry for entry in entries if is_folder(entry)]
            if len(folders) < len(entries):
                yield from self._files_of(folder, entries, excluding)
            if folders:
                pending += reversed(list(self._folders_of(folder, folders, excluding)))

    def _with_own(self, folder: _Folder, names: list[str]) -> _Folder:
        """The folder with what its own entries ignore; a nested repository begins anew."""
        if ".git" in names and len(folder.real) != folder.root:
            real = folder.real
            folder = _Folder(real, folder.shown, len(real), at_root(real))
        if ".gitignore" in names and folder.ignores is not EVERYTHING:
            root, at = folder.real[: folder.root], folder.real[folder.root :]
            folder = folder._replace(ignores=below(folder.ignores, root, at))
        return folder

    def _files_of(
        self, folder: _Folder, entries: list[os.DirEntry[str]], excluding: Sequence[Excluding]
    ) -> Iterator[str]:
        """The files among the entries of a folder."""
        picky, root = folder.ignores is not NOTHING, folder.root
        for entry in entries:
            name = entry.name
            if _end(name) in self._skipped or is_folder(entry):
                continue
            real = folder.real + name
            if picky and folder.ignores.ignored(real[root:], folder=False) and not self._tracks(folder, real):
                continue
            shown = folder.shown + name
            if excluding and _excluded(excluding, real, False):
                self._on_left_out(shown, EXCLUDED)
            elif not is_file(entry):
                if why := why_no_file(real):
                    self._on_left_out(shown, why)
            elif entry.is_symlink():
                self._links.append((real, shown))
            elif real not in self._files:
                self._files.add(real)
                yield shown

    def _folders_of(
        self, folder: _Folder, entries: list[os.DirEntry[str]], excluding: Sequence[Excluding]
    ) -> Iterator[_Folder]:
        """The folders among those entries of a folder that are some."""
        picky, root = folder.ignores is not NOTHING, folder.root
        for entry in entries:
            name = entry.name
            if name == ".git":
                continue
            real = folder.real + name
            ignores = folder.ignores
            if picky and ignores.ignored(real[root:], folder=True):
                if not self._tracks(folder, real):
                    continue
                ignores = EVERYTHING
            if excluding and _excluded(excluding, real, True):
                self._on_left_out(folder.shown + name, EXCLUDED)
            else:
                yield make(_Folder, (f"{real}/", f"{folder.shown}{name}/", root, ignores))

    def _tracks(self, folder: _Folder, real: str) -> bool:
        """Whether git tracks an entry of a folder, or something in it."""
        root = folder.real[: folder.root]
        tracked = self._tracked.get(root)
        if tracked is None:
            tracked = self._tracked[root] = tracked_in(root)
        return tracked.holds(real[folder.root :])

    def _excludes_named(self, real: str, folder: bool) -> bool:
        """Whether a named path is excluded: no folder above it was matched yet."""
        excluding = self._scope.excluding(os.path.dirname(real))
        if excluding and _excluded(excluding, real, folder):
            return True
        at = real.rfind("/")
        while at > 0:
            above = real[:at]
            scopes = [one for one in self._scope.excluding(os.path.dirname(above)) if _applies(one[1], above, real)]
            if scopes and _excluded(scopes, above, True):
                return True
            at = real.rfind("/", 0, at)
        return False

    def _shown(self, path: str) -> str:
        whole = _forward(os.path.abspath(path))
        if _slash(whole) == self._cwd:
            return "."
        if whole.startswith(self._cwd):
            return whole[len(self._cwd) :]
        return whole if os.path.isabs(path) else _forward(os.path.normpath(path))


def _excluded(excluding: Sequence[Excluding], real: str, folder: bool) -> bool:
    """Whether an entry is excluded; a path outside of a configuration's folder is matched as a whole."""
    for globs, base in excluding:
        start = _slash(base)
        verdict = globs.verdict(real[len(start) :] if real.startswith(start) else real.lstrip("/"), folder)
        if verdict is not None:
            return verdict
    return False


def _applies(base: str, above: str, real: str) -> bool:
    """Whether globs that start from a folder are matched with a folder above a path: not with their own one."""
    return above.startswith(_slash(base)) or not real.startswith(_slash(base))


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _end(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _slash(path: str) -> str:
    return path if path.endswith("/") else f"{path}/"


def _real(path: str) -> str:
    return _forward(os.path.realpath(path))


def _forward(path: str) -> str:
    return path if os.sep == "/" else path.replace(os.sep, "/")


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
