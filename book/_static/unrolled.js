// Opened as a file, a page may not read its neighbours: search then shows titles alone.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined")
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// What wide formulas, code and tables need: a region that scrolls must be reachable by keyboard.
(() => {
  const wide = ".formula, .highlight pre, .output pre, .scrolls, .table-wrapper";
  const update = () => {
    for (const region of document.querySelectorAll(wide)) {
      if (region.scrollWidth > region.clientWidth + 1) region.tabIndex = 0;
      else region.removeAttribute("tabindex");
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
})();
