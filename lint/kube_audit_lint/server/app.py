"""The server's protocol: what an editor sends becomes a question to the other modules, their answer what it takes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from typing import Any
from zlib import crc32

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

from kube_audit_lint import __version__
from kube_audit_lint.model.finding import Edit
from kube_audit_lint.pipeline.repository import absolute
from kube_audit_lint.report.pages import page_of
from kube_audit_lint.report.safe import markdown, visible
from kube_audit_lint.server.actions import Action, actions, may_be_fixed, prepare, resolved
from kube_audit_lint.server.checked import Checked
from kube_audit_lint.server.completion import Completion, completions
from kube_audit_lint.server.definition import definition
from kube_audit_lint.server.diagnostics import Shown, diagnostics
from kube_audit_lint.server.held import Held
from kube_audit_lint.server.hover import hover
from kube_audit_lint.server.lenses import lenses
from kube_audit_lint.server.positions import Positions
from kube_audit_lint.server.session import FIXED, Session, real
from kube_audit_lint.syntax.source import Place

NAME = "kube-audit-lint"
DELAY = 0.15
"""Seconds without a keystroke after which a buffer is checked."""

BETWEEN = 0.01
"""Seconds between two steps of what is done unasked, in which requests are answered."""

WATCHED = "**/*.{yaml,yml,json,j2,tpl,tmpl,service,conf,env}"
"""Files that findings about others may depend on."""

FIX_ALL = "source.fixAll.kube-audit-lint"

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "info": types.DiagnosticSeverity.Information,
    "": types.DiagnosticSeverity.Hint,
}
_KINDS = {
    "value": types.CompletionItemKind.EnumMember,
    "field": types.CompletionItemKind.Field,
    "flag": types.CompletionItemKind.Property,
}


class Server(LanguageServer):
    """One editor's server."""

    def __init__(self) -> None:
        # Whole texts: a buffer's lines are what the linter takes for lines, not what Python does.
        super().__init__(NAME, __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.session = Session()
        self.asked_to_end = False
        self._uris: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        self._waiting: asyncio.TimerHandle | None = None
        self._trouble = ""
        self._older_lenses = False

    def path_of(self, uri: str) -> str:
        """The absolute path of a document; of one that was never saved, one in the workspace."""
        path = uris.to_fs_path(uri) if uri.startswith("file:") else None
        if path is None:
            folder = self.session.folders[0] if self.session.folders else os.getcwd()
            path = os.path.join(folder, os.path.basename(uri.partition(":")[2]) or "untitled")
        path = real(path)
        self._uris.setdefault(path, uri)
        return path

    def uri_of(self, place: Place) -> str:
        """The document that a place is in."""
        path = absolute(place.source.path)
        if path in self._uris:
            return self._uris[path]
        for folder, given in self._folders.items():
            if path.startswith(folder + "/"):
                path = given + path[len(folder) :]
        return uris.from_fs_path(path) or path

    def take_folders(self) -> None:
        """Takes the folders of the workspace, each by its name and by where it really is."""
        folders = [uris.to_fs_path(one.uri) for one in self.workspace.folders.values()] or [self.workspace.root_path]
        self._folders = {real(os.path.join(one, "-"))[:-2]: os.path.normpath(one) for one in folders if one}
        self.session.folders = tuple(self._folders)

    def checked(self, uri: str) -> Checked | None:
        """A document as it is now; None for one that is not open."""
        path = self.path_of(uri)
        return self.session.checked(path) if path in self.session.paths else None

    def held(self, uri: str) -> Held | None:
        """A document with the last run over it, for answers while a user types; None for one that is not open."""
        path = self.path_of(uri)
        return self.session.held(path) if path in self.session.paths else None

    def for_lenses(self, uri: str) -> Held | None:
        """The same; of an editor that cannot be told to request them again, after a run over the text of now."""
        workspace = self.client_capabilities.workspace
        told = workspace.code_lens if workspace is not None else None
        if told is None or not told.refresh_support:
            self.checked(uri)
        found = self.held(uri)
        self._older_lenses |= found is not None and found.now is not found.last
        return found

    def positions(self, place: Place) -> Positions:
        """How the editor counts in the file of a place."""
        return Positions(place.source, str(getattr(self._encoding, "value", self._encoding)))

    @property
    def _encoding(self) -> Any:
        return self.workspace.position_encoding or types.PositionEncodingKind.Utf16

    def range(self, place: Place) -> types.Range:
        """A place in the editor's words."""
        start, end = self.positions(place).range(place)
        return types.Range(types.Position(*start), types.Position(*end))

    def offset(self, checked: Checked, position: types.Position) -> int:
        """The offset of a position in a document."""
        return self.positions(checked.source.place()).offset(position.line, position.character)

    def location(self, place: Place) -> types.Location:
        """A place with its document."""
        return types.Location(self.uri_of(place), self.range(place))

    def soon(self, path: str) -> None:
        """Checks a buffer, and then the others, which may belong to it, when nobody types any more."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = asyncio.get_running_loop().call_later(DELAY, self._step, self._work(path))

    def _step(self, steps: Iterator[None]) -> None:
        """Takes a step while nobody waits, and the next ones later."""
        if next(steps, self) is None:
            self._waiting = asyncio.get_running_loop().call_later(BETWEEN, self._step, steps)

    def _work(self, path: str) -> Iterator[None]:
        """Publishes what is found in a buffer and in the others, and prepares what can be done about it."""
        for one in dict.fromkeys((path, *self.session.paths)):
            if one in self.session.paths:
                self.publish(one)
                yield
        if path in self.session.paths:
            lenses(self.session.checked(path))  # what each rule decides, which hovers tell, too
            yield
        if self._older_lenses:
            self._older_lenses = False
            self.workspace_code_lens_refresh(None)
        if path in self.session.paths:
            yield from self.session.within(path, prepare(self.session, self.session.checked(path)))

    def publish(self, path: str) -> None:
        """Checks a buffer and sends what is found in it."""
        try:
            found = [self.diagnostic(one) for one in diagnostics(self.session.checked(path))]
        except Exception as error:  # the server goes on; the next text may do
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, f"{path}: {error!r}"))
            return
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(self._uris[path], found))
        if self.session.trouble != self._trouble:
            self._trouble = self.session.trouble
            if self._trouble:
                shown = types.ShowMessageParams(types.MessageType.Error, f"{NAME}: {self._trouble}")
                self.window_show_message(shown)

    def diagnostic(self, shown: Shown) -> types.Diagnostic:
        """A finding in the editor's words."""
        page = page_of(shown.code) if shown.finding is not None else ""
        return types.Diagnostic(
            range=self.range(shown.place),
            message="\n".join(map(visible, shown.message.split("\n"))),
            severity=_SEVERITIES[shown.severity],
            code=shown.code,
            code_description=types.CodeDescription(page) if page else None,
            source=NAME,
            related_information=[
                types.DiagnosticRelatedInformation(self.location(one.place), visible(one.message))
                for one in shown.related
            ],
        )

    def edits(self, place: Place, edits: Iterable[Edit]) -> types.WorkspaceEdit:
        """Edits of the file of a place."""
        texts = [types.TextEdit(self.range(place.source.place(one.start, one.end)), one.text) for one in edits]
        return types.WorkspaceEdit(changes={self.uri_of(place): texts})

    @property
    def resolves(self) -> bool:
        """Whether the editor requests the edits of an action when a user chooses it."""
        capabilities = self.client_capabilities.text_document
        asked = capabilities.code_action if capabilities is not None else None
        lazily = asked.resolve_support if asked is not None else None
        return lazily is not None and "edit" in lazily.properties and bool(asked and asked.data_support)

    def action(self, one: Action, about: list[Shown]) -> types.CodeAction:
        """What can be done about a finding."""
        place = one.finding.place
        return types.CodeAction(
            title=visible(one.title),
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[self.diagnostic(each) for each in about if each.finding is not None and _same(each, one)],
            is_preferred=one.safe or None,
            edit=self.edits(place, one.edits) if one.edits is not None else None,
            data=[*self.stamp(place), one.finding.rule, place.start, place.end, one.title],
        )

    def stamp(self, place: Place) -> list[Any]:
        """Tells a document as it is now from others, and from itself with another text."""
        return [self.uri_of(place), crc32(place.source.text.encode("utf-8", "replace"))]

    def fix_all(self, checked: Checked) -> list[types.CodeAction]:
        """All that `--fix` does to a document, as one action."""
        if FIXED not in checked.known and self.resolves:
            found = may_be_fixed(checked)
            edit = None
        else:
            edit = self.all_edits(checked)
            found = edit is not None
        data = self.stamp(checked.source.place())
        return [types.CodeAction("Make all fixes that --fix makes", FIX_ALL, edit=edit, data=data)] if found else []

    def all_edits(self, checked: Checked) -> types.WorkspaceEdit | None:
        """The edits of all fixes; None where there are none."""
        text, whole = self.session.fixed(checked), checked.source.place(0, len(checked.source.text))
        return None if text is None else self.edits(whole, (Edit(whole.start, whole.end, text),))

    def resolve(self, action: types.CodeAction) -> types.WorkspaceEdit | None:
        """The edits of an action that a user chose; None where the text is another, or the proof failed."""
        if not isinstance(action.data, list) or len(action.data) < 2:  # the action of another server
            return None
        uri, _, *about = action.data
        checked = self.checked(uri)
        if checked is None or self.stamp(checked.source.place()) != action.data[:2]:
            return None
        if not about:
            return self.all_edits(checked)
        found = resolved(self.session, checked, *about)
        return self.edits(found.finding.place, found.edits or ()) if found is not None else None

    def completion(self, one: Completion) -> types.CompletionItem:
        """A word that may be written."""
        return types.CompletionItem(
            label=one.label,
            kind=_KINDS[one.kind],
            filter_text=one.text.strip('"') or one.label,
            documentation=types.MarkupContent(types.MarkupKind.Markdown, markdown(one.detail)) if one.detail else None,
            text_edit=types.TextEdit(self.range(one.replaced), one.text),
        )


def _same(shown: Shown, action: Action) -> bool:
    found = shown.finding
    return found is not None and (found.rule, found.place) == (action.finding.rule, action.finding.place)


server = Server()
feature = server.feature


@feature(types.INITIALIZED)
def _initialized(ls: Server, params: types.InitializedParams) -> None:
    ls.take_folders()
    workspace = ls.client_capabilities.workspace
    watched = workspace.did_change_watched_files if workspace is not None else None
    if watched is not None and watched.dynamic_registration:
        options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(WATCHED)])
        registration = types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        ls.client_register_capability(types.RegistrationParams([registration]))


@feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
def _folders_changed(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    ls.take_folders()
    ls.session.look_again()


@feature(types.SHUTDOWN)
def _asked_to_end(ls: Server, params: None) -> None:
    ls.asked_to_end = True


@feature(types.TEXT_DOCUMENT_DID_OPEN)
def _opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    path = ls.path_of(params.text_document.uri)
    ls.session.put(path, params.text_document.text)
    ls.soon(path)


@feature(types.TEXT_DOCUMENT_DID_CHANGE)
def _changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    path = ls.path_of(params.text_document.uri)
    ls.session.put(path, params.content_changes[-1].text)
    ls.soon(path)


@feature(types.TEXT_DOCUMENT_DID_CLOSE)
def _closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    path = ls.path_of(params.text_document.uri)
    ls.session.close(path)
    ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(params.text_document.uri, []))
    ls.soon(path)


@feature(types.TEXT_DOCUMENT_DID_SAVE)
def _saved(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    ls.session.look_again()
    ls.soon(ls.path_of(params.text_document.uri))


@feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
def _others_changed(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    ls.session.look_again()
    if params.changes:
        ls.soon(ls.path_of(params.changes[0].uri))


@feature(types.TEXT_DOCUMENT_HOVER)
def _hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    held = ls.held(params.text_document.uri)
    at = held.then(ls.offset(held.now, params.position)) if held is not None else None
    if held is None or at is None:
        return None
    found = hover(held.last, at)
    place = held.place(found.place) if found is not None else None
    if found is None or place is None:
        return None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, found.text), ls.range(place))


@feature(
    types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["-", "/", ".", '"', "=", " ", "["])
)
def _completion(ls: Server, params: types.CompletionParams) -> list[types.CompletionItem]:
    held = ls.held(params.text_document.uri)
    if held is None:
        return []
    return [ls.completion(one) for one in completions(held.now, ls.offset(held.now, params.position))]


@feature(types.TEXT_DOCUMENT_CODE_LENS)
def _lenses(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    held = ls.for_lenses(params.text_document.uri)
    if held is None:
        return []
    found = [(held.place(one.place), one.title) for one in lenses(held.last)]
    return [types.CodeLens(ls.range(place), types.Command(title, "")) for place, title in found if place is not None]


@feature(types.TEXT_DOCUMENT_DEFINITION)
def _definition(ls: Server, params: types.DefinitionParams) -> list[types.Location]:
    held = ls.held(params.text_document.uri)
    at = held.then(ls.offset(held.now, params.position)) if held is not None else None
    if held is None or at is None:
        return []
    return [ls.location(place) for one in definition(held.last, at) if (place := held.place(one)) is not None]


@feature(
    types.TEXT_DOCUMENT_CODE_ACTION,
    types.CodeActionOptions([types.CodeActionKind.QuickFix, FIX_ALL], resolve_provider=True),
)
def _actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    checked = ls.checked(params.text_document.uri)
    if checked is None:
        return []
    only = [str(getattr(one, "value", one)) for one in params.context.only or ()]
    if any(FIX_ALL.startswith(one) for one in only):  # as at saving, where an editor is told to
        return ls.fix_all(checked)
    if only and "quickfix" not in only:
        return []
    start, end = ls.offset(checked, params.range.start), ls.offset(checked, params.range.end)
    about = diagnostics(checked)
    return [ls.action(one, about) for one in actions(ls.session, checked, start, end, ls.resolves)]


@feature(types.CODE_ACTION_RESOLVE)
def _resolved(ls: Server, params: types.CodeAction) -> types.CodeAction:
    if params.edit is None:
        params.edit = ls.resolve(params)
        if params.edit is None and params.kind != FIX_ALL:  # which editors choose at each saving
            message = f"{NAME}: nothing is changed: '{params.title}' is not proven for this text; look at them again"
            ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, message))
    return params
