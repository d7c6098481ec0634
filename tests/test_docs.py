"""What the pages show is what happens: their commands are run, their links followed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from running import printed_here

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md"))
    if path.parent.name != "rules" or path.name == "README.md"
)
EVERY_PAGE = sorted({*PAGES, *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md")})
GUIDES = [path for path in PAGES if re.search(r"^```console$", path.read_text("utf-8"), re.M)]
FENCE = re.compile(r"^(?:`(?P<file>[^`\n]+)`\n\n)?(?P<fence>```+)(?P<kind>\w*)\n(?P<text>.*?)^(?P=fence)$", re.M | re.S)
GAP = "..."


class Block(NamedTuple):
    """A fenced block, and the name that stands alone above it: that of a file."""

    file: str
    kind: str
    text: str


class Shown(NamedTuple):
    """A command with the output that the page shows."""

    command: str
    output: str


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    for match in FENCE.finditer(page.read_text("utf-8")):
        yield Block(match["file"] or "", match["kind"], match["text"])


def commands(text: str) -> Iterator[Shown]:
    """The commands of a console block; a line that ends with a backslash goes on."""
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        lines = part.splitlines()
        count = 1 + next(index for index, line in enumerate(lines) if not line.endswith("\\"))
        yield Shown("\n".join(lines[:count]), "\n".join(lines[count:]).rstrip())


def fits(shown: str, real: str) -> bool:
    """Whether the output is as shown, where a line of dots stands for any lines."""
    pattern = r"(?:.*\n)*?".join(
        re.escape(piece) for piece in re.split(rf"^{re.escape(GAP)}\n", f"{shown}\n", flags=re.M)
    )
    return re.fullmatch(pattern, f"{real.rstrip()}\n") is not None


SHELL = re.compile(r"[^\w\s./,:=@%+'\"-]")
"""What only a shell understands, in a command without its quoted words."""


def words_of(command: str) -> list[str]:
    """The words of a command of ours that needs no shell; none of any other."""
    line = command.replace("\\\n", " ").partition(" #")[0]
    if SHELL.search(re.sub(r"'[^']*'|\"[^\"$`\\]*\"", "", line)):
        return []
    program, *words = shlex.split(line)
    return words if program == "kube-audit-lint" else []


class Shell:
    """A folder with the examples of this checkout, in which commands are run as in a terminal.

    real: each in a process, as a reader runs it; otherwise what needs no shell is run in this one.
    """

    def __init__(self, folder: Path, real: bool = True) -> None:
        self.real = real
        self.folder = folder / "work"
        self.folder.mkdir()
        (self.folder / ".git").mkdir()
        shutil.copytree(ROOT / "examples", self.folder / "examples")
        programs = folder / "bin"
        programs.mkdir()
        program = programs / "kube-audit-lint"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kube_audit_lint "$@"\n')
        program.chmod(0o755)
        (programs / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (programs / "python3").chmod(0o755)
        self.path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        self.status = 0

    def has_files_of(self, command: str) -> bool:
        """Whether the files that a command names are here, and not only the reader's."""
        names = [word for word in command.partition("#")[0].split() if word.endswith((".yaml", ".log"))]
        return all((self.folder / name).exists() for name in names)

    def run(self, command: str) -> str:
        """What is printed on both streams; `$?` is the status of the command before."""
        words = [] if self.real else words_of(command)
        if words:
            text, self.status = printed_here(words, self.folder)
            return text
        process = subprocess.run(
            ["sh", "-c", f"(exit {self.status})\n{command}"],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # The two streams come in the order in which they are written.
            env={**os.environ, "PATH": self.path, "PYTHONUNBUFFERED": "1"},
            encoding="utf-8",
        )
        self.status = process.returncode
        return process.stdout


def played(page: Path, folder: Path) -> Iterator[tuple[Shown, str, int]]:
    """Each command of a page with what it prints and its status, in the page's order, among the page's files."""
    shell = Shell(folder, real=page.name == "README.md")
    for block in blocks(page):
        if block.file:
            path = shell.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")
        elif block.kind == "console":
            for shown in commands(block.text):
                if shown.output or shell.has_files_of(shown.command):
                    yield shown, shell.run(shown.command), shell.status


@pytest.mark.skipif(sys.platform == "win32", reason="the pages show a shell of POSIX")
@pytest.mark.parametrize("page", GUIDES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_do_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    tried = 0
    for shown, real, status in played(page, tmp_path):
        tried += 1
        assert "Traceback" not in real
        if shown.output:
            assert fits(shown.output, real), f"{shown.command}\n{real}\n(python tests/test_docs.py writes it)"
        else:
            assert status in (0, 1), real
    assert tried


def paragraphs(text: str) -> list[str]:
    """What empty lines part."""
    return [part for part in re.split(r"\n{2,}", text.strip("\n")) if part]


@pytest.mark.parametrize("path", re.findall(r"<!-- begin example: (\S+) -->", README))
def test_the_readme_shows_real_findings(path: str, tmp_path: Path) -> None:
    block = README.split(f"<!-- begin example: {path} -->")[1].split("<!-- end example -->")[0]
    (shown,) = FENCE.findall(block.lstrip("\n"))
    assert paragraphs(shown[3])
    real = iter(paragraphs(Shell(tmp_path).run(f"kube-audit-lint check {path}")))
    for paragraph in paragraphs(shown[3]):
        assert paragraph in real, f"not in the output, or not in this order:\n{paragraph}"


def linked(page: Path) -> set[Path]:
    """The files that a page links."""
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
    return {(page.parent / target).resolve() for target in targets if not re.match(r"[a-z]+:", target)}


def test_the_map_leads_to_every_page() -> None:
    """From docs/README.md and the list of rules; and the README leads there."""
    first, rules = ROOT / "docs" / "README.md", ROOT / "docs" / "rules" / "README.md"
    assert first in linked(ROOT / "README.md")
    assert rules in linked(first)
    every = set((ROOT / "docs").rglob("*.md")) - {first}
    assert len(every) > 100
    assert every - linked(first) - linked(rules) == set()


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings give."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_pages_are_found() -> None:
    assert README.count("](docs/") > 10
    assert {ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md", ROOT / "examples" / "README.md"} <= {*PAGES}
    assert ROOT / "docs" / "rules" / "blind-spot.md" in EVERY_PAGE


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert not fragment or fragment in anchors(there), target


@pytest.mark.parametrize(
    ("shown", "real", "fit"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\n...\nc", "a\nb\nb\nc", True),
        ("a\n...", "a\nb", True),
        ("a\n...", "a", True),
        ("...\nc", "a\nc", True),
        ("a\n...\nc", "a\nb", False),
        ("a", "a\nb", False),
        ("", "", True),
    ],
)
def test_the_tests_own_eyes(shown: str, real: str, fit: bool) -> None:
    assert fits(shown, real) == fit


def rewrite(page: Path, folder: Path) -> None:
    """Puts what is printed now below the commands of a page, but for outputs that are shown in part."""
    text = page.read_text("utf-8")
    for shown, real, _ in played(page, folder):
        if shown.output and not re.search(rf"^{re.escape(GAP)}$", shown.output, re.M):
            text = text.replace(f"$ {shown.command}\n{shown.output}\n", f"$ {shown.command}\n{real.rstrip()}\n")
    page.write_text(text, "utf-8")


if __name__ == "__main__":
    import tempfile

    for guide in GUIDES:
        with tempfile.TemporaryDirectory() as temporary:
            rewrite(guide, Path(temporary))
