// A page is whole without this: it orders the maps of problems and says what is under the pointer, opens
// what a link leads to, and opens everything for a printer.
"use strict";
const reveal = (hash) => {
  const target = hash.length > 1 ? document.getElementById(hash.slice(1)) : null;
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  return target;
};
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link) reveal(link.hash);
});
addEventListener("hashchange", () => reveal(location.hash)?.scrollIntoView());
reveal(location.hash)?.scrollIntoView();

let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const each of closed) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of closed) each.open = false;
});

const names = new Intl.Collator("en", { numeric: true });
for (const map of document.querySelectorAll("[data-map]")) {
  const { kinds, problems } = JSON.parse(map.dataset.map);
  const strips = [...map.querySelectorAll("[data-letters]")];
  const body = map.querySelector("tbody");
  const rows = body ? [...body.rows] : [];
  const chosen = map.querySelector("select");
  const said = map.querySelector("output");
  const orders = {
    file: () => 0,
    name: (one, other) => names.compare(problems[one][0], problems[other][0]),
    solved: (one, other) => problems[other][1] - problems[one][1],
    flips: (one, other) => problems[other][2] - problems[one][2],
  };
  let order = problems.map((_, place) => place);

  const draw = (strip) => {
    const letters = order.map((place) => strip.dataset.letters[place]);
    const paths = new Map();
    for (let x = 0, end; x < letters.length; x = end) {
      for (end = x + 1; letters[end] === letters[x]; ) end += 1;
      const [name, , top, height] = kinds[letters[x]];
      const cells = `M${x} ${top}h${end - x}v${height}h${x - end}z`;
      paths.set(name, (paths.get(name) ?? "") + cells);
    }
    strip.replaceChildren(
      ...[...paths].map(([name, cells]) => {
        const path = document.createElementNS(strip.namespaceURI, "path");
        path.setAttribute("class", name);
        path.setAttribute("d", cells);
        return path;
      }),
    );
  };
  const sort = () => {
    order = problems.map((_, place) => place).sort(orders[chosen.value]);
    strips.forEach(draw);
    body?.append(...order.map((place) => rows[place]));
  };
  const tell = (strip, event) => {
    const { left, width } = strip.getBoundingClientRect();
    const place = order[Math.floor(((event.clientX - left) / width) * order.length)];
    if (place === undefined) return;
    const [, words] = kinds[strip.dataset.letters[place]];
    said.textContent = `${problems[place][0]}, ${strip.dataset.name}: ${words}`;
  };
  chosen.addEventListener("change", sort);
  for (const strip of strips) {
    strip.addEventListener("pointermove", (event) => tell(strip, event));
    strip.addEventListener("pointerdown", (event) => tell(strip, event));
  }
  map.querySelector(".order").hidden = false;
  if (chosen.value !== "file") sort(); // a browser keeps what was chosen when a page is loaded again
}
