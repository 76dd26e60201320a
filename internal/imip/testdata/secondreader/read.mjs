// Reads mails with parsers from another hand (postal-mime for MIME, ical.js for the calendar) and prints what it understood, as a
// JSON object by file name. Usage: node read.mjs FILE...
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import ICAL from "ical.js";
import PostalMime from "postal-mime";

const result = {};
for (const file of process.argv.slice(2)) {
  result[basename(file, ".eml")] = await readMail(readFileSync(file));
}
process.stdout.write(JSON.stringify(result, null, 1));

async function readMail(raw) {
  const parser = new PostalMime({ attachmentEncoding: "utf8", forceRfc822Attachments: true });
  const mail = await parser.parse(raw);
  const header = (name) => mail.headers.find((field) => field.key === name)?.value ?? "";
  const calendars = mail.attachments.filter((part) => part.mimeType === "text/calendar");
  const files = mail.attachments.filter((part) => part.mimeType === "application/ics");
  return {
    tree: tree(parser.root),
    subject: mail.subject,
    from: mail.from,
    to: mail.to,
    reply_to: mail.replyTo,
    auto_submitted: header("auto-submitted"),
    text: mail.text ?? "",
    html: mail.html ?? "",
    method_param: calendars.map((part) => part.method),
    same_calendar: calendars.length === 1 && files.length === 1 && calendars[0].content === files[0].content,
    calendar: readCalendar(calendars[0].content),
  };
}

// tree lists the media types from the root to each leaf.
function tree(node, path = "") {
  const here = path + node.contentType.parsed.value;
  return node.childNodes.length ? node.childNodes.flatMap((child) => tree(child, here + " > ")) : [here];
}

function readCalendar(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  for (const zone of calendar.getAllSubcomponents("vtimezone")) {
    ICAL.TimezoneService.register(zone);
  }
  const components = calendar.getAllSubcomponents("vevent");
  const read = {
    method: calendar.getFirstPropertyValue("method"),
    zones: calendar.getAllSubcomponents("vtimezone").map((zone) => zone.getFirstPropertyValue("tzid")),
    events: components.map(readEvent),
    occurrences: occurrences(components),
  };
  ICAL.TimezoneService.reset();
  return read;
}

function readEvent(component) {
  const event = new ICAL.Event(component);
  const attendee = component.getAllProperties("attendee");
  const organizer = component.getFirstProperty("organizer");
  const value = (name) => component.getFirstPropertyValue(name);
  return {
    uid: event.uid,
    sequence: event.sequence,
    summary: event.summary,
    location: event.location ?? "",
    description: event.description ?? "",
    status: value("status"),
    rrule: value("rrule")?.toString() ?? "",
    dtstamp: value("dtstamp").toUnixTime(),
    start: moment(value("dtstart")),
    end: moment(value("dtend")),
    recurrence_id: moment(value("recurrence-id")),
    organizer: { cn: organizer.getParameter("cn"), value: organizer.getFirstValue() },
    attendees: attendee.map((property) => ({
      cn: property.getParameter("cn"),
      partstat: property.getParameter("partstat"),
      rsvp: property.getParameter("rsvp"),
      role: property.getParameter("role"),
      value: property.getFirstValue(),
    })),
  };
}

// moment is a time as epoch seconds with its zone, or a date, or nothing.
function moment(time) {
  if (!time) return null;
  if (time.isDate) return { date: time.toString() };
  const floating = time.zone === ICAL.Timezone.localTimezone;
  return { epoch: floating ? 0 : time.toUnixTime(), zone: floating ? "floating" : time.zone.tzid, local: time.toString() };
}

// occurrences are the first starts of a series, overrides applied.
function occurrences(components) {
  const main = components.find((component) => !component.hasProperty("recurrence-id"));
  if (!main?.hasProperty("rrule")) return [];
  const event = new ICAL.Event(main, { exceptions: components.filter((component) => component !== main) });
  const starts = [];
  const iterator = event.iterator();
  for (let next = iterator.next(); next && starts.length < 8; next = iterator.next()) {
    starts.push(event.getOccurrenceDetails(next).startDate.toUnixTime());
  }
  return starts;
}
