"""Texts that libyaml, and so PyYAML, reads otherwise than go-yaml v2.4.5: recorded from the latter.

The recording is what sigs.k8s.io/yaml 1.6 makes of each text; 1.2 with yaml.v2 2.2.8 makes the same.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from trees import parsed, read, value

LINES = (Path(__file__).parents[1] / "data" / "yaml_differences.jsonl").read_text("utf-8").splitlines()
ROWS = [json.loads(line) for line in LINES]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ascii(row["text"])[:40])
def test_as_the_server(row: dict[str, str]) -> None:
    document = read(row["text"].encode())[0]
    if "error" in row:
        assert document.problem is not None
        assert document.problem.message == row["error"]
    else:
        assert document.problem is None
        assert value(document.root) == parsed(row["json"])
