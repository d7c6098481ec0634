"""The standards of rules/standards/*.yaml, whole: what `like` names written out, and ranges of versions checked.

A control's `ids` become a list of first version, last version, id, the newest first.
"""

from __future__ import annotations

from typing import Any

from catalogue_files import RULES

from kube_audit_lint.catalogue.ownfile import read_own_file
from kube_audit_lint.catalogue.shape import validate

FIRST = ("cis", "rke2-cis", "k3s-cis", "rke-cis", "ack-cis", "stig")
"""The order in which they are shown; the others follow by id."""

KEPT = ("title", "subject", "when", "mounts", "at-least", "loads", "rules", "remarks", "shows", "proof", "look", "hint")


def standards() -> list[dict[str, Any]]:
    """Every standard. Raises SystemExit for what does not fit together, OwnFileError for what the schema forbids."""
    files = {path.stem: validate(read_own_file(str(path)), "standard") for path in (RULES / "standards").glob("*.yaml")}
    known = {control["key"]: control for data in files.values() for control in data["controls"] if "key" in control}
    order = sorted(files, key=lambda id: (FIRST.index(id) if id in FIRST else len(FIRST), id))
    return [_standard(files[id], known) for id in order]


def _standard(data: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    versions = list(data["versions"])
    controls = [_control(one, known, versions, data["id"]) for one in data["controls"]]
    head = {key: data[key] for key in ("id", "title", "short", "profile", "versions")}
    return {**head, "controls": controls}


def _control(data: dict[str, Any], known: dict[str, Any], versions: list[str], standard: str) -> dict[str, Any]:
    other = known[data["like"]] if "like" in data else {}
    own = {**{key: value for key, value in other.items() if key != "unscored"}, **data}
    whole = {key: own[key] for key in KEPT if key in own}
    if "flags" in own:
        whole["flags"] = [one.split(" or ") for one in own["flags"]]
    if "requests" in own:
        whole["requests"] = known[own["requests"]]["requests"] if isinstance(own["requests"], str) else own["requests"]
    ids = [[*_range(text, versions, standard), str(id)] for text, id in own["ids"].items()]
    whole["ids"] = sorted(ids, key=lambda one: -versions.index(one[0]))
    if "unscored" in own:
        whole["unscored"] = _range(own["unscored"], versions, standard)
    return whole


def _range(text: str, versions: list[str], standard: str) -> list[str]:
    """`1.9-2.1` as its ends, `1.8` as twice itself."""
    first, _, last = text.partition("-")
    ends = [first, last or first]
    if any(end not in versions for end in ends) or versions.index(ends[0]) > versions.index(ends[1]):
        raise SystemExit(f"rules/standards/{standard}.yaml: {text} is no range of its versions")
    return ends
