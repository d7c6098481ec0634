"""The commands of the command line, one module each: `add_arguments(parser)` and `run(arguments) -> int`."""

OK = 0
"""Nothing at or above --fail-on."""

FINDINGS = 1
"""Findings at or above --fail-on; a policy test that failed."""

FAILED = 2
"""The run itself failed: a bad option or configuration, a path that does not exist, an unreadable file."""
