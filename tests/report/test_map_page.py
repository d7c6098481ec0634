"""The page of `map` in a real browser."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from browser import Watched, opened_browser

from kube_audit_lint.analysis.evaluate import evaluate, explain
from kube_audit_lint.analysis.identities import groups_of
from kube_audit_lint.analysis.request import Request
from kube_audit_lint.analysis.stages import written
from kube_audit_lint.cli import main
from kube_audit_lint.model.policy import FIELD_NAMES
from kube_audit_lint.pipeline.mapping import loaded_data
from kube_audit_lint.report.html import asset

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "conformance"))
from as_model import policy_of, request_of
from vector_files import read_vectors

pytestmark = pytest.mark.slow

VECTORS = 200
"""Policies whose recorded decisions the page's evaluator is held to, each with fifty requests."""

HOSTILE = """apiVersion: audit.k8s.io/v1
kind: Policy
rules:
# <script>alert('comment')</script> \u202e
- level: None
  users: ["</style><script>alert('user')</script>", "evil\\u202egnp.exe", "<b id=bold>x</b>"]
  verbs: [get]
  resources:
  - group: "odd.example.com"
    resources: ["widgets"]
- level: Metadata
  userGroups: ["</script><script>alert('group')</script>"]
  namespaces: ["shop"]
- level: None
  nonResourceURLs: ["/<img src=x onerror=alert('url')>*", "/healthz*"]
- level: Request
  verbs: [create, update]
- level: Metadata
  verbs: [create]
- level: RequestResponse
  verbs: [get]
"""
NEW = HOSTILE.replace("- level: RequestResponse\n  verbs: [get]", "- level: None\n  verbs: [get]").replace(
    "- level: Request\n", "- level: RequestResponse\n"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "<b>old.yaml").write_text(HOSTILE)
    (tmp_path / "new.yaml").write_text(NEW)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(browser: Any, folder: Path, *words: str, **options: Any) -> Watched:
    """The page of a policy, or of two."""
    assert main(["map", *words, "--kubernetes-version", "1.30", "--output", "map.html"]) == 0
    watched = Watched(browser, **options)
    watched.page.goto((folder / "map.html").as_uri())
    return watched


def hold(watched: Watched) -> None:
    """No errors, and nothing loaded but the file."""
    assert watched.trouble == []
    assert [url for url in watched.loaded if not url.startswith("file:")] == []
    assert len(watched.loaded) == 1


def cell(watched: Watched, title: str, verb: str) -> Any:
    """A cell of the matrix."""
    index = watched.page.evaluate(
        """([title, verb]) => {
            const rows = [...document.querySelectorAll("tr[data-r]")];
            const row = rows.find((one) => one.cells[0].textContent === title && !one.hidden);
            const heads = [...row.closest("table").tHead.rows[0].cells];
            return [row.dataset.r, heads.findIndex((one) => one.dataset.verb === verb)];
        }""",
        [title, verb],
    )
    return watched.page.locator(f'tr[data-r="{index[0]}"] > *').nth(index[1])


def test_the_evaluator_decides_as_kube_apiserver_did(browser: Any) -> None:
    """Held against what kube-apiserver's own code was recorded to decide, and against the Python evaluator."""
    watched = Watched(browser)
    watched.page.set_content("<p>empty</p>")
    watched.page.add_script_tag(content=asset("evaluate.js"))
    held = 0
    vectors = (vector for vector in read_vectors("1.36") if vector.error is None)
    for vector in islice(vectors, VECTORS):
        policy = policy_of(vector.policy)
        pairs = [
            (request_of(recorded), theirs)
            for recorded, theirs in zip(vector.requests, vector.decisions, strict=True)
            if "refused" not in recorded and theirs is not None
        ]
        answers = watched.page.evaluate(
            """([policy, requests]) => requests.map((request) => {
                const decision = audit.decide(policy, request);
                return [decision, audit.written(request, decision), audit.earlier(policy, request)];
            })""",
            [loaded_data(policy), [_of(request) for request, _ in pairs]],
        )
        for (request, theirs), (decision, what, earlier) in zip(pairs, answers, strict=True):
            assert (decision["rule"], decision["level"]) == (theirs.rule, theirs.level), request
            assert set(decision["omitStages"]) == set(theirs.omit_stages), request
            assert theirs.omit_managed_fields in (None, decision["omitManagedFields"]), request
            ours = written(request, evaluate(policy, request))
            assert (tuple(what["stages"]), tuple(what["omitted"])) == (ours.stages, ours.omitted), request
            assert (what["requestBody"], what["responseBody"]) == (ours.request_body, ours.response_body), request
            assert earlier == [FIELD_NAMES[field] for _, field in explain(policy, request)], request
            held += 1
    assert held > 40 * VECTORS
    assert watched.trouble == []


def _of(request: Request) -> dict[str, Any]:
    return {**request._asdict(), "groups": sorted(request.groups)}


def test_the_groups_that_every_user_is_in(browser: Any) -> None:
    users = ["jane", "system:anonymous", "system:apiserver", "system:unsecured", "system:serviceaccount:a:b"]
    users += ["system:serviceaccount:odd", "system:serviceaccount::b", "system:serviceaccount:a:b:c"]
    page = browser.new_page()
    page.add_script_tag(content=asset("evaluate.js"))
    for minor in (16, 19, 20, 28, 29, 37):
        found = page.evaluate("([users, minor]) => users.map((one) => audit.groupsOf(one, minor))", [users, minor])
        assert [set(one) for one in found] == [groups_of(user, minor) for user in users]
    assert page.evaluate("() => audit.groupsOf(null, 30)") == []


def test_every_control(browser: Any, folder: Path) -> None:
    watched = opened(browser, folder, "<b>old.yaml")
    page = watched.page
    count = page.locator("#count")
    everything = count.inner_text()
    page.fill("#search", "pods/ex")
    assert count.inner_text().startswith("1 of ")
    page.fill("#search", "no such thing")
    assert "nothing matches" in count.inner_text()
    page.click("#reset")
    assert count.inner_text() == everything
    for select in ("group", "level", "rule"):
        for value in page.locator(f"#{select} option").evaluate_all("(all) => all.map((one) => one.value)"):
            page.select_option(f"#{select}", value)
        assert page.locator(f"#{select} option").count() > 2
        page.click("#reset")
    page.select_option("#rule", "5")  # which decides nothing: rule 4 has taken all of its requests
    assert "nothing matches" in count.inner_text()
    page.click("#reset")
    page.select_option("#group", "URLs")
    assert page.locator("tr[data-r]:visible").count() < 6
    page.click("#reset")
    texts = set()
    for value in page.locator("#who option").evaluate_all("(all) => all.map((one) => one.value)"):
        page.select_option("#who", value)
        assert page.locator("#note").inner_text()
        texts.add("".join(page.locator("td[data-c]").all_inner_texts()))
    assert len(texts) >= 3  # everybody, those whom no rule is about, and who rule 1 is about
    hold(watched)


def test_cells_and_rules_lead_to_each_other(browser: Any, folder: Path) -> None:
    watched = opened(browser, folder, "<b>old.yaml")
    page = watched.page
    create = cell(watched, "pods", "create")
    assert create.inner_text() == "differs"
    create.click()
    shown = page.locator("#cell").inner_text()
    assert "rule 2 (line " in shown
    assert "rule 4 (line " in shown
    lit = page.locator(".rule.lit").evaluate_all("(all) => all.map((one) => one.dataset.rule)")
    assert lit == ["2", "4"]
    page.locator("#cell .case").nth(1).get_by_role("button", name="rule 4").click()
    assert page.locator('.rule[data-rule="4"]').get_attribute("aria-pressed") == "true"
    verbs = page.locator("td.lit").evaluate_all(
        "(all) => [...new Set(all.map((td) => td.closest('table').tHead.rows[0].cells[td.cellIndex].dataset.verb))]"
    )
    assert sorted(verbs) == ["create", "update"]
    page.locator('.rule[data-rule="4"]').press("Enter")  # once more: none is chosen
    assert page.locator("td.lit").count() == 0
    page.locator("#cell .case").nth(1).get_by_role("button", name="Try it").click()
    assert "decided by rule 4 (line " in page.locator("#answer").inner_text()
    assert "unreached" in (page.locator('.rule[data-rule="5"]').get_attribute("class") or "")
    assert page.locator(".finding", has_text="unreachable-rule").count() == 1
    hold(watched)


CASES = """
(every) => {
    // Chooses cells, tries the request of each case, and compares the answer with the case.
    const wrong = [];
    let held = 0;
    [...document.querySelectorAll("td[data-c]")].forEach((td, index) => {
        if (index % every) return;
        td.click();
        const cases = [...document.querySelectorAll("#cell .case")].map((one) => [
            one.querySelector("p").textContent.match(/rule \\d+ \\(line \\d+\\)|no rule/g),
            [...one.querySelectorAll("p:first-child .level")].map((level) => level.textContent),
            one.querySelector("code + button"),
            one.querySelector("code").textContent,
        ]);
        for (const [rules, levels, button, shown] of cases) {
            button.click();
            const lines = [...document.querySelectorAll("#answer .decision")];
            const answered = lines.map((line) => line.textContent.match(/rule \\d+ \\(line \\d+\\)|no rule/)[0]);
            const given = lines.map((line) => line.querySelector(".level").textContent);
            const same = answered.join() === rules.join() && given.join() === levels.join();
            const typed = document.querySelector("#answer code").textContent === shown;
            document.querySelector("#try button").click();
            const again = [...document.querySelectorAll("#answer .decision")].map((line) => line.textContent);
            if (!same || !typed || again.join() !== lines.map((line) => line.textContent).join()) {
                wrong.push([td.getAttribute("aria-label"), shown, answered, rules, again]);
            }
            held += 1;
        }
    });
    return [held, wrong.slice(0, 3)];
}
"""


@pytest.mark.parametrize(("paths", "step"), [(["thirty.yaml"], 7), (["<b>old.yaml", "new.yaml"], 3)])
def test_the_request_of_a_case_comes_to_it(browser: Any, folder: Path, paths: list[str], step: int) -> None:
    """The request that the page makes for a case is decided so, as it is and typed into the box again."""
    (thirty,) = (Path(__file__).resolve().parents[2] / "benchmarks").rglob("thirty-rules.yaml")
    (folder / "thirty.yaml").write_text(thirty.read_text("utf-8"))
    watched = opened(browser, folder, *paths)
    if len(paths) > 1:
        watched.page.uncheck("#changed")
    senders = watched.page.locator("#who option").count()
    for sender in range(senders):
        watched.page.select_option("#who", str(sender))
        held, wrong = watched.page.evaluate(CASES, step if sender == 0 else 47)
        assert wrong == []
        assert held > (200 if sender == 0 else 10)
    hold(watched)


def test_seen_at_first_as_who_is_asked_for(browser: Any, folder: Path) -> None:
    watched = opened(browser, folder, "<b>old.yaml", "--who", "anonymous")
    assert watched.page.locator("#who option:checked").inner_text() == "anonymous"
    assert watched.page.locator("td.d").count() == 0
    hold(watched)


def test_the_keyboard(browser: Any, folder: Path) -> None:
    watched = opened(browser, folder, "<b>old.yaml")
    page = watched.page
    first = page.locator('td[data-c][tabindex="0"]')
    first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.locator('td[data-c][tabindex="0"]').count() == 1
    page.keyboard.press("Enter")
    assert page.locator('td[aria-selected="true"]').count() == 1
    assert page.locator("#cell .case").count() >= 1
    label = page.locator('td[aria-selected="true"]').get_attribute("aria-label")
    assert label is not None
    assert "rule" in label
    hold(watched)


def test_requests_are_answered_as_explain_does(browser: Any, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watched = opened(browser, folder, "<b>old.yaml")
    page = watched.page
    asked = [
        ("jane", "", "create", "pods", "shop", ""),
        ("jane", "devs", "get", "deployments.apps/scale", "shop", "web"),
        ("", "", "get", "/healthz/ready", "", ""),
        ("system:serviceaccount:shop:web", "", "delete", "secrets", "", ""),
        ("jane", "</script><script>alert('group')</script>", "update", "namespaces", "", "shop"),
        ("jane", "", "get", "widgets.odd.example.com", "", "x"),
        ("<b id=bold>x</b>", "", "get", "widgets.odd.example.com", "", "x"),
    ]
    for user, group, verb, what, namespace, name in asked:
        values = {"user": user, "groups": group, "what": what, "namespace": namespace, "name": name}
        for control, value in values.items():
            page.fill(f"#{control}", value)
        page.select_option("#verb", verb)
        page.get_by_role("button", name="Explain").click()
        shown = " ".join(page.locator("#answer").inner_text().split())
        options = ["--url" if what.startswith("/") else "--resource", what, "--verb", verb]
        for option, value in (("--user", user), ("--group", group), ("--namespace", namespace), ("--name", name)):
            options += [option, value] if value else []
        capsys.readouterr()
        code = main(["explain", "<b>old.yaml", *options, "--kubernetes-version", "1.30", "--format", "json"])
        assert code == 0
        data = json.loads(capsys.readouterr().out)
        decided = f"decided by rule {data['rule']} (line {data['line']})" if data["rule"] else "no rule matches"
        assert decided in shown
        if data["stages"]:
            assert f"Recorded at {', '.join(data['stages'])}" in shown
            assert f"Request body: {'recorded' if data['requestBody'] else 'not recorded'}." in shown
        assert page.locator("#answer li").count() == len(data["earlier"])
    hold(watched)


@pytest.mark.parametrize(
    ("verb", "what", "wrong"),
    [
        ("list", "secret", "serve no secret in the core group"),
        ("delete", "pods/log", "pods/log is not served with delete, only with get"),
        ("head", "pods", "no request for a resource has the verb head"),
        ("list", "/healthz", "the verb of a path is the HTTP method"),
        ("get", "/api/v1/pods", "this path names a resource"),
        ("get", "", "name a resource"),
    ],
)
def test_requests_that_nobody_sends(browser: Any, folder: Path, verb: str, what: str, wrong: str) -> None:
    watched = opened(browser, folder, "<b>old.yaml")
    watched.page.fill("#user", "jane")
    watched.page.fill("#what", what)
    watched.page.select_option("#verb", verb)
    watched.page.click("#try button")
    assert wrong in watched.page.locator("#answer").inner_text()
    hold(watched)


def test_hostile_names_are_text(browser: Any, folder: Path) -> None:
    watched = opened(browser, folder, "<b>old.yaml")
    page = watched.page
    for value in page.locator("#who option").evaluate_all("(all) => all.map((one) => one.value)"):
        page.select_option("#who", value)
        for each in page.locator("td.d:visible, td.m:visible").all()[:6]:
            each.click()
    text = page.locator("body").inner_text()
    assert "<b>old.yaml" in page.title()
    assert "<script>alert('comment')</script> \\u202e" in text
    assert "\u202e" not in page.content()
    assert "</style><script>alert('user')</script>" in page.locator("#who").inner_text()
    assert "evil\\u202egnp.exe" in page.locator("#who").inner_text()
    assert page.locator("#bold, img, b > b").count() == 0
    assert page.locator("script").count() == 2
    hold(watched)


def test_two_policies(browser: Any, folder: Path) -> None:
    watched = opened(browser, folder, "<b>old.yaml", "new.yaml")
    page = watched.page
    rows = page.locator("tr[data-r]:visible").count()
    page.uncheck("#changed")
    assert page.locator("tr[data-r]:visible").count() > rows
    page.check("#changed")
    page.select_option("#who", label="an ordinary user")
    assert cell(watched, "pods/log", "get").inner_text() == "ReqResp → –"  # noqa: RUF001
    assert cell(watched, "nodes", "create").inner_text() == "Request → ReqResp"
    cell(watched, "pods/log", "get").click()
    assert "less is recorded" in page.locator("#cell").inner_text()
    for level in ("less", "more"):
        page.select_option("#level", level)
        assert page.locator("td.lit").count() > 5
    page.click("#reset")
    page.locator("details summary").first.click()
    page.locator('.rule[data-old][data-rule="4"]').click()
    assert page.locator("td.lit").count() > 5
    assert page.locator(".changes li").count() >= 2
    page.fill("#user", "jane")
    page.fill("#what", "nodes")
    page.fill("#name", "x")
    page.click("#try button")
    answer = page.locator("#answer").inner_text()
    assert "Before (<b>old.yaml): RequestResponse" in answer
    assert "After (new.yaml): nothing" in answer
    hold(watched)


@pytest.mark.parametrize("width", [360, 800, 1500])
def test_nothing_is_wider_than_the_window(browser: Any, folder: Path, width: int) -> None:
    watched = opened(browser, folder, "<b>old.yaml", viewport={"width": width, "height": 900})
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    hold(watched)


def test_the_page_reads_without_a_script_and_on_paper(browser: Any, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    assert main(["map", "<b>old.yaml", "--output", "map.html"]) == 0
    page = context.new_page()
    page.goto((folder / "map.html").as_uri())
    assert page.locator("td.d").count() > 100
    assert not page.locator("#who").is_visible()
    assert page.locator(".rule.unreached").count() == 1
    watched = opened(browser, folder, "<b>old.yaml")
    watched.page.emulate_media(media="print")
    assert not watched.page.locator("#try").is_visible()
    assert watched.page.locator("td.d").first.is_visible()
    watched.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    printed = watched.page.locator("#printed").inner_text()
    assert "create bindings, create configmaps" in printed
    assert "everybody; in shop" not in printed  # only members of the group
    assert "Try it" not in printed
    hold(watched)


def test_a_policy_of_thirty_rules_is_a_small_page(tmp_path: Path) -> None:
    (thirty,) = (Path(__file__).resolve().parents[2] / "benchmarks").rglob("thirty-rules.yaml")
    assert main(["map", str(thirty), "--output", str(tmp_path / "map.html")]) == 0
    assert (tmp_path / "map.html").stat().st_size <= 200_000
