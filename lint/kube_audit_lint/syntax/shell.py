"""Splitting a shell text into commands and words, with the exact place of every word.

POSIX shell grammar as far as it decides which words a program gets (IEEE Std 1003.1, Shell Command
Language, 2.2 Quoting, 2.3 Token Recognition, 2.6 Word Expansions, 2.7 Redirection), and bash's `&>`
and `<<<`. Nothing is expanded: what only the running shell knows becomes `UNKNOWN` characters.
`shlex` does not serve, for it knows neither offsets nor redirections.
"""

from __future__ import annotations

import re

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.unknown import UNKNOWN

_PLAIN = re.compile(r"[^ \t\r\n\v\f\\'\"$`;&|()<>]+")  # a no-break space is a letter like any other
_BLANK = re.compile(r"(?:[ \t\r\f\v]+|\\\r?\n)+")
_SEPARATOR = re.compile(r"\r?\n|;;|&&|\|\||\|&|[;&|()]")
_REDIRECTION = re.compile(r"(?:\d+|\{\w+\})?(<<<|<<-?|<>|<&|<|>>|>\||>&|>)|&>>|&>")
_IN_DOUBLE = re.compile(r'[^"\\$`]+')
_VARIABLE = re.compile(r"\$(?:\w+|[@*#?$!-])")


class Word(NamedTuple):
    """One word of a command.

    text: without quotes and backslashes, with `UNKNOWN` for every expansion. start, end: where it
    is in the text, with its quotes. splits: an unquoted expansion (or `"$@"`) can make of it
    several words or none. variable: the name when the word is one expansion of a variable and
    nothing else (`@` for `"$@"`).
    """

    text: str
    start: int
    end: int
    splits: bool = False
    variable: str = ""


def commands(text: str) -> list[list[Word]]:
    """The simple commands of a text in order, each as its words; redirections and comments are left out."""
    return _Splitter(text).run()


def comments(text: str) -> list[int]:
    """Where the comments of a text begin, those in heredocs left out."""
    splitter = _Splitter(text)
    splitter.run()
    return splitter.comments


class _Splitter:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.done: list[list[Word]] = []
        self.words: list[Word] = []
        self.here_documents: list[str] = []
        self.redirected = ""
        self.comments: list[int] = []

    def run(self) -> list[list[Word]]:
        while self.at < len(self.text):
            self._step()
        self._finish_command()
        return self.done

    def _step(self) -> None:
        blank = _BLANK.match(self.text, self.at)
        if blank:
            self.at = blank.end()
        elif self.text[self.at] == "#":
            self.comments.append(self.at)
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
        elif redirection := _REDIRECTION.match(self.text, self.at):
            self.redirected = redirection[1] or "&>"
            self.at = redirection.end()
        elif separator := _SEPARATOR.match(self.text, self.at):
            self._finish_command()
            self.at = separator.end()
            if separator[0].endswith("\n"):
                self._skip_here_documents()
        else:
            self._word()

    def _word(self) -> None:
        start = self.at
        word = _WordReader(self.text, start).read()
        self.at = max(word.end, start + 1)
        if self.redirected:
            if self.redirected in ("<<", "<<-"):
                self.here_documents.append(word.text)
            self.redirected = ""
        else:
            self.words.append(word)

    def _finish_command(self) -> None:
        self.redirected = ""
        if self.words:
            self.done.append(self.words)
            self.words = []

    def _skip_here_documents(self) -> None:
        text = self.text
        for delimiter in self.here_documents:
            line = ""
            while self.at < len(text):
                end = text.find("\n", self.at)
                line, self.at = text[self.at : end if end >= 0 else None], end + 1 if end >= 0 else len(text)
                if line.lstrip("\t").removesuffix("\r") == delimiter:
                    break
        self.here_documents = []


class _WordReader:
    """Reads one word from its first character."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start
        self.at = start
        self.parts: list[str] = []
        self.splits = False
        self.names: list[str] = []

    def read(self) -> Word:
        text = self.text
        while self.at < len(text):
            char = text[self.at]
            if plain := _PLAIN.match(text, self.at):
                self._take(plain[0], plain.end())
            elif char == "\\":
                self._backslash()
            elif char == "'":
                self._single(self.at + 1)
            elif char == '"':
                self._double()
            elif char in "$`":
                self._expansion(quoted=False)
            else:
                break
        whole = "".join(self.parts)
        alone = len(self.names) == 1 and not whole.strip(UNKNOWN)
        return Word(whole, self.start, self.at, self.splits, self.names[0] if alone else "")

    def _take(self, text: str, end: int) -> None:
        self.parts.append(text)
        self.at = end

    def _backslash(self) -> None:
        follows = self.text[self.at + 1 : self.at + 3]
        if follows == "\r\n":
            self.at += 3
        elif follows[:1] == "\n":
            self.at += 2
        else:
            self._take(follows[:1] or "\\", min(self.at + 2, len(self.text)))

    def _single(self, start: int) -> None:
        end = self.text.find("'", start)
        end = len(self.text) if end < 0 else end
        self._take(self.text[start:end], min(end + 1, len(self.text)))

    def _double(self) -> None:
        self.at += 1
        while self.at < len(self.text):
            char = self.text[self.at]
            if plain := _IN_DOUBLE.match(self.text, self.at):
                self._take(plain[0], plain.end())
            elif char == '"':
                self.at += 1
                return
            elif char == "\\":
                self._backslash_in_double()
            else:
                self._expansion(quoted=True)

    def _backslash_in_double(self) -> None:
        follows = self.text[self.at + 1 : self.at + 2]
        if follows and follows in '$`"\\\n':
            self._backslash()
        else:
            self._take("\\", self.at + 1)

    def _expansion(self, quoted: bool) -> None:
        text, start = self.text, self.at
        if text[start] == "$" and text.startswith("'", start + 1) and not quoted:
            self._single(start + 2)
            return
        end = _end_of_expansion(text, start)
        if end == start + 1 and text[start] == "$":  # a dollar that expands nothing
            self._take("$", end)
            return
        self.names.append(text[start:end].strip("${}"))
        self.splits = self.splits or not quoted or text[start:end] in ("$@", "${@}")
        self._take(UNKNOWN * (end - start), end)


def _end_of_expansion(text: str, start: int) -> int:
    """The offset after the expansion that a `$` or a backquote starts; `start + 1` when it starts none."""
    if text[start] == "`":
        end = text.find("`", start + 1)
        return len(text) if end < 0 else end + 1
    follows = text[start + 1 : start + 2]
    if follows and follows in "({":
        return _end_of_brackets(text, start + 1, follows, ")" if follows == "(" else "}")
    variable = _VARIABLE.match(text, start)
    return variable.end() if variable else start + 1


def _end_of_brackets(text: str, start: int, opening: str, closing: str) -> int:
    depth, at, quote = 0, start, ""
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == opening:
            depth += 1
        elif char == closing:
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return len(text)
