// One line of JSON in, one line of JSON out: {tex, display} -> {html} or {error}.
const [, , katexPath, macros] = process.argv;
const katex = require(katexPath);

// KaTeX writes some MathML that no browser can read (\min as an index gives <msub> a third child),
// and Firefox then shows an error in the formula's place to those who hear it.
const CHILDREN = {
  mfrac: 2, mover: 2, mroot: 2, msub: 2, msubsup: 3, msup: 2, munder: 2, munderover: 3,
};

/** Throws where an element of the MathML has too few or too many children. */
function checkMathml(html) {
  const open = [];
  for (const [, close, name] of html.split("</math>")[0].matchAll(/<(\/?)(\w+)[^>]*>/g)) {
    if (!close) {
      if (open.length) open.at(-1).children += 1;
      open.push({ name, children: 0 });
      continue;
    }
    const { children } = open.pop();
    const needed = CHILDREN[name] ?? children;
    if (children !== needed) {
      throw new Error(`its MathML has a <${name}> of ${children} children, not ${needed};`
        + " an operator's name as an index is written \\text{min}");
    }
  }
}

require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { tex, display } = JSON.parse(line);
    let answer;
    try {
      const options = { displayMode: display, macros: JSON.parse(macros), strict: "ignore" };
      const html = katex.renderToString(tex, options);
      checkMathml(html);
      answer = { html };
    } catch (error) {
      answer = { error: error.message };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  });
