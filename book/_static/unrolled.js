// Opened as a file, a page may not read its neighbours: search then shows titles alone.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined")
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// What wide formulas, code, tables and pictures need: a region that scrolls must be reachable by
// keyboard, and show on which side it goes on.
(() => {
  const wide = ".formula, .highlight pre, .output pre, .scrolls, .table-wrapper, .picture";
  const mark = (region) => {
    const left = region.scrollLeft > 1;
    const right = region.scrollLeft + region.clientWidth < region.scrollWidth - 1;
    const beyond = left && right ? "both" : left ? "left" : right ? "right" : "";
    // A picture is laid on the page as light when it is dark: faded, it would have a ground.
    if (beyond && !region.matches(".picture")) region.dataset.beyond = beyond;
    else delete region.dataset.beyond;
  };
  const update = () => {
    /** @type {NodeListOf<HTMLElement>} */
    const regions = document.querySelectorAll(wide);
    for (const region of regions) {
      if (region.scrollWidth > region.clientWidth + 1) region.tabIndex = 0;
      else region.removeAttribute("tabindex");
      mark(region);
    }
  };
  let waiting;
  const soon = () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(update);
  };
  addEventListener("load", soon);
  addEventListener("resize", soon);
  // A folded cell has no width until it is opened.
  document.addEventListener("toggle", soon, true);
  document.addEventListener("click", soon);
  const moved = ({ target }) => target.matches?.(wide) && mark(target);
  document.addEventListener("scroll", moved, { capture: true, passive: true });
})();

// Opened as a file, a page that links to a notebook is taken to it, whatever the link says. So its
// text comes as a script (book/_ext/unrolled/downloads.py makes it), and is saved from the page.
Object.assign(window, {
  unrolledSave(name, text) {
    const link = document.createElement("a");
    link.download = name;
    link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  },
});
if (location.protocol === "file:")
  document.addEventListener("click", (event) => {
    const inside = event.target instanceof Element ? event.target : null;
    /** @type {HTMLAnchorElement} */
    const link = inside?.closest("a[download$='.ipynb']");
    if (!link) return;
    event.preventDefault();
    const script = document.createElement("script");
    script.src = `${link.href}.js`;
    script.addEventListener("load", () => script.remove());
    script.addEventListener("error", () => location.assign(link.href));
    document.head.append(script);
  });
