// Dates and numbers as the reader writes them. The server's are right, too: in the event's zone, with English names and "10,000".

const numbers = new Intl.NumberFormat();
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const clocks = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit", timeZoneName: "short" });

/** A whole number as the reader writes it. */
export const number = (n) => numbers.format(n);

/** The number that the server wrote: "10,000" is 10000. */
export const parse = (text) => Number(text.replace(/,/g, ""));

/** A moment as the reader writes it, in their zone. */
export const moment = (seconds) => moments.format(new Date(seconds * 1000));

/** Rewrites the dates and numbers under a node, and adds the reader's own time to an event's. */
export function localize(root) {
  for (const time of root.querySelectorAll("time")) {
    time.title = time.textContent;
    time.textContent = moments.format(new Date(time.dateTime));
  }
  for (const n of root.querySelectorAll(".n, td.num, .series td")) {
    const value = parse(n.textContent);
    if (Number.isInteger(value) && n.childElementCount === 0 && n.textContent.trim() !== "") {
      n.textContent = numbers.format(value);
    }
  }
  for (const place of root.querySelectorAll(".viewer")) {
    viewersTime(place);
  }
}

// viewersTime shows when the event is where the reader is, if clocks there differ from those at the event.
function viewersTime(place) {
  const start = new Date(place.dataset.start);
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(place.dataset.start) ?? ["", "+", 0, 0];
  const offset = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  if (offset === -start.getTimezoneOffset()) {
    return;
  }
  const end = place.dataset.end && new Date(place.dataset.end);
  place.textContent = "Your time: " + (end ? clocks.formatRange(start, end) : clocks.format(start));
  place.hidden = false;
}
