"""Finds kube-apiserver's own arguments in a command line: behind wrappers, in shells, in hyperkube.

Shared by every form that holds a command line (pods, units, compose files). Exact on purpose: a word
`kube-apiserver` among some other program's arguments (`operator --target kube-apiserver`) is no API server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kube_audit_lint.kubernetes.flags import takes_value
from kube_audit_lint.model.found import Note
from kube_audit_lint.model.value import Value
from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.source import Place
from kube_audit_lint.syntax.typed import TYPE_CHECKING
from kube_audit_lint.syntax.unknown import is_unknown

if TYPE_CHECKING:
    from kube_audit_lint.syntax.shell import Word
    from kube_audit_lint.syntax.unknown import Room

_SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh"))
_RESERVED = frozenset(("!", "{", "if", "then", "elif", "else", "do", "while", "until", "time"))
_SWITCHING = ("runuser", "su", "capsh", "env")
"""Programs that run a program as another user or with other rights; with `-c` (env: `-S`) a shell's text."""
_TEXTS = ("--command=", "--split-string=")
_RUNNERS = frozenset(
    (
        *("busybox", "catatonit", "chroot", "chrt", "command", "dumb-init", "env", "exec", "flock"),
        *("go-runner", "gosu", "ionice", "nice", "nohup", "nsenter", "numactl", "prlimit", "setpriv"),
        *("setsid", "stdbuf", "strace", "su-exec", "sudo", "systemd-cat", "systemd-run", "taskset"),
        *("timeout", "tini", "tini-static", "unshare", "vault-env", "runuser"),
        *("authbind", "aws-vault", "cgexec", "chamber", "chpst", "cpulimit", "doppler", "eatmydata", "envconsul"),
        *("envdir", "fakeroot", "faketime", "firejail", "infisical", "ltrace", "proot", "s6-envdir"),
        *("s6-envuidgid", "s6-setuidgid", "s6-softlimit", "setuidgid", "softlimit", "summon", "unbuffer", "valgrind"),
        *("with-contenv",),
    )
)
"""Programs that run the program named in their arguments."""
_SHORT_SWITCHES = {
    "chpst": "vVP",
    "chrt": "abdfiorRv",
    "dumb-init": "cv",
    "env": "iv",
    "exec": "cl",
    "flock": "eFnosux",
    "ionice": "t",
    "nsenter": "aCceFikmnprTuUwZ",
    "perf": "agiqRsTv",
    "setsid": "cfw",
    "strace": "cCdDfhikqrtTvVxyYzZ",
    "sudo": "ABbEHiKknNPsS",
    "taskset": "a",
    "timeout": "fpv",
    "tini": "gsvw",
    "tini-static": "gsvw",
    "unshare": "cCfimnprTuU",
}
"""The short options of programs that run another behind which no value follows as a word of its own."""
_DIGITS = "0123456789"
_LONG_SWITCHES = (
    r"--(?:all|cgroup|clear-groups|ctty|follow-forks|foreground|fork|ignore|ignore-environment|init-groups|ipc|"
    r"keep-groups|kill-child|localalloc|login|map-root-user|mount|net|no-fork|no-new-privs|nnp|non-interactive|pid|"
    r"preserve-env|preserve-status|pty|quiet|reset-env|scope|set-home|time|user|uts|verbose|wait|no[a-z]+)"
)
"""The same of the long ones."""
_OPERANDS = {
    "aws-vault": 2,
    "chamber": 2,
    "chroot": 1,
    "chrt": 1,
    "doppler": 1,
    "envdir": 1,
    "faketime": 1,
    "flock": 1,
    "gosu": 1,
    "infisical": 1,
    "ip": 3,
    "perf": 1,
    "s6-envdir": 1,
    "s6-envuidgid": 1,
    "s6-setuidgid": 1,
    "setuidgid": 1,
    "su-exec": 1,
    "taskset": 1,
    "timeout": 1,
}
"""How many words are between such a program's options and the program that it runs: a user, a file, a time."""
_NAMING = frozenset(
    (
        *("awk", "cat", "chown", "cp", "curl", "echo", "egrep", "fgrep", "grep", "install", "journalctl", "killall"),
        *("logger", "ls", "pgrep", "pidof", "pkill", "printf", "ps", "rg", "rm", "sed", "systemctl", "test", "which"),
    )
)
"""Programs that are given a program's name or its command line, and run neither."""
_ELSEWHERE = frozenset(("crictl", "ctr", "docker", "kubectl", "nerdctl", "oc", "podman", "systemctl"))
"""Programs whose `run` or `exec` starts something in another place than this container or unit."""
_STARTING = frozenset(("debug", "exec", "record", "run", "start"))
"""Words by which programs are told to run what is behind their `--`."""

OWN_FLAGS = (
    *("--audit-log", "--audit-policy", "--audit-webhook", "--etcd-servers", "--service-cluster-ip-range"),
    *("--audit_log", "--audit_policy", "--audit_webhook", "--etcd_servers", "--service_cluster_ip_range"),
)
"""Flags that only an API server has."""

_QUESTIONS = frozenset(("--version", "--help", "-h", "help", "version"))

Part = Callable[[Value, int, int], Place]
"""Gives the place of the characters from an offset to another of a value's text."""


_OPENSHIFT_CONFIG = "--openshift-config"
"""OpenShift's kube-apiserver takes its flags from this file (`apiServerArguments`)."""


_SWITCHES = (
    r"(?:enable-.*|(?:also)?logtostderr|allow-privileged|anonymous-auth|contention-profiling|kubelet-https|profiling"
    r"|service-account-(?:lookup|extend-token-expiration)|watch-cache|help|version|audit-.*)\Z"
)
"""Flags of kube-apiserver that take no following word, and those of auditing, which are known one by one: of all
others, what follows is the value."""


class CommandLine(NamedTuple):
    """kube-apiserver in a command line.

    place: the program's word. arguments: the words after it. partial: some words are only known when it runs.
    """

    place: Place
    arguments: list[Value]
    partial: bool = False


def same_text(value: Value, start: int, end: int) -> Place:
    """The place of a part of a value that is written as it reads; else of the whole value."""
    source, at, last = value.place
    raw = value.place.text
    if raw == value.text:
        return Place(source, at + start, at + end)
    if raw[1:-1] == value.text:
        return Place(source, at + 1 + start, at + 1 + end)
    return Place(source, at, last)


def api_server(words: Sequence[Value], part: Part = same_text, expected: bool = False) -> CommandLine | None:
    """The kube-apiserver that a command line starts, or None when it starts something else.

    expected: something else says that it is one (the container's name, the image), so that a script
    that is given an API server's flags is taken for a wrapper.
    """
    words = _without_launcher(words)
    at = _program(words)
    if at is None:
        return _in_shell(words, part) or (_wrapped(words) if expected else None)
    rest = list(words[at + 1 :])
    if rest and all(word.text in _QUESTIONS for word in rest):
        return None
    return CommandLine(words[at].place, rest, _open(rest))


def is_started(words: Sequence[Value], line: CommandLine) -> bool:
    """Whether the words run the server that was found in them, and do not only name it: `check kube-apiserver --x`."""
    words = _without_launcher(words)
    at = next((at for at, word in enumerate(words) if word.place == line.place), None)
    if at is None:  # in the text of a shell
        return True
    start = _started(words)
    first = [word.text for word in words[start : start + 2]]
    return start >= at or first == ["go", "run"] or (start == at - 1 and _base(first[0]).startswith("hyperkube"))


def api_server_in_shell(text: Value, part: Part = same_text, parameters: Sequence[Value] = ()) -> CommandLine | None:
    """The kube-apiserver that a shell text starts; `parameters` are the shell's `$1`, `$2`, ..."""
    from kube_audit_lint.syntax.shell import commands  # most files hold no shell text

    for command in commands(text.text):
        found = api_server(_values(text, without_prefix(command), part, parameters))
        if found is not None:
            return found
    return None


def overfull(room: Room, place: Place) -> tuple[Note, ...]:
    """What is to be noted where variables would have added too much to the commands of a file."""
    if room.left >= 0:
        return ()
    return (Note(place, "variables add more than 128 KiB to the commands here: what they add beyond that is unknown"),)


def _program(words: Sequence[Value]) -> int | None:
    """The index of the word that names the API server, where the words start one."""
    found = [(at, last) for at in range(len(words)) if (last := _last_word_of_program(words, at)) is not None]
    if not found:
        return None
    start = _started(words)
    for at, last in found:
        if at == start:
            return last
    if start < len(words) and _base(words[start].text) in _NAMING:
        return None
    return _with_own_flags(words, found) or _behind_another(words, start, found)


def _with_own_flags(words: Sequence[Value], found: Sequence[tuple[int, int]]) -> int | None:
    """The last of the names in front of a flag that only an API server has."""
    flag = next((at for at, word in enumerate(words) if word.text.startswith(OWN_FLAGS)), 0)
    return max((last for _, last in found if last < flag), default=None)


def _behind_another(words: Sequence[Value], start: int, found: Sequence[tuple[int, int]]) -> int | None:
    """The first of the names that another program, which is not known to run others, is given as what to run."""
    for at, last in found:
        before, follows = [word.text for word in words[start:at]], [word.text for word in words[last + 1 :]]
        if before and (_is_told_to_run(before) or _follows_options(before, follows)):
            return last
    return None


def _started(words: Sequence[Value]) -> int:
    """The index of the word that names the program which runs in the end, behind those that only run another; that of
    the end where there is none. What is only known when it runs counts as one of the latter."""
    at = 0
    while at < len(words) and (_is_runner(words[at:]) or is_unknown(words[at].text)):
        at += _width_of_runner([word.text for word in words[at:]])
    return at


def _width_of_runner(words: Sequence[str]) -> int:
    """How many words a program that runs another takes: its name, options with their values, and operands."""
    program = _base(words[0])
    operands = _OPERANDS.get(program, 0)
    at = 1
    while at < len(words):
        word = words[at]
        if word.startswith("-") and word != "-":
            at += 2 if _takes_next(word, program) else 1
        elif _is_assignment(word):
            at += 1
        elif operands:
            operands -= 1
            at += 1
        else:
            break
    return min(at, len(words))


def _is_runner(words: Sequence[Value]) -> bool:
    """Whether the first words are a program that runs another."""
    base, follows = _base(words[0].text), [word.text for word in words[1:3]]
    return (
        base in _RUNNERS
        or (base == "ip" and follows == ["netns", "exec"])
        or (base == "perf" and follows[:1] in (["record"], ["stat"], ["trace"]))
    )


def _is_told_to_run(before: Sequence[str]) -> bool:
    """Whether the words before the program end in `--`, and one of them tells some other program to run it."""
    return before[-1] == "--" and _base(before[0]) not in _ELSEWHERE and not _STARTING.isdisjoint(before[1:-1])


def _follows_options(before: Sequence[str], follows: Sequence[str]) -> bool:
    """Whether nothing but options with their values is between some other program and this one, which has flags.

    What searches, lists or kills programs has no such options behind their names.
    """
    options = before[1:]
    if not options or _base(before[0]) in _ELSEWHERE:
        return False
    return all(re.match(r"--[a-z][\w-]*=", one) or one == "--" for one in options) and any(
        re.match(r"--[a-z][\w-]*=", one) for one in follows
    )


def _takes_next(option: str, program: str) -> bool:
    """Whether the word behind an option of a program that runs another is the option's value: `--unit kube-apiserver`.

    A short option has its value within its own word (`-c2`), or is a switch, or several of them (`-mn`).
    """
    if option == "--" or not option.startswith("-") or "=" in option:
        return False
    if option.startswith("--"):
        return program != "firejail" and re.fullmatch(_LONG_SWITCHES, option) is None
    return len(option[1:].lstrip(_DIGITS + _SHORT_SWITCHES.get(program, ""))) == 1


def _without_launcher(words: Sequence[Value]) -> Sequence[Value]:
    """Without dlv or rkt, whose own options may follow the program's name: its arguments are behind a `--`."""
    launcher = _base(words[0].text) if words else ""
    if launcher not in ("dlv", "rkt"):
        return words
    texts = [word.text for word in words]
    end = texts.index("--") if "--" in texts else len(words)
    for at, text in enumerate(texts[:end]):
        if launcher == "dlv" and text in ("debug", "exec") and at + 1 < end:
            return [words[at + 1], *words[end + 1 :]]
        if launcher == "rkt" and text.startswith("--exec="):
            return [Value(text.removeprefix("--exec="), words[at].place), *words[end + 1 :]]
        if launcher == "rkt" and text == "--exec" and at + 1 < end:
            return [words[at + 1], *words[end + 1 :]]
    return words


def _last_word_of_program(words: Sequence[Value], at: int) -> int | None:
    base = _base(words[at].text)
    if base == "kube-apiserver" and not words[at].text.startswith("-"):
        return at
    follows = words[at + 1].text if at + 1 < len(words) else ""
    if base.startswith("hyperkube") and follows in ("apiserver", "kube-apiserver"):
        return at + 1
    return None


def _in_shell(words: Sequence[Value], part: Part) -> CommandLine | None:
    """The API server in the text of `sh -c TEXT`, also behind a program that runs it."""
    for at, word in enumerate(words):
        base = _base(word.text)
        if base not in (*_SHELLS, *_SWITCHING) or not (at == 0 or _is_runner(words)):
            continue
        for option in range(at + 1, len(words)):
            text = words[option].text
            if text.startswith(_TEXTS):
                return _in_option(words[option], text.index("=") + 1, part)
            if _takes_command(text, base) and option + 1 < len(words):
                return api_server_in_shell(words[option + 1], part, words[option + 3 :])
            if not text.startswith(("-", "+")) and base in _SHELLS:
                break
    return None


def _in_option(word: Value, at: int, part: Part) -> CommandLine | None:
    """The API server in the text behind an option's `=`."""
    text = Value(word.text[at:], part(word, at, len(word.text)))
    return api_server_in_shell(text, lambda _, start, end: part(word, at + start, at + end))


def _wrapped(words: Sequence[Value]) -> CommandLine | None:
    """A script that is given an API server's flags."""
    if not any(word.text.startswith(OWN_FLAGS) for word in words):
        return None
    first = next(at for at, word in enumerate(words) if word.text.startswith("-"))
    rest = list(words[first:])
    return CommandLine(words[0].place, rest, _open(rest))


def _values(text: Value, command: Sequence[Word], part: Part, parameters: Sequence[Value]) -> list[Value]:
    """A shell command's words where they are in the file."""
    values: list[Value] = []
    for word in command:
        if word.variable in ("@", "*"):
            values += parameters
        else:
            values.append(Value(word.text, part(text, word.start, word.end)))
    return values


def without_prefix(command: list[Word]) -> list[Word]:
    """A command's words without the shell's own in front, and without assignments."""
    at = 0
    while at < len(command) and (command[at].text in _RESERVED or _is_assignment(command[at].text)):
        at += 1
    return command[at:]


def _open(words: Sequence[Value]) -> bool:
    """Whether further flags come from elsewhere: from a word that only the running shell knows, or a file."""
    value_follows = False
    for word in words:
        name = word.text.partition("=")[0]
        if name == _OPENSHIFT_CONFIG or (is_unknown(name) and not value_follows):
            return True
        flag = name[2:].replace("_", "-") if name == word.text and name.startswith("--") else ""
        value_follows = flag != "" and (takes_value(flag) or re.match(_SWITCHES, flag) is None)
    return False


def _takes_command(option: str, program: str) -> bool:
    """Whether an option of a shell, or of what is like one, says that a text to run follows: `-c`, `-ec`."""
    if program == "env":
        return option in ("-S", "--split-string")
    return option == "--command" or (option.startswith("-") and option.endswith("c") and option[1:].isalpha())


def _is_assignment(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.removesuffix("+").isidentifier()


def _base(path: str) -> str:
    return path.rpartition("/")[2]
