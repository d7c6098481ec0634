// Starts `kube-audit-lint server`, and lets VS Code talk to it.

import { commands, ExtensionContext, window, workspace } from "vscode";
import { LanguageClient, LanguageClientOptions, ServerOptions } from "vscode-languageclient/node";

const SECTION = "kube-audit-lint";

let client: LanguageClient | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  context.subscriptions.push(
    commands.registerCommand(`${SECTION}.restart`, restart),
    workspace.onDidChangeConfiguration(async (changed) => {
      if (changed.affectsConfiguration(SECTION)) {
        await restart();
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
  client = undefined;
}

async function restart(): Promise<void> {
  await deactivate();
  await start();
}

async function start(): Promise<void> {
  const [command, ...args] = workspace.getConfiguration(SECTION).get<string[]>("command") ?? [];
  if (!command) {
    return;
  }
  const server: ServerOptions = { command, args };
  const options: LanguageClientOptions = {
    // Whether a file is about auditing is for the server to tell: manifests and policies have no names of their own.
    documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
  };
  client = new LanguageClient(SECTION, SECTION, server, options);
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    void window.showErrorMessage(`${command} could not be started: ${String(error)}. The setting is ${SECTION}.command.`);
  }
}
