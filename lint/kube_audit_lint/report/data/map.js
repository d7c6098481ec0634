// The page of `map`: filters, links between cells and rules, and the box in which a request is tried.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const SHORT = { None: "–", Metadata: "Meta", Request: "Request", RequestResponse: "ReqResp", differs: "differs" };
  const WORDS = { None: "nothing", Metadata: "Metadata", Request: "Request", RequestResponse: "RequestResponse", differs: "differs" };
  const LETTERS = { None: "n", Metadata: "m", Request: "q", RequestResponse: "r", differs: "d" };
  const compares = data.before !== null;
  const byId = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const state = { sender: 0, cell: null, rule: 0, old: false };

  // The rows, with what is not said of them where it follows from the title and the group.
  data.rows = all("tr[data-r]").map((tr, index) => {
    const [title, scopes, key, examples] = data.rows[index];
    const group = tr.parentElement.dataset.g;
    const own = [group === "core" ? "" : group, ...title.split("/"), ""].slice(0, 3);
    return { group, title, scopes, key: key === undefined ? own : key, examples: examples || [own] };
  });

  // What would not show, or would turn the direction of what follows, as an escape.
  function visible(text) {
    return String(text).replace(/[\p{C}\p{Zl}\p{Zp}\p{Zs}]/gu, (one) => {
      if (one === " " || one === "\u3000") return one;
      const code = one.codePointAt(0);
      const named = { 9: "\\t", 10: "\\n", 13: "\\r" }[code];
      return named || (code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`);
    });
  }

  function make(name, content, properties = {}) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
      if (key.startsWith("data") || key.startsWith("aria")) element.setAttribute(key, value);
      else element[key] = value;
    }
    for (const part of [content].flat()) element.append(typeof part === "string" ? visible(part) : part);
    return element;
  }

  const verbName = (verb) => verb || "OPTIONS";

  // -- what a cell shows

  const cells = all("td[data-c]").map((td) => {
    const row = Number(td.parentElement.dataset.r);
    const verb = td.closest("table").tHead.rows[0].cells[td.cellIndex].dataset.verb;
    td.tabIndex = -1;
    return { td, row, verb, cls: Number(td.dataset.c) };
  });
  const ofElement = new Map(cells.map((cell) => [cell.td, cell]));

  // The cases of a cell that the chosen users' requests come to, each with its sample.
  function seen(cell) {
    const flat = data.seen[data.classes[cell.cls][state.sender]];
    const found = [];
    for (let index = 0; index < flat.length; index += 2) {
      const [rule, level, who, where, exact, oldRule, oldLevel, direction] = data.cases[flat[index]];
      const text = { who: data.words[who], where: data.words[where] };
      const levels = { level: audit.LEVELS[level], oldLevel: audit.LEVELS[oldLevel] };
      found.push({ rule, ...levels, ...text, exact, oldRule, direction, sample: data.samples[flat[index + 1]] });
    }
    return found;
  }

  function look(cases) {
    const levels = new Set(cases.map((one) => one.level));
    const old = new Set(cases.map((one) => one.oldLevel));
    const directions = new Set(cases.map((one) => one.direction).filter(Boolean));
    const one = (set) => (set.size === 0 ? "" : set.size > 1 ? "differs" : [...set][0]);
    const order = ["less", "differently", "more"];
    return { level: one(levels), old: one(old), direction: order.find((each) => directions.has(each)) || "" };
  }

  function words(shown) {
    if (shown.level === "") return "";
    if (!shown.direction) return SHORT[shown.level];
    return shown.old === shown.level ? `${SHORT[shown.level]} *` : `${SHORT[shown.old]} → ${SHORT[shown.level]}`;
  }

  function paint() {
    for (const cell of cells) {
      const cases = seen(cell);
      const shown = look(cases);
      cell.cases = cases;
      cell.shown = shown;
      cell.td.textContent = words(shown);
      const letter = LETTERS[shown.level] || "o";
      cell.td.className = compares ? `${letter} ${shown.direction || "same"}` : letter;
      const rules = [...new Set(cases.map((one) => (one.rule ? `rule ${one.rule}` : "no rule")))].join(", ");
      const what = `${verbName(cell.verb)} ${data.rows[cell.row].title}`;
      const change = shown.direction ? `, before ${WORDS[shown.old] || "nothing"}, ${shown.direction}` : "";
      const level = WORDS[shown.level] || "never sent";
      cell.td.setAttribute("aria-label", visible(`${what}: ${level}${change}, ${rules}`));
    }
    filter();
    details();
  }

  // -- filters

  function matchesLevel(cell, wanted) {
    if (wanted === "") return true;
    if (["less", "differently", "more"].includes(wanted)) return cell.cases.some((one) => one.direction === wanted);
    return cell.shown.level === wanted || (wanted !== "differs" && cell.cases.some((one) => one.level === wanted));
  }

  function matchesRule(cell) {
    if (!state.rule) return true;
    return cell.cases.some((one) => (state.old ? one.oldRule : one.rule) === (state.rule < 0 ? 0 : state.rule));
  }

  function filter() {
    const words = byId("search").value.trim().toLowerCase();
    const group = byId("group").value;
    const level = byId("level").value;
    const only = compares && byId("changed").checked;
    const lighting = Boolean(state.rule || level);
    const rows = new Map();
    for (const cell of cells) {
      const lit = lighting && matchesLevel(cell, level) && matchesRule(cell) && cell.shown.level !== "";
      cell.td.classList.toggle("lit", lit);
      const kept = (!lighting || lit) && (!only || cell.shown.direction !== "");
      rows.set(cell.row, rows.get(cell.row) || kept);
    }
    byId("matrix").classList.toggle("lighting", lighting);
    let count = 0;
    for (const tr of all("tr[data-r]")) {
      const row = data.rows[Number(tr.dataset.r)];
      const text = `${row.group} ${row.title}`.toLowerCase();
      const shown = (group === "" || row.group === group) && (words === "" || text.includes(words)) && rows.get(Number(tr.dataset.r));
      tr.hidden = !shown;
      count += shown ? 1 : 0;
    }
    for (const body of all("tbody.group")) body.hidden = [...body.querySelectorAll("tr[data-r]")].every((tr) => tr.hidden);
    for (const table of all("#matrix table")) table.hidden = [...table.querySelectorAll("tbody.group")].every((body) => body.hidden);
    byId("count").textContent = `${count} of ${data.rows.length} rows${count ? "" : ": nothing matches these filters"}`;
    light();
  }

  // -- rules and cells, both ways

  function light() {
    const cell = state.cell;
    for (const element of all(".rule")) {
      const number = Number(element.dataset.rule);
      const old = "old" in element.dataset;
      const ofCell = cell !== null && cell.cases.some((one) => (old ? one.oldRule : one.rule) === number);
      const chosen = state.rule === number && state.old === old;
      element.classList.toggle("lit", ofCell || chosen);
      element.setAttribute("aria-pressed", String(chosen));
    }
  }

  function chooseRule(number, old) {
    const same = state.rule === number && state.old === old;
    state.rule = same ? 0 : number;
    state.old = same ? false : old;
    byId("rule").value = state.old ? "" : String(state.rule || "");
    filter();
  }

  function showRule(number, old) {
    const selector = old ? `.rule[data-old][data-rule="${number}"]` : `.rule[data-rule="${number}"]:not([data-old])`;
    const element = document.querySelector(selector);
    if (element) {
      const panel = element.closest("details");
      if (panel) panel.open = true;
      const box = element.closest(".policy");
      const [inner, outer] = [element.getBoundingClientRect(), box.getBoundingClientRect()];
      if (inner.top < outer.top || inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - 20;
    }
  }

  function choose(cell) {
    if (state.cell) {
      state.cell.td.removeAttribute("aria-selected");
      state.cell.td.tabIndex = -1;
    }
    state.cell = cell;
    cell.td.setAttribute("aria-selected", "true");
    cell.td.tabIndex = 0;
    details();
    if (matchMedia("(max-width: 70rem)").matches) byId("cell").scrollIntoView({ block: "nearest" });
    light();
    const first = cell.cases.find((one) => one.rule);
    if (first) showRule(first.rule, false);
  }

  function ruleButton(number, old) {
    if (!number) return "no rule";
    const rule = (old ? data.before : data.policy).rules[number - 1];
    const button = make("button", `rule ${number} (line ${rule[1]})`, { type: "button" });
    button.addEventListener("click", () => {
      chooseRule(number, old);
      showRule(number, old);
    });
    return button;
  }

  const badge = (level) => make("span", WORDS[level], { className: `level ${level.toLowerCase()}` });

  function details() {
    const box = byId("cell");
    box.replaceChildren();
    const cell = state.cell;
    if (cell === null) {
      box.append(make("p", "Choose a cell: what is recorded, by which rule, and a request that shows it.", { className: "soft" }));
      return;
    }
    const row = data.rows[cell.row];
    const where = row.key === null ? "" : ` (${row.group})`;
    box.append(make("h3", `${verbName(cell.verb)} ${row.title}${where}`));
    if (!cell.cases.length) box.append(make("p", "These users never send such a request."));
    for (const one of cell.cases) box.append(caseOf(cell, one));
  }

  function caseOf(cell, one) {
    const part = make("div", [], { className: "case" });
    const line = make("p", []);
    if (compares) line.append(badge(one.oldLevel), " ", ruleButton(one.oldRule, true), " → ");
    line.append(badge(one.level), " ", ruleButton(one.rule, false));
    if (one.direction) line.append(` ${one.direction === "differently" ? "recorded differently" : `${one.direction} is recorded`}`);
    const some = one.exact ? "" : "some of: ";
    const request = requestOf(cell, one.sample);
    const use = make("button", "Try it", { type: "button" });
    use.addEventListener("click", () => fill(request));
    part.append(line, make("p", `${some}${[one.who, one.where].filter(Boolean).join("; ")}`), make("p", [make("code", described(request)), " ", use]));
    return part;
  }

  // -- requests

  function requestOf(cell, sample) {
    const [by, namespace, name] = sample;
    const [user, groups] = data.users[by];
    const row = data.rows[cell.row];
    const sender = { user, groups, verb: cell.verb };
    if (row.key === null) return { ...sender, url: row.examples[0] };
    const cluster = namespace === "" && !["list", "watch", "deletecollection"].includes(cell.verb);
    const [group, resource, subresource] = row.examples[cluster ? row.examples.length - 1 : 0];
    const object = data.examples.objects[resource] || data.examples.object;
    let [space, called] = [namespace, name];
    if (group === "" && resource === "namespaces" && space !== "" && called !== "") space = called = space || called || data.examples.namespace;
    if (space === null) space = data.examples.namespace;
    if (called === null) called = object;
    return { ...sender, url: null, group, resource, subresource, namespace: space, name: called };
  }

  const combined = (request) => request.resource + (request.group ? `.${request.group}` : "") + (request.subresource ? `/${request.subresource}` : "");

  function described(request) {
    const who = request.user === null ? "(nobody could be authenticated)" : `by ${request.user}`;
    const always = audit.groupsOf(request.user, data.examples.minor);
    const more = request.groups.filter((group) => !always.includes(group));
    const what = request.url !== null ? request.url : combined(request) + (request.name ? ` ${request.name}` : "");
    const place = request.url === null && request.namespace && request.resource !== "namespaces" ? ` -n ${request.namespace}` : "";
    return `${verbName(request.verb)} ${what}${place} ${who}${more.length ? ` (${more.join(", ")})` : ""}`;
  }

  function fill(request) {
    const always = audit.groupsOf(request.user, data.examples.minor);
    byId("user").value = request.user === null ? "" : request.user;
    byId("groups").value = request.groups.filter((group) => !always.includes(group)).join(", ");
    byId("verb").value = request.verb || "options";
    byId("what").value = request.url !== null ? request.url : combined(request);
    const own = request.resource === "namespaces" && request.verb !== "watch"; // the name is the namespace
    byId("namespace").value = request.url !== null || own ? "" : request.namespace;
    byId("name").value = request.url !== null ? "" : request.name;
    answer(request, []);
    byId("answer").scrollIntoView({ block: "nearest" });
  }

  // What is typed as the request that it is; raises an Error with what is wrong.
  function typed() {
    const text = (id) => byId(id).value.trim();
    const user = text("user") === "" ? null : text("user");
    const own = text("groups").split(",").map((one) => one.trim()).filter(Boolean);
    if (user === null && own.length) throw new Error("groups are those of a user, and a request that fails authentication has none");
    const groups = [...new Set([...audit.groupsOf(user, data.examples.minor), ...own])];
    const sender = { user, groups, verb: byId("verb").value };
    if (text("what") === "") throw new Error("name a resource, such as pods/exec or deployments.apps, or a path, such as /healthz");
    return text("what").startsWith("/") ? ofPath(sender, text) : ofResource(sender, text);
  }

  function ofPath(sender, text) {
    if (text("namespace") || text("name")) throw new Error("a path holds all there is: a namespace and a name go with a resource");
    const url = unquoted(text("what").split("?")[0]);
    const parts = url.replace(/^\/+|\/+$/g, "").split("/");
    if ((parts[0] === "api" && parts.length > 2) || (parts[0] === "apis" && parts.length > 3)) {
      throw new Error("this path names a resource: type the resource, and its verb");
    }
    if (!data.urlVerbs.includes(sender.verb)) throw new Error(`the verb of a path is the HTTP method, not ${sender.verb}: ${data.urlVerbs.join(", ")}`);
    return [{ ...sender, url }, []];
  }

  function unquoted(path) {
    try {
      return decodeURIComponent(path);
    } catch {
      return path;
    }
  }

  function ofResource(sender, text) {
    const [plain, ...subs] = text("what").split("/");
    const [resource, ...group] = plain.split(".");
    const verb = sender.verb === "options" ? "" : sender.verb; // on a resource OPTIONS has no verb, on a path it has
    const asked = { ...sender, verb, url: null, resource, group: group.join("."), subresource: subs.join("/"), namespace: text("namespace"), name: text("name") };
    if (!resource || subs.length > 1 || subs[0] === "") throw new Error("a resource is RESOURCE[.GROUP][/SUBRESOURCE], such as pods/exec");
    if (!data.verbs.includes(asked.verb)) throw new Error(`no request for a resource has the verb ${asked.verb}: it is one of ${data.verbs.map(verbName).join(", ")}`);
    return placed(asked, scopeOf(asked));
  }

  // Whether a resource is in a namespace: true, false, or null where either is possible.
  function scopeOf(asked) {
    const { group, resource, subresource, verb } = asked;
    if (!data.examples.builtIn.includes(group)) return null;
    const row = data.rows.find((one) => one.key !== null && one.key[0] === group && one.key[1] === resource && one.key[2] === subresource);
    const name = subresource ? `${resource}/${subresource}` : resource;
    if (!row) throw new Error(`these versions serve no ${name} in ${group ? `the group ${group}` : "the core group"}`);
    const verbs = cells.filter((cell) => data.rows[cell.row] === row).map((cell) => cell.verb);
    if (!verbs.includes(verb)) throw new Error(`${name} is not served with ${verbName(verb)}, only with ${verbs.map(verbName).join(", ")}`);
    return row.scopes.length > 1 ? null : row.scopes[0];
  }

  // With the namespace and the name that such a request has.
  function placed(asked, namespaced) {
    const notes = [];
    const { verb, resource, subresource } = asked;
    const named = subresource !== "" || ["get", "update", "patch", "delete"].includes(verb);
    let { namespace, name } = asked;
    if (subresource && (verb === "list" || verb === "deletecollection")) throw new Error(`a ${verb} is of a whole resource, and ${combined(asked)} belongs to one object`);
    if (name && !named && (verb === "create" || verb === "deletecollection")) throw new Error(`a ${verb} of ${combined(asked)} carries no name: leave it out`);
    if (/\//.test(name + namespace) || [".", ".."].includes(name)) throw new Error("a namespace or name is one segment of a path");
    if (named && !name) {
      name = data.examples.objects[resource] || data.examples.object;
      notes.push(`Without a name, ${name} stands for any that no rule names.`);
    }
    if (asked.group === "" && resource === "namespaces") {
      // The legacy GET /api/v1/watch/namespaces/NAME is the one watch of namespaces that has the namespace.
      const legacy = verb === "watch" && name !== "" && namespace === name;
      if (legacy || (named && (namespace === "" || namespace === name))) return [{ ...asked, namespace: name, name }, notes];
    }
    if (namespaced === false && namespace) throw new Error(`${resource} are in no namespace: leave it out`);
    if (namespaced && !namespace && verb !== "list" && verb !== "watch") {
      namespace = data.examples.namespace;
      notes.push(`Without a namespace, ${namespace} stands for any that no rule names.`);
    }
    return [{ ...asked, namespace, name }, notes];
  }

  // -- what explain says

  function answer(request, notes) {
    const box = byId("answer");
    box.replaceChildren(make("p", make("code", described(request))), ...notes.map((note) => make("p", note, { className: "soft" })));
    const versions = compares ? [[data.before, true], [data.policy, false]] : [[data.policy, false]];
    for (const [policy, old] of versions) box.append(...decided(policy, old, request));
  }

  function decided(policy, old, request) {
    const decision = audit.decide(policy.data, request);
    const what = audit.written(request, decision);
    const head = compares ? `${old ? "Before" : "After"} (${policy.name}): ` : "";
    const line = make("p", head, { className: "decision" });
    if (decision.rule < 0) {
      line.append(badge("None"), " no rule matches: the request is not recorded.");
    } else {
      line.append(badge(decision.level), " decided by ", ruleButton(decision.rule + 1, old), `. ${stages(what, decision)}`);
    }
    const bodies = decision.rule < 0 ? "" : `Request body: ${what.requestBody ? "recorded" : "not recorded"}. Response body: ${what.responseBody ? "recorded" : "not recorded"}.`;
    const passed = audit.earlier(policy.data, request).map((field, index) => make("li", `${field}: ${reason(policy.data.rules[index], request, field)}`));
    const list = passed.length ? [make("details", [make("summary", `${passed.length} earlier rules, and the condition that each of them failed`), make("ol", passed)])] : [];
    return [line, make("p", bodies), ...list];
  }

  function stages(what, decision) {
    if (decision.level === "None") return "Nothing is recorded.";
    if (!what.stages.length) return `Nothing is recorded: ${what.omitted.join(", ")} omitted.`;
    return `Recorded at ${what.stages.join(", ")}${what.omitted.length ? ` (omitted: ${what.omitted.join(", ")})` : ""}.`;
  }

  function reason(rule, request, field) {
    if (request.user === null && (field === "users" || field === "userGroups")) return "the request has no user";
    if (field === "resources" || field === "namespaces") {
      if (request.url !== null) return "the request names no resource";
      if (field === "resources") return `${combined(request)}${request.name ? ` named ${request.name}` : ""} is not in them`;
    }
    if (field === "nonResourceURLs" && request.url === null) return "the request is one for a resource";
    const have = { users: request.user, userGroups: request.groups.join(", "), verbs: verbName(request.verb), namespaces: `"${request.namespace}"`, nonResourceURLs: request.url };
    return `${have[field]} is not among ${rule[field].join(", ")}`;
  }

  // -- on paper, where nothing can be chosen: what the cells that are shown depend on

  function print() {
    const found = new Map();
    for (const cell of cells) {
      if (cell.shown.level !== "differs" || cell.td.parentElement.hidden) continue;
      const key = cell.cases.map((one) => [one.rule, one.oldRule, one.who, one.where].join("\n")).join("\n\n");
      found.set(key, [...(found.get(key) || []), cell]);
    }
    const parts = [...found.values()].map((alike) => {
      const names = alike.slice(0, 3).map((cell) => `${verbName(cell.verb)} ${data.rows[cell.row].title}`);
      const more = alike.length > 3 ? ` and ${alike.length - 3} more cells` : "";
      return make("div", [make("h3", names.join(", ") + more), ...alike[0].cases.map((one) => caseOf(alike[0], one))]);
    });
    byId("printed").replaceChildren(...(parts.length ? [make("h2", "It depends"), ...parts] : []));
  }

  // -- controls

  function move(td, key) {
    const tr = td.parentElement;
    const steps = { ArrowLeft: -1, ArrowRight: 1 };
    if (key in steps) {
      let next = td;
      do next = steps[key] < 0 ? next.previousElementSibling : next.nextElementSibling;
      while (next && !ofElement.has(next));
      return next;
    }
    const rows = all("tr[data-r]").filter((one) => !one.hidden && !one.closest("table").hidden);
    const index = [...tr.children].indexOf(td);
    const after = key === "ArrowDown" ? rows.slice(rows.indexOf(tr) + 1) : rows.slice(0, rows.indexOf(tr)).reverse();
    const target = after.map((one) => one.children[index]).find((one) => one && ofElement.has(one));
    return target || null;
  }

  byId("matrix").addEventListener("click", (event) => {
    const cell = ofElement.get(event.target.closest("td"));
    if (cell) choose(cell);
  });
  byId("matrix").addEventListener("keydown", (event) => {
    const td = event.target.closest("td");
    if (!ofElement.has(td)) return;
    if (event.key === "Enter" || event.key === " ") choose(ofElement.get(td));
    else if (event.key.startsWith("Arrow")) {
      const next = move(td, event.key);
      if (next) {
        td.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
      }
    } else return;
    event.preventDefault();
  });
  for (const element of all(".rule")) {
    const number = Number(element.dataset.rule);
    const pressed = () => chooseRule(number, "old" in element.dataset);
    element.addEventListener("click", pressed);
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      pressed();
    });
  }
  byId("who").addEventListener("change", (event) => {
    state.sender = Number(event.target.value);
    byId("note").textContent = visible(data.senders[state.sender][1]);
    paint();
  });
  byId("search").addEventListener("input", filter);
  for (const id of ["group", "level"]) byId(id).addEventListener("change", filter);
  if (compares) byId("changed").addEventListener("change", filter);
  byId("rule").addEventListener("change", (event) => {
    state.rule = Number(event.target.value);
    state.old = false;
    filter();
    if (state.rule > 0) showRule(state.rule, false);
  });
  byId("reset").addEventListener("click", () => {
    for (const id of ["search", "group", "level", "rule"]) byId(id).value = "";
    if (compares) byId("changed").checked = false;
    state.rule = 0;
    state.old = false;
    filter();
  });
  byId("try").addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      answer(...typed());
    } catch (error) {
      byId("answer").replaceChildren(make("p", error.message, { className: "bad" }));
    }
  });

  addEventListener("beforeprint", print);
  for (const element of all("[hidden].script")) element.hidden = false;
  state.sender = Number(byId("who").value);
  paint();
  if (cells.length) cells[0].td.tabIndex = 0;
})();
