"""What a file, its name or an own rule says stays text: in terminals, in the logs of a CI, in SARIF."""

from __future__ import annotations

import io
import json
import os
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from sampling import diagonal

from kube_audit_lint.cli import main
from kube_audit_lint.report import FORMATS

AZURE = re.compile(r"##vso\[task\.logissue type=(?:error|warning);sourcepath=[^;\]]+;[a-z0-9=;-]*\](?:(?!##\w*\[).)*")
NASTY = "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\\x1b[2J\u202e\u200b\x9b"
POLICY = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: {}\n"


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode("utf-8")


def run(folder: Path, *arguments: str) -> str:
    """All that a run prints, held to be harmless."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace") for _ in range(2)]
    before = os.getcwd()
    os.chdir(folder)
    try:
        with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
            assert main(arguments) in (0, 1, 2)
    finally:
        os.chdir(before)
    text = "\n".join(map(_written, streams))
    assert "Traceback" not in text
    assert "internal error" not in text
    odd = [character for character in text if character != "\n" and not character.isprintable()]
    assert not odd, (odd, text)
    own = re.compile(r"::(?:error|warning|notice) (?:file=[^,\n]*,)?(?:line=\d+,)?")
    for line in text.split("\n"):
        if line.lstrip().startswith("::"):
            assert "github" in arguments, line
            assert own.match(line), line
        elif line.startswith("##vso["):
            assert "azure" in arguments, line
            assert AZURE.fullmatch(line), line
        else:
            assert "##[" not in line
            assert "##vso[" not in line
    return text


HOSTILE_NAMES = {
    "stop": "::stop-commands::x",
    "nasty": f"{NASTY}.yaml".replace("/", ""),
    "break": "a\n::error::x.yaml",
    "group": "##[error]a.yaml",
    "vso": "##vso[task.x]a.yaml",
}


@pytest.mark.parametrize(("format", "kind"), diagonal(FORMATS, HOSTILE_NAMES))
def test_names(kind: str, format: str, tmp_path: Path) -> None:
    name = HOSTILE_NAMES[kind]
    (tmp_path / name).write_text(POLICY.format("metadata"))
    (tmp_path / f"t {name}").write_text(POLICY.format("Metadata") + "{{ range .x }}\n- level: Request\n{{ end }}\n")
    run(tmp_path, "check", "--format", format, ".")
    run(tmp_path, "check", "--format", format, "--", name, f"gone {name}")


@pytest.mark.parametrize("format", FORMATS)
def test_contents(format: str, tmp_path: Path) -> None:
    words = json.dumps(f"{NASTY}\n::error::x ##[error] ##vso[task.setvariable] [here](http://evil) <img src=x>")
    (tmp_path / "audit-policy.yaml").write_text(
        POLICY.format(words) + f"  {words}: 1\n# ##[group] kube-audit-lint: x\n"
    )
    text = run(tmp_path, "check", "--format", format, ".")
    if format == "sarif":
        for result in json.loads(text)["runs"][0]["results"]:
            assert "[here](" not in result["message"]["text"]


@pytest.mark.parametrize("key", ["level", "\x1b[31m", "a\n::error::x", "##[error]", NASTY])
def test_configurations_rules_and_ids(key: str, tmp_path: Path) -> None:
    (tmp_path / "audit-policy.yaml").write_text(POLICY.format("Metadata"))
    config = tmp_path / "c.yaml"
    for text in (
        f"{json.dumps(key)}: 1\n",
        f"profile: {json.dumps(key)}\n",
        f"rules: {{{json.dumps(key)}: off}}\n",
        f"fail-on: {json.dumps(key)}\n",
        f"rule-directories: [{json.dumps(key)}]\n",
    ):
        config.write_text(text)
        said = run(tmp_path, "check", "--config", "c.yaml", ".")
        assert said.strip().count("\n") == 0
    run(tmp_path, "rules", key)
    run(tmp_path, "check", "--select", key)
    run(tmp_path, "check", f"--{key}")
    run(tmp_path, "check", "--kubernetes-version", key)
    run(tmp_path, "explain", "audit-policy.yaml", "--user", key, "--verb", "get", "--resource", "pods")


def test_the_page_of_an_own_rule(tmp_path: Path) -> None:
    (tmp_path / "lint").mkdir()
    (tmp_path / "lint" / "own-rule.yaml").write_text(
        f"id: own-rule\ntitle: {json.dumps('Own ' + NASTY)}\nseverity: error\nsubject: policy\ncheck: level\n"
        f"params: {{what: things, requests: [{{resources: [pods]}}], at-most: None}}\n"
        f"why: {json.dumps(NASTY + chr(10) * 2 + '::error::x')}\n"
        "help: 'See [the page](http://evil) and ![x](http://evil/x.png) <img src=x> `[code](x)` "
        "\\`[x](http://evil) `.'\n"
    )
    (tmp_path / ".kube-audit-lint.yaml").write_text("rule-directories: [lint]\n")
    (tmp_path / "audit-policy.yaml").write_text(POLICY.format("Metadata"))
    run(tmp_path, "rules")
    run(tmp_path, "rules", "own-rule")
    log = json.loads(run(tmp_path, "check", "--format", "sarif", ".").rstrip())
    (rule,) = [one for one in log["runs"][0]["tool"]["driver"]["rules"] if one["id"] == "own-rule"]
    markdown = rule["help"]["markdown"]
    assert r"\[the page\](http://evil)" in markdown
    assert r"!\[x\]" in markdown
    assert "<img" not in markdown.replace(r"\<img", "")
    assert "`[code](x)`" in markdown
    assert "`[x](http://evil)" not in markdown
