"""The command line, and the one boundary at which everything that can go wrong becomes a line and an exit code.

Almost nothing is imported at the top, so that an interrupt in the first moments meets the boundary too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

COLLECTOR = (100_000, 20, 20)
"""A short run makes no garbage worth looking for, and Python would look ten times: a sixth of the run."""

TRACEBACK = "KUBE_AUDIT_LINT_TRACEBACK"
"""The environment variable with which whatever ends a run is shown with its traceback."""

FAILED = 2
_INTERRUPTED = 130
_BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit code (0 fine, 1 findings, 2 the run itself failed). Raises nothing."""
    try:
        _prepare_streams()
        code = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
        return code
    except BaseException as error:  # whatever it is, exit code 1 would claim that there are findings
        return _ended_by(error)


def entry() -> None:
    """The installed command."""
    try:
        import gc
        import signal

        if callable(signal.getsignal(signal.SIGINT)):
            signal.signal(signal.SIGINT, signal.default_int_handler)
        gc.set_threshold(*COLLECTOR)
        code = main()
    except KeyboardInterrupt:  # a second one, while the first was told
        code = _INTERRUPTED
    # All is written: taking every object apart again would only keep the user waiting.
    os._exit(code)


def _run(words: list[str]) -> int:
    if words[:1] == ["check"] and not any(word.startswith("-") for word in words):
        from kube_audit_lint.commands.check import run_plain

        return run_plain(words[1:])
    from kube_audit_lint.commands.parser import parser_for

    try:
        arguments = parser_for(words).parse_args(words)
    except SystemExit as ended:  # how argparse ends after --help and after a mistake
        return int(ended.code or 0)
    return int(arguments.run(arguments))


def _prepare_streams() -> None:
    """Reports are UTF-8 whatever the locale; what is no text at all is escaped instead of ending the run."""
    if sys.stderr is None:  # closed: print would take standard output in its place
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (as long as the run)
    if sys.stdout is None:
        from kube_audit_lint.errors import UsageError

        raise UsageError("standard output is closed, and the report goes there")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def _ended_by(error: BaseException) -> int:
    """Tells what ended the run in one line; returns the exit code."""
    if isinstance(error, KeyboardInterrupt):
        return _INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # The reader went away (`| head`): nobody is left to tell.
        return _BROKEN_PIPE
    from contextlib import suppress

    from kube_audit_lint.report.safe import line

    if os.environ.get(TRACEBACK):
        import traceback

        traceback.print_exception(error)
    with suppress(OSError):  # standard error may be as full
        print(line(f"kube-audit-lint: {_message(error)}"), file=sys.stderr, flush=True)
    return FAILED


def _message(error: BaseException) -> str:
    from kube_audit_lint.errors import KubeAuditLintError, OwnFileError

    if isinstance(error, OwnFileError):
        from kube_audit_lint.pipeline.meant import meant_path

        return f"{error}{meant_path(error.path)}"
    if isinstance(error, KubeAuditLintError):
        return str(error)
    if isinstance(error, OSError):
        what = error.strerror or str(error)
        if error.filename is not None:
            return f"{os.fsdecode(error.filename)}: {what}"
        # Only two things fail without a name: os.getcwd(), and writing to standard output.
        return f"the working directory: {what}" if isinstance(error, FileNotFoundError) else f"standard output: {what}"
    if isinstance(error, UnicodeEncodeError):  # half a surrogate pair in what the configuration gives as a path
        return f"{error.object!a}: no file can have this name"
    return (
        f"internal error: {type(error).__name__}: {error}. This is a fault of kube-audit-lint, not of your files: "
        f"please report it with the command and the files. {TRACEBACK}=1 in the environment shows where it happened."
    )
