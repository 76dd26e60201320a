// The dashboard's script. Every page works without it: it only adds what a server cannot know (the reader's zone, where the pointer is) or would have to be
// asked again for (numbers that change).

import { localize } from "./local.js";
import { keepFresh } from "./refresh.js";
import { drawCharts } from "./chart.js";
import { copyButtons } from "./copy.js";
import { dropAreas } from "./drop.js";
import { filters } from "./filter.js";
import { tables } from "./table.js";
import { busyForms, menus } from "./form.js";

drawCharts(document); // before localize, as keepFresh: they read the numbers as the server wrote them
keepFresh(document.querySelector("[data-live]"));
localize(document);
copyButtons(document);
dropAreas(document);
filters(document);
tables(document);
tabs(document.querySelector(".tabs"));
busyForms(document);
menus(document);

// tabs brings the current one into view where not all have room.
function tabs(nav) {
  const current = nav?.querySelector("[aria-current]");
  if (current) {
    nav.scrollLeft = current.getBoundingClientRect().right - nav.getBoundingClientRect().right;
  }
}
