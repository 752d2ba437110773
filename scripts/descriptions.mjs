/**
 * Writes tests/data/descriptions/arm.json and graph.json from what the providers publish: node scripts/descriptions.mjs
 *
 * The packages are Microsoft's own and generated from its API descriptions. None of their code is kept: they are
 * installed into a temporary folder, asked what they would send, and what they tell is written down. What no package
 * tells is in tests/data/descriptions/by-hand.json.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { armDescriptions } from "./descriptions/arm.mjs";
import { graphDescriptions } from "./descriptions/graph.mjs";

const PACKAGES = {
  "@azure/arm-resources": "5.2.0",
  "@azure/arm-resources-subscriptions": "2.1.0",
  "@azure/arm-authorization": "9.0.0",
  "@azure/arm-resourcegraph": "4.2.1",
  "@microsoft/msgraph-sdk": "1.0.0-preview.90",
  "@microsoft/msgraph-sdk-users": "1.0.0-preview.90",
  "@microsoft/msgraph-sdk-sites": "1.0.0-preview.90",
  "@microsoft/msgraph-sdk-teams": "1.0.0-preview.80",
  "@microsoft/teams.graph-endpoints": "2.1.0",
};

const root = fileURLToPath(new URL("../", import.meta.url));
const data = join(root, "tests/data/descriptions");
const byHand = JSON.parse(readFileSync(join(data, "by-hand.json"), "utf8"));
const source = (name) => `${name} ${PACKAGES[name]}`;

/** With the operations that no package has, and with what the packages do not tell exactly. */
function withByHand(described, { operations, schemas, corrections, required }) {
  const told = described.operations.map((operation) => {
    const exact = corrections[`${operation.method} ${operation.path}`];
    if (exact === undefined) return operation;
    const { query = [], answers } = exact;
    return {
      ...operation,
      source: `${operation.source}; ${exact.source} (${query.length > 0 ? "options, answers" : "answers"})`,
      query: [...operation.query, ...query],
      answers,
    };
  });
  const names = new Set(told.map(({ method, path }) => `${method} ${path}`));
  const lost = [
    ...Object.keys(corrections).filter((name) => !names.has(name)),
    ...Object.keys(required).filter((name) => !(name in described.schemas)),
  ];
  const twice = [
    ...operations.map(({ method, path }) => `${method} ${path}`).filter((name) => names.has(name)),
    ...Object.keys(schemas).filter((name) => name in described.schemas),
  ];
  if (lost.length + twice.length > 0) throw new Error(`by-hand.json: ${[...lost, ...twice].join(", ")}`);
  const known = Object.entries(described.schemas).map(([name, schema]) => [
    name,
    name in required ? { ...schema, required: required[name] } : schema,
  ]);
  return { operations: [...told, ...operations], schemas: { ...Object.fromEntries(known), ...schemas } };
}

const write = (name, described) =>
  writeFileSync(join(data, `${name}.json`), JSON.stringify(withByHand(described, byHand[name])));

const folder = mkdtempSync(join(tmpdir(), "descriptions-"));
try {
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  const names = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
  execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...names], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  write("arm", armDescriptions(folder, source));
  write("graph", await graphDescriptions(folder, source));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
execFileSync(join(root, "node_modules/.bin/biome"), ["format", "--write", data], {
  cwd: root,
  stdio: "inherit",
});
