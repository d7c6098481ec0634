"""Where a cursor stands in a text that no parser may be able to read."""

from __future__ import annotations

import pytest

from kube_audit_lint.server.cursor import cursor, group_beside

ENTRY = ("rules", "resources", "resources")
RULE = "rules:\n  - level: None\n"


@pytest.mark.parametrize(
    ("text", "keys", "word", "in_key"),
    [
        ("^", (), "", True),
        ("apiVersion: audit.k8s.io/v1\n^", (), "", True),
        ("metadata:\n  name: x\nkind: Pol^", ("kind",), "Pol", False),
        ("omitStages:\n- ^", ("omitStages",), "", True),
        ("rules:\n- level: ^", ("rules", "level"), "", False),
        ("rules:\n- level: None\n- ^", ("rules",), "", True),
        (f"{RULE}    ^", ("rules",), "", True),
        (f"{RULE}    verbs: [get, 'li^", ("rules", "verbs"), "li", False),
        (f"{RULE}    verbs:\n    - get\n    - l^", ("rules", "verbs"), "l", True),
        (f"{RULE}    verbs:\n      - get\n      - l^", ("rules", "verbs"), "l", True),
        (f"{RULE}    verbs: [get]\n    us^", ("rules",), "us", True),
        (f"{RULE}    resources:\n    - group: apps\n      ^", ("rules", "resources"), "", True),
        (
            f"{RULE}    resources:\n    - group: apps\n      resources: [de^",
            ("rules", "resources", "resources"),
            "de",
            False,
        ),
        (
            f"{RULE}    resources:\n      - resources:\n          - pods/^",
            ("rules", "resources", "resources"),
            "pods/",
            True,
        ),
        (f'{RULE}    resources: [{{group: "", resources: [po^', ENTRY, "po", False),
        (f"{RULE}    resources: [{{gr^", ("rules", "resources"), "gr", True),
        (f'{RULE}    resources: [{{group: "", resources: [a]}}]\n    ^', ("rules",), "", True),
        (
            "rules:\n  - resources:\n    - group: apps\n      resources: [x]\n    level: ^",
            ("rules", "level"),
            "",
            False,
        ),
        ("data:\n  a.yaml: |\n    rules:\n    - level: Me^", ("data", "a.yaml", "rules", "level"), "Me", False),
        ("rules: # first match\n# none yet\n\n- lev^", ("rules",), "lev", True),
        ("rules:\r\n- verbs:\r\n  - l^\r\n", ("rules", "verbs"), "l", True),
        ("a: 1\n---\nb: ^", ("b",), "", False),
        (f"{RULE}    verbs: [\n      get,\n      l^", ("rules", "verbs"), "l", True),
        ('{\n "rules": [\n  {\n   "level": "^"\n', ("rules", "level"), "", False),
        ('{\n "rules": [\n  {\n   "verbs": ["get", "l^"]\n', ("rules", "verbs"), "l", False),
        ('{\n "rules": [\n  {\n   "resources": [\n    {\n     "resources": [\n      "po^', ENTRY, "po", False),
    ],
)
def test_the_keys_above_a_cursor(text: str, keys: tuple[str, ...], word: str, in_key: bool) -> None:
    offset = text.index("^")
    found = cursor(text.replace("^", ""), offset)
    assert (found.keys, found.word, found.in_key) == (keys, word, in_key)
    assert found.start == offset - len(word)


@pytest.mark.parametrize(
    ("entries", "group"),
    [
        ("- group: apps\n  resources: [^]\n- group: batch\n", "apps"),
        ("- resources: [^]\n  group: apps\n- group: batch\n", "apps"),
        ("- group: batch\n- resources:\n  - ^\n", ""),
        ("- group: batch\n- group: 'apps'\n  resources:\n  - a\n  - ^\n", "apps"),
        ("- {group: apps, resources: [^]}\n", "apps"),
        ('- group: ""\n  resources: ["^"]\n- group: apps\n', ""),
    ],
)
def test_the_group_beside_a_resource(entries: str, group: str) -> None:
    text = f"rules:\n- level: None\n  resources:\n  {entries.replace(chr(10), chr(10) + '  ')}"
    assert group_beside(text.replace("^", ""), text.index("^")) == group


def test_the_group_beside_a_resource_in_json() -> None:
    text = '{"rules": [{"resources": [{"group": "batch"}, {"group": "apps", "resources": ["^"]}, {"group": ""}]}]}'
    assert group_beside(text.replace("^", ""), text.index("^")) == "apps"
