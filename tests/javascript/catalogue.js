// Hooks of node: our scripts are modules, and their texts come from the server's catalogues.

import { execFileSync } from "node:child_process";

const OURS = /\/(review_app\/web\/static|tests\/javascript)\//;
const TEXTS = /\/static\/words\/(\w+)\.js$/;
const WRITE = `
import json, sys
from review_app.i18n import Language, for_browser
print("export default " + json.dumps(for_browser(Language(sys.argv[1]))))
`;

export async function resolve(name, context, next) {
  const { href } = name.startsWith(".") ? new URL(name, context.parentURL) : { href: name };
  return OURS.test(href) ? { url: href, format: "module", shortCircuit: true } : next(name, context);
}

export async function load(url, context, next) {
  const texts = TEXTS.exec(url);
  if (!texts) return next(url, context);
  const source = execFileSync(process.env.PYTHON ?? "python3", ["-c", WRITE, texts[1]], { encoding: "utf8" });
  return { format: "module", source, shortCircuit: true };
}
