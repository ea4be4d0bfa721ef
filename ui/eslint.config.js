import ts from "typescript-eslint";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import svelteConfig from "./svelte.config.js";

// The direction of imports: backend ← state ← shared ← features ← screens. Features do not know
// each other; what they need of one another goes through a route or an action (state/).
const forbid = (patterns) => ({
  "no-restricted-imports": ["error", { patterns: patterns.map(([group, message]) => ({ group, message })) }],
});
// Moments and zones come from backend/clock.ts alone, or a test would depend on the day on which it runs.
const CLOCK = "Ask backend/clock.ts: the interface has one clock and one zone.";
const noClock = [
  ["CallExpression[callee.object.name='Date'][callee.property.name='now']", CLOCK],
  ["MemberExpression[object.name='Date'][property.name='now']", CLOCK],
  ["NewExpression[callee.name='Date'][arguments.length=0]", CLOCK],
  ["CallExpression[callee.name='Date']", CLOCK],
  ["MemberExpression[property.name=/^(get|set)(FullYear|Month|Date|Day|Hours|Minutes|Seconds|TimezoneOffset)$/]", "This reads the system's zone: use backend/clock.ts, or the UTC methods for days."],
  ["MemberExpression[property.name=/^(toDateString|toTimeString|toLocaleDateString|toLocaleTimeString)$/]", CLOCK],
  [":matches(NewExpression, CallExpression)[callee.property.name='DateTimeFormat']:not(:has(Property[key.name='timeZone'], SpreadElement))", "Give it a time zone: formatMoment of backend/clock.ts, or UTC for days."],
].map(([selector, message]) => ({ selector, message }));
const noTauri = [["@tauri-apps/*"], "Only backend/ talks to the platform."];
const noFeatures = [["$features/*", "**/features/**", "**/screens/**"], "This layer knows no feature and no screen."];
const features = [
  "sidebar", "tasks", "quickadd", "palette", "notes", "search", "trash", "conflicts",
  "settings", "transfer", "activity", "firstrun", "devices", "status", "shortcuts",
];

export default ts.config(
  { ignores: ["dist/", "dist-fake/", "node_modules/"] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, __FAKE__: "readonly" } },
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-console": "error",
      eqeqeq: ["error", "always", { null: "ignore" }],
      "svelte/no-at-html-tags": "error",
      "svelte/require-each-key": "error",
    },
  },
  {
    files: ["src/**", "tests/**"],
    ignores: ["src/backend/clock.ts", "tests/pretend.ts", "tests/pretend.test.ts"],
    rules: { "no-restricted-syntax": ["error", ...noClock] },
  },
  { files: ["**/*.svelte", "**/*.svelte.ts"], languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } } },
  {
    files: ["src/backend/**"],
    rules: forbid([noFeatures, [["$shared/*", "$state/*"], "backend/ is the lowest layer."]]),
  },
  { files: ["src/state/**"], rules: forbid([noTauri, noFeatures, [["$shared/*"], "state/ knows no components."]]) },
  { files: ["src/shared/**"], rules: forbid([noTauri, noFeatures]) },
  ...features.map((name) => ({
    files: [`src/features/${name}/**`],
    rules: forbid([
      noTauri,
      [["**/screens/**"], "Features do not know screens."],
      [
        features.filter((f) => f !== name).flatMap((f) => [`$features/${f}/*`, `**/features/${f}/**`, `../${f}/*`]),
        "Features do not import each other: use a route or an action.",
      ],
    ]),
  })),
  { files: ["src/screens/**", "src/App.svelte", "src/main.ts"], rules: forbid([noTauri]) },
);
