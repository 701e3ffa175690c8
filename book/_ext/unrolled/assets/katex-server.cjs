// One line of JSON in, one line of JSON out: {tex, display} -> {html} or {error}.
const [, , katexPath, macros] = process.argv;
const katex = require(katexPath);

require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { tex, display } = JSON.parse(line);
    let answer;
    try {
      const options = { displayMode: display, macros: JSON.parse(macros), strict: "ignore" };
      answer = { html: katex.renderToString(tex, options) };
    } catch (error) {
      answer = { error: error.message };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  });
