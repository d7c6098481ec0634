"""Mutation run: would the tests notice a small mistake in the code?

python scripts/mutate.py                        100 mutants over all areas, with all cores
python scripts/mutate.py --area checks --count 30 --seed 7
python scripts/mutate.py --list                 only what would be changed

A mutant is the code with one small change: `==` for `!=`, `and` for `or`, one number, text or item of a list changed, a
statement left out. Which ones are made depends on the seed and the code alone. The tests run on a copy of the tree,
and only those that reach the changed line, found by one run with coverage beforehand; a mutant that they pass has
survived. Exits 1 when fewer than `--at-least` percent are killed.

Mutants that behave as the code does belong into scripts/mutate_equivalent.json, each with the reason.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path("lint/kube_audit_lint")
EQUIVALENT = Path(__file__).with_name("mutate_equivalent.json")
AREAS = {
    "linking": ("pipeline/linking.py", "pipeline/clusters.py", "pipeline/subjects.py"),
    "selection": ("catalogue/selection.py", "pipeline/applying.py"),
    "checks": ("checks/*.py",),
    "forms": ("forms/*.py", "forms/*/*.py"),
    "engine": ("pipeline/*.py",),
}
"""What is mutated: the files of an area, without those of the areas before it."""

TESTS = (
    "tests/catalogue",
    "tests/test_engine.py",
    "tests/test_examples.py",
    "tests/checks",
    "tests/commands",
    "tests/discovery",
    "tests/forms",
    "tests/kubernetes",
    "tests/pipeline",
)
"""The tests that run in this process, so that coverage knows which lines each of them reaches."""

OF_CONSTANTS = ("tests/checks/test_parameters.py", "tests/test_architecture.py")
"""Tests that read constants of modules, which no coverage shows."""

PYTEST = (
    *(sys.executable, "-m", "pytest", "-q", "-x", "-m", "not slow", "--tb=no", "--no-header"),
    *("-p", "no:xdist", "-p", "no:cacheprovider", "--hypothesis-seed=0"),
)
SECONDS = 120
"""Of the processor, for the tests of one mutant: a loop without end is killed."""

FLIPPED: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}
SIGNS: dict[type[ast.operator], str] = {ast.Add: "-", ast.Sub: "+", ast.BitOr: "&", ast.BitAnd: "|"}


class Mutant(NamedTuple):
    """One change of a file. start, end: what `new` replaces, in bytes; change: the two in words.

    at_import: it is outside of all functions, and so no test can be seen to reach it.
    """

    path: str
    line: int
    start: int
    end: int
    new: str
    change: str
    code: str
    at_import: bool


class Result(NamedTuple):
    """What became of a mutant. by: the test that noticed it, or why none could."""

    mutant: Mutant
    killed: bool
    by: str


class Finder(ast.NodeVisitor):
    """Collects the mutants of one file."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.data = text.encode()
        self.starts = [0]
        for line in self.data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.found: list[Mutant] = []
        self.depth = 0
        self.visit(ast.parse(text))

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.starts[node.lineno - 1] + node.col_offset
        return start, self.starts[node.end_lineno - 1] + node.end_col_offset

    def _source(self, node: ast.expr | ast.stmt) -> str:
        start, end = self._span(node)
        return self.data[start:end].decode()

    def _add(self, node: ast.expr | ast.stmt, new: str, change: str) -> None:
        start, end = self._span(node)
        first = self.starts[node.lineno - 1]
        code = self.data[first : self.starts[node.lineno]].decode().strip()
        self.found.append(Mutant(self.path, node.lineno, start, end, new, change, code, not self.depth))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        # Neither annotations nor the docstring; a default is code.
        for default in (*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None)):
            self.visit(default)
        self.depth += 1
        for statement in node.body:
            self.visit(statement)
        self.depth -= 1

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        """Its words are for people: not mutated."""

    visit_JoinedStr = visit_Import = visit_ImportFrom = visit_Assert = visit_Raise  # type: ignore[assignment]  # noqa: N815

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        self._negated(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negated(node.test)
        self.generic_visit(node)

    def _negated(self, test: ast.expr) -> None:
        if isinstance(test, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
            self._add(test, f"(not {self._source(test)})", f"if {self._source(test)} -> if not")

    def visit_Compare(self, node: ast.Compare) -> None:
        parts = [node.left, *node.comparators]
        for at, operator in enumerate(node.ops):
            words = [self._source(parts[0])]
            for number, (one, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
                words += [FLIPPED[type(one)] if number == at else _written(one), self._source(right)]
            self._add(node, f"({' '.join(words)})", f"{_written(operator)} -> {FLIPPED[type(operator)]}")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        text = f" {new} ".join(f"({self._source(value)})" for value in node.values)
        self._add(node, f"({text})", f"{old} -> {new}")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._add(node, f"bool({self._source(node.operand)})", "not removed")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        sides = (node.left, node.right)
        number = any(isinstance(side, ast.Constant) and isinstance(side.value, int) for side in sides)
        if type(node.op) in SIGNS and (number or isinstance(node.op, ast.Sub)):
            left, right = map(self._source, sides)
            new = SIGNS[type(node.op)]
            self._add(node, f"({left} {new} {right})", f"{_written(node.op)} -> {new}")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._add(node, str(not value), f"{value} -> {not value}")
        elif isinstance(value, int):
            self._add(node, str(value + 1), f"{value} -> {value + 1}")
        elif isinstance(value, str) and value and " " not in value:  # those with spaces are sentences
            self._add(node, repr(f"{value}~"), f"{value!r} changed")

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):  # a docstring
            return
        if isinstance(node.value, ast.Call):
            self._add(node, "pass", "statement removed")
        elif isinstance(node.value, (ast.Yield, ast.YieldFrom)):
            self._add(node, "yield from ()", "yield removed")
        self.generic_visit(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        self._add(node, "break", "continue -> break")

    def visit_Break(self, node: ast.Break) -> None:
        self._add(node, "continue", "break -> continue")

    def visit_Return(self, node: ast.Return) -> None:
        if isinstance(node.value, ast.Call):
            self._add(node.value, "None", f"return {self._source(node.value)[:40]} -> None")
        self.generic_visit(node)

    def visit_Set(self, node: ast.Set | ast.Tuple | ast.List) -> None:
        texts = all(isinstance(item, ast.Constant) and isinstance(item.value, str) for item in node.elts)
        if len(node.elts) > 1 and texts:
            for item in node.elts:
                rest = ", ".join(self._source(one) for one in node.elts if one is not item)
                new = {ast.Set: f"{{{rest}}}", ast.List: f"[{rest}]"}.get(type(node), f"({rest},)")
                self._add(node, new, f"item {self._source(item)} removed")
            return
        self.generic_visit(node)

    visit_Tuple = visit_List = visit_Set  # type: ignore[assignment]  # noqa: N815


def _written(operator: ast.operator | ast.cmpop) -> str:
    """`==` for ast.Eq()."""
    name = ast.Name("a", ast.Load())
    node = ast.Compare(name, [operator], [name]) if isinstance(operator, ast.cmpop) else ast.BinOp(name, operator, name)
    return ast.unparse(node)[2:-2]


def mutants_of(path: str, text: str) -> list[Mutant]:
    """All mutants of one file, in the order of their places."""
    return sorted(set(Finder(path, text).found), key=lambda one: (one.start, one.end, one.change))


def mutated(text: str, mutant: Mutant) -> str:
    data = text.encode()
    return (data[: mutant.start] + mutant.new.encode() + data[mutant.end :]).decode()


def _parses(mutant: Mutant) -> bool:
    """Whether it is still Python: to change a piece of an f-string may end it."""
    try:
        ast.parse(mutated((ROOT / mutant.path).read_text("utf-8"), mutant))
    except SyntaxError:
        return False
    return True


def chosen(areas: Sequence[str], count: int, seed: int) -> list[Mutant]:
    """`count` mutants, one of a line at most, drawn from the areas in turn: the first ones show as much as all."""
    pools = []
    for area, paths in files_of().items():
        if area in areas:
            # A generator for each area: what one area holds does not move the choice in another.
            pool = [one for path in paths for one in mutants_of(path, (ROOT / path).read_text("utf-8"))]
            random.Random(f"{seed} {area}").shuffle(pool)
            pools.append(iter(pool))
    out: dict[tuple[str, int], Mutant] = {}
    while pools and len(out) < count:
        for pool in list(pools):
            one = next((one for one in pool if (one.path, one.line) not in out and _parses(one)), None)
            if one is None:
                pools.remove(pool)
            elif len(out) < count:
                out[one.path, one.line] = one
    return list(out.values())


def files_of() -> dict[str, list[str]]:
    """The files of each area; a file belongs to the first that names it."""
    seen: set[str] = set()
    out = {}
    for area, patterns in AREAS.items():
        paths = {(PACKAGE / path.relative_to(ROOT / PACKAGE)).as_posix() for p in patterns for path in _glob(p)}
        out[area] = sorted(paths - seen)
        seen |= paths
    return out


def _glob(pattern: str) -> Iterator[Path]:
    return (path for path in (ROOT / PACKAGE).glob(pattern) if path.name != "__main__.py")


class Tree:
    """A copy of what git knows of the checkout, to run tests in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        for name in filter(None, names):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "PYTHONPATH": str(self.folder / "lint")}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
        return subprocess.run(
            [*PYTEST, *arguments], cwd=self.folder, env=variables, capture_output=True, text=True, preexec_fn=_limited
        )

    def test(self, mutant: Mutant, tests: Sequence[str]) -> Result:
        """Runs the tests on the mutant. Its time differs from all before: what is compiled of those is stale."""
        if not tests:
            return Result(mutant, False, "no test reaches it")
        path = self.folder / mutant.path
        text, time = path.read_text("utf-8"), path.stat().st_mtime
        wanted = self.folder / "tests-of-mutant.txt"
        wanted.write_text("\n".join(tests), "utf-8")
        self.count += 1
        path.write_text(mutated(text, mutant), "utf-8")
        os.utime(path, (time + self.count, time + self.count))
        try:
            done = self.run(f"@{wanted}")
        finally:
            path.write_text(text, "utf-8")
            os.utime(path, (time, time))
        if done.returncode == 0:
            return Result(mutant, False, f"passes {len(tests)} tests")
        lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        if not lines and done.returncode > 1:
            raise SystemExit(f"pytest ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return Result(mutant, True, lines[0].split(" ", 1)[1][:120] if lines else "takes too long")


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS * 10 if "COVERAGE_FILE" in os.environ else SECONDS, SECONDS * 10))


def reaching(tree: Tree, mutants: Sequence[Mutant], cache: Path | None) -> dict[Mutant, list[str]]:
    """The tests that reach each mutant's line, those of few lines of the file first; all of the file for a constant."""
    from coverage import CoverageData

    file = cache or tree.folder / "coverage-of-mutants"
    if not file.exists():
        os.environ["COVERAGE_FILE"] = str(file)
        done = tree.run("--cov=kube_audit_lint", "--cov-context=test", "--cov-report=", *TESTS)
        del os.environ["COVERAGE_FILE"]
        if done.returncode:
            raise SystemExit(f"the tests fail without any mutant:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    data = CoverageData(str(file))
    data.read()
    files = {path[path.index(str(PACKAGE)) :]: path for path in data.measured_files()}
    lines = {path: data.contexts_by_lineno(files[path]) for path in {one.path for one in mutants} & files.keys()}
    return {mutant: _tests_of(lines.get(mutant.path, {}), mutant) for mutant in mutants}


def _tests_of(lines: dict[int, list[str]], mutant: Mutant) -> list[str]:
    reached: dict[str, int] = {}
    for contexts in lines.values():
        for context in filter(None, contexts):
            reached[context] = reached.get(context, 0) + 1
    here = [] if mutant.at_import else [context for context in lines.get(mutant.line, ()) if context]
    wanted = here or list(reached)
    wanted.sort(key=lambda context: (reached[context], context))
    return [*OF_CONSTANTS * mutant.at_import, *dict.fromkeys(context.rpartition("|")[0] for context in wanted)]


def known_as_equivalent() -> list[dict[str, str]]:
    """Changes that nobody can see: the file, the line's code, the change in words, the reason."""
    known: list[dict[str, str]] = json.loads(EQUIVALENT.read_text("utf-8"))
    return known


def equivalent(mutant: Mutant) -> bool:
    key = (mutant.path, mutant.code, mutant.change)
    return any((one["file"], one["code"], one["change"]) == key for one in known_as_equivalent())


def test_all(mutants: Sequence[Mutant], jobs: int, cache: Path | None) -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        trees: Queue[Tree] = Queue()
        for number in range(jobs):
            trees.put(Tree(Path(folder, str(number))))
        tests = reaching(trees.queue[0], mutants, cache)

        def test(mutant: Mutant) -> Result:
            tree = trees.get()
            try:
                return tree.test(mutant, tests[mutant])
            finally:
                trees.put(tree)

        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(test, mutants)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--area", action="append", choices=AREAS, help="default: all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--at-least", type=float, default=85, help="percent to be killed")
    parser.add_argument(
        "--coverage", type=Path, help="a file to keep which tests reach which lines in, for another run"
    )
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    options = parser.parse_args()
    mutants = chosen(options.area or list(AREAS), options.count, options.seed)
    skipped = [mutant for mutant in mutants if equivalent(mutant)]
    mutants = [mutant for mutant in mutants if mutant not in skipped]
    if options.list:
        print(*(_line(mutant) for mutant in mutants), sep="\n")
        return 0
    killed = 0
    for result in test_all(mutants, options.jobs, options.coverage and options.coverage.absolute()):
        killed += result.killed
        print(f"{'killed  ' if result.killed else 'SURVIVED'} {_line(result.mutant)}  [{result.by}]", flush=True)
    share = 100 * killed / max(1, len(mutants))
    print(f"{killed} of {len(mutants)} mutants killed ({share:.0f} %), {len(skipped)} equivalent")
    return 0 if mutants and share >= options.at_least else 1


def _line(mutant: Mutant) -> str:
    return f"{mutant.path}:{mutant.line}: {mutant.change}    {mutant.code}"


if __name__ == "__main__":
    sys.exit(main())
