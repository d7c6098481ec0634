"""A standard's controls with their rules, for `kube-audit-lint rules --standard`."""

from __future__ import annotations

from typing import Any

from kube_audit_lint.catalogue.standards import Control, Standard


def as_text(standard: Standard, version: str) -> str:
    """The controls, each with its rules below it."""
    listed = [f"{standard.title} {version}"]
    for id, control in standard.controls_in(version):
        listed += ["", f"  {id}: {control.title}"]
        flags = [" or ".join(f"--{flag}" for flag in names) for names in control.flags]
        least = f", {control.at_least} or more" if control.at_least is not None else ""
        listed += [f"    {flag}{least}" for flag in flags]
        listed += [f"    rule {rule}" for rule in control.rules]
        listed += [f"    by hand: {control.look}"] if control.look else []
    others = ", ".join(one for one in standard.versions if one != version)
    return "\n".join([*listed, *(["", f"Other versions that are known: {others}"] if others else [])])


def as_data(standard: Standard, version: str) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "standard": standard.id,
        "title": standard.title,
        "version": version,
        "versions": list(standard.versions),
        "kubernetes": str(standard.versions[version] or ""),
        "controls": [_control(standard, version, id, control) for id, control in standard.controls_in(version)],
    }


def _control(standard: Standard, version: str, id: str, control: Control) -> dict[str, Any]:
    return {
        "id": id,
        "title": control.title,
        "subject": control.subject,
        "scored": standard.scored_in(control, version),
        "flags": [list(names) for names in control.flags],
        "atLeast": control.at_least,
        "rules": list(control.rules),
        "remarks": list(control.remarks),
        "look": control.look,
        "hint": control.hint,
        "ids": {f"{first}-{last}" if first != last else first: other for first, last, other in control.ids},
    }
