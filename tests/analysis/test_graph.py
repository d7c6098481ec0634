"""The decision diagram that differences of policies are read from."""

from __future__ import annotations

import random

import pytest

from kube_audit_lint.analysis.graph import ALL, Graph

LEVELS = 5
VALUES = 6


def made(rng: random.Random) -> tuple[Graph, int, list[int]]:
    """A diagram of a few levels, some of them left out on some paths; its root and its leaves."""
    graph = Graph(lambda steps: None)
    leaves = [graph.leaf(label) for label in (None, "less", "more")]
    nodes = list(leaves)
    for level in reversed(range(LEVELS)):
        below = list(nodes)
        for _ in range(4):
            masks: dict[int, int] = {}
            for value in range(VALUES):
                if rng.random() < 0.9:
                    child = rng.choice(below)
                    masks[child] = masks.get(child, 0) | 1 << value
            if masks:
                nodes.append(graph.node(level, [(mask, child) for child, mask in masks.items()]))
    return graph, nodes[-1], leaves


@pytest.mark.parametrize("seed", range(40))
def test_one_look_answers_for_each_value(seed: int) -> None:
    rng = random.Random(seed)
    graph, root, leaves = made(rng)
    box = {level: rng.randrange(1, 1 << VALUES) for level in range(LEVELS) if rng.random() < 0.7}
    answers = set()
    for level in range(LEVELS):
        for leaf in leaves:
            to_leaf, to_others = graph.holding(root, box, level, leaf)
            for value in range(VALUES):
                bit = 1 << value
                answer = graph.holds(root, {**box, level: bit}, leaf)
                assert answer == (False if to_others & bit else True if to_leaf & bit else None)
                answers.add(answer)
            every = graph.holds(root, {**box, level: ALL}, leaf)
            assert every == (False if to_others else True if to_leaf else None)
    assert {True, False} & answers
