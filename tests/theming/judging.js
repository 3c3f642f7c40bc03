// Judges texts by the checklist of a compiled script, once as a browser that knows general
// categories and once as one that does not. In: {script, rules, texts}; out: [[true, …], …] twice.
const { script, rules, texts } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
globalThis.document = {};

function judged(knows) {
  const own = { exports: {} };
  const Pattern = function (source, flags) {
    if (flags === "u" && !knows) throw new SyntaxError("no such flag");
    return new RegExp(source, flags);
  };
  new Function("module", "RegExp", script)(own, Pattern);
  const judges = rules.map(own.exports);
  return texts.map((text) => judges.map((judge) => judge(text)));
}

process.stdout.write(JSON.stringify([judged(true), judged(false)]));
