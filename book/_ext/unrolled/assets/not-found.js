// Where the book begins, read off this address, and links that lead there.
(() => {
  /** @type {HTMLElement} */
  const contents = document.querySelector("#contents");
  /** @type {HTMLElement} */
  const way = document.querySelector("#way");
  document.querySelector("#by-hand").remove();
  const known = contents.dataset.folders.split(" ");
  const path = location.pathname;
  const folders = path.split("/").slice(0, -1);
  const at = folders.findLastIndex((name) => known.includes(name));
  if (at < 0 && !path.endsWith("/404.html")) {
    // An unknown folder: up from where the address points, step by step.
    if (path.endsWith("/") && folders.length > 1) folders.pop();
    const up = `${folders.join("/")}/`;
    way.querySelector("a").href = up;
    way.querySelector("a").textContent = decodeURI(up);
    way.hidden = false;
    return;
  }
  const first = `${(at < 0 ? folders : folders.slice(0, at)).join("/")}/`;
  /** @type {NodeListOf<HTMLAnchorElement>} */
  const links = contents.querySelectorAll("a[data-to]");
  for (const link of links) link.href = first + link.dataset.to;
  contents.hidden = false;
})();
