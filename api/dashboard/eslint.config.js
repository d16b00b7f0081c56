/** What `make check` asks of the page's own modules; two rules are ours: the words of both languages. */

import js from "@eslint/js";
import globals from "globals";
import { WORDS } from "./core/words.js";

/** Names written as `{fa: {…}, en: {…}}` are the same in both languages. */
const sameWords = {
  create: (context) => ({
    ObjectExpression(node) {
      const [fa, en] = ["fa", "en"].map((language) => namesOf(node, language));
      if (!fa || !en) return;
      const lacking = [["en", fa, en], ["fa", en, fa]].flatMap(([language, these, those]) => {
        const missing = [...these].filter((name) => !those.has(name));
        return missing.length ? [`${language} lacks ${missing.join(", ")}`] : [];
      });
      if (lacking.length) context.report({ node, message: lacking.join("; ") });
    },
  }),
};

/** Return the names in `{fa: {…}}`, null where the value is no object written out. */
function namesOf(node, language) {
  const value = node.properties.find((one) => one.key?.name === language)?.value;
  if (value?.type !== "ObjectExpression" || value.properties.some((one) => one.type === "SpreadElement")) return null;
  return new Set(value.properties.map((one) => String(one.key.name ?? one.key.value)));
}

/** A word taken from `page.t` is one of `core/words.js`. */
const knownWords = {
  create: (context) => ({
    "MemberExpression[computed=false][object.type='MemberExpression'][object.object.name='page'][object.property.name='t']"(node) {
      if (!(node.property.name in WORDS.fa)) context.report({ node, message: `WORDS has no ${node.property.name}` });
    },
  }),
};

export default [
  js.configs.recommended,
  {
    files: ["**/*.js"],
    languageOptions: { ecmaVersion: 2024, globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    plugins: { ours: { rules: { "same-words": sameWords, "known-words": knownWords } } },
    rules: {
      "max-lines": ["error", 300],
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", caughtErrors: "all" }],
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
      "ours/same-words": "error",
      "ours/known-words": "error",
    },
  },
];
