"""Values of any shape at any place of the forms around pods, container engines, managed clusters and webhooks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml
from test_containers import COMMAND, SERVICE
from test_kubeconfig import BROKEN, POD
from test_managed import IS_OFF
from test_same_in_every_form import FORMS

from kube_audit_lint.checks._files import of_file
from kube_audit_lint.pipeline.documents import collect

SAMPLES = [
    SERVICE + COMMAND + "    volumes: [./a:/b:ro, {type: bind, source: a, target: b}]\n",
    POD,
    FORMS["kamaji"][0]["a.yaml"],
    FORMS["ansible"][0]["a.yaml"],
    FORMS["machine-config"][0]["a.yaml"],
    BROKEN,
    *(text for text in IS_OFF if not text.startswith("{")),
]
ODD: list[Any] = [None, 1, True, "x", "", "data:,%", [], {}, [1], [{}], [[]], {"a": 1}, {"name": None}, [{"name": 1}]]


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with one of its keys."""
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield node, key
        yield from places(node[key])


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_nothing_fails(number: int) -> None:
    whole = yaml.safe_load(SAMPLES[number])
    chance = random.Random(number)
    read = 0
    for _ in range(30):
        changed = deepcopy(whole)
        for _ in range(chance.choice((1, 2))):
            container, key = chance.choice(list(places(changed)))
            container[key] = deepcopy(chance.choice(ODD))
        file = collect("audit-webhook.yaml", yaml.safe_dump(changed).encode())
        read += file is not None
        for _, hit in of_file(file.found) if file is not None else ():
            assert hit.message
    assert read or number >= 6  # of the small ones every key is needed
