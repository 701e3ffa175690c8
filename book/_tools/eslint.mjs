// ESLint over the scripts in a folder: prints its messages as JSON, a list for each file.
//
//     node eslint.mjs FOLDER
//
// Each file is a whole. What an explorer exports is for its tests; it has to be used in the
// module all the same, so exports are taken for plain declarations here.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const need = createRequire(new URL("../vendor/package.json", import.meta.url));
const { Linter } = need("eslint");
const globals = need("globals");

const MODULE = {
  languageOptions: { sourceType: "module", globals: globals.browser },
  rules: Object.fromEntries([
    "array-callback-return", "constructor-super", "for-direction", "getter-return",
    "no-async-promise-executor", "no-class-assign", "no-compare-neg-zero", "no-cond-assign",
    "no-const-assign", "no-constant-binary-expression", "no-constant-condition",
    "no-control-regex", "no-debugger", "no-dupe-args", "no-dupe-class-members", "no-dupe-else-if",
    "no-dupe-keys", "no-duplicate-case", "no-empty", "no-empty-pattern", "no-ex-assign",
    "no-fallthrough", "no-func-assign", "no-global-assign", "no-implied-eval",
    "no-irregular-whitespace", "no-loss-of-precision", "no-misleading-character-class",
    "no-prototype-builtins", "no-redeclare", "no-self-assign", "no-self-compare", "no-setter-return",
    "no-shadow-restricted-names", "no-sparse-arrays", "no-template-curly-in-string",
    "no-this-before-super", "no-undef", "no-unexpected-multiline", "no-unreachable",
    "no-unsafe-finally", "no-unsafe-negation", "no-unsafe-optional-chaining",
    "no-unused-expressions", "no-unused-labels", "no-unused-vars", "no-useless-assignment",
    "no-useless-backreference", "no-useless-catch", "no-useless-escape", "no-var", "no-with",
    "prefer-const", "use-isnan", "valid-typeof", "eqeqeq",
  ].map((rule) => [rule, "error"])),
};
const SCRIPT = {
  ...MODULE,
  languageOptions: { sourceType: "script",
    globals: { ...globals.browser, requirejs: "readonly", DOCUMENTATION_OPTIONS: "readonly" } },
};
const NODE = { ...MODULE,
  languageOptions: { sourceType: "commonjs", globals: globals.node } };

const folder = process.argv[2];
const linter = new Linter({ configType: "flat" });
const found = {};
for (const name of readdirSync(folder)) {
  const text = readFileSync(join(folder, name), "utf8");
  const isModule = text.includes("export default");
  const config = name.endsWith(".cjs") ? NODE : isModule ? MODULE : SCRIPT;
  const plain = text.replace(/^export (?!default)/gm, "       ");
  found[name] = linter.verify(plain, [{ files: ["**/*.js", "**/*.cjs"], ...config }], name)
    .map(({ line, message, ruleId }) => ({ line, message, rule: ruleId }));
}
console.log(JSON.stringify(found));
