// Package addto lets people take a copy of an event into a calendar of theirs without an invitation: by a link that opens the calendar's
// own form, filled in, or as a file.
//
// The services document these links nowhere themselves; what is known of their parameters is collected in
// https://github.com/InteractionDesignFoundation/add-event-to-calendar-docs.
package addto
