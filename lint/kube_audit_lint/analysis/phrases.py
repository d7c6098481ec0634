"""Conditions and changes in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube_audit_lint.analysis.conditions import ANY_SUBRESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kube_audit_lint.analysis.conditions import Choice, Item, What, Who
    from kube_audit_lint.analysis.difference import Difference

MOST = 8
"""Values of a list that are shown."""

_VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
_NO_USER = "requests that fail authentication"


def listed(values: Sequence[str], most: int = MOST) -> str:
    """Values after commas; of many the first, and how many more there are."""
    shown = ", ".join(values[:most])
    return f"{shown} and {len(values) - most} more" if len(values) > most else shown


def who(found: Who) -> str:
    """`everybody but members of system:nodes`."""
    chosen = list(_people(found.users, found.groups))
    text = " or ".join(chosen) if chosen else f"members of {' and '.join(found.in_all)}" if found.in_all else ""
    if chosen and found.in_all:
        text += f", in {' and '.join(found.in_all)}"
    if not text and found.but_users == (None,) and not found.but_groups:
        return "every user"
    left_out = list(_people(found.but_users, found.but_groups))
    return (text or "everybody") + (f" but {' and '.join(left_out)}" if left_out else "")


def _people(users: Iterable[str | None], groups: Sequence[str]) -> Iterable[str]:
    named = [user for user in users if user is not None]
    if named:
        yield listed(named)
    if groups:
        yield f"members of {listed(groups)}"
    if None in users:
        yield _NO_USER


def verbs(found: Choice) -> str:
    """`create, update`, or `any verb but get`."""
    order = {verb: index for index, verb in enumerate(_VERBS)}
    values = sorted(found.values, key=lambda verb: order.get(verb, len(order)))
    shown = listed([verb or "OPTIONS" for verb in values], 20)
    if found.anything:
        return "any verb"
    return f"any verb but {shown}" if found.but else shown


def what(found: What) -> str:
    """`secrets, deployments.apps/scale`, or `everything but secrets`."""
    parts = []
    everything = any(one.group == one.item == "*" for one in found.resources)
    if everything and "*" in found.paths:
        parts.append("everything")
    else:
        parts += [listed([item(one) for one in found.resources])] if found.resources else []
        parts += ["every URL" if "*" in found.paths else f"URLs {listed(found.paths)}"] if found.paths else []
    left_out = [item(one) for one in found.but_resources]
    text = " and ".join(parts)
    if left_out or found.but_paths:
        text += f" but {listed([*left_out, *found.but_paths])}"
    return text


def item(one: Item) -> str:
    """`deployments.apps/scale`."""
    group = one.group
    if one.item == "*":
        return {"*": "every resource", "": "everything in the core group"}.get(group, f"everything in {group}")
    if one.item == ANY_SUBRESOURCE:
        return "every subresource" + {"*": "", "": " in the core group"}.get(group, f" in {group}")
    name, slash, sub = one.item.partition("/")
    if group == "*":
        return f"{one.item} of any group"
    return f"{name}.{group}{slash}{sub}" if group else one.item


def where(spaces: Choice, names: Choice) -> str:
    """`in namespace shop, named web`; empty for anywhere."""
    return ", ".join(part for part in (_in(spaces), _named(names)) if part)


def _in(found: Choice) -> str:
    return _placed(found, "in", "in no namespace, or over all", ("in a namespace", "anywhere"))


def _named(found: Choice) -> str:
    return _placed(found, "named", "without a name", ("with a name", "whatever the name"))


def _placed(found: Choice, word: str, without: str, others: tuple[str, str]) -> str:
    """without: the words for the value "". others: those for all values but some, without "" and with it."""
    values = [value for value in found.values if value]
    if found.anything:
        return ""
    if found.but:
        start = others[0] if "" in found.values else others[1]
        return f"{start} but {listed(values)}" if values else start
    parts = [f"{word} {listed(values)}"] if values else []
    return " or ".join([*parts, *([without] if "" in found.values else [])])


def recorded(one: Difference) -> tuple[str, str]:
    """What is recorded before and after, in words."""
    change = one.change
    before, after = (_level(level) for level in (change.before, change.after))
    if change.omitted:
        after += f" without {listed(change.omitted)}"
    if change.restored:
        before += f" without {listed(change.restored)}"
    if change.managed:
        words = " without managed fields"
        before, after = (before, after + words) if change.managed == "omitted" else (before + words, after)
    return before, after


def _level(level: str | None) -> str:
    return "not served" if level is None else "not recorded" if level == "None" else level
