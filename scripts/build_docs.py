"""Writes a page for every rule (docs/rules/ID.md), the table of them all, the templates, and the list of pages.

The manual page, docs/kube-audit-lint.1, comes from the parser of the command line (man_page.py).

python scripts/build_docs.py            writes them
python scripts/build_docs.py --check    fails when one is stale, or belongs to a rule that is gone
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from difflib import ndiff
from importlib import import_module
from pathlib import Path
from typing import Any

from catalogue_files import CATEGORIES, ROOT, bring_up_to_date, profiles, rules, text_of
from man_page import man_page

from kube_audit_lint.catalogue.examples import files_of
from kube_audit_lint.catalogue.page import setting_text
from kube_audit_lint.catalogue.standards import labels_of

DOCS = ROOT / "docs" / "rules"
MANUAL = ROOT / "docs" / "kube-audit-lint.1"
MAP = ROOT / "docs" / "README.md"
PROFILES = ROOT / "docs" / "profiles"
GUIDE = ROOT / "docs" / "rules-of-your-own.md"
CHECKS = ROOT / "lint" / "kube_audit_lint" / "checks"
EDIT = "<!-- Written by scripts/build_docs.py from {}: change that instead. -->"


def wanted() -> dict[Path, str]:
    """The files that this script writes."""
    files = {DOCS / f"{rule['id']}.md": page(rule) for rule in rules()}
    files[DOCS / "README.md"] = index()
    files[MANUAL] = man_page()
    files |= {PROFILES / f"{profile['id']}.md": profile_page(profile) for profile in profiles()}
    files[PROFILES / "README.md"] = profile_index()
    files[GUIDE] = _with_block(GUIDE, "templates", templates())
    files[MAP] = _with_block(MAP, "pages", pages())
    return {path: text_of(text) for path, text in files.items()}


def _with_block(page: Path, name: str, text: str) -> str:
    """The page with this between its `<!-- begin NAME -->` and `<!-- end NAME -->`."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, _, rest = page.read_text("utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{page}: the markers {begin} and {end} are missing")
    return f"{before}{begin}\n{text}\n{end}{after}"


def page(rule: dict[str, Any]) -> str:
    """One rule's page."""
    parts = [
        EDIT.format(f"rules/{rule['id']}.yaml"),
        f"# {rule['id']}",
        f"{rule['title']}.",
        _facts(rule),
        f"## Why it matters\n\n{rule['why'].strip()}",
    ]
    if rule.get("search"):
        parts.append(f"The message of kube-apiserver:\n\n{_fenced(rule['search'], 'text')}")
    parts.append(f"## How to put it right\n\n{rule['help'].strip()}")
    bad = next((example for example in rule["examples"] if "bad" in example), None)
    good = next(example for example in rule["examples"] if "good" in example)
    if bad is not None:
        parts.append(f"## Found\n\n{_example(rule, bad)}")
    fixed = next((example for example in rule["examples"] if "fixed" in example), None)
    if fixed is not None:
        parts.append(_fixed(rule, fixed))
    parts += [f"## Not found\n\n{_example(rule, good)}", _settings(rule)]
    return "\n\n".join(parts)


def _facts(rule: dict[str, Any]) -> str:
    facts = [
        ("Severity", rule["severity"]),
        ("Category", CATEGORIES[rule["category"]]),
        ("Kubernetes", _versions(rule.get("kubernetes", ""))),
    ]
    if rule.get("pedantic"):
        facts.append(("Reported", "only with `--pedantic`, or when a profile or the configuration turns it on"))
    if rule.get("opt-in"):
        facts.append(("Reported", "only when a profile, the configuration or `--select` turns it on"))
    if rule.get("fix"):
        safe = any("fixed" in one and not one.get("unsafe") for one in rule["examples"])
        facts.append(("Fix", f"`{'--fix' if safe else '--unsafe-fixes'}` ([how](../fixes.md))"))
    standards = (*rule.get("standards", ()), *labels_of(rule["id"]))
    if standards:
        facts.append(("Standards", "<br>".join(standards)))
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in facts)


def _versions(text: str) -> str:
    if not text:
        return "all versions"
    first, dash, last = text.partition("-")
    if not dash:
        return first
    return f"from {first}" if not last else f"up to {last}" if not first else f"{first} to {last}"


def _example(rule: dict[str, Any], example: dict[str, Any]) -> str:
    files = files_of(rule["subject"], example)
    parts = [f"`{file}`\n\n{_fenced(content, _language(file))}" for file, content in files.items()]
    how = [f"`--kubernetes-version {example['kubernetes']}`"] if "kubernetes" in example else []
    how += [f"`--profile {example['profile']}`"] if "profile" in example else []
    if how:
        parts.append(f"With {' '.join(how)}.")
    if "expect" in example:
        parts.append("\n".join(_expected(one) for one in example["expect"]))
    return "\n\n".join(parts)


def _fixed(rule: dict[str, Any], example: dict[str, Any]) -> str:
    """What becomes of an example, as lines that go and lines that come."""
    option = "--unsafe-fixes" if example.get("unsafe") else "--fix"
    before, after = example["bad"].splitlines(), example["fixed"].splitlines()
    rows = "\n".join(row.rstrip() for row in ndiff(before, after) if row[:1] != "?")
    return f"## Fixed\n\n`{option}`:\n\n{_fenced(rows, 'diff')}"


def _expected(expected: dict[str, Any]) -> str:
    place = f"`{expected['file']}`, line {expected['line']}" if "file" in expected else f"Line {expected['line']}"
    severity = f" ({expected['severity']})" if "severity" in expected else ""
    text = str(expected.get("text", "")).split("\n")[0].strip()
    return f"- {place}{severity}: {_code(text)}" if text else f"- {place}{severity}"


def _settings(rule: dict[str, Any]) -> str:
    own = {"severity": rule["severity"]}
    own |= {name: value for name, value in (rule.get("params") or {}).items() if isinstance(value, bool | int | float)}
    values = ", ".join(f"{name}: {str(value).lower()}" for name, value in own.items())
    setting = f"rules:\n  {rule['id']}: {{{values}}}"
    comment = f"# kube-audit-lint: ignore[{rule['id']}] reason"
    return (
        f"## Settings\n\nIn [`.kube-audit-lint.yaml`](../configuration.md), with the values that it has by itself:\n\n"
        f"{_fenced(setting, 'yaml')}\n\n`{rule['id']}: off` turns it off. At one place:\n\n{_fenced(comment, 'yaml')}"
    )


def profile_page(profile: dict[str, Any]) -> str:
    """One profile's page."""
    titles = {rule["id"]: rule for rule in rules()}
    parts = [
        EDIT.format(f"rules/profiles/{profile['id']}.yaml"),
        f"# {profile['id']}",
        f"{profile['title']}.",
        profile["why"],
    ]
    rows = [
        f"| [{id}](../rules/{id}.md) | {setting_text(one)} | {titles[id]['title'].replace('|', chr(92) + '|')} |"
        for id, one in (profile.get("rules") or {}).items()
    ]
    table = "| rule | here | finds |\n|---|---|---|\n" + "\n".join(rows)
    parts.append(f"What is different from the rules as they are:\n\n{table}" if rows else "All rules are as they are.")
    use = f"`--profile {profile['id']}`, or `profile: {profile['id']}` in the [configuration](../configuration.md)"
    return "\n\n".join([*parts, f"{use}. A profile of your own can start from it: `extends: {profile['id']}`."])


def profile_index() -> str:
    """The page that lists the profiles."""
    rows = [f"| [{one['id']}]({one['id']}.md) | {one['title']} |" for one in profiles()]
    table = "| profile | for |\n|---|---|\n" + "\n".join(rows)
    text = (
        "A profile says where the rules of a standard or an organisation depart from the rules as they are. "
        "`kube-audit-lint rules --profiles` lists them; how to write one of your own: "
        "[rules of your own](../rules-of-your-own.md#profiles)."
    )
    return "\n\n".join([EDIT.format("rules/profiles/"), "# Profiles", text, table])


def index() -> str:
    """The page that lists all rules."""
    return "\n\n".join([EDIT.format("rules/"), "# Rules", table()])


def table() -> str:
    """All rules, a table for each category."""
    parts = []
    catalogue = rules()
    for category, title in CATEGORIES.items():
        rows = [_row(rule) for rule in catalogue if rule.get("category") == category]
        if rows:
            parts.append(f"**{title}**\n\n| rule | severity | finds |\n|---|---|---|\n" + "\n".join(rows))
    return "\n\n".join(parts)


def _row(rule: dict[str, Any]) -> str:
    severity = rule["severity"] + ", pedantic" * rule.get("pedantic", False) + ", opt-in" * rule.get("opt-in", False)
    return f"| [{rule['id']}]({rule['id']}.md) | {severity} | {rule['title'].replace('|', chr(92) + '|')} |"


def pages() -> str:
    """The pages of the forms, and those that nobody has put into a group."""
    named = MAP.read_text("utf-8").partition("<!-- begin pages -->")[0]
    others = [path for path in sorted(MAP.parent.glob("*.md")) if path != MAP and f"]({path.name})" not in named]
    profiled = [PROFILES / "README.md", *(PROFILES / f"{one['id']}.md" for one in profiles())]
    parts = [("Forms", sorted((MAP.parent / "forms").glob("*.md"))), ("Profiles", profiled), ("Further pages", others)]
    return "\n\n".join(f"## {title}\n{_listed(found)}" for title, found in parts if found)


def _listed(found: list[Path]) -> str:
    links = ((path.relative_to(MAP.parent).as_posix(), _title(path)) for path in found)
    return "| | |\n|---|---|\n" + "\n".join(f"| [{name}]({name}) | {title} |" for name, title in links)


def _title(path: Path) -> str:
    return next(line for line in path.read_text("utf-8").splitlines() if line.startswith("# "))[2:]


def templates() -> str:
    """The templates that take parameters, with what each of them takes."""
    parts = []
    for path in sorted(CHECKS.glob("[a-z]*.py")):
        template = import_module(f"kube_audit_lint.checks.{path.stem}")
        if template.PARAMS.get("properties"):
            about = (inspect.getdoc(template) or "").split("\n\n")[0].replace("\n", " ")
            about = _sentence(re.sub(r"^Template `[^`]+`: ", "", about))
            name = path.stem.replace("_", "-")
            lines = _parameters(template.PARAMS)
            parts.append(f"### {name}\n\n`subject: {template.SUBJECT}`. {about}\n\n{lines}")
    return "\n\n".join(parts)


def _parameters(schema: dict[str, Any], indent: str = "") -> str:
    """A list of an object's properties, those of objects within below them."""
    lines = []
    for name, value in schema["properties"].items():
        needed = ", needed" if name in schema.get("required", ()) else ""
        about = f". {_sentence(value['description'])}" if "description" in value else ""
        lines.append(f"{indent}- `{name}`: {_type(value)}{needed}{about}")
        inner = value.get("items", value)
        if "properties" in inner:
            lines.append(_parameters(inner, indent + "  "))
    return "\n".join(lines)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"a list of {_type(schema['items'])}".replace("of a text", "of texts").replace(
            "of a mapping", "of mappings"
        )
    names = {"string": "a text", "integer": "a number", "number": "a number", "boolean": "true or false"}
    return names.get(schema.get("type", ""), "a mapping")


def _fenced(text: str, language: str) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _code(text: str) -> str:
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _language(file: str) -> str:
    end = file.rpartition(".")[2]
    return {"yml": "yaml", "yaml": "yaml", "bak": "yaml", "json": "json", "service": "ini"}.get(end, "text")


def gone() -> list[Path]:
    """Pages of rules that do not exist any more."""
    return sorted(set(DOCS.glob("*.md")) - set(wanted()))


def main(check: bool) -> int:
    """Writes or checks; returns the exit code."""
    code = bring_up_to_date(wanted(), "build_docs.py", check)
    for path in gone():
        if check:
            print(f"{path.relative_to(ROOT)} has no rule: run python scripts/build_docs.py", file=sys.stderr)
            code = 1
        else:
            path.unlink()
            print(f"removed {path.relative_to(ROOT)}")
    return code


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is stale")
    raise SystemExit(main(parser.parse_args().check))
