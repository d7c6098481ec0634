"""The command `replay`: what it reads, what it tells, in each format."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kube_audit_lint.auditlog import running
from kube_audit_lint.auditlog.counting import Counter
from kube_audit_lint.cli import main

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "lint" / "kube_audit_lint" / "schemas" / "replay.schema.json").read_text("utf-8"))
POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Metadata
  resources: [{group: "", resources: [secrets]}]
- level: None
  verbs: [watch]
- level: RequestResponse
  resources: [{group: "", resources: [pods]}]
- level: None
  users: [nobody-is-called-so]
- level: Request
  verbs: [create]
"""
HOSTILE = "</style><script>alert(1)</script>\u202e|`_<b>"


@pytest.fixture(autouse=True, params=["plain", "fast"])
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """The working directory, with a policy in it; counted by each of the two counters."""
    if request.param == "plain":
        monkeypatch.setattr(running, "counter", Counter)
    else:
        pytest.importorskip("msgspec")
    (tmp_path / "p.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def event(verb: str, resource: str, user: str = "jane", level: str = "Metadata", **more: Any) -> dict[str, Any]:
    """An event in kube-apiserver's order of fields, as short as it can be."""
    bodies = {key: more.pop(key) for key in ("requestObject", "responseObject") if key in more}
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": level,
        "auditID": "1",
        "stage": more.pop("stage", "ResponseComplete"),
        "requestURI": f"/api/v1/namespaces/shop/{resource}",
        "verb": verb,
        "user": {"username": user, "groups": [more.pop("group", "system:authenticated")]},
        "objectRef": {"resource": resource, "namespace": "shop", **more.pop("ref", {})},
        **bodies,
        "requestReceivedTimestamp": "2026-03-02T06:00:00.000000Z",
        "stageTimestamp": more.pop("time", "2026-03-02T06:00:00.000000Z"),
    }


def text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def save(*events: Any, name: str = "audit.log") -> str:
    """A log of JSON lines; what is text stands in it as it is."""
    Path(name).write_text("".join(f"{one if isinstance(one, str) else text(one)}\n" for one in events), "utf-8")
    return name


def replay(*arguments: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> Any:
    """The figures as data, which the schema describes."""
    assert main(["replay", "p.yaml", *arguments, "--format", "json"]) == code
    captured = capsys.readouterr()
    data = json.loads(captured.out)
    Draft202012Validator(SCHEMA).validate(data)
    return data


EVENTS = (event("get", "secrets"), event("watch", "pods"), event("delete", "services"))


def decided(data: Any) -> list[tuple[int | None, int]]:
    return [(row["rule"], row["now"]["events"]) for row in data["rules"]]


ONE_EACH = [(1, 1), (2, 1), (None, 1)]
LIST = {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": list(EVENTS)}


def any_value(value: Any) -> dict[str, Any]:
    """A value as OpenTelemetry's JSON has it (opentelemetry-proto, common.proto: AnyValue)."""
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [{"key": key, "value": any_value(one)} for key, one in value.items()]}}
    if isinstance(value, list):
        return {"arrayValue": {"values": list(map(any_value, value))}}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def open_telemetry(body: dict[str, Any]) -> dict[str, Any]:
    """A record of the collector's file exporter."""
    record = {
        "timeUnixNano": "1",
        "body": body,
        "attributes": [{"key": "log.file.name", "value": {"stringValue": "x"}}],
    }
    return {"resourceLogs": [{"resource": {}, "scopeLogs": [{"scope": {}, "logRecords": [record]}]}]}


WRAPPERS = {
    "Fluent Bit, as text": lambda one: {"date": 1.5, "log": text(one) + "\n", "stream": "stdout"},
    "Fluent Bit, as an object": lambda one: {"date": 1.5, "log": one},
    "Vector": lambda one: {"file": "/var/log/audit.log", "message": text(one), "source_type": "file"},
    "Vector, parsed": lambda one: {"host": "a", "message": one},
    "CloudWatch": lambda one: {"id": "3", "timestamp": 1, "message": text(one)},
    "CloudWatch, a subscription": lambda one: {
        "messageType": "DATA_MESSAGE",
        "logGroup": "/aws/eks/x/cluster",
        "logEvents": [{"id": "3", "timestamp": 1, "message": text(one)}],
    },
    "CloudWatch, exported": lambda one: f"2026-03-02T06:00:00.000Z {text(one)}",
    "Loki, logcli": lambda one: {"labels": {"job": "audit"}, "line": text(one), "timestamp": "2026"},
    "Loki, its API": lambda one: {
        "status": "success",
        "data": {"resultType": "streams", "result": [{"stream": {}, "values": [["1700000000000000000", text(one)]]}]},
    },
    "Splunk": lambda one: {"preview": False, "result": {"_raw": text(one), "_time": "2026"}},
    "Splunk, HEC": lambda one: {"time": 1, "event": one},
    "Filebeat": lambda one: {"log": {"file": {"path": "/x"}}, "message": text(one)},
    "Elastic Agent": lambda one: {"@timestamp": "2026", "kubernetes": {"audit": one}},
    "Azure": lambda one: {"category": "kube-audit", "properties": {"log": text(one), "stream": "stdout"}},
    "a container runtime": lambda one: f"2026-03-02T06:00:00.000000000Z stdout F {text(one)}",
    "CloudWatch Logs Insights": lambda one: {
        "results": [[{"field": "@timestamp", "value": "2026"}, {"field": "@message", "value": text(one)}]],
        "statistics": {"recordsMatched": 1.0},
        "status": "Complete",
    },
    "CloudWatch Logs Insights, by names": lambda one: {"results": [{"@timestamp": "2026", "@message": text(one)}]},
    "Loki, logcli's default output": lambda one: f'2026-03-02T06:00:00Z {{app="a", job="{{x}}"}} {text(one)}',
    "Fluent Bit, processed": lambda one: {"date": 1.5, "log_processed": one, "stream": "stdout"},
    "Fluent Bit, merged": lambda one: {"log": text(one), "stream": "stdout", **one, "kubernetes": {"pod_name": "x"}},
    "merged behind the event": lambda one: {**one, "cluster": "prod"},
    "Elasticsearch, an answer": lambda one: {
        "took": 3,
        "hits": {"total": {"value": 1}, "hits": [{"_index": "audit", "_id": "1", "_source": one}]},
    },
    "OpenSearch, below the source": lambda one: {
        "hits": {"hits": [{"_source": {"@timestamp": "2026", "log": {"offset": 3}, "message": text(one)}}]}
    },
    "OpenTelemetry, as text": lambda one: open_telemetry({"stringValue": text(one)}),
    "OpenTelemetry, as an object": lambda one: open_telemetry(any_value(one)),
    "Windows' line ends": lambda one: f"{text(one)}\r",
    "spaces around it": lambda one: f"  {text(one)} \t",
    "Loki, with metadata beside the line": lambda one: {"streams": [{"values": [["17", text(one), {"verb": "get"}]]}]},
    "Loki, with labels taken from the event": lambda one: {
        "labels": {"verb": "get", "auditID": "1"},
        "verb": "get",
        "line": text(one),
    },
    "Fluent Bit, its file": lambda one: f"audit: [1700000000.5, {text({'log': one})}]",
    "Vector, merged, with a time of its own": lambda one: {"file": "x", "timestamp": "2026", "metadata": {}, **one},
    "Azure, a table": lambda one: {"tables": [{"columns": [{"name": "Time"}], "rows": [["2026", 1, text(one)]]}]},
    "Azure, a row": lambda one: {"TimeGenerated": "2026", "tags": [{"a": 1}], "log_s": text(one)},
    "any other key": lambda one: {"detail-type": "x", "labels": {"verb": "get"}, "detail": {"deeper": one}},
    "a cell of CSV": lambda one: '2026,"' + text(one).replace('"', '""') + '",{x}',
    "a line of an array": lambda one: f"{text(one)},",
    "a wrapper in a wrapper": lambda one: {"log": text({"message": text(one)})},
}


class TestReading:
    @pytest.mark.parametrize("wrapper", WRAPPERS)
    def test_wrappers(self, wrapper: str, capsys: pytest.CaptureFixture[str]) -> None:
        data = replay(save(*map(WRAPPERS[wrapper], EVENTS)), capsys=capsys)
        assert decided(data) == ONE_EACH
        assert data["log"]["noEvents"]["count"] == 0
        assert data["now"]["bytes"] == sum(len(text(one)) + 1 for one in EVENTS)

    @pytest.mark.parametrize("wrapper", [name for name, wrap in WRAPPERS.items() if isinstance(wrap(EVENTS[0]), dict)])
    def test_wrappers_that_are_printed_over_many_lines(self, wrapper: str, capsys: pytest.CaptureFixture[str]) -> None:
        Path("audit.log").write_text("\n".join(json.dumps(WRAPPERS[wrapper](one), indent=2) for one in EVENTS))
        data = replay("audit.log", capsys=capsys)
        assert decided(data) == ONE_EACH
        assert data["now"]["bytes"] == sum(len(text(one)) + 1 for one in EVENTS)

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
    @pytest.mark.parametrize("between", ["\n", "\r\n", ""])
    def test_other_encodings_and_no_line_ends(
        self, encoding: str, between: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        named = {**EVENTS[0], "user": {"username": "zoë 🎈", "groups": []}}
        content = between + between.join(map(text, (*EVENTS, named)))
        mark = "\ufeff" if encoding == "utf-16-be" else ""
        Path("audit.log").write_bytes((mark + content).encode(encoding))
        data = replay("audit.log", capsys=capsys)
        assert data["log"]["noEvents"]["count"] == 0
        assert data["now"] == {
            "events": 4,
            "bytes": sum(len(json.dumps(one, separators=(",", ":"), ensure_ascii=False).encode()) + 1 for one in EVENTS)
            + len(text(named).encode("utf-8"))
            + 1,
        }

    def test_a_file_of_utf_16_that_ends_within_a_character(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("audit.log").write_bytes((text(EVENTS[0]) + "\n").encode("utf-16") + b"x")
        data = replay("audit.log", capsys=capsys, code=2)
        assert data["now"]["events"] == 1
        assert "cannot be read" in data["log"]["notes"][0]

    def test_records_that_are_not_as_they_should_be(self, capsys: pytest.CaptureFixture[str]) -> None:
        deep = '{"body":' + '{"kvlistValue":{"values":[{"key":"a","value":' * 220 + "1" + "}]}}" * 220 + "}"
        bodies = [{"kvlistValue": 1}, {"kvlistValue": {"values": 3}}, {"kvlistValue": {"values": [1, {"key": "verb"}]}}]
        records = [*map(open_telemetry, bodies), deep, {"results": [[{"field": 1, "value": {}}]]}, {"hits": 3}]
        data = replay(save(EVENTS[0], *records, '{"log":' * 5000, "{}"), capsys=capsys)
        assert data["now"]["events"] == 1
        assert [one["line"] for one in data["log"]["noEvents"]["first"]] == list(range(2, 10))

    def test_two_events_in_a_line_of_many(self, capsys: pytest.CaptureFixture[str]) -> None:
        """As two writers leave them, the second cut off."""
        one = text(EVENTS[0])
        data = replay(save(one, one + one, one + one[:50], "x {} y", one), capsys=capsys)
        assert data["now"]["events"] == 5
        assert [each["line"] for each in data["log"]["noEvents"]["first"]] == [3, 4]

    @pytest.mark.parametrize(
        "content",
        [
            text(list(EVENTS)),
            json.dumps(EVENTS, indent=2),
            text(LIST),
            json.dumps(LIST, indent=2),
            text(LIST) + "\n" + text({**LIST, "items": []}) + "\n",
            "\n".join(json.dumps(one, indent=4) for one in EVENTS),
            f"[{text(EVENTS[0])}]\n[{text(EVENTS[1])},{text(EVENTS[2])}]",
        ],
        ids=["array", "array, printed", "batch", "batch, printed", "batches", "objects, printed", "arrays"],
    )
    def test_what_does_not_stand_in_lines(self, content: str, capsys: pytest.CaptureFixture[str]) -> None:
        Path("audit.log").write_text(content)
        data = replay("audit.log", capsys=capsys)
        assert decided(data) == ONE_EACH
        assert data["log"]["noEvents"]["count"] == 0
        assert data["now"]["bytes"] == sum(len(text(one)) + 1 for one in EVENTS)

    def test_gzip_in_parts(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("audit.gz").write_bytes(b"".join(gzip.compress(text(one).encode() + b"\n") for one in EVENTS))
        assert decided(replay("audit.gz", capsys=capsys)) == ONE_EACH

    def test_packed_twice(self, capsys: pytest.CaptureFixture[str]) -> None:
        """As Firehose packs what CloudWatch delivers."""
        once = gzip.compress("".join(text(one) + "\n" for one in EVENTS).encode())
        Path("audit.gz").write_bytes(gzip.compress(once))
        assert decided(replay("audit.gz", capsys=capsys)) == ONE_EACH
        Path("audit.gz").write_bytes(gzip.compress(once[:6]))
        (note,) = replay("audit.gz", capsys=capsys, code=2)["log"]["notes"]
        assert "what comes after 0 lines cannot be read" in note

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (text(EVENTS[0])[:90], "it is cut off: its JSON does not end"),
            (text(EVENTS[0])[:-1], "it is cut off: its JSON does not end"),
            ('{"a": ' * 100_000, "it is nested too deeply"),
            ('{"verb": "get", "n": ' + "9" * 5000 + "}", "it holds a number of too many digits"),
            ('{"verb": get}', "it is no JSON: Expecting value at character 10"),
            ('{"protoPayload": {"methodName": "io.k8s.core.v1.pods.get"}}', "it is an entry of Google Cloud's own"),
        ],
    )
    @pytest.mark.parametrize("first", [True, False])
    def test_why_a_line_is_no_event(
        self, line: str, reason: str, first: bool, capsys: pytest.CaptureFixture[str]
    ) -> None:
        data = replay(save(*([line, EVENTS[0]] if first else [EVENTS[0], line])), capsys=capsys)
        (bad,) = data["log"]["noEvents"]["first"]
        assert bad["reason"].startswith(reason)
        assert data["now"]["events"] == 1

    def test_zstd(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        packed = bytes.fromhex("28b52ffd") + b"rest"
        Path("audit.zst").write_bytes(packed)
        with monkeypatch.context() as without:
            without.setitem(sys.modules, "zstandard", None)
            without.setitem(sys.modules, "compression.zstd", None)
            data = replay("audit.zst", save(*EVENTS), capsys=capsys, code=2)
        assert decided(data) == ONE_EACH
        (note,) = data["log"]["notes"]
        assert note.startswith("audit.zst: it is packed with zstd")
        assert "pip install 'kube-audit-lint[fast]'" in note
        zstandard = pytest.importorskip("zstandard")
        frames = [zstandard.ZstdCompressor().compress(text(one).encode() + b"\n") for one in EVENTS]
        frames.insert(0, bytes.fromhex("502a4d18 04000000 61626364"))  # one to be skipped
        Path("audit.zst").write_bytes(b"".join(frames))
        assert decided(replay("audit.zst", capsys=capsys)) == ONE_EACH
        Path("audit.zst").write_bytes(b"".join(frames)[:-9])
        data = replay("audit.zst", capsys=capsys, code=2)
        assert data["now"]["events"] == 2
        (note,) = data["log"]["notes"]
        assert note.startswith("audit.zst: what comes after 2 lines cannot be read: Compressed file ended")

    def test_a_file_that_ends_too_early(self, capsys: pytest.CaptureFixture[str]) -> None:
        packed = gzip.compress("".join(text(one) + "\n" for one in EVENTS * 100).encode())
        Path("audit.gz").write_bytes(packed[:-12])
        data = replay("audit.gz", capsys=capsys, code=2)
        assert data["now"]["events"] > 200
        (note,) = data["log"]["notes"]
        assert note.startswith("audit.gz: what comes after ")

    def test_a_folder_with_what_was_rotated(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("logs").mkdir()
        names = ("audit-2026-03-01T06-00-00.000.log", "audit-2026-03-02T06-00-00.000.log", "audit.log")
        for name, one in zip(names, EVENTS, strict=True):
            save(one, name=f"logs/{name}")
        (Path("logs") / "notes.txt").write_text("no log")
        data = replay("logs", capsys=capsys)
        assert data["log"]["files"] == [f"logs/{name}" for name in names]
        assert main(["replay", "--decisions", "p.yaml", "logs"]) == 0
        assert capsys.readouterr().out == "1\tMetadata\n2\tNone\n-\tNone\n"

    def test_the_order_of_rotated_files(self, capsys: pytest.CaptureFixture[str]) -> None:
        names = [
            "audit-2026-03-01T06-00-00.000.log",
            "audit.log-20260302",
            "audit.log-20260303.gz",
            "audit.log.10",
            "audit.log.2.gz",
            "audit.log.1",
            "audit.log",
            "other.log.1",
            "other.log",
        ]
        Path("logs").mkdir()
        for name in sorted(names):
            save(event("get", "secrets"), name=f"logs/{name}")
        save("no log", name="logs/audit.log.swp")
        data = replay("logs", capsys=capsys)
        assert data["log"]["files"] == [f"logs/{name}" for name in names]
        assert data["now"]["events"] == len(names)

    @pytest.mark.parametrize("form", ["CRI", "Docker"])
    def test_lines_that_a_runtime_cut(self, form: str, capsys: pytest.CaptureFixture[str]) -> None:
        lines = ["klog"]
        for one in EVENTS:
            whole = text(one)
            lines += [whole[:100], whole[100:250], whole[250:]]
        ends = [True, *[False, False, True] * len(EVENTS)]
        if form == "CRI":
            written = [
                f"2026-03-02T06:00:00.0Z stdout {'F' if end else 'P'} {line}"
                for line, end in zip(lines, ends, strict=True)
            ]
            written.insert(2, "2026-03-02T06:00:00.0Z stderr F klog")
        else:
            written = [
                text({"log": line + "\n" * end, "stream": "stdout", "time": "2026"})
                for line, end in zip(lines, ends, strict=True)
            ]
        data = replay(save(*written, written[0]), capsys=capsys)
        assert decided(data) == ONE_EACH
        assert data["now"]["bytes"] == sum(len(text(one)) + 1 for one in EVENTS)
        wrong = [1, 3, 12] if form == "CRI" else [1, 11]
        assert sorted(one["line"] for one in data["log"]["noEvents"]["first"]) == wrong

    @pytest.mark.parametrize("form", ["array", "batch", "CloudWatch, a subscription", "line"])
    def test_documents_and_lines_that_are_too_long(
        self, form: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Arrays and batches are read event by event; of other lines only so much as the limit."""
        from kube_audit_lint.auditlog import counting, documents, source

        for module, name in ((source, "LONGEST"), (documents, "LONGEST"), (counting, "LONGEST"), (documents, "_READ")):
            monkeypatch.setattr(module, name, 1 << 20)
        monkeypatch.setattr(source, "_HEAD", 1 << 18)
        events = [event("get", "secrets", ref={"name": "x" * 1000})] * 2000
        long = {
            "array": events,
            "batch": {**LIST, "items": events},
            "CloudWatch, a subscription": {"logEvents": [{"message": text(one)} for one in events]},
            "line": {**EVENTS[0], "note": "x" * 3_000_000},
        }[form]
        read = form in ("array", "batch")
        before = [EVENTS[0]] if form == "line" else []
        data = replay(save(*before, long, EVENTS[1]), capsys=capsys, code=0 if read else 2)
        assert decided(data)[-1] == (2, 1)
        assert data["now"]["events"] == len(before) + 1 + (2000 if read else 0)
        notes = [note.partition(" MiB: ") for note in data["log"]["notes"]]
        assert [note[0] for note in notes] == ([] if read else [f"audit.log: line {1 + len(before)} is longer than 1"])
        assert [one["line"] for one in data["log"]["noEvents"]["first"]] == ([2] if form == "line" else [])

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ("p.yaml - -", "standard input (-) can be read once only"),
            ("- - --compare p.yaml", "standard input (-) can be read once only"),
            ("p.yaml audit.log --compare - --jobs 2 -", "standard input (-) can be read once only"),
            ("p.yaml audit.log --output x.csv", ".md, .html, .htm, .json"),
            ("p.yaml audit.log --decisions --propose-noise x", "does not go with --propose-noise"),
            ("p.yaml audit.log --decisions --compare p.yaml", "does not go with --compare"),
        ],
    )
    def test_what_does_not_go(self, arguments: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
        save(*EVENTS)
        assert main(["replay", *arguments.split()]) == 2
        captured = capsys.readouterr()
        assert message in captured.err
        assert captured.err.count("\n") == 1
        assert captured.out == ""

    def test_standard_input(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        lines = "".join(text(one) + "\n" for one in EVENTS).encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(lines))))
        assert decided(replay("-", capsys=capsys)) == ONE_EACH

    def test_bad_lines_are_counted_and_shown(self, capsys: pytest.CaptureFixture[str]) -> None:
        bad = ["nothing", "{", "", text({"log": "I0302 no event"}), '{"verb": 7, "requestURI": "/"}', *["x"] * 20]
        data = replay(save(EVENTS[0], *bad, *EVENTS[1:]), capsys=capsys)
        assert decided(data) == ONE_EACH
        assert data["log"]["noEvents"]["count"] == len(bad) - 1
        assert [one["line"] for one in data["log"]["noEvents"]["first"]][:4] == [2, 3, 5, 6]
        assert len(data["log"]["noEvents"]["first"]) == 10

    def test_only_bad_lines_are_a_failure(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert replay(save("a", "b"), capsys=capsys, code=2)["now"]["events"] == 0
        assert replay(save(), capsys=capsys)["now"]["events"] == 0
        assert main(["replay", "p.yaml", "gone.log"]) == 2
        assert capsys.readouterr().err == "kube-audit-lint: gone.log: No such file or directory\n"

    def test_the_name_of_what_is_created_is_not_in_the_request(self, capsys: pytest.CaptureFixture[str]) -> None:
        """kube-apiserver puts it into the event from the object, after the policy was asked."""
        rule = "- level: None\n  resources: [{group: '', resources: [pods], resourceNames: [web]}]\n"
        Path("p.yaml").write_text(POLICY.replace("rules:\n", f"rules:\n{rule}"))
        ref = {"name": "web", "uid": "1"}
        path = save(event("create", "pods", ref=ref), {**event("get", "pods", ref=ref), "requestURI": "/api/v1/x"})
        assert decided(replay(path, capsys=capsys)) == [(1, 1), (4, 1)]


BODY = {"kind": "Pod", "note": "x" * 50}


class TestFigures:
    def test_bodies_that_the_log_has_are_measured(self, capsys: pytest.CaptureFixture[str]) -> None:
        full = event("update", "pods", level="RequestResponse", requestObject=BODY, responseObject=BODY)
        more = event("create", "services", level="RequestResponse", requestObject=BODY, responseObject=BODY)
        data = replay(save(full, more), capsys=capsys)
        assert data["under"]["bytes"] == len(text(full)) + 1 + len(text({**more, "level": "Request"})) + 1 - (
            len(text(BODY)) + len(',"responseObject":')
        )
        assert (data["under"]["added"], data["under"]["unknown"]) == (2, 0)  # RequestReceived, which the log lacks

    def test_bodies_that_it_lacks_are_estimated_from_like_events(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Stages: both are there, so that nothing is added for them."""
        first = event("update", "pods", stage="RequestReceived")
        full = event("update", "pods", level="RequestResponse", requestObject=BODY, responseObject=BODY)
        bare = event("update", "pods")
        data = replay(save(first, first, first, full, bare, bare), capsys=capsys)
        length = len(text(BODY))
        each = length + len(',"requestObject":') + length + len(',"responseObject":')
        assert data["under"]["estimated"] == 2 * each
        assert data["under"]["unknown"] == 0
        assert [(one["level"], one["becomes"], one["events"]) for one in data["newlyRecorded"]] == [
            ("Metadata", "RequestResponse", 2)
        ]

    def test_bodies_of_which_nothing_is_known(self, capsys: pytest.CaptureFixture[str]) -> None:
        path = save(event("update", "pods", stage="RequestReceived"), event("update", "pods"))
        data = replay(path, capsys=capsys)
        assert (data["under"]["estimated"], data["under"]["unknown"]) == (0, 1)
        assert main(["replay", "p.yaml", path]) == 0
        shown = capsys.readouterr().out
        assert "No event of it is above Metadata: what bodies would weigh cannot be told from it." in shown
        assert "Unknown: the bodies of 1 event, for" in shown

    def test_stages_that_the_log_lacks(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The policy omits no stage: each request also leaves an event when it comes in."""
        one = event("get", "secrets")
        data = replay(save(one, one), capsys=capsys)
        assert data["under"] == {
            "events": 2,
            "bytes": 2 * len(text(one)) + 2,
            "added": 2,
            "estimated": 2 * len(text(one)) + 2,
            "unknown": 0,
        }

    def test_managed_fields(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("p.yaml").write_text(POLICY.replace("rules:\n", "omitManagedFields: true\nrules:\n"))
        bare = {"metadata": {"name": "x"}}
        body = {"metadata": {"name": "x", "managedFields": [{"manager": "a<b", "fieldsV1": {}}]}}
        full = event("update", "pods", level="RequestResponse", requestObject=body, responseObject={"items": [body]})
        escaped = text(full).replace("<", "\\u003c")
        data = replay(save(escaped), capsys=capsys)
        assert (
            data["under"]["bytes"]
            == len(text({**full, "requestObject": bare, "responseObject": {"items": [bare]}})) + 1
        )

    def test_talkers_and_rules_that_decide_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        data = replay(save(*[event("get", "secrets", "loud")] * 3, event("get", "secrets", "calm")), capsys=capsys)
        assert [(one["user"], one["under"]["events"]) for one in data["talkers"]] == [("loud", 3), ("calm", 1)]
        # RequestReceived, which the log lacks, belongs to who sent the request.
        assert [one["under"]["added"] for one in data["talkers"]] == [3, 1]
        assert round(sum(one["share"] for one in data["talkers"]), 6) == 1
        assert [one["rule"] for one in data["rulesNotReached"]] == [2, 3, 4, 5]

    def test_what_is_newly_dropped(self, capsys: pytest.CaptureFixture[str]) -> None:
        data = replay(save(*EVENTS), capsys=capsys)
        assert [(one["rule"], one["verb"], one["resource"], one["becomes"]) for one in data["newlyDropped"]] == [
            (None, "delete", "services", "None"),
            (2, "watch", "pods", "None"),
        ]

    def test_a_stage_that_a_rule_omits_is_told_as_that(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("p.yaml").write_text(POLICY.replace("rules:\n", "omitStages: [RequestReceived]\nrules:\n"))
        save(EVENTS[0], {**EVENTS[0], "stage": "RequestReceived"}, EVENTS[1])
        assert main(["replay", "p.yaml", "audit.log"]) == 0
        lines = capsys.readouterr().out.splitlines()
        first = lines.index("Recorded by the log, and not by the policy") + 2
        assert [line.split()[4:6] for line in lines[first : first + 2]] == [
            ["Metadata", "omitStages"],  # rule 1, which records the other stages at Metadata
            ["Metadata", "None"],
        ]

    def test_what_loses_bodies(self, capsys: pytest.CaptureFixture[str]) -> None:
        bodies = event("create", "services", level="RequestResponse", requestObject=BODY, responseObject=BODY)
        data = replay(save(bodies), capsys=capsys)
        (row,) = data["recordedWithLess"]
        assert (row["rule"], row["level"], row["becomes"], row["events"]) == (5, "RequestResponse", "Request", 1)
        saved = len(text(BODY)) + len(',"responseObject":') + len("Response")
        assert (row["bytes"], row["estimated"]) == (saved, False)
        Path("old.yaml").write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: RequestResponse\n")
        data = replay("audit.log", "--compare", "old.yaml", capsys=capsys)
        assert next(row["bytes"] for row in data["recordedWithLess"] if row["events"]) == saved

    def test_no_event(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["replay", "p.yaml", save()]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith("audit.log: 0 events")
        assert "rule" not in shown
        assert replay("audit.log", capsys=capsys)["gigabytesPerDay"] == {"now": None, "under": None}

    def test_two_policies(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("old.yaml").write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n")
        received = [{**one, "stage": "RequestReceived"} for one in EVENTS]
        data = replay(save(*EVENTS, *received), "--compare", "old.yaml", capsys=capsys)
        under = data["comparison"]["under"]
        assert (under["events"], under["added"]) == (6, 1)  # a watch also leaves an event when it starts
        assert data["under"]["bytes"] == sum(len(text(one)) + 1 for one in (EVENTS[0], received[0]))
        assert sum(one["events"] for one in data["newlyDropped"]) == 4

    def test_how_long_the_rotation_holds(self, capsys: pytest.CaptureFixture[str]) -> None:
        manifest = ROOT / "examples" / "ack" / "good" / "kube-apiserver.yaml"
        last = event("get", "secrets", time="2026-03-02T18:00:00.000000Z")
        path = save(EVENTS[0], {**EVENTS[0], "stage": "RequestReceived"}, last)
        data = replay(path, "--manifest", str(manifest), capsys=capsys)
        (kept,) = data["retention"]
        assert kept["bytes"] == 11 * 100 * 1024 * 1024
        assert kept["daysNow"] == pytest.approx(kept["bytes"] / (data["now"]["bytes"] * 2))
        assert data["gigabytesPerDay"]["now"] == round(data["now"]["bytes"] * 2 / 1e9, 6)

    def test_noise_of_the_control_plane(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("p.yaml").write_text("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n")
        scheduler, person = "system:kube-scheduler", "jane"
        lease = {"apiGroup": "coordination.k8s.io"}
        path = save(
            *[event("get", "leases", scheduler, ref=lease)] * 20,
            *[event("list", "secrets", scheduler)] * 20,
            *[event("watch", "pods", "system:node:a", group="system:nodes")] * 20,
            *[event("get", "leases", person, ref=lease)] * 20,
            *[event("update", "leases", scheduler, ref=lease)] * 20,
        )
        data = replay(path, "--propose-noise", "noise.yaml", capsys=capsys)
        found = {(one["user"], one["what"]): one["refused"] for one in data["proposals"]}
        assert found == {
            ("system:kube-scheduler", "leases.coordination.k8s.io"): None,
            ("system:kube-scheduler", "secrets"): "it would hide requests that matter for security: secrets",
            ("system:nodes", "pods"): None,
        }
        written = Path("noise.yaml").read_text()
        assert written.count("- level: None") == 2
        rules = f"apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n{written}- level: Metadata\n"
        Path("p.yaml").write_text(rules)
        after = replay(path, capsys=capsys)
        assert [(row["rule"], row["now"]["events"]) for row in after["rules"]] == [(1, 20), (2, 20), (3, 60)]
        assert main(["check", "--select", "blind-spot", "p.yaml"]) == 0
        capsys.readouterr()


class TestFormats:
    def test_names_from_the_log_are_data(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path(f"{HOSTILE.replace('/', '')}.yaml").write_text(POLICY)
        path = save(event("get", "secrets", HOSTILE), f"bad {HOSTILE}", event("get", HOSTILE, level="Metadata"))
        for format in ("html", "markdown", "text"):
            assert main(["replay", f"{HOSTILE.replace('/', '')}.yaml", path, "--format", format]) == 0
            shown = capsys.readouterr().out
            assert "\u202e" not in shown
            if format != "text":
                assert "<script>alert" not in shown
                assert "<b>" not in shown
                assert "</style><script>" not in shown

    def test_html_stands_alone(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["replay", "p.yaml", save(*EVENTS), "--output", "out.html"]) == 0
        page = Path("out.html").read_text("utf-8")
        assert page.startswith("<!DOCTYPE html>")
        assert "Content-Security-Policy" in page
        assert '<svg class="chart"' in page
        assert "http" not in page.replace('http-equiv="', "")
        assert " style=" not in page
        assert len(page) < 200_000

    def test_the_width_of_the_terminal(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = save(event("create", "secrets", "u" * 70, ref={"apiGroup": "g" * 70}))
        monkeypatch.setenv("COLUMNS", "80")
        assert main(["replay", "p.yaml", path]) == 0
        tables = capsys.readouterr().out.partition("By rule")[2].splitlines()[1:]
        assert max(map(len, tables)) == 80
        assert main(["replay", "p.yaml", path, "--format", "html"]) == 0
        page = capsys.readouterr().out
        assert f'<span title="{"u" * 70}">{"u" * 59}…</span>' in page
        assert '<span class="number">100.0%</span>' in page

    def test_markdown_has_the_tables(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["replay", "p.yaml", save(*EVENTS), "--format", "markdown"]) == 0
        shown = capsys.readouterr().out
        assert "| rule | level | events now | bytes now | events | bytes |\n|---|---|--:|--:|--:|--:|\n" in shown
        assert "<code>rule 1 (line 4)</code> | <code>Metadata</code> | <code>1</code>" in shown


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="measured as POSIX does")
def test_memory_does_not_grow_with_the_log(folder: Path, request: pytest.FixtureRequest) -> None:
    if "plain" in request.node.name:
        pytest.skip("the command takes the quickest by itself")
    lines = "".join(text(event("get", "pods", f"user-{n}", ref={"name": f"x-{n}"})) + "\n" for n in range(10_000))

    def peak(times: int) -> int:
        command = [sys.executable, "-m", "kube_audit_lint", "replay", "p.yaml", "-"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            assert process.stdin is not None
            for _ in range(times):
                process.stdin.write(lines.encode())
            process.stdin.close()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_maxrss

    assert peak(20) < 1.2 * peak(2)
