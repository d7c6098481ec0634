"""The recorded vectors in `vectors/`: what kube-apiserver's own code decided. README.md tells the format."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parent / "vectors"
REQUESTS_EACH = 50
NO_RULE = "."
REFUSED = "!"
RULE_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Decision(NamedTuple):
    """What the server took from the policy; `omit_managed_fields` is None where a version has no such field."""

    rule: int
    level: str
    omit_stages: tuple[str, ...]
    omit_managed_fields: bool | None


class Vector(NamedTuple):
    """One policy, its requests, and a version's decisions (None: the server refused the request before)."""

    policy: dict[str, Any]
    requests: list[dict[str, Any]]
    error: str | None
    decisions: list[Decision | None]


def recorded_versions() -> list[str]:
    """The Kubernetes versions that vectors were recorded from."""
    return sorted(path.name.removesuffix(".jsonl.gz") for path in FOLDER.glob("1.*.jsonl.gz"))


def read_requests() -> list[dict[str, Any]]:
    """The shared table of HTTP requests, each with `attributes` or the reason why it was `refused`."""
    return list(read_lines("requests"))


def read_vectors(version: str, most: int | None = None) -> Iterator[Vector]:
    """The vectors of a version, or the first of them."""
    table = read_requests()
    pairs = zip(read_lines("policies"), read_lines(version), strict=True)
    for number, (policy, answer) in enumerate(islice(pairs, most)):
        requests = window(table, number)
        yield Vector(policy, requests, answer.get("error"), _decisions(answer))


def window(table: list[Any], number: int) -> list[Any]:
    """The requests of the policy with that number: each goes on in the table where the last one ended."""
    first = number * REQUESTS_EACH % len(table)
    return (table[first:] + table[:first])[:REQUESTS_EACH]


def pack(decisions: list[dict[str, Any]]) -> dict[str, Any]:
    """An oracle's decisions as a line of a version's file."""
    outcomes: dict[str, list[Any]] = {}
    digits = [_pack_one(decision, outcomes) for decision in decisions]
    return {"rules": "".join(digits), "outcomes": outcomes}


def _pack_one(decision: dict[str, Any], outcomes: dict[str, list[Any]]) -> str:
    if "refused" in decision:
        return REFUSED
    digit = NO_RULE if decision["rule"] < 0 else RULE_DIGITS[decision["rule"]]
    outcome = [decision["level"], decision["omitStages"], decision.get("omitManagedFields")]
    if outcomes.setdefault(digit, outcome) != outcome:
        raise ValueError(f"rule {digit} has two outcomes: {outcomes[digit]} and {outcome}")
    return digit


def _decisions(answer: dict[str, Any]) -> list[Decision | None]:
    return [_unpack_one(digit, answer["outcomes"]) for digit in answer.get("rules", "")]


def _unpack_one(digit: str, outcomes: dict[str, list[Any]]) -> Decision | None:
    if digit == REFUSED:
        return None
    level, stages, omit_managed_fields = outcomes[digit]
    return Decision(RULE_DIGITS.find(digit), level, tuple(stages), omit_managed_fields)


def read_lines(name: str) -> Iterator[dict[str, Any]]:
    """The objects in one file of `vectors/`."""
    with gzip.open(FOLDER / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def write_lines(name: str, values: Iterable[dict[str, Any]]) -> None:
    """Write one file of `vectors/`, the same bytes for the same values."""
    FOLDER.mkdir(exist_ok=True)
    text = "".join(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n" for value in values)
    (FOLDER / f"{name}.jsonl.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
