// Loaded between require.js and html-manager, on pages with an explorer only.
(() => {
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const base = script.src.replace(/[^/]*$/, "");
  requirejs.config({
    paths: { anywidget: base + "anywidget", "@jupyter-widgets": base + "@jupyter-widgets" },
  });

  // html-manager's schema checker remarks twice on html-manager's own schema. That is no news
  // for a reader, and the book's console is kept empty so that real news is seen.
  const warn = console.warn;
  console.warn = (...words) => {
    if (!String(words[0]).startsWith("strict mode: use allowUnionTypes")) warn(...words);
  };

  // The static picture stays until the whole explorer has drawn itself: html-manager puts a
  // widget's empty element into the page well before its code has run.
  const drawn = (slot) => {
    const views = [...slot.querySelectorAll(".explorer-view .lm-Widget")];
    return views.length > 0 && views.every((view) => view.childElementCount > 0);
  };
  const watch = (slot) => {
    const observer = new MutationObserver(() => {
      if (!drawn(slot)) return;
      observer.disconnect();
      slot.dataset.alive = "";
    });
    observer.observe(slot, { childList: true, subtree: true });
  };
  document.addEventListener("DOMContentLoaded", () =>
    document.querySelectorAll(".explorer-slot").forEach(watch),
  );
})();
