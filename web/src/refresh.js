// Keeps an event's numbers fresh: often while something is being sent, else less and less often. It asks only while somebody can see the page.

import { localize, number } from "./local.js";
import { drawCharts } from "./chart.js";
import { copyButtons } from "./copy.js";
import { filters } from "./filter.js";
import { tables } from "./table.js";

const RUNNING = 2_000; // milliseconds between two questions while something is being sent
const IDLE = 15_000; // at first when nothing is
const LONGEST = 120_000; // at last, and after errors

// The parts of the page that are drawn anew when a run begins or ends.
const parts = ["progress", "picture", "attendees"];

/** Starts to refresh the numbers in an element, which says in data-live whom to ask. */
export function keepFresh(element) {
  if (!element) {
    return;
  }
  let running = "running" in element.dataset;
  let wait = running ? RUNNING : IDLE;
  let last = "";
  let timer;

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
      if (live.running !== running) {
        await redraw();
        running = live.running;
      } else if (now !== last) {
        show(element, live.counts);
      }
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

// show writes counts into the page, and makes its bars as long as they now are.
function show(element, counts) {
  const share = (node, name) => {
    const whole = counts[node.dataset.of ?? (name === "progress_done" ? "progress_total" : "total")];
    return whole > 0 ? counts[name] / whole : 0;
  };
  for (const node of element.querySelectorAll("[data-count]")) {
    if (node.dataset.count in counts) {
      node.textContent = number(counts[node.dataset.count]);
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

// redraw takes the changed parts from a fresh copy of the page. Where the reader is typing, it leaves them alone.
async function redraw() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) {
    throw new Error(response.status);
  }
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const id of parts) {
    const old = document.getElementById(id);
    const now = fresh.getElementById(id);
    if (old && now && !old.contains(document.activeElement)) {
      if (id === "progress") {
        old.replaceChildren(...now.childNodes); // the element stays: screen readers listen to it
      } else {
        old.replaceWith(now);
      }
      const place = document.getElementById(id);
      drawCharts(place);
      localize(place);
      copyButtons(place);
      filters(place);
      tables(place);
    }
  }
}
