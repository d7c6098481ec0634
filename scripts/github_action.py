"""The step `check` of action.yml: one run of the linter, its reports, and the outputs of the action.

It is started by its path and never with `-m`, so that Python looks for modules beside it and not in the checkout that
is linted. The linter is where the step before has installed it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

_COMMENT = re.compile(r"""('[^']*'|"(?:\\[\s\S]|[^"\\])*"|\\[\s\S])|(?<!\S)#.*""")
"""A comment as a shell has it; what quotes hold, which is none, is the group."""


class _InputError(Exception):
    """An input that means nothing."""


def main() -> int:
    """Runs the linter; returns its exit code, 2 for an input that means nothing."""
    temporary = Path(os.environ["RUNNER_TEMP"])
    sys.path.insert(0, str(temporary / "kube-audit-lint"))
    os.environ.setdefault("KUBE_AUDIT_LINT_PAGES", _pages())
    from kube_audit_lint.report.safe import line

    try:
        return _check(temporary)
    except (_InputError, OSError) as error:
        print(line(f"kube-audit-lint: {error}"), file=sys.stderr)
        return 2


def _check(temporary: Path) -> int:
    from kube_audit_lint.cli import main as lint

    sarif = os.environ.get("INPUT_SARIF_FILE") or str(temporary / "kube-audit-lint.sarif")
    report, summary = temporary / "kube-audit-lint.json", temporary / "kube-audit-lint.md"
    for path in (report, summary):
        path.unlink(missing_ok=True)
    outputs = {"sarif": sarif, "json": report, "markdown": summary}
    has_summary = _is_wanted("SUMMARY")
    words = ["check", *(f"--output={format}={path}" for format, path in outputs.items()), *_words()]
    Path(sarif).parent.mkdir(parents=True, exist_ok=True)
    code = lint([*words, "--", *_lines("PATHS")])
    if report.exists():
        found = json.loads(report.read_text("utf-8"))["findings"]
        _set("findings", str(sum(one.get("more", 1) for one in found)))
        _set("sarif-file", sarif)
    if summary.exists() and has_summary:
        _append("GITHUB_STEP_SUMMARY", summary.read_text("utf-8"))
    return code


def _words() -> Iterator[str]:
    yield f"--format={'github' if _is_wanted('ANNOTATIONS') else 'text'}"
    if fail_on := os.environ.get("INPUT_FAIL_ON"):
        yield f"--fail-on={fail_on}"
    arguments = os.environ.get("INPUT_ARGUMENTS", "").replace("\r\n", "\n").replace("\\\n", "")
    try:
        yield from shlex.split(_COMMENT.sub(lambda found: found[1] or "", arguments))
    except ValueError as error:
        raise _InputError(f"arguments: {error}") from error


def _lines(name: str) -> list[str]:
    """The lines of an input that are not blank."""
    return [line.strip() for line in os.environ.get(f"INPUT_{name}", "").splitlines() if line.strip()]


def _is_wanted(name: str) -> bool:
    value = os.environ.get(f"INPUT_{name}", "").strip() or "true"
    if value.lower() not in ("true", "false"):
        raise _InputError(f"{name.lower()}: {value!r} is neither true nor false")
    return value.lower() == "true"


def _pages() -> str:
    """Where the pages of the rules lie at the revision of the action; "" where it is a folder of the checkout."""
    server, repository, revision = (
        os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "ACTION_REPOSITORY", "ACTION_REF")
    )
    return f"{server}/{repository}/blob/{revision}/docs/rules" if server and repository and revision else ""


def _set(name: str, value: str) -> None:
    """An output; between words that nobody can know, so that a value of several lines stays one."""
    end = uuid4().hex
    _append("GITHUB_OUTPUT", f"{name}<<{end}\n{value}\n{end}\n")


def _append(variable: str, text: str) -> None:
    if path := os.environ.get(variable):
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    raise SystemExit(main())
