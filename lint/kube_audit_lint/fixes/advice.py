"""The kind `advice`: what a finding's help advises, where that is an edit, is done.

Help is written in few forms (`Write X.`, `Leave X out.`, ...), and tests/catalogue/test_help.py holds it to them: so
what is advised and what is done cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from kube_audit_lint.fixes import Claim, Edit, Fix, NotEditable, Target
from kube_audit_lint.fixes import _policy as policies
from kube_audit_lint.fixes import _tree as tree
from kube_audit_lint.kubernetes.written import LISTS
from kube_audit_lint.syntax.nodes import Mapping, Scalar, Sequence

PARAMS = {"type": "object", "additionalProperties": False}

_LIST = re.compile(r"\[(.*)\]")
_OF_RULES = Claim(requests=None)


def fixes(target: Target) -> Iterator[Fix]:
    """The one edit that the help describes; nothing where it is for a reader."""
    for pattern, way in _WAYS:
        found = pattern.match(target.finding.help)
        if found is not None:
            for edits in way(target, found):
                yield Fix(tuple(edits), found[0].rstrip(" .,:;"), _OF_RULES, _keeps_what_is_meant(target, found))
            return


def _keeps_what_is_meant(target: Target, found: re.Match[str]) -> bool:
    """Whether nothing is lost that the author may want: a rule, a field with all that is in it, a resource's part."""
    if found[0].startswith("Remove this rule"):
        return False
    old, new = target.finding.place.text.strip("'\""), _unquoted(found[1])
    return not (found[0].startswith("Leave") and old == new) and (new == "*" or not old.startswith(f"{new}/"))


def _write(target: Target, found: re.Match[str]) -> Iterator[list[Edit]]:
    """A value, or a key with its value, in place of what is there."""
    new = found[1]
    key, colon, value = new.partition(": ")
    root = target.policy.document.root
    if colon and _is_whole(target):
        yield [_at_top(target, key, value)]
        return
    spot = tree.spot_at(root, target.finding.place)
    if not colon:
        yield [tree.replaced(_at(spot), _unquoted(new)), *_as_list(spot, new)]
    elif not spot.is_key:
        yield [tree.replaced(spot.node, _unquoted(value))]
    else:
        yield _field(spot, key, value)


def _as_list(spot: tree.Spot, key: str) -> list[Edit]:
    """A single value between brackets, where its key becomes one that wants a list."""
    value = spot.mapping[1].value if spot.is_key else None
    if key not in (*LISTS, "resourceNames") or not isinstance(value, Scalar) or value.kind != "string":
        return []
    place = value.place
    if value.block or "," in value.value or place.text.strip("'\"") != value.value:
        raise NotEditable("it is no list, and no single word")
    return [Edit(place.start, place.end, f"[{place.text}]")]


def _is_whole(target: Target) -> bool:
    """Whether the finding is about the policy as a whole."""
    return target.finding.place == target.policy.document.place


def _at_top(target: Target, key: str, value: str) -> Edit:
    root = policies.root_of(target.policy)
    first = next(iter(tree.written(root)), None)
    if first is None or key in root.entries:
        raise NotEditable("the policy is empty")
    flow = f'"{key}": "{value}"' if tree.in_json(root) else f"{key}: {value}"
    return tree.with_entry(root, first, flow, [f"{key}: {value}"], before=True)


def _at(spot: tree.Spot) -> Scalar:
    if not isinstance(spot.node, Scalar):
        raise NotEditable("it is more than one value")
    return spot.node


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _field(spot: tree.Spot, key: str, value: str) -> list[Edit]:
    """A field with its value in place of one that is called otherwise."""
    mapping, entry = spot.mapping
    if key in mapping.entries and mapping.entries[key] is not entry:
        raise NotEditable(f"`{key}` is there as well")
    edits = [tree.replaced(entry.key, key)] if entry.key.value != key else []
    listed = _LIST.fullmatch(value)
    if listed is not None:
        if not isinstance(entry.value, Sequence) or not tree.is_flow(entry.value):
            raise NotEditable("the list is not written between brackets")
        return [*edits, Edit(entry.value.start, entry.value.end, value)]
    if isinstance(entry.value, Scalar) and entry.value.value != _unquoted(value):
        edits.append(tree.replaced(entry.value, _unquoted(value)))
    return edits


def _several(target: Target, found: re.Match[str]) -> Iterator[list[Edit]]:
    """Several items in place of one."""
    words = [word.strip() for word in found[1].strip("[]").replace("`", "").split(",")]
    spot = tree.spot_at(target.policy.document.root, target.finding.place)
    if not spot.is_item:
        raise NotEditable("it is no item of a list")  # `verbs: get,list`
    items, index = spot.item
    others = {item.value for at, item in enumerate(items.items) if at != index and isinstance(item, Scalar)}
    new = [word for word in words if word not in others]
    if not new:
        yield [tree.without_item(items, index)]
        return
    quote = '"' if target.source.text[spot.node.start] == '"' else ""
    added = [tree.with_item(items, index + 1, f"{quote}{word}{quote}", [f"{quote}{word}{quote}"]) for word in new[1:]]
    yield [tree.replaced(spot.node, new[0]), *_together(added)]


def _together(edits: list[Edit]) -> list[Edit]:
    """Insertions at one place as one."""
    return [Edit(edits[0].start, edits[0].end, "".join(one.text for one in edits))] if edits else []


def _leave_out(target: Target, found: re.Match[str]) -> Iterator[list[Edit]]:
    """Without an item, or without the field that it belongs to."""
    spot = tree.spot_at(target.policy.document.root, target.finding.place)
    name = found[1]
    for step in reversed(spot.way):
        if isinstance(step.container, Mapping) and step.entry is not None and step.entry.key.value == name:
            yield [tree.without_entry(step.container, step.entry)]
            return
    if isinstance(spot.node, Scalar) and spot.is_item:
        yield [tree.without_item(*spot.item)]


def _take_out(target: Target, found: re.Match[str]) -> Iterator[list[Edit]]:
    """Without the item at this place; where it is the only one of its kind of condition, there is no such edit."""
    spot = tree.spot_at(target.policy.document.root, target.finding.place)
    if not spot.is_item:
        raise NotEditable("it is no item of a list")
    items, index = spot.item
    if len(items.items) == 1 and len(spot.way) > 1:
        above = spot.way[-2]
        if isinstance(above.container, Mapping) and above.entry is not None and above.entry.key.value == "omitStages":
            yield [tree.without_entry(above.container, above.entry)]
            return
    yield [tree.without_item(items, index)]


def _remove_rule(target: Target, found: re.Match[str]) -> Iterator[list[Edit]]:
    """Without the rule that the finding is in."""
    rules = policies.rules_of(target.policy)
    if len(rules.items) == 1:
        raise NotEditable("no rule would be left")
    yield [tree.without_item(rules, policies.rule_at(target.policy, target.finding.place))]


def _to_other_list(target: Target, found: re.Match[str]) -> Iterator[list[Edit]]:
    """A name on the list of users that belongs on that of groups, or the reverse; others stay where they are."""
    field, name = found[1], found[2]
    spot = tree.spot_at(target.policy.document.root, target.finding.place)
    items, index = spot.item
    step = next((one for one in reversed(spot.way) if isinstance(one.container, Mapping)), None)
    if step is None or step.entry is None or not isinstance(step.container, Mapping) or not spot.is_item:
        raise NotEditable("it is in no list")
    if field in step.container.entries:
        raise NotEditable(f"the rule has `{field}`, too: one with both matches only who is in both")
    if len(items.items) == 1:
        yield [tree.replaced(step.entry.key, field), tree.replaced(items.items[0], name)]
        return
    rule = policies.plain(step.container)
    own = {(field if key == step.entry.key.value else key): value for key, value in rule.items()}
    own[field] = [name]
    at = policies.rule_at(target.policy, target.finding.place)
    yield [tree.without_item(items, index), policies.with_rule(target.policy, at + 1, own, at)]


def _end_with(target: Target, found: re.Match[str]) -> Iterator[list[Edit]]:
    """A rule at the end, for everything that is left."""
    rules = policies.rules_of(target.policy)
    level = found[1]
    yield [policies.with_rule(target.policy, len(rules.items), {"level": level})]


_WAYS: tuple[tuple[re.Pattern[str], Callable[[Target, re.Match[str]], Iterator[list[Edit]]]], ...] = (
    (re.compile(r'Write `(users|userGroups): \["([^`"]+)"\]` in place of (?:it|`users`)\.'), _to_other_list),
    (
        re.compile(r'Take it out of this rule, and repeat the rule with `(userGroups): \["([^`"]+)"\]`'),
        _to_other_list,
    ),
    (re.compile(r"Write `([^`-][^`]*)`(?: in place of it)?[.;:]"), _write),
    (re.compile(r"Write `(level: \w+)` (?:here|in this rule), "), _write),
    (re.compile(r"Write ((?:`[^`]+`, )+`[^`]+`)\."), _several),
    (re.compile(r"Make an item of each: `(\[[^`]+\])`\."), _several),
    (re.compile(r"Leave `([^`]+)` out\b"), _leave_out),
    (re.compile(r"Leave (it|the empty item) out\b"), _take_out),
    (re.compile(r"Take (it|\w+) out of (?:this rule|`omitStages`)\."), _take_out),
    (re.compile(r"(Remove this rule): it excludes nothing"), _remove_rule),
    (re.compile(r"Remove `([^`]+)`: how much is recorded"), _take_out),
    (re.compile(r"End the rules with .*?`- level: (\w+)`\."), _end_with),
)
"""The forms of help that are an edit, and how it is made."""
