// What `make check` asks of the scripts in review_app/web/static and of their tests.

import js from "@eslint/js";
import globals from "globals";

const WRITES_MARKUP =
  "/^(innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|parseHTMLUnsafe|srcdoc|createContextualFragment|parseFromString)$/";
const WHY = "Build elements and set their textContent: markup from text runs whatever is written in it.";

export default [
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    languageOptions: { globals: globals.browser },
    rules: {
      complexity: ["error", 12],
      "consistent-return": "error",
      "default-param-last": "error",
      eqeqeq: "error",
      "max-depth": ["error", 3],
      "max-lines": ["error", 400],
      "no-alert": "error",
      "no-console": "error",
      "no-eval": "error",
      "no-implicit-globals": "error",
      "no-implied-eval": "error",
      "no-lonely-if": "error",
      "no-new-func": "error",
      "no-param-reassign": ["error", { props: false }],
      "no-promise-executor-return": ["error", { allowVoid: true }],
      "no-script-url": "error",
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-unreachable-loop": "error",
      "no-unused-expressions": ["error", { allowShortCircuit: true }],
      "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-arrow-callback": "error",
      "prefer-const": "error",
      "prefer-promise-reject-errors": "error",
      "prefer-template": "error",
      "no-restricted-properties": [
        "error",
        { object: "document", property: "write", message: WHY },
        { object: "document", property: "writeln", message: WHY },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: `MemberExpression[property.name=${WRITES_MARKUP}]`, message: WHY },
        { selector: `MemberExpression > Literal.property[value=${WRITES_MARKUP}]`, message: WHY },
        { selector: `Property[key.name=${WRITES_MARKUP}]`, message: WHY },
        { selector: "CallExpression[callee.property.name='setAttribute'] > Literal[value=/^on|^srcdoc$/]", message: WHY },
      ],
    },
  },
  {
    files: ["tests/javascript/**", ".ci/javascript/**"],
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
  },
];
