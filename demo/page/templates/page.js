"use strict";

/* If the heat map is too wide, show the latest months. */

for (const box of document.querySelectorAll(".heat")) box.scrollLeft = box.scrollWidth;

/* Tables: each header sorts by its column, first up and then down. Empty cells come last. */

const order = new Intl.Collator(document.documentElement.lang, { numeric: true });

function valueOf(row, column) {
  const cell = row.cells[column];
  const text = cell.dataset.value ?? cell.textContent.trim();
  return cell.matches(".number") && text !== "" && !isNaN(text) ? Number(text) : text;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return typeof a === typeof b ? order.compare(a, b) : typeof a === "number" ? -1 : 1;
}

function sort(table, header) {
  const down = header.getAttribute("aria-sort") === "ascending";
  const column = header.cellIndex;
  const body = table.tBodies[0];
  const rows = [...body.rows].map(row => [valueOf(row, column), row]);
  rows.sort(([a], [b]) => (a === "") - (b === "") || (down ? compare(b, a) : compare(a, b)));
  body.append(...rows.map(([, row]) => row));
  table.querySelectorAll("[aria-sort]").forEach(each => each.removeAttribute("aria-sort"));
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
}

for (const table of document.querySelectorAll("[data-sortable]")) {
  for (const header of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(table, header));
    header.append(button);
  }
}

/* Charts: the figures have no colours; these are taken from the style sheet. */

const narrow = matchMedia("(max-width: 40rem)");
const dark = matchMedia("(prefers-color-scheme: dark)");

function draw(chart) {
  const figure = JSON.parse(document.getElementById(chart.dataset.figure).textContent);
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue(name).trim();
  const axis = {
    automargin: true,
    fixedrange: true,
    gridcolor: colour("--line"),
    linecolor: colour("--line"),
    zerolinecolor: colour("--quiet"),
  };
  const [x, y] = [{ ...axis, ...figure.x }, { ...axis, ...figure.y }];
  if (narrow.matches) Object.assign(figure.short ? y : x, figure.short ? { ticktext: figure.short } : { nticks: 4 });
  const traces = figure.traces.map(trace => ({
    ...trace,
    marker: {
      ...trace.marker,
      color: colour(trace.colour) || colour("--unknown"),
      line: { color: colour("--surface"), width: 0.5 },
    },
    hovertemplate: `${trace.hovertemplate}<extra>${trace.name}</extra>`,
  }));
  const layout = {
    autosize: true,
    bargap: 0.25,
    barmode: "relative",
    dragmode: false,
    font: { color: colour("--ink"), family: getComputedStyle(document.body).fontFamily, size: 12 },
    hoverlabel: { bgcolor: colour("--surface"), bordercolor: colour("--line"), font: { color: colour("--ink") } },
    hovermode: figure.hovermode,
    legend: { orientation: "h", traceorder: "normal", x: 0, y: 1, yanchor: "bottom" },
    margin: { b: 40, l: 10, r: 10, t: 10 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    showlegend: true,
    xaxis: x,
    yaxis: y,
  };
  Plotly.react(chart, traces, layout, { displayModeBar: false, doubleClick: false, responsive: true });
}

const charts = [...document.querySelectorAll("[data-figure]")];
const drawAll = () => charts.forEach(draw);
drawAll();
narrow.addEventListener("change", drawAll);
dark.addEventListener("change", drawAll);

/* On paper: light colours, charts as wide as the paper, and all tables unfolded. */

let opened = [];

addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  opened.forEach(each => (each.open = true));
  document.documentElement.classList.add("printing");
  drawAll();
  charts.forEach(chart => Plotly.relayout(chart, { width: 680 }));
});
addEventListener("afterprint", () => {
  opened.forEach(each => (each.open = false));
  document.documentElement.classList.remove("printing");
  charts.forEach(chart => Plotly.relayout(chart, { autosize: true, width: null }));
  drawAll();
});
