"""Controls of standards (CIS, STIG, PCI DSS and others) with their ids in each version: what reports and pages show.

The source is `rules/standards/*.yaml`, compiled into `rules/standards.json`, which only those read that show controls.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any, Literal

from kube_audit_lint.catalogue.shipped import folder
from kube_audit_lint.errors import UsageError
from kube_audit_lint.kubernetes.spelling import nearest
from kube_audit_lint.model.version import Versions, parse_versions
from kube_audit_lint.syntax.record import NamedTuple


class Control(NamedTuple):
    """What a standard requires. ids: first version, last version, id, the newest first.

    flags: of each tuple one flag has to be set, to at_least or more; loads: the server's policy has to load; rules: any
    finding of these fails it. when: the flag without which it does not apply, of clusters the provider; mounts: whether
    it applies only where the container's mounts are known. remarks, shows: rules and flags that are shown and decide
    nothing. look: what nobody can see in files; hint: what else is worth a look. requests: what the policy decides.
    """

    title: str
    subject: Literal["server", "policy", "cluster"]
    ids: tuple[tuple[str, str, str], ...]
    unscored: tuple[str, ...] = ()
    when: str = ""
    mounts: bool = False
    flags: tuple[tuple[str, ...], ...] = ()
    at_least: int | None = None
    loads: bool = False
    rules: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    requests: tuple[dict[str, str], ...] = ()
    proof: str = ""
    look: str = ""
    hint: str = ""


class Standard(NamedTuple):
    """A standard. versions: its versions, oldest first, with the Kubernetes versions they are for (None: all)."""

    id: str
    title: str
    short: str
    profile: str
    versions: dict[str, Versions | None]
    controls: tuple[Control, ...]

    @property
    def newest(self) -> str:
        """The newest version that is known."""
        return list(self.versions)[-1]

    def id_in(self, control: Control, version: str) -> str:
        """A control's id in a version; "" where that version does not have it."""
        return next((id for first, last, id in control.ids if self._within(version, first, last)), "")

    def scored_in(self, control: Control, version: str) -> bool:
        """Whether a version scores a control: kube-bench fails then, and else warns."""
        return not control.unscored or not self._within(version, *control.unscored)

    def controls_in(self, version: str) -> list[tuple[str, Control]]:
        """The controls of a version with their ids, in its order."""
        found = ((self.id_in(control, version), control) for control in self.controls)
        return [(id, control) for id, control in found if id]

    def _within(self, version: str, first: str, last: str) -> bool:
        order = list(self.versions)
        return order.index(first) <= order.index(version) <= order.index(last)


class ControlId(NamedTuple):
    """A control that a rule serves, as the newest version of its standard that has it calls it. shown: `CIS 1.2.17`."""

    standard: str
    version: str
    id: str
    shown: str

    def to_json(self) -> dict[str, str]:
        """As plain data, in the JSON and SARIF reports."""
        return {"standard": self.standard, "version": self.version, "id": self.id}


@cache
def standards() -> dict[str, Standard]:
    """All standards by id. Raises OSError when the installation is incomplete."""
    with open(os.path.join(folder(), "standards.json"), encoding="utf-8") as file:
        return {data["id"]: _standard(data) for data in json.load(file)}


def chosen(text: str) -> tuple[Standard, str]:
    """The standard and its version that `cis` (its newest) or `cis@1.9` names. Raises UsageError."""
    id, at, version = text.partition("@")
    standard = standards().get(id)
    if standard is None:
        near = nearest(id, standards())
        hint = f"did you mean {near}?" if near else f"there are {', '.join(standards())}"
        raise UsageError(f"there is no standard {id!r}; {hint}")
    version = version.removeprefix("v") if version.removeprefix("v") in standard.versions else version
    if not at:
        return standard, standard.newest
    if version not in standard.versions:
        raise UsageError(f"{id} has no version {version!r}; there are {', '.join(standard.versions)}")
    return standard, version


@cache
def controls_of(rule: str) -> tuple[ControlId, ...]:
    """The controls that a rule serves, as the newest version that has them calls them."""
    found = (
        ControlId(standard.id, control.ids[0][1], control.ids[0][2], f"{standard.short} {control.ids[0][2]}")
        for standard in standards().values()
        for control in standard.controls
        if rule in control.rules
    )
    return tuple(dict.fromkeys(found))


def brief_of(rule: str) -> tuple[str, ...]:
    """The same where there is little room: `CIS 1.2.17`, without the variants of CIS for distributions."""
    return tuple(one.shown for one in controls_of(rule) if not one.standard.endswith("-cis"))


def labels_of(rule: str) -> tuple[str, ...]:
    """The same with all versions, one text a standard: `CIS: 1.2.16 (v1.9-v2.1), 1.2.17 (v1.8)`."""
    return tuple(label for standard in standards().values() if (label := _label(standard, rule)))


def _label(standard: Standard, rule: str) -> str:
    ranges: dict[tuple[str, str], list[str]] = {}
    for control in standard.controls:
        if rule in control.rules:
            for first, last, id in control.ids:
                ranges.setdefault((first, last), []).append(id)
    if not ranges:
        return ""
    single = len(standard.versions) == 1
    parts = [", ".join(ids) + ("" if single else f" ({_span(*ends)})") for ends, ids in ranges.items()]
    return f"{standard.short}: {'; '.join(parts)}"


def _span(first: str, last: str) -> str:
    mark = "v" if first[0].isdigit() else ""
    return f"{mark}{first}" if first == last else f"{mark}{first}-{mark}{last}"


def _standard(data: dict[str, Any]) -> Standard:
    versions = {version: parse_versions(text) if text else None for version, text in data["versions"].items()}
    controls = tuple(map(_control, data["controls"]))
    return Standard(data["id"], data["title"], data["short"], data["profile"], versions, controls)


def _control(data: dict[str, Any]) -> Control:
    known: dict[str, Any] = {
        key.replace("-", "_"): tuple(value) if isinstance(value, list) else value for key, value in data.items()
    }
    for key in ("ids", "flags"):
        known[key] = tuple(map(tuple, known.get(key, ())))
    return Control(**known)
