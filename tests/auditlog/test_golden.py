"""Golden logs: exact sums, the same decisions as for single requests, whichever way the events are counted."""

from __future__ import annotations

import io
import json
import os
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from golden import POLICY, SHAPES, Sums, documented, expected, made_up, sent
from make_audit_log import line

from kube_audit_lint.analysis.evaluate import evaluate
from kube_audit_lint.auditlog import running
from kube_audit_lint.auditlog.counting import Chunk, Counter
from kube_audit_lint.auditlog.source import Log
from kube_audit_lint.auditlog.tally import BYTES, EVENTS, RESPONSE_MANAGED, Tally
from kube_audit_lint.cli import main
from kube_audit_lint.commands.replay import decisions
from kube_audit_lint.pipeline.requests import OpenedPolicy, open_policy

NAMED = """apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
- level: None
  namespaces: [kube-system, ""]
  verbs: [get]
- level: RequestResponse
  userGroups: ["oidc:sre", "system:nodes"]
  verbs: [patch]
- level: Request
  users: ["system:apiserver"]
- level: Metadata
  userGroups: ["system:serviceaccounts"]
  resources: [{group: apps}, {group: "", resources: ["pods", "*/status"]}]
- level: RequestResponse
  verbs: [update, create]
"""


@pytest.fixture
def opened(tmp_path: Path, request: pytest.FixtureRequest) -> OpenedPolicy:
    """The golden policy, or the one that a test is given."""
    (tmp_path / "policy.yaml").write_text(getattr(request, "param", POLICY), "utf-8")
    return open_policy(str(tmp_path / "policy.yaml"))


def log(folder: Path, events: list[dict[str, Any]]) -> str:
    (folder / "audit.log").write_text("".join(map(line, events)), "utf-8")
    return str(folder / "audit.log")


def figures(opened: OpenedPolicy, path: str, capsys: pytest.CaptureFixture[str], *options: str) -> Any:
    assert main(["replay", opened.path, path, "--format", "json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def by_rule(data: Any) -> dict[int, Sums]:
    return {
        row["rule"] or 0: Sums(row["now"]["events"], row["now"]["bytes"], row["under"]["events"], row["under"]["bytes"])
        for row in data["rules"]
    }


def test_what_is_written_by_hand_is_what_is_decided(opened: OpenedPolicy) -> None:
    assert len(SHAPES) == 30
    for shape, event in documented():
        decision = evaluate(opened.policy, sent(event))
        assert decision.rule + 1 == shape.rule, event
        assert (decision.level != "None" and event["stage"] not in decision.omit_stages) == shape.kept, event


def test_documented_events(opened: OpenedPolicy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = [event for _, event in documented()]
    data = figures(opened, log(tmp_path, events), capsys)
    assert by_rule(data) == expected(opened.policy, events)
    assert data["now"] == {"events": 300, "bytes": (tmp_path / "audit.log").stat().st_size}
    assert data["under"]["events"] == 10 * sum(shape.kept for shape in SHAPES)
    assert data["rulesNotReached"] == []
    assert data["log"]["noEvents"]["count"] == 0


@pytest.mark.parametrize("opened", [POLICY, NAMED], indirect=True)
@pytest.mark.parametrize("plain", [True, False])
def test_made_up_events(
    opened: OpenedPolicy,
    plain: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if plain:
        monkeypatch.setattr(running, "counter", Counter)
    else:
        pytest.importorskip("msgspec")
    events = made_up(1_000)
    data = figures(opened, log(tmp_path, events), capsys)
    assert by_rule(data) == expected(opened.policy, events)
    assert (data["log"]["first"], data["log"]["last"]) == (events[0]["stageTimestamp"], events[-1]["stageTimestamp"])


@pytest.mark.parametrize("opened", [POLICY, NAMED], indirect=True)
def test_an_event_is_decided_as_explain_decides_its_request(opened: OpenedPolicy, tmp_path: Path) -> None:
    events = [*made_up(1_000), *(event for _, event in documented())]
    out = io.StringIO()
    assert decisions([opened], [log(tmp_path, events)], "text", out) == 0
    rules = [text.partition("\t")[0] for text in out.getvalue().splitlines()]
    assert rules == [str(evaluate(opened.policy, sent(event)).rule + 1 or "-") for event in events]


@pytest.mark.parametrize("part", [300, 700, 40_000])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_parts_of_a_file_are_the_file(
    opened: OpenedPolicy,
    part: int,
    jobs: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lines are longer than a part, some are none, one is too long, the last has no end, one ends where a part does."""
    from kube_audit_lint.auditlog import source

    lines = [line(event) for event in made_up(40 if part < 1000 else 400)]
    lines[1] = lines[1].rstrip("\n") + " " * (700 * 6 - len(lines[0]) - len(lines[1])) + "\n"
    assert len(lines[0] + lines[1]) % 700 == 0
    lines[7:7] = ["\n", "\n", "no event\n", "y" * 100_000 + "\n", "x\n"]
    lines[-1] = lines[-1].rstrip("\n")
    (tmp_path / "audit.log").write_text("".join(lines), "utf-8")
    monkeypatch.setattr(source, "LONGEST", 80_000)
    shown = []
    for size in (1 << 30, part):
        monkeypatch.setattr(source, "_PART", size)
        for options in (["--format", "json"], ["--decisions"]):
            assert main(["replay", opened.path, str(tmp_path / "audit.log"), "--jobs", jobs, *options]) == 2
            shown.append(capsys.readouterr())
    assert shown[:2] == shown[2:]
    data = json.loads(shown[0].out)
    assert [one["line"] for one in data["log"]["noEvents"]["first"]] == [10, 11, 12]
    assert [note.partition(" is ")[0][-7:] for note in data["log"]["notes"]] == ["line 11"]


def test_another_file_of_the_name_is_not_read(tmp_path: Path) -> None:
    from kube_audit_lint.auditlog.source import Part

    path = log(tmp_path, made_up(3))
    part = Part(path, 0, 10_000, (0, 0))
    assert (list(part), part.error) == ([], "another file has its name now")


@pytest.mark.parametrize("part", [100_000, 1 << 30], ids=["parts", "batches"])
def test_as_many_processes_as_wanted_give_the_same_bytes(
    part: int, opened: OpenedPolicy, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from kube_audit_lint.auditlog import source

    monkeypatch.setattr(source, "_BATCH", 100_000)
    monkeypatch.setattr(source, "_PART", part)
    path = log(tmp_path, made_up(700))
    outputs = []
    for jobs in ("1", "2"):
        for options in (["--format", "json"], ["--decisions"]):
            assert main(["replay", opened.path, path, "--jobs", jobs, *options]) == 0
            outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[2]
    assert outputs[1] == outputs[3]
    assert outputs[1].count("\n") == 700


def total(tally: Tally, which: int) -> int:
    return sum(sums[which] for users in tally.cells.values() for sums in users.values())


@pytest.mark.parametrize("part", [100_000, 400_000], ids=["below the limit", "over it by itself"])
def test_the_smallest_are_put_together_and_the_sums_stay(
    part: int, opened: OpenedPolicy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kube_audit_lint.auditlog import counting, source, tally

    events = made_up(1_500)
    path = log(tmp_path, events)
    monkeypatch.setattr(source, "_PART", part)
    whole = running.count([opened.policy], Log([path]).batches())
    for module in (counting, tally):
        monkeypatch.setattr(module, "MOST_CELLS", 200)
    counted = running.count([opened.policy], Log([path]).batches())
    parts = Tally()
    for counted_part, _ in running.decide([opened.policy], Log([path]).batches()):
        parts.add(counted_part)
        parts.limit()
    assert not whole.folded
    assert counted.folded
    assert counted.size < whole.size / 2
    assert counted.cells == parts.cells
    for which in (EVENTS, BYTES):
        assert total(counted, which) == total(whole, which)
    assert total(counted, EVENTS) == 1_500
    assert counted.size == sum(map(len, counted.cells.values()))


def spoilt(text: bytes, chosen: random.Random) -> bytes:
    """A line with some bytes of it lost, doubled or made others."""
    data = bytearray(text)
    for _ in range(chosen.randrange(1, 4)):
        at = chosen.randrange(len(data))
        kind = chosen.randrange(4)
        if kind == 0:
            del data[at : at + chosen.randrange(1, 40)]
        elif kind == 1:
            data[at] = chosen.choice(b'"{}[],:\\ 0a\t\xff\x00')
        elif kind == 2:
            data[at:at] = data[at : at + chosen.randrange(1, 40)]
        else:
            data[at:at] = chosen.choice((b"null", b" ", b"1e9", b"NaN", b'"x":', b"\xc3\xa9", b"\xff", b"\\u0041"))
    return bytes(data).replace(b"\n", b"") + b"\n"


class LongWay(Counter):
    """Reads each line as one that is not just an event as kube-apiserver writes it."""

    def _count(self, chunk: Chunk, decided: Any) -> None:
        for number, text in enumerate(chunk.lines):
            self._unusual(chunk, number, text, decided)


def outcomes(opened: OpenedPolicy, lines: list[bytes]) -> list[Any]:
    """What each reader makes of some lines."""
    fast = pytest.importorskip("kube_audit_lint.auditlog.fast", exc_type=ImportError)
    found = []
    for kind in (LongWay, Counter, fast.FastCounter):
        counter = kind([opened.policy])
        decided: list[Any] = []
        counter.count(Chunk("x", 1, lines), decided)
        tally = counter.take()
        found.append((decided, tally.cells, [bad[:2] for bad in tally.shown], tally.bad, tally.first, tally.last))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_spoilt_lines_are_the_same_to_all_readers(opened: OpenedPolicy, seed: int) -> None:
    chosen = random.Random(seed)
    lines = [line(event).encode() for _, event in documented()] + [line(event).encode() for event in made_up(300)]
    lines = [spoilt(text, chosen) if chosen.random() < 0.8 else text for text in lines]
    found = outcomes(opened, lines)
    assert found[0] == found[1] == found[2]
    assert found[0][3] > 50


ODD = (None, "", 0, 1.5, True, [], {}, ["a"], {"a": 1}, "x", "é", "a<b", "create", [None], "1970-01-01T00:00:00Z")


@pytest.mark.parametrize("opened", [POLICY, NAMED], indirect=True)
def test_odd_fields_are_the_same_to_all_readers(opened: OpenedPolicy) -> None:
    """Each field of an event, of its user and of its object has an odd value, is lacking, or stands elsewhere."""
    chosen = random.Random(1)
    lines = []
    for event in made_up(800):
        parts = [event, event["user"], event.get("objectRef") or {}]
        part = chosen.choice(parts)
        key = chosen.choice([*part, "name", "requestObject", "responseObject", "cluster"])
        value = part.pop(key, None)
        if chosen.random() < 0.8:
            part[key] = value if chosen.random() < 0.2 else chosen.choice(ODD)
        lines.append(line(event).encode())
    found = outcomes(opened, lines + [line(event).encode() for event in made_up(300)])
    assert found[0] == found[1] == found[2]
    assert 60 < found[0][3] < 740


FIELDS_1 = [{"manager": "kubectl<1>", "fieldsV1": {"f:spec": {"f:é": {}, "n": 12345678901234567890}}}]
WITH_FIELDS = {"metadata": {"name": "x", "managedFields": FIELDS_1}}
BODIES: tuple[tuple[str, int], ...] = (
    (json.dumps(WITH_FIELDS), 1),
    (json.dumps({"kind": "List", "items": [WITH_FIELDS, {"metadata": {}}, WITH_FIELDS]}), 2),
    (json.dumps({"kind": "Table", "rows": [{"cells": ["a"], "object": WITH_FIELDS}, {"object": None}]}), 1),
    (json.dumps({**WITH_FIELDS, "items": {"managedFields": FIELDS_1}, "rows": [1, None]}), 1),
    (json.dumps({**WITH_FIELDS, "items": [WITH_FIELDS, 3], "rows": None}), 2),
    (json.dumps({"spec": WITH_FIELDS, "note": '"managedFields"'}), 0),
    (json.dumps({"metadata": {"managedFields": None}}), 0),
    (json.dumps({"metadata": "managedFields"}), 0),
    (json.dumps([WITH_FIELDS]), 0),
    (json.dumps(WITH_FIELDS).replace("managedFields", "managed\\u0046ields"), 1),
    (json.dumps(WITH_FIELDS)[:-1] + ',"metadata":' + json.dumps(WITH_FIELDS["metadata"]) + "}", 1),
)
"""The text of a body, and how many objects of it lose managed fields that kube-apiserver leaves out."""


@pytest.mark.parametrize("opened", [NAMED], indirect=True)
def test_managed_fields_are_the_same_to_all_readers(opened: OpenedPolicy) -> None:
    lines, expected = [], 0
    for number, (body, count) in enumerate(BODIES):
        event = {**made_up(1)[0], "verb": "update", "level": "RequestResponse", "responseObject": number}
        lines.append(line(event).replace(f'"responseObject":{number}', f'"responseObject":{body}').encode())
        expected += count
    found = outcomes(opened, lines)
    assert found[0] == found[1] == found[2]
    assert found[0][3] == 0
    removed = len((',"managedFields":' + line(FIELDS_1).strip()).encode())  # type: ignore[arg-type]
    managed = sum(sums[RESPONSE_MANAGED] for users in found[0][1].values() for sums in users.values())
    assert managed == expected * removed


@pytest.mark.parametrize("opened", [NAMED], indirect=True)
@pytest.mark.parametrize("deep", [100, 700, 950, 990, 3_000, 100_000])
def test_bodies_that_cannot_be_decoded_end_nothing(opened: OpenedPolicy, deep: int) -> None:
    event = line({**made_up(1)[0], "verb": "update", "level": "Request", "requestObject": 7})
    bodies = [
        "9" * 5_000,
        '{"a":' * deep + "1" + "}" * deep,
        '{"metadata":{"managedFields":' * deep + "1" + "}}" * deep,
    ]
    lines = [event.replace('"requestObject":7', f'"requestObject":{body}').encode() for body in bodies]
    for kind in (Counter, pytest.importorskip("kube_audit_lint.auditlog.fast", exc_type=ImportError).FastCounter):
        counter = kind([opened.policy])
        counter.count(Chunk("x", 1, [*lines, event.encode()]))
        tally = counter.take()
        assert tally.bad + sum(sums[EVENTS] for users in tally.cells.values() for sums in users.values()) == 4


def test_a_pipe_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who writes into it may have ended before a second look, and a second opening would wait for ever."""
    from kube_audit_lint.auditlog import source

    path = str(tmp_path / "pipe")
    os.mkfifo(path)
    opened, names = source._opened, []
    monkeypatch.setattr(source, "_opened", lambda name: names.append(name) or opened(name))
    handle = os.open(path, os.O_RDWR)  # so that nobody waits, however often it is opened
    os.write(handle, json.dumps(made_up(1)[0]).encode() + b"\n")
    chunks = (chunk for batch in Log([path]).batches() for chunk in batch)
    writer = threading.Timer(0.5, os.close, [handle])
    writer.start()
    assert sum(len(chunk.lines) for chunk in chunks) == 1
    writer.join()
    assert names == [path]
