"""The rules' conditions for all requests at once: the twin of `evaluate.py`, condition by condition.

A rule is a handful of *alternatives*, one for each set of resource names it names (one, for most rules).
Each alternative is a bit, in the order of the rules. For each value of each dimension of a request, a
Conditions object answers which alternatives accept it; a request's alternatives are the intersection of these
answers, and the lowest bit of it decides.
"""

from __future__ import annotations

from kube_audit_lint.syntax.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kube_audit_lint.model.policy import PolicyRule


class Conditions:
    """Which alternatives of some rules accept which value. Bits start at `offset`.

    `rule_bits` are the alternatives of each rule, `entry_bits` the one of each of its `resources`. In every map
    from values to bits, those without such a condition are there too; for other values they are in `any_...`.
    `apart` are the groups of which resources are accepted that are not accepted of others; None for any group.
    """

    __slots__ = (
        "any_group",
        "any_name",
        "any_namespace",
        "any_resource",
        "any_url",
        "any_user",
        "any_verb",
        "apart",
        "bits",
        "end",
        "entry_bits",
        "exact",
        "for_resources",
        "for_urls",
        "groups",
        "known_urls",
        "names",
        "namespaces",
        "offset",
        "paths",
        "prefix_lengths",
        "prefixes",
        "resources_of",
        "rule_bits",
        "star_sub",
        "sub_star",
        "urls",
        "users",
        "verbs",
        "whole",
    )

    def __init__(self, rules: Iterable[PolicyRule], offset: int = 0) -> None:
        self.offset = offset
        self.end = offset
        self.rule_bits: list[int] = []
        self.entry_bits: list[list[int]] = []
        self.users: dict[str, int] = {}
        self.groups: dict[str, int] = {}
        self.verbs: dict[str, int] = {}
        self.namespaces: dict[str, int] = {}
        self.names: dict[str, int] = {}
        self.urls: dict[str, int] = {}
        self.prefixes: dict[str, int] = {}
        self.exact: dict[tuple[str, str], int] = {}
        self.whole: dict[str, int] = {}
        self.star_sub: dict[tuple[str, str], int] = {}
        self.sub_star: dict[tuple[str, str], int] = {}
        self.any_user = self.any_group = self.any_verb = self.any_namespace = self.any_name = 0
        self.any_resource = self.any_url = self.for_resources = self.for_urls = 0
        for rule in rules:
            self._add(rule)
        self.bits = (1 << self.end) - (1 << offset)
        self._finish()

    def _add(self, rule: PolicyRule) -> None:
        start = self.end
        self.entry_bits.append([])
        if rule.resources:
            self._add_resources(rule)
        else:
            self.any_resource |= 1 << start
            self.any_name |= 1 << start
            self.end += 1
        bits = (1 << self.end) - (1 << start)
        self.rule_bits.append(bits)
        self.any_user |= _spread(self.users, rule.users, bits)
        self.any_group |= _spread(self.groups, rule.user_groups, bits)
        self.any_verb |= _spread(self.verbs, rule.verbs, bits)
        self.any_namespace |= _spread(self.namespaces, rule.namespaces, bits)
        if rule.resources or rule.namespaces:
            self.for_resources |= bits
        elif rule.non_resource_urls:
            self._add_urls(rule.non_resource_urls, bits)
            self.for_urls |= bits
        else:
            self.for_resources |= bits
            self.for_urls |= bits
            self.any_url |= bits

    def _add_resources(self, rule: PolicyRule) -> None:
        """One alternative for each set of names: only the names couple with what comes after."""
        alternatives: dict[tuple[str, ...], int] = {}
        for entry in rule.resources:
            names = entry.resource_names if entry.resources else ()
            bit = alternatives.get(names, 0)
            if not bit:
                alternatives[names] = bit = 1 << self.end
                self.end += 1
                self.any_name |= _spread(self.names, names, bit)
            self.entry_bits[-1].append(bit)
            if entry.resources:
                for item in entry.resources:
                    self._add_item(entry.group, item, bit)
            else:
                self.whole[entry.group] = self.whole.get(entry.group, 0) | bit

    def _add_item(self, group: str, item: str, bit: int) -> None:
        if item == "*":
            self.whole[group] = self.whole.get(group, 0) | bit
            return
        key = (group, item)
        self.exact[key] = self.exact.get(key, 0) | bit
        if item.startswith("*/"):
            key = (group, item[2:])
            self.star_sub[key] = self.star_sub.get(key, 0) | bit
        if item.endswith("/*"):
            key = (group, item[:-2])
            self.sub_star[key] = self.sub_star.get(key, 0) | bit

    def _add_urls(self, specs: Sequence[str], bits: int) -> None:
        for spec in specs:
            if spec.endswith("*"):
                prefix = spec.rstrip("*")
                self.prefixes[prefix] = self.prefixes.get(prefix, 0) | bits
            self.urls[spec] = self.urls.get(spec, 0) | bits

    def _finish(self) -> None:
        """What is known once all rules are."""
        self.known_urls: dict[str, int] = {}
        self.paths: dict[Any, list[str]] = {}
        """The paths of space.py, by what else they are looked up with."""
        self.prefix_lengths = sorted({len(prefix) for prefix in self.prefixes})
        self.apart: set[str] | None = {*self.whole, *(group for group, _ in self.exact)}
        if "*" in self.apart:
            self.apart = None
        self._complete()

    def _complete(self) -> None:
        """Whether a rule names them or not, all alternatives without a condition accept each value."""
        pairs = (
            (self.users, self.any_user),
            (self.verbs, self.any_verb),
            (self.namespaces, self.any_namespace),
            (self.names, self.any_name),
        )
        for table, without in pairs:
            if without:
                for value in table:
                    table[value] |= without

    def accepts_resource(self, key: tuple[str, str, str]) -> int:
        """The alternatives whose `resources` take a resource: its group, name and subresource."""
        group, resource, subresource = key
        bits = self.any_resource
        if self.apart is not None and group not in self.apart:
            return bits & self.for_resources
        combined = f"{resource}/{subresource}" if subresource else resource
        for each in (group, "*") if self.apart is None else (group,):
            bits |= self.whole.get(each, 0) | self.exact.get((each, combined), 0)
            if self.sub_star:
                bits |= self.sub_star.get((each, resource), 0)
            if subresource and self.star_sub:
                bits |= self.star_sub.get((each, subresource), 0)
        return bits & self.for_resources

    def accepts_url(self, url: str) -> int:
        """The alternatives whose `nonResourceURLs` take the path."""
        bits = self.known_urls.get(url)
        if bits is None:
            bits = self.known_urls[url] = self.matches_url(url)
        return bits

    def matches_url(self, url: str) -> int:
        """The same, and nothing is kept: for more paths than anybody would want to remember."""
        bits = self.any_url | self.urls.get(url, 0)
        for length in self.prefix_lengths:
            if length > len(url):
                break
            bits |= self.prefixes.get(url[:length], 0)
        return bits & self.for_urls

    @property
    def limits_namespace(self) -> int:
        """The alternatives with a condition on the namespace."""
        return self.bits & ~self.any_namespace

    @property
    def limits_name(self) -> int:
        """The alternatives with a condition on the object's name."""
        return self.bits & ~self.any_name

    @property
    def limits_user(self) -> int:
        """The alternatives with a condition on the user or the user's groups."""
        return self.bits & ~(self.any_user & self.any_group)


def _spread(table: dict[str, int], values: Sequence[str], bits: int) -> int:
    """Notes the bits under each value; without values, hands them back: they accept all."""
    if not values:
        return bits
    for value in values:
        table[value] = table.get(value, 0) | bits
    return 0


class Remembered(dict[str, int]):
    """Which alternatives accept a value, computed once for each."""

    def __init__(self, ask: Callable[[str], int]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, value: str) -> int:
        bits = self[value] = self._ask(value)
        return bits


class Joint:
    """Several Conditions, with bits apart, used as one."""

    __slots__ = ("bits", "made", "parts")

    def __init__(self, *parts: Conditions) -> None:
        self.parts = parts
        self.made: dict[Any, Any] = {}
        """What space.py has made of them, to be made once: places, and paths."""
        self.bits = 0
        for part in parts:
            self.bits |= part.bits

    def resource(self, resource: tuple[str, str, str]) -> int:
        """The alternatives that accept the resource: its group, name and subresource."""
        bits = 0
        for part in self.parts:
            bits |= part.accepts_resource(resource)
        return bits

    def url(self, url: str) -> int:
        """The alternatives that accept a path that names no resource."""
        bits = 0
        for part in self.parts:
            bits |= part.accepts_url(url)
        return bits

    def verb(self, verb: str) -> int:
        """The alternatives that accept the verb."""
        bits = 0
        for part in self.parts:
            bits |= part.verbs.get(verb, part.any_verb)
        return bits

    def namespace(self, namespace: str | None) -> int:
        """The alternatives that accept the namespace; None is one that no rule mentions."""
        bits = 0
        for part in self.parts:
            bits |= part.any_namespace if namespace is None else part.namespaces.get(namespace, part.any_namespace)
        return bits

    def name(self, name: str | None) -> int:
        """The alternatives that accept the object's name; None is one that no rule mentions."""
        bits = 0
        for part in self.parts:
            bits |= part.any_name if name is None else part.names.get(name, part.any_name)
        return bits

    def user(self, user: str | None) -> int:
        """The alternatives that accept the user's name; None is one that no rule mentions."""
        bits = 0
        for part in self.parts:
            bits |= part.any_user if user is None else part.users.get(user, part.any_user)
        return bits

    def group(self, group: str) -> int:
        """The alternatives that need this group of the user, among others perhaps."""
        bits = 0
        for part in self.parts:
            bits |= part.groups.get(group, 0)
        return bits

    def total(self, what: str) -> int:
        """The union of an attribute that holds bits."""
        bits = 0
        for part in self.parts:
            bits |= getattr(part, what)
        return bits

    def mentioned(self, what: str) -> list[str]:
        """The values that the rules mention in one dimension, in the order of the rules."""
        if len(self.parts) == 1:
            return list(getattr(self.parts[0], what))
        return list(dict.fromkeys(value for part in self.parts for value in getattr(part, what)))
