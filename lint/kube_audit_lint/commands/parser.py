"""The parser of the command line: of all commands, or of the one that is run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from importlib import import_module

from kube_audit_lint import __version__
from kube_audit_lint.commands import wanted_columns
from kube_audit_lint.syntax.typed import Any, NoReturn

COMMANDS = {
    "check": "lint files and folders",
    "rules": "the catalogue; one rule's page",
    "diff": "which requests two versions of a policy record differently",
    "explain": "which rule of a policy decides a request, and what is recorded",
    "replay": "what a policy makes of a real audit log: events, bytes, who causes them",
    "map": "what a policy records of every request, at a glance",
    "report": "what each control of a standard comes to, with the evidence",
    "init": "write a policy, and the settings that load it",
    "test": "hold a policy to what a team says it must record",
    "completion": "a script with which a shell completes commands, options and values",
    "server": "a language server: findings, fixes and explanations in editors",
    "schema": "JSON Schemas of policies and of the linter's own files, for editors",
}


def parser_for(words: list[str]) -> argparse.ArgumentParser:
    """The parser of the command that is run; without one, the parser that knows them all."""
    if words and words[0] in COMMANDS:
        return _parser_of(words.pop(0))
    parser = _Parser(
        prog="kube-audit-lint",
        description="Lints Kubernetes audit policies and kube-apiserver audit settings by computing what the "
        "API server will load, match and record.",
        epilog="Exit status: 0 nothing found, 1 findings, 2 the run itself failed.",
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="version", version=f"kube-audit-lint {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help_text in COMMANDS.items():
        commands.add_parser(name, help=help_text)
    return parser


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of every command, for what is written from them: completion and the manual page."""
    return {name: _parser_of(name) for name in COMMANDS}


def _parser_of(name: str) -> argparse.ArgumentParser:
    """The parser of one command: building and importing the others would cost a tenth of a run."""
    module: Any = import_module(f"kube_audit_lint.commands.{name}")
    argparse._ = str  # type: ignore[attr-defined]  # English like ours, and gettext would look for a translation
    prog = f"kube-audit-lint {name}"
    parser = _Parser(prog=prog, description=COMMANDS[name], formatter_class=_Formatter)
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)
    return parser


class _Parser(argparse.ArgumentParser):
    """Words that argparse repeats may come from file names; with a mistake comes what was probably meant."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        arguments, rest = self.parse_known_args(args, namespace)
        if rest and not self._added(arguments, rest, list(sys.argv[1:] if args is None else args)):
            option = next((word.partition("=")[0] for word in rest if word.startswith("-")), "")
            self.error(f"unrecognized arguments: {' '.join(rest)}{_meant(option, self._option_string_actions)}")
        return arguments

    def _added(self, arguments: argparse.Namespace, rest: list[str], args: list[str]) -> bool:
        """Whether `rest` are more values of the last argument, behind an option: argparse ends a list at the first."""
        last = next(reversed(self._get_positional_actions()), None)
        if last is None or last.nargs not in ("*", "+"):
            return False
        behind = args[args.index("--") + 1 :] if "--" in args else []
        count = len(rest) - len(behind)
        words = rest[:count] if count >= 0 and rest[count:] == behind else rest
        if words and words[-1] == "--":
            words, rest = words[:-1], words[:-1] + behind
        if any(word.startswith("-") and word != "-" for word in words):
            return False
        setattr(arguments, last.dest, [*getattr(arguments, last.dest), *rest])
        return True

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            error.message += _meant(str(value), action.choices or ())
            raise

    def _print_message(self, message: str, file: Any = None) -> None:
        """Without catching what writing raises: argparse would call help that nobody can read a success."""
        (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        """One line, as for every other mistake: argparse would print nine lines of usage in front of it."""
        from kube_audit_lint.report.safe import visible

        more = "" if message.endswith("?") else f"; see {self.prog} --help"
        self.exit(2, f"{self.prog}: error: {visible(message)}{more}\n")


def _meant(word: str, known: Iterable[str]) -> str:
    from kube_audit_lint.kubernetes.spelling import likely

    near = likely(word, known)
    return f"; did you mean {near}?" if near else ""


class _Formatter(argparse.HelpFormatter):
    """Help as wide as COLUMNS: argparse looks up the terminal's width with every option, and imports shutil."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=(wanted_columns() or 98) - 2)
