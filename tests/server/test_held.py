"""What the server answers between a keystroke and the next run."""

from __future__ import annotations

from pathlib import Path

import pytest
from buffers import MANIFEST, POLICY, Workspace

from kube_audit_lint.server.completion import completions
from kube_audit_lint.server.held import Held, held
from kube_audit_lint.server.lenses import lenses
from kube_audit_lint.server.session import Session


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def _typed(workspace: Workspace, text: str, name: str = "audit-policy.yaml") -> Held:
    """A buffer behind a keystroke, without a run."""
    path = str(workspace.folder / name)
    workspace.session.put(path, text)
    return workspace.session.held(path)


@pytest.mark.parametrize(
    "text",
    [
        POLICY.replace("kind: Policy\n", "kind: Policy\n# two more\n# lines\n"),
        POLICY.replace("omitStages: [RequestReceived]\n", ""),
        POLICY.replace("verbs: [watch]", "verbs: [watch, get]"),
        POLICY + "- level: None\n",
        POLICY.replace("\n", "\r\n"),
        "",
    ],
)
def test_places_move_with_the_text_around_a_change(workspace: Workspace, text: str) -> None:
    workspace.open()
    found = _typed(workspace, text)
    assert found.last.outcome is not None
    assert found.now.source.text == text
    for offset in range(len(text) + 1):
        then = found.then(offset)
        assert then is None or _beside_the_same(text, offset, POLICY, then)
    for offset in range(len(POLICY) + 1):
        moved = found.place(found.last.source.place(offset))
        assert moved is None or _beside_the_same(POLICY, offset, text, moved.start)
    assert found.then(0) == 0
    assert found.then(len(text)) == (len(POLICY) if text else 0)


def _beside_the_same(text: str, at: int, other: str, there: int) -> bool:
    """Whether the character in front of both places, or that behind both, is the same; or both are at an end."""
    front, behind = at and there and text[at - 1] == other[there - 1], text[at : at + 1] == other[there : there + 1]
    return bool(front or behind or (at, there) == (0, 0))


def test_a_place_around_a_change_grows_with_it(workspace: Workspace) -> None:
    workspace.open()
    found = _typed(workspace, POLICY.replace("verbs: [watch]", "verbs: [watch, get]"))
    start = POLICY.index("verbs")
    moved = found.place(found.last.source.place(start, start + len("verbs: [watch]")))
    assert moved is not None
    assert moved.text == "verbs: [watch, get]"
    assert found.then(found.now.source.text.index(", get") + 3) is None  # nobody has looked at it yet


def test_nothing_runs_for_an_answer_after_a_keystroke(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.open(MANIFEST.replace("v1.30.2", "v1.22.0"), "kube-apiserver.yaml")
    workspace.open()
    monkeypatch.setattr(Session, "_check", None)
    text = POLICY.replace("verbs: [watch]", "verbs: [watch]\n  ")
    found = _typed(workspace, text)
    assert len(lenses(found.last)) == 4
    words = {one.label for one in completions(found.now, text.index("  \n") + 2)}
    assert "userGroups" in words
    assert "omitManagedFields" not in words  # of 1.22, as the last run found


def test_a_change_elsewhere_leaves_the_last_run(workspace: Workspace) -> None:
    workspace.open()
    workspace.session.put(str(workspace.folder / "kube-apiserver.yaml"), MANIFEST)
    found = _typed(workspace, POLICY)
    assert found.now is found.last
    assert found.place(found.last.source.place(3, 5)) == found.last.source.place(3, 5)


def test_places_of_other_files_stay(workspace: Workspace) -> None:
    other = workspace.open(MANIFEST, "kube-apiserver.yaml")
    last = workspace.open()
    found = held(last._replace(source=type(last.source)(last.path, "x")), last)
    assert found.place(other.source.place(7, 9)) == other.source.place(7, 9)
