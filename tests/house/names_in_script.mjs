// Reads a script from standard input as ES5 and prints the names that it takes from elsewhere:
// properties, and variables that it does not declare. A script of a newer language is an error.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../npm/package.json", import.meta.url));
const tree = require("acorn").parse(readFileSync(0, "utf-8"), { ecmaVersion: 5 });
const properties = new Set();
const variables = new Set();
const declared = new Set();
const written = new Set();

function walk(node, parent) {
  if (!node || typeof node.type !== "string") return;
  if (node.type === "MemberExpression" && !node.computed) properties.add(node.property.name);
  if (node.type === "VariableDeclarator") declared.add(node.id.name);
  if (node.type === "CatchClause") declared.add(node.param.name);
  if (/^Function/.test(node.type)) {
    if (node.id) declared.add(node.id.name);
    node.params.forEach((one) => declared.add(one.name));
  }
  if (node.type === "Property") written.add(node.key.name ?? node.key.value);
  const isName = parent && ((parent.type === "MemberExpression" && parent.property === node &&
    !parent.computed) || (parent.type === "Property" && parent.key === node));
  if (node.type === "Identifier" && !isName) variables.add(node.name);
  for (const part of Object.values(node)) {
    if (Array.isArray(part)) part.forEach((one) => walk(one, node));
    else walk(part, node);
  }
}

walk(tree);
process.stdout.write(JSON.stringify({
  properties: [...properties].filter((name) => !written.has(name)).sort(),
  variables: [...variables].filter((name) => !declared.has(name)).sort(),
}));
