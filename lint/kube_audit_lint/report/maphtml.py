"""The table of `map` as one page: the matrix, the policy's text beside it, and a box in which a request is tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from kube_audit_lint.model.comparison import RequestClass
from kube_audit_lint.model.matrix import Map, Sample, ShownCase, ShownFinding, ShownPolicy, ShownRow
from kube_audit_lint.model.policy import LEVELS, URL_VERBS
from kube_audit_lint.report.diffwords import SIGNS
from kube_audit_lint.report.diffwords import conditions as conditions_of
from kube_audit_lint.report.html import Page, asset, element, lines, page, text
from kube_audit_lint.report.mapwords import OUTCOMES, VERBS, Cell, Table, unreached

_SHORT = {
    "None": "\u2013",
    "Metadata": "Meta",
    "Request": "Request",
    "RequestResponse": "ReqResp",
    "differs": "differs",
}
_HEADS = {"deletecollection": "delete<wbr>collection", "": "OPTIONS"}
_LETTERS = {"None": "n", "Metadata": "m", "Request": "q", "RequestResponse": "r", "differs": "d"}
"""The classes of cells: short, for there are many."""


def render(of: Map, sender: int) -> Iterator[str]:
    """The whole page. sender: by whom it is seen at first."""
    names = of.policy.name if of.before is None else f"{of.before.name} → {of.policy.name}"
    script = f"{asset('evaluate.js')}\n{asset('map.js')}"
    yield page(Page(f"Audit map: {names}", _body(of, sender, names), asset("map.css"), script, _data(of)))


def _body(of: Map, sender: int, names: str) -> str:
    compares = of.before is not None
    what = "What is recorded differently" if compares else "What is recorded of each request"
    lead = (
        f"{what} by API servers of Kubernetes {text(of.kubernetes)}. Exact: every request that they serve lies in one "
        "cell, and in one case of it."
    )
    side = _policy(of.policy, old=False) + (_policy(of.before, old=True) if of.before is not None else "")
    lost = unreached(of)
    return (
        f'<header><h1>Audit map: <bdi>{text(names)}</bdi></h1>\n<p class="lead">{lead}'
        f"{f' {text(lost)}' if lost else ''}</p></header>\n<main>{_legend(compares)}{_tools(of, sender)}\n"
        f'<div class="columns"><div>{_matrix(of, sender)}\n'
        f'{_changes(of)}{_ask()}<section id="printed"></section></div>\n'
        '<aside class="side"><section class="panel noprint script" aria-live="polite" id="cell" hidden></section>\n'
        f"{side}</aside></div></main>"
    )


def _legend(compares: bool) -> str:
    shown = [
        element("li", element("span", _SHORT[level], class_=f"level {level.lower()}") + f" {words}")
        for level, words in (OUTCOMES | {"differs": "it depends on who, where or which object"}).items()
    ]
    words = {"less": "less is recorded", "differently": "recorded differently", "more": "more is recorded"}
    if compares:
        shown += [element("li", f'<b class="{_DIRECTIONS[key]}">{value}</b>') for key, value in words.items()]
        shown.append("<li>Meta * the same level, other stages or fields</li>")
    return f'<ul class="legend" aria-label="Legend">{"".join(shown)}</ul>\n'


_DIRECTIONS = {"less": "bad", "differently": "warn", "more": "good"}


def _tools(of: Map, sender: int) -> str:
    """The controls; they are shown once the script runs."""
    who = [(str(number), one.title) for number, one in enumerate(of.senders)]
    groups = [("", "all groups"), *((name, name) for name in dict.fromkeys(row.group for row in of.rows))]
    levels = [("", "any outcome"), *OUTCOMES.items()]
    rules = [("", "any rule"), *((str(one.number), f"rule {one.number}: {one.level}") for one in of.policy.rules)]
    changed = ""
    if of.before is not None:
        levels += [("less", "less is recorded"), ("differently", "recorded differently"), ("more", "more is recorded")]
        changed = '<label class="check"><input type="checkbox" id="changed" checked> only what differs</label>'
    return (
        '<div class="tools noprint script" role="search" hidden>'
        f"{_select('who', 'Seen as', who, str(sender))}"
        '<label>Search <input id="search" type="search" placeholder="pods, apps, /healthz" autocomplete="off"></label>'
        f"{_select('group', 'API group', groups)}{_select('level', 'Outcome', levels)}"
        f"{_select('rule', 'Decided by', [*rules, ('-1', 'no rule')])}{changed}"
        '<button type="button" id="reset">Reset</button></div>\n'
        f'<p class="soft"><span id="note">{text(of.senders[sender].note)}</span> \u00b7 '
        '<span id="count" role="status"></span></p>'
    )


def _select(name: str, title: str, options: Sequence[tuple[str, str]], chosen: str = "") -> str:
    shown = "".join(element("option", text(words), value=value, selected=value == chosen) for value, words in options)
    return f"<label>{title} {element('select', shown, id=name)}</label>"


# -- the matrix


def _matrix(of: Map, sender: int) -> str:
    table = Table(of, sender)
    numbered = list(enumerate(of.rows))
    resources = [one for one in numbered if one[1].key is not None]
    paths = [one for one in numbered if one[1].key is None]
    shown = _table(table, resources, VERBS, "Resources") + _table(table, paths, URL_VERBS, "URLs that name no resource")
    return f'<div class="matrix" id="matrix" tabindex="0" role="region" aria-label="The matrix">{shown}</div>'


def _table(table: Table, rows: list[tuple[int, ShownRow]], every: Sequence[str], caption: str) -> str:
    verbs = [verb for verb in every if any(verb in row.cells for _, row in rows)]
    heads = "".join(element("th", _HEADS.get(verb, verb), scope="col", data_verb=verb) for verb in verbs)
    groups = "".join(
        f'<tbody class="group" data-g="{text(group)}"><tr><th scope="rowgroup" colspan="{len(verbs) + 1}">{text(group)}'
        "</th></tr>\n"
        f"{''.join(_row(table, number, row, verbs) for number, row in found)}</tbody>\n"
        for group, found in groupby(rows, key=lambda one: one[1].group)
    )
    return (
        f'<table role="grid"><caption>{caption}</caption><thead><tr><th scope="col">what</th>{heads}</tr></thead>\n'
        f"{groups}</table>"
    )


def _row(table: Table, number: int, row: ShownRow, verbs: Sequence[str]) -> str:
    """There are a thousand cells: HTML lets their end tags out."""
    cells = "".join(_cell(table, row, verb) for verb in verbs)
    versions = f' <span class="versions">{text(row.kubernetes)}</span>' if row.kubernetes else ""
    return f"<tr data-r={number}><th scope=row>{text(row.title)}{versions}</th>{cells}\n"


def _cell(table: Table, row: ShownRow, verb: str) -> str:
    if verb not in row.cells:
        return "<td>"
    cell = table.cell(row, verb)
    level = _LETTERS.get(cell.level, "o")
    if table.compares:
        level += " same" if not cell.direction else f" {cell.direction if cell.direction in _DIRECTIONS else 'less'}"
    return f"<td{_class(level)} data-c={row.cells[verb]}>{_words(cell)}"


def _class(names: str) -> str:
    return f' class="{names}"' if " " in names else f" class={names}"


def _words(cell: Cell) -> str:
    new = _SHORT.get(cell.level, "")
    if not cell.direction:
        return new
    return f"{_SHORT.get(cell.old, '')} → {new}" if cell.old != cell.level else f"{new} *"


# -- the policies


def _policy(policy: ShownPolicy, old: bool) -> str:
    marker = ' data-old=""' if old else ""
    parts = []
    for rule, found in groupby(policy.lines, key=lambda one: _rule_at(policy, one[0])):
        content = "".join(_line(policy, number, line) for number, line in found)
        parts.append(_block(policy, rule, content, marker))
    loaded = ", as it is loaded" if policy.as_loaded else ""
    title = f"<h2><bdi>{text(policy.name)}</bdi>{' (before)' if old else ''}{loaded}</h2>"
    shown = f'<div class="policy" tabindex="0"><pre>{"".join(parts)}</pre></div>'
    return f"<details><summary>{title}</summary>{shown}</details>" if old else f"{title}{shown}"


def _rule_at(policy: ShownPolicy, line: int) -> int:
    """The rule on a line; 0 for none."""
    return next((rule.number for rule in policy.rules if rule.first <= line <= rule.last), 0)


def _block(policy: ShownPolicy, number: int, content: str, marker: str) -> str:
    if number == 0:
        return f'<span class="plain">{content}</span>'
    rule = policy.rules[number - 1]
    badge = "" if rule.reached else '<span class="badge">decides no request</span>'
    reached, lost = ("", "") if rule.reached else (" unreached", ", decides no request")
    return (
        f'<span class="rule {rule.level.lower()}-rule{reached}" data-rule="{number}"{marker} role="button" '
        f'tabindex="0" aria-pressed="false" title="rule {number}{lost}">{badge}{content}</span>'
    )


def _line(policy: ShownPolicy, number: int, line: str) -> str:
    found = "".join(_finding(one) for one in policy.findings if _line_of(policy, one) == number)
    return f"<span data-line={number}>{lines(line)}</span>{found}"


def _line_of(policy: ShownPolicy, one: ShownFinding) -> int:
    """The line of the shown text below which a finding is; the first where it is on none."""
    if policy.as_loaded and one.rule:
        return policy.rules[one.rule - 1].first
    first = policy.lines[0][0]
    return one.line if first <= one.line <= policy.lines[-1][0] and not policy.as_loaded else first


def _finding(one: ShownFinding) -> str:
    return f'<span class="finding {one.severity}"><b>{one.severity}: {text(one.id)}</b> {text(one.message)}</span>'


# -- below the matrix


def _changes(of: Map) -> str:
    if of.changes is None:
        return ""
    shown = "".join(map(_change, of.changes.classes)) or "<li>Every served request is recorded the same.</li>"
    if of.changes.undecided:
        shown = element("li", text(of.changes.undecided))
    return f'<section class="changes"><h2>What changes</h2><ul>{shown}</ul></section>'


def _change(one: RequestClass) -> str:
    return (
        f'<li><b class="{_DIRECTIONS.get(one.direction, "soft")}">{SIGNS[one.direction]}</b>: '
        f'{text(conditions_of(one))}: {text(one.before)} → {text(one.after)}<br><span class="soft">such as '
        f"{text(one.example)}</span></li>"
    )


def _ask() -> str:
    verbs = [(verb, {"options": "OPTIONS"}.get(verb, verb)) for verb in dict.fromkeys((*VERBS, *URL_VERBS)) if verb]
    return (
        '<section class="panel noprint script" hidden><h2>Try a request</h2><form class="try" id="try">'
        '<label>User <input id="user" placeholder="empty: nobody is authenticated" autocomplete="off"></label>'
        '<label>More groups <input id="groups" placeholder="system:masters, devs" autocomplete="off"></label>'
        f"{_select('verb', 'Verb', verbs, 'get')}"
        '<label>Resource or path <input id="what" placeholder="pods/exec, deployments.apps, /healthz" '
        'autocomplete="off"></label>'
        '<label>Namespace <input id="namespace" autocomplete="off"></label>'
        '<label>Name <input id="name" autocomplete="off"></label>'
        '<button type="submit">Explain</button></form>'
        '<div id="answer" aria-live="polite"></div></section>'
    )


# -- what the script reads


class _Numbered(dict[Any, int]):
    """Values, each with its number: what is in many places occurs once in the data."""

    def __missing__(self, value: Any) -> int:
        return self.setdefault(value, len(self))


def _data(of: Map) -> dict[str, Any]:
    """What the report in JSON has, and the policies as they are loaded.

    classes: for each kind of sender the number of what is seen: numbers of cases, each with that of its sample.
    """
    users, samples, words, cases, seen = (_Numbered() for _ in range(5))

    def number(each: Sequence[tuple[int, Sample]], of_class: Sequence[ShownCase]) -> int:
        pairs = ((_case(of_class[case], words, of.before is not None), _sample(one, users)) for case, one in each)
        return seen[tuple(part for case, sample in pairs for part in (cases[case], samples[sample]))]

    return {
        "policy": _policy_data(of.policy),
        "before": None if of.before is None else _policy_data(of.before),
        "senders": [[one.title, one.note] for one in of.senders],
        "rows": list(map(_row_data, of.rows)),
        "classes": [[number(each, one.cases) for each in one.seen] for one in of.classes],
        "seen": list(seen),
        "cases": list(cases),
        "samples": list(samples),
        "users": list(users),
        "words": list(words),
        "verbs": VERBS,
        "urlVerbs": URL_VERBS,
        "examples": of.examples,
    }


def _case(case: ShownCase, words: _Numbered, compares: bool) -> tuple[Any, ...]:
    new = case.rule, LEVELS.index(case.level), words[case.who], words[case.where], int(case.exact)
    return (*new, case.old_rule, LEVELS.index(case.old_level), case.direction) if compares else new


def _sample(one: Sample, users: _Numbered) -> tuple[Any, ...]:
    return users[one.user, one.groups], one.namespace, one.name


def _row_data(row: ShownRow) -> list[Any]:
    """Its title and scopes are enough for a resource that is its own example."""
    data: list[Any] = [row.title, [int(one) for one in row.scopes]]
    if row.key is None:
        return [*data, None, row.examples]
    return data if row.examples == (row.key,) else [*data, row.key, row.examples]


def _policy_data(policy: ShownPolicy) -> dict[str, Any]:
    rules = [[LEVELS.index(rule.level), rule.line] for rule in policy.rules]
    return {"name": policy.name, "rules": rules, "data": policy.data}
