"""List items that a dash too many has split in two: half a mount here, the other half there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from kube_audit_lint.model.found import Misshape
from kube_audit_lint.syntax.nodes import Mapping, Node

Needs = tuple[tuple[str, ...], ...]
"""What an item has to have: of each group of keys one."""

POD_MOUNT: Needs = (("name",), ("mountPath",))
KUBEADM_VOLUME: Needs = (("name",), ("hostPath",), ("mountPath",))
HOST_MOUNT: Needs = (("hostPath",), ("mountPath",))
KIND_MOUNT: Needs = (("containerPath",), ("hostPath",))
FILE: Needs = (("path",), ("content", "contentFrom", "source", "url"))
UPLOAD: Needs = (("src", "data"), ("dst", "dstDir"))
KEY: Needs = (("key",), ("path",))
ARGUMENT: Needs = (("key", "name"), ("value",))
ASSET: Needs = (("name", "path"), ("content",))


def whole(items: list[Node], needs: Needs) -> list[Node]:
    """The items, with those that were split in two put together again."""
    found: list[Node] = []
    for item in items:
        before = found[-1] if found else None
        if isinstance(before, Mapping) and isinstance(item, Mapping) and _are_one(before, item, needs):
            entries = {**before.entries, **item.entries}
            found[-1] = Mapping(before.source, before.start, item.end, entries, [*before.duplicates, *item.duplicates])
        else:
            found.append(item)
    return found


def split(items: list[Node], needs: Needs, what: str) -> Iterator[Misshape]:
    """Items that are the second half of the one before. what: what an item is called."""
    for before, item in pairwise(items):
        if not (isinstance(before, Mapping) and isinstance(item, Mapping) and _are_one(before, item, needs)):
            continue
        first, second = (next(iter(one.entries.values())).key for one in (before, item))
        lacks = " and ".join(f"`{group[0]}`" for group in needs if not _has(before, group))
        message = f"The dash in front of `{second.value}` begins a new item, so that this {what} is split in two: "
        message += f"the one before, with `{first.value}`, has no {lacks}, and none of both is what was meant."
        help = f"Write two blanks in place of the `- ` in front of `{second.value}`."
        yield Misshape("wrong-shape", second.place, message, help)


def _are_one(before: Mapping, item: Mapping, needs: Needs) -> bool:
    """Whether each of them lacks what the other one has, and they have no key in common."""
    if not before.entries or not item.entries or not before.entries.keys().isdisjoint(item.entries):
        return False
    lacking = [[group for group in needs if not _has(one, group)] for one in (before, item)]
    return all(lacking) and not any(group in lacking[1] for group in lacking[0])


def _has(item: Mapping, group: tuple[str, ...]) -> bool:
    return not item.entries.keys().isdisjoint(group)
