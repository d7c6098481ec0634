// Runs the built extension in Node over a stand-in of VS Code's API: it starts the server, opens POLICY, and waits for
// its findings. node test/handshake.js FOLDER COMMAND...: prints the codes of what is found, one a line; ends with 1 where nothing comes.

"use strict";

const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const SECONDS = 30;
const [folder, ...command] = process.argv.slice(2);
const policy = path.join(folder, "audit-policy.yaml");

class Uri {
  constructor(file) {
    this.scheme = "file";
    this.fsPath = this.path = file;
  }
  static file(file) {
    return new Uri(file);
  }
  static parse(text) {
    return new Uri(decodeURIComponent(new URL(text).pathname));
  }
  toString() {
    return pathToFileURL(this.fsPath).href;
  }
}

const disposable = () => ({ dispose() {} });

/** What nothing here depends on: a class, a function and a value at once. */
function anything(name) {
  return new Proxy(class {}, {
    get: (target, key) => (key in target || key === "then" || typeof key === "symbol" ? target[key] : anything(`${name}.${String(key)}`)),
    apply: () => anything(name),
    construct: (target, given, made) =>
      made.prototype === target.prototype ? anything(name) : Reflect.construct(target, given, made),
  });
}

function stub(name, known) {
  const rest = anything(name);
  return new Proxy(known, { get: (target, key) => (key in target ? target[key] : rest[key]) });
}

const document = {
  uri: Uri.file(policy),
  fileName: policy,
  languageId: "yaml",
  version: 1,
  isClosed: false,
  getText: () => fs.readFileSync(policy, "utf8"),
};

const workspace = stub("workspace", {
  textDocuments: [document],
  workspaceFolders: [{ uri: Uri.file(folder), name: "folder", index: 0 }],
  getConfiguration: () => ({ get: (key) => (key === "command" ? command : undefined) }),
});
for (const event of ["Open", "Close", "Change", "Save"]) {
  workspace[`onDid${event}TextDocument`] = disposable;
}

const vscode = stub("vscode", {
  version: "1.91.0",
  env: { appName: "Visual Studio Code", language: "en" },
  Uri,
  Position: class {
    constructor(line, character) {
      Object.assign(this, { line, character });
    }
  },
  Range: class {
    constructor(start, end) {
      Object.assign(this, { start, end });
    }
  },
  CancellationTokenSource: class {
    token = { isCancellationRequested: false, onCancellationRequested: disposable };
    dispose() {}
  },
  EventEmitter: class {
    listeners = [];
    event = (listener) => {
      this.listeners.push(listener);
      return disposable();
    };
    fire(one) {
      this.listeners.forEach((listener) => listener(one));
    }
    dispose() {}
  },
  workspace,
  window: stub("window", { showErrorMessage: (message) => end(1, message) }),
  languages: stub("languages", {
    match: () => 1,
    createDiagnosticCollection: () => ({ set: (uri, found) => show(uri, found), delete() {}, clear() {}, dispose() {} }),
  }),
});

const load = Module._load;
Module._load = (request, ...others) => (request === "vscode" ? vscode : load(request, ...others));
const extension = require(path.join(__dirname, "..", "out", "extension.js"));

function show(uri, found) {
  if (uri.fsPath === policy && found.length > 0) {
    console.log(found.map((one) => one.code.value ?? one.code).join("\n"));
    extension.deactivate().then(() => end(0));
  }
}

function end(code, message) {
  if (message) {
    console.error(message);
  }
  process.exit(code);
}

setTimeout(() => end(1, `nothing was found in ${SECONDS} seconds`), SECONDS * 1000);
extension.activate({ subscriptions: [] });
