// Keeps an event's numbers fresh: often while something is being sent, else less and less often. It asks only while somebody can see the page.

import { localize, number, parse } from "./local.js";
import { drawCharts } from "./chart.js";
import { copyButtons } from "./copy.js";
import { filters } from "./filter.js";
import { tables } from "./table.js";

const RUNNING = 2_000; // milliseconds between two questions while something is being sent
const IDLE = 15_000; // at first when nothing is
const LONGEST = 120_000; // at last, and after errors
const REDRAW = 5_000; // at least, between two times that parts of the page are drawn anew for answers

// The parts of the page that are drawn anew: all when a run begins or ends, or its list is read; those of the guests also when one answers.
const parts = ["progress", "picture", "attendees"];
const ofGuests = ["picture", "attendees"];

/** Starts to refresh the numbers in an element, which says in data-live whom to ask. */
export function keepFresh(element) {
  if (!element) {
    return;
  }
  let running = "running" in element.dataset;
  let wait = running ? RUNNING : IDLE;
  let last = "";
  let timer;
  const shown = (name) => parse(element.querySelector(`[data-count=${name}]`)?.textContent ?? "0");
  let run = runOf(running, shown("progress_total"));
  let guests = guestsOf(shown("total"), shown("answered"));
  let drawn = 0; // when parts were drawn anew for the last time

  const again = () => {
    clearTimeout(timer);
    if (!document.hidden) {
      timer = setTimeout(ask, wait);
    }
  };

  async function ask() {
    try {
      const response = await fetch(element.dataset.live, { headers: { Accept: "application/json" } });
      if ([401, 403, 404, 410].includes(response.status) || response.redirected) {
        return; // signed out, or the event is gone: the next click tells
      }
      if (!response.ok) {
        throw new Error(response.status);
      }
      const live = await response.json();
      const now = JSON.stringify(live);
      const { total, answered, progress_total } = live.counts;
      const newRun = runOf(live.running, progress_total);
      const newGuests = guestsOf(total, answered);
      if (newRun !== run || (newGuests !== guests && Date.now() - drawn >= REDRAW)) {
        drawn = Date.now();
        const all = await redraw(element, newRun !== run ? parts : ofGuests);
        run = newRun;
        guests = all ? newGuests : ""; // what was left alone comes with the next question
        show(element, live.counts);
      } else if (now !== last) {
        show(element, live.counts);
      }
      running = live.running;
      wait = running ? RUNNING : now === last ? Math.min(wait * 1.5, LONGEST) : IDLE;
      last = now;
    } catch {
      wait = Math.min(wait * 2, LONGEST);
    }
    again();
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      wait = running ? RUNNING : IDLE;
      clearTimeout(timer);
      ask();
    }
  });
  again();
}

// runOf and guestsOf are what parts of the page look different for.
function runOf(running, list) {
  return `${running} ${list > 0}`;
}

function guestsOf(total, answered) {
  return `${total > 0} ${answered}`;
}

// show writes counts into the page, and makes its bars as long as they now are.
function show(element, counts) {
  const share = (node, name) => {
    const whole = counts[node.dataset.of ?? (name === "progress_done" ? "progress_total" : "total")];
    return whole > 0 ? counts[name] / whole : 0;
  };
  for (const node of document.querySelectorAll("[data-count]")) {
    if (node.dataset.count in counts) {
      node.textContent = number(counts[node.dataset.count]);
      if (node.matches(".number")) {
        node.hidden = counts[node.dataset.count] === 0; // a badge
      }
    }
  }
  for (const node of element.querySelectorAll("[data-share]")) {
    node.textContent = percent(share(node, node.dataset.share));
  }
  for (const node of element.querySelectorAll("[data-progress]")) {
    if (counts.progress_total > 0) {
      node.max = counts.progress_total;
      node.value = counts.progress_done;
    }
  }
  for (const stack of element.querySelectorAll("[data-stack] svg")) {
    let x = 0;
    for (const bar of stack.querySelectorAll("[data-bar]")) {
      const width = share(bar, bar.dataset.bar) * 100;
      bar.setAttribute("x", x.toFixed(2));
      bar.setAttribute("width", width.toFixed(2));
      x += width;
    }
    stack.setAttribute("aria-label", `${counts.accepted} yes, ${counts.tentative} maybe, ${counts.declined} no, ${counts.noaction} without an answer`);
  }
  for (const bar of element.querySelectorAll("[data-bar][data-of]")) {
    bar.setAttribute("width", (share(bar, bar.dataset.bar) * 100).toFixed(2));
  }
}

function percent(share) {
  if (share > 0 && share < 0.01) {
    return "<1%";
  }
  return share > 0.99 && share < 1 ? ">99%" : Math.round(share * 100) + "%";
}

// redraw takes parts from a fresh copy of the page, and reports whether it took all. Where the reader is, it leaves them alone.
async function redraw(element, ids) {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) {
    throw new Error(response.status);
  }
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  let all = true;
  for (const id of ids) {
    const old = document.getElementById(id);
    const now = fresh.getElementById(id);
    if (!now || (old && inUse(old))) {
      all &&= !now;
      continue;
    }
    if (!old) {
      element.append(now); // the first guest came
    } else if (id === "progress") {
      old.replaceChildren(...now.childNodes); // the element stays: screen readers listen to it
    } else {
      const open = [...old.querySelectorAll("details")].map((fold) => fold.open);
      now.querySelectorAll("details").forEach((fold, i) => (fold.open = open[i] ?? false));
      old.replaceWith(now);
    }
    const place = document.getElementById(id);
    drawCharts(place);
    localize(place);
    copyButtons(place);
    filters(place);
    tables(place);
  }
  return all;
}

// inUse reports whether the reader is in a part of the page, or has typed something there.
function inUse(part) {
  return part.contains(document.activeElement) || [...part.querySelectorAll("input")].some((field) => field.value !== field.defaultValue);
}
