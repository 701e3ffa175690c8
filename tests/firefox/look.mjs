// Open pages in Firefox, over WebDriver BiDi, and say what is wrong with each.
//
// node look.mjs FIREFOX < {"addresses": [...], "planted": ""}
// writes one line of JSON a page: {address, faults, explorers}. `planted` is a script that runs in
// each page before its own: so this program is tried on faults that are known.
import { text } from "node:stream/consumers";
import puppeteer from "puppeteer-core";

const { addresses, planted, width, dark } = JSON.parse(await text(process.stdin));
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: process.argv[2],
  headless: true,
  extraPrefsFirefox: { "ui.systemUsesDarkTheme": dark ? 1 : 0 },
});
const PATIENCE = 60_000;

/** In the page: the explorers that have not come to life, or do not follow a key. */
async function explorers() {
  const faults = [];
  const soon = async (holds) => {
    for (let tries = 0; tries < 100; tries += 1) {
      if (holds()) return true;
      await new Promise((go) => setTimeout(go, 100));
    }
    return false;
  };
  const slots = [...document.querySelectorAll(".explorer-slot")];
  for (const slot of slots) {
    slot.scrollIntoView({ block: "center" });
    const root = () => slot.querySelector(".rnnbook-explorer");
    if (!(await soon(() => root()?.querySelector("input, button, select")))) {
      faults.push(`${slot.id || "an explorer"} did not come to life`);
      continue;
    }
    const name = root().className;
    if (slot.querySelector(".explorer-standin")?.checkVisibility())
      faults.push(`${name}: its stand-in still shows`);
    for (const canvas of root().querySelectorAll("canvas")) {
      const drawn = () => {
        if (!canvas.width || !canvas.height) return false;
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const seen = new Set();
        for (let i = 0; i < data.length; i += 404) seen.add(data.slice(i, i + 4).join());
        return seen.size > 4;
      };
      if (!(await soon(drawn))) faults.push(`${name}: a canvas is empty`);
    }
    const told = () => root().querySelector("[aria-live]")?.textContent + root().querySelector("svg, canvas")?.outerHTML;
    const slider = root().querySelector("input[type=range]:not(:disabled)");
    if (slider) {
      const before = [told(), slider.value];
      slider.focus();
      const forwards = Number(slider.value) < Number(slider.max);
      slider.value = String(Number(slider.value) + (forwards ? 1 : -1) * (Number(slider.step) || 1));
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      slider.dispatchEvent(new Event("change", { bubbles: true }));
      if (!(await soon(() => told() !== before[0]))) faults.push(`${name}: moving a slider changes nothing`);
    }
  }
  for (const question of document.querySelectorAll("fieldset.quiz")) {
    const shown = () => [...question.querySelectorAll(".quiz-why")].filter((why) => why.checkVisibility());
    if (shown().length) faults.push(`${question.id} answers before it is asked`);
    for (const choice of question.querySelectorAll(".quiz-choice")) {
      choice.querySelector("input").click();
      const why = choice.querySelector(".quiz-why");
      if (!shown().includes(why)) faults.push(`${question.id} does not say why`);
      if (question.matches(".quiz-predict") && !shown().some((one) => one.closest(".quiz-right")))
        faults.push(`${question.id} does not show what is right`);
    }
  }
  const over = document.documentElement.scrollWidth - innerWidth;
  if (over > 0) faults.push(`the page is ${over} px too wide`);
  return { faults, explorers: slots.length };
}

for (const address of addresses) {
  const page = await browser.newPage();
  const faults = [];
  const own = new URL(address);
  page.on("console", (message) => {
    if (["error", "warn", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && url.origin !== own.origin)
      faults.push(`a request to ${url.origin}`);
  });
  page.on("response", (answer) => {
    if (answer.status() >= 400) faults.push(`${answer.url()}: ${answer.status()}`);
  });
  let found = { faults: [], explorers: 0 };
  try {
    await page.setViewport({ width, height: 900 });
    if (planted) await page.evaluateOnNewDocument(planted);
    await page.goto(address, { waitUntil: "load", timeout: PATIENCE });
    found = await page.evaluate(explorers);
  } catch (error) {
    faults.push(`it could not be looked at: ${error.message}`);
  }
  console.log(JSON.stringify({ address, faults: [...faults, ...found.faults], explorers: found.explorers }));
  await page.close();
}
await browser.close();
