"""What changed in a repository since a revision: each policy and each server that was there, or is now."""

from __future__ import annotations

import os

from kube_audit_lint.discovery.files import TooLarge, read_bytes
from kube_audit_lint.discovery.look import interesting, named_policy
from kube_audit_lint.discovery.roots import Roots
from kube_audit_lint.errors import UsageError
from kube_audit_lint.model.comparison import Compared, Comparison
from kube_audit_lint.model.version import Versions
from kube_audit_lint.pipeline.comparing import Side, compare, holds_anything, side
from kube_audit_lint.pipeline.git import Changed, Repository


def since(path: str, revision: str, staged: bool, versions: Versions | None) -> Comparison:
    """Compares one file, what is below one folder, or with an empty path all of the repository.

    Raises UsageError where git has no answer, or a named file is neither here nor at the revision.
    """
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    repository = Repository(folder, revision, staged)
    changed = repository.changed()
    if path and not os.path.isdir(path):
        changed = [_named(repository, repository.inside(path), changed, path)]
    elif path:
        below = repository.inside(path)
        changed = [one for one in changed if below == "." or (one.after or one.before or "").startswith(f"{below}/")]
    pairs: list[Compared] = []
    notes: list[str] = []
    for one in changed:
        old, new = _sides(repository, one, notes)
        if holds_anything(old) or holds_anything(new):
            pairs += compare(old, new, versions)
        elif path and not os.path.isdir(path):
            raise UsageError(f"{path} holds neither an audit policy nor an API server")
    from kube_audit_lint.pipeline.weakening import weakened

    found = weakened(repository, changed, lambda path: _now(repository, path, notes), notes)
    return Comparison(tuple(pairs), tuple(notes), weakened=tuple(found))


def _named(repository: Repository, inside: str, changed: list[Changed], path: str) -> Changed:
    for one in changed:
        if one.after == inside or (one.after is None and one.before == inside):
            return one
    if repository.exists(inside):
        return Changed(inside, inside)
    raise UsageError(f"{path} is neither here nor in {repository.revision}")


def _sides(repository: Repository, one: Changed, notes: list[str]) -> tuple[Side, Side]:
    before = repository.before(one.before) if one.before is not None else None
    after = _now(repository, one.after, notes) if one.after is not None else None
    name = repository.outside(one.after or one.before or "")
    old = repository.outside(one.before or one.after or "")
    return _side(f"{old}@{repository.revision}", old, before), _side(name, name, after)


def _side(name: str, path: str, data: bytes | None) -> Side:
    """What a file holds; without parsing it where a look at its bytes shows that it is none of ours."""
    if data is None or not (interesting(data) or named_policy(path)):
        return side(name, path, None)
    return side(name, path, data, strict=False)


def _now(repository: Repository, path: str, notes: list[str]) -> bytes | None:
    if repository.staged:
        return repository.after(path)
    whole = os.path.join(repository.top, path)
    if not Roots((repository.top,)).hold(os.path.realpath(whole).replace(os.sep, "/")):
        notes.append(f"{repository.outside(path)} leads out of the repository: it is not read")
        return None
    try:
        return read_bytes(whole)
    except (OSError, TooLarge) as error:
        notes.append(f"{repository.outside(path)}: {error}")
        return None
