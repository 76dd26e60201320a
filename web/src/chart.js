// Draws a chart that can be pointed at in place of the server's drawing, from the table behind it.

import uPlot from "uplot";
import { moment, number, parse } from "./local.js";

const HEIGHT = 208; // CSS pixels, as the server's drawing with its days
const DASHES = { tentative: [6, 4], declined: [2, 3] };

const plots = new Map(); // by the places that they stand in

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plots.forEach((plot) => plot.redraw(false)));

/** Draws every chart under a node, and gives up those that are no longer on the page. */
export function drawCharts(root) {
  for (const [place, plot] of plots) {
    if (!place.isConnected) {
      plot.destroy();
      plots.delete(place);
    }
  }
  for (const figure of root.querySelectorAll("[data-chart]")) {
    draw(figure);
  }
}

function draw(figure) {
  const place = figure.querySelector(".plot");
  const readout = figure.querySelector("[data-readout]");
  const { lines, data } = read(figure.querySelector("[data-points]"));
  if (data[0].length < 2) {
    return;
  }
  const plot = new uPlot(options(place, lines, readout), data, place);
  place.classList.add("drawn");
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
  plots.set(place, plot);
}

// read takes the lines and their points out of a table: a moment and a number per line in every row.
function read(table) {
  const lines = [...table.querySelectorAll("th[data-line]")].map((th) => ({ kind: th.dataset.line, label: th.textContent }));
  const data = [[], ...lines.map(() => [])];
  for (const row of table.tBodies[0].rows) {
    data[0].push(Date.parse(row.querySelector("time").dateTime) / 1000);
    [...row.cells].slice(1).forEach((cell, i) => data[i + 1].push(parse(cell.textContent)));
  }
  return { lines, data };
}

// ceiling is the end of a scale, in whole quarters: as the server's drawing has it.
function ceiling(most) {
  for (let unit = 1; ; unit *= 10) {
    for (const step of [4, 8, 12, 20]) {
      if (most <= step * unit) {
        return step * unit;
      }
    }
  }
}

const names = { accepted: "--yes", tentative: "--maybe", declined: "--no", main: "--link" };

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function options(place, lines, readout) {
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: () => color("--muted"), font, ticks: { show: false }, grid: { stroke: () => color("--line"), width: 1 } };
  return {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    padding: [10, 4, 0, 0],
    scales: { y: { range: (_, low, high) => [0, ceiling(high)] } },
    axes: [
      { ...axis, size: 28, grid: { show: false }, space: 80, values: (_, seconds, _axis, _space, step) => seconds.map((s) => tick(s, step)) },
      { ...axis, size: 48, gap: 8, splits: (_, _axis, low, high) => [0, 1, 2, 3, 4].map((n) => (high * n) / 4), values: (_, all) => all.map(number) },
    ],
    series: [
      {},
      ...lines.map(({ kind, label }, i) => ({
        label,
        stroke: () => color(names[kind]),
        width: 2,
        dash: DASHES[kind],
        fill: i === 0 ? () => color(names[kind]) + "1f" : undefined,
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [(plot) => tell(plot, lines, readout)] },
  };
}

const days = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const times = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });

// tick labels a place on the axis of time: with the clock only where ticks are closer than days.
function tick(seconds, step) {
  const at = new Date(seconds * 1000);
  return step < 86400 && (at.getHours() || at.getMinutes()) ? times.format(at) : days.format(at);
}

// tell writes what the pointer is at, and nothing when it is elsewhere.
function tell(plot, lines, readout) {
  const { idx } = plot.cursor;
  readout.replaceChildren();
  if (idx == null) {
    return;
  }
  const part = (text, kind) => {
    const span = document.createElement("span");
    span.textContent = text;
    if (kind) {
      span.className = "key " + kind;
    }
    return span;
  };
  readout.append(part(moment(plot.data[0][idx])), ...lines.map(({ kind, label }, i) => part(`${label} ${number(plot.data[i + 1][idx])}`, kind)));
}
