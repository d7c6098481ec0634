"""The open buffers of an editor, and runs over them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from kube_audit_lint.catalogue.rule import Catalogue
from kube_audit_lint.catalogue.shipped import catalogue_with
from kube_audit_lint.discovery import walk as discovery
from kube_audit_lint.errors import OwnFileError
from kube_audit_lint.model.version import DEFAULT, Versions
from kube_audit_lint.pipeline.config import Config, load_config
from kube_audit_lint.pipeline.fixing import Proposer, fixed_by_steps
from kube_audit_lint.pipeline.options import Options
from kube_audit_lint.pipeline.repository import absolute
from kube_audit_lint.pipeline.run import Outcome, run
from kube_audit_lint.server.checked import Checked
from kube_audit_lint.server.held import Held, held
from kube_audit_lint.server.surroundings import Surroundings
from kube_audit_lint.syntax.decode import decode
from kube_audit_lint.syntax.source import Source

FIXED = "fixed"
"""Of what is known of a buffer: its text with all fixes, or None."""

_FIXING = "fixing"


def real(path: str) -> str:
    """A file in the folder that it really is in, for a repository knows its files by that."""
    folder, name = os.path.split(os.path.normpath(path))
    return os.path.join(os.path.realpath(folder), name).replace(os.sep, "/")


def _shown(path: str) -> str:
    """A file as reports show it."""
    return os.path.relpath(path).replace(os.sep, "/")


class Session:
    """Buffers by absolute path, each checked as `check FILE` would from the folder of its workspace."""

    def __init__(self, folders: tuple[str, ...] = ()) -> None:
        self.folders = folders
        self.trouble = ""
        """What is wrong about the configuration, in a line; runs go on without it."""
        self._buffers: dict[str, bytes] = {}
        self._surroundings = Surroundings()
        self._settings: dict[str, tuple[Config, Catalogue]] = {}
        self._checked: dict[str, tuple[Any, Checked]] = {}
        self._versions: dict[str, Versions] = {}
        self._changes = 0

    def put(self, path: str, text: str) -> None:
        """Opens a buffer, or changes its text."""
        self._buffers[path] = text.encode("utf-8", "replace")  # half a surrogate pair: one character stays one
        self._changes += 1

    def close(self, path: str) -> None:
        """Forgets a buffer: what is on disk counts."""
        self._buffers.pop(path, None)
        self._checked.pop(path, None)
        self._changes += 1

    def look_again(self) -> None:
        """Looks at the disk again: files were saved, or changed by another program."""
        self._surroundings.look_again()
        self._settings = {}
        self.trouble = ""
        self._changes += 1

    @property
    def paths(self) -> list[str]:
        """The open buffers."""
        return list(self._buffers)

    def checked(self, path: str) -> Checked:
        """A buffer after a run; the same until something changes."""
        self._enter(path)
        known = self._checked.get(path)
        if known is None or known[0] != self._changes:
            known = self._checked[path] = self._changes, self._check(path)
        return known[1]

    def held(self, path: str) -> Held:
        """A buffer with the last run over it; only the first run is waited for."""
        self._enter(path)
        known = self._checked.get(path)
        if known is None or known[1].path != _shown(path):
            return held(self.checked(path), self.checked(path))
        last = known[1]
        return held(Checked(Source(last.path, decode(self._buffers[path])[0]), last.versions, {}), last)

    def _check(self, path: str) -> Checked:
        try:
            return self._checked_with(path, *self._configured())
        except OwnFileError as error:  # also that of a folder deeper down
            self.trouble = str(error)
            self._settings[os.getcwd()] = Config(), catalogue_with(())
            return self._checked_with(path, *self._configured())

    def _checked_with(self, path: str, config: Config, catalogue: Catalogue) -> Checked:
        shown = _shown(path)
        data = self._buffers[path]
        source = Source(shown, decode(data)[0])
        settings = config.for_path(shown).versions or DEFAULT
        versions = self._versions.get(path) or settings.known or DEFAULT
        if not self._is_ours(shown, data, config):
            return Checked(source, versions, {})
        options = self.options(shown, data)
        checked = Checked(source, versions, {}, run(options, config, catalogue, keep=self._surroundings))
        found = [*(one.versions for one in checked.policies), *(one.versions for one in checked.servers)]
        if found:  # a policy that is half written is none, and its version stays what it was
            self._versions[path] = found[0]
        return checked._replace(versions=self._versions.get(path, versions))

    def options(self, shown: str, data: bytes) -> Options:
        """Of a run over one buffer, with the others as they are open."""
        self._surroundings.buffers = self._buffers
        return Options((), stdin=(shown, data), contents=self._buffers)

    def requires_reason(self, checked: Checked) -> bool:
        """Whether the configuration wants a reason in each comment of a buffer."""
        return self._configured()[0].for_path(checked.path).require_reason

    def again(self, checked: Checked, data: bytes) -> Outcome:
        """A run over a buffer with another text."""
        config, catalogue = self._configured()
        return run(self.options(checked.path, data), config, catalogue, keep=self._surroundings)

    def proposer(self, checked: Checked) -> Proposer | None:
        """What finds fixes of a buffer's findings, one for each run; None where nothing was checked."""
        if checked.outcome is not None and Proposer not in checked.known:
            options = self.options(checked.path, self._buffers[absolute(checked.path)])
            checked.known[Proposer] = Proposer(checked.outcome, options, self._configured()[0])
        found: Proposer | None = checked.known.get(Proposer)
        return found

    def fixing(self, checked: Checked) -> Iterator[None]:
        """Makes all fixes that `--fix` makes, step by step, once for everybody who takes one."""
        steps: Iterator[None] = checked.known.setdefault(_FIXING, self._fix(checked))
        return steps

    def fixed(self, checked: Checked) -> str | None:
        """The text of a buffer with all these fixes; None where there is none."""
        for _ in self.fixing(checked):
            pass
        text: str | None = checked.known.get(FIXED)
        return text

    def _fix(self, checked: Checked) -> Iterator[None]:
        if checked.outcome is not None:
            config, catalogue = self._configured()
            options = self.options(checked.path, self._buffers[absolute(checked.path)])
            changes = (yield from fixed_by_steps(checked.outcome, options, config, catalogue, False)).changes
            fixed = (decode(one.after)[0] for one in changes if one.path == checked.path)
            checked.known[FIXED] = next(fixed, None)

    def within(self, path: str, steps: Iterator[None]) -> Iterator[None]:
        """Takes steps in the folder of a buffer, wherever other buffers led between them."""
        self._enter(path)
        for _ in steps:
            yield
            self._enter(path)

    def _enter(self, path: str) -> None:
        """Goes to the folder of the workspace that a file is in, where a user would run the command."""
        around = [one for one in self.folders if path.startswith(one.rstrip("/") + "/")]
        folder = max(around, key=len) if around else os.path.dirname(path)
        if os.path.isdir(folder):
            os.chdir(folder)

    def _configured(self) -> tuple[Config, Catalogue]:
        """The configuration of the folder, and the rules with those of the users' own. Raises OwnFileError."""
        folder = os.getcwd()
        if folder not in self._settings:
            config = load_config()
            catalogue = catalogue_with(config.rule_folders)
            config.check_against(catalogue)
            self._settings[folder] = config, catalogue
        return self._settings[folder]

    def _is_ours(self, shown: str, data: bytes, config: Config) -> bool:
        """Whether `check FILE` would read it."""
        if len(data) > discovery.LIMIT:
            return False
        if os.path.exists(shown) and not list(discovery.walk((shown,), config, lambda error: None, True)):
            return False  # excluded
        return bool(config.hint(shown)) or discovery.worth_parsing(data, shown)
