// What Chrome 49 and Firefox 52 do not know may not stand in a style sheet.
import { createRequire } from "node:module";

const require = createRequire(new URL("../npm/package.json", import.meta.url));

// What an old browser leaves out, and nothing is lost: day colours by night, figures of the font's
// own width, and `text-decoration` with one word, which is older than the shorthand that is meant.
const harmless = ["prefers-color-scheme", "font-variant-numeric", "mdn-text-decoration-shorthand"];

export default {
  plugins: [require.resolve("stylelint-no-unsupported-browser-features")],
  rules: {
    "plugin/no-unsupported-browser-features": [
      true,
      { browsers: ["chrome 49", "firefox 52"], ignorePartialSupport: true, ignore: harmless },
    ],
  },
};
