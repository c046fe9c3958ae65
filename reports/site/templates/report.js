// Sorts tables, and replaces the drawings by interactive charts when they come into view.
"use strict";

function sortKey(cell) {
  const text = cell.textContent.trim();
  const number = Number(text.replaceAll(",", ""));
  return text === "-" ? null : text !== "" && !Number.isNaN(number) ? number : text;
}

function compareKeys(a, b) {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1; // Missing values stay last.
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
}

function sortTable(header) {
  const isAscending = header.getAttribute("aria-sort") !== "ascending";
  const body = header.closest("table").tBodies[0];
  const column = header.cellIndex;
  const keyed = [...body.rows].map((row) => [sortKey(row.cells[column]), row]);
  keyed.sort(([a], [b]) => (a === null || b === null ? compareKeys(a, b) : (isAscending ? 1 : -1) * compareKeys(a, b)));
  body.append(...keyed.map(([, row]) => row));
  for (const other of header.parentElement.cells) other.setAttribute("aria-sort", "none");
  header.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
}

for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sortTable(button.parentElement));
}

// A chart stays a drawing until the library and the specifications of the current width have loaded.
const sources = document.currentScript.dataset;
const loaded = {};

function load(source) {
  loaded[source] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${source} cannot be loaded`));
    document.head.append(script);
  });
  return loaded[source];
}

async function makeInteractive(element) {
  const width = element.classList.contains("wide") ? "wide" : "narrow";
  await Promise.all([load(sources.library), load(sources[width])]);
  const { config, specs } = window.charts[width];
  const drawing = element.firstElementChild;
  const view = document.createElement("div");
  const spec = specs[element.closest("figure").id];
  await window.vegaEmbed(view, spec, { actions: false, config, renderer: "svg" });
  const svg = view.querySelector("svg");
  const { width: drawnWidth, height } = svg.viewBox.baseVal;
  const pageWidth = drawing.viewBox.baseVal.width;
  const left = spec.usermeta.alignRight ? Math.min(0, drawnWidth - pageWidth) : 0;
  svg.setAttribute("viewBox", `${left} 0 ${pageWidth} ${height}`);
  for (const name of ["role", "aria-label"]) svg.setAttribute(name, drawing.getAttribute(name));
  for (const name of ["width", "height"]) svg.removeAttribute(name);
  // The drawing has one description. Vega's roles of its parts have no names.
  for (const part of svg.querySelectorAll("[role]")) part.removeAttribute("role");
  drawing.replaceWith(svg);
  element.dataset.interactive = "true";
}

if (sources.library) {
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      makeInteractive(target);
    }
  });
  for (const element of document.querySelectorAll(".chart")) observer.observe(element);
}
