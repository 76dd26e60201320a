// Package view draws the pages of the dashboard: what organizers see of their events, and administrators of the system.
//
// Each page has a view, a struct of what it shows; [Views] turns it into bytes. A page works without script: forms POST, links carry the filters. The one
// script only improves it (numbers that refresh, charts to point at, the reader's own zone), and with the one style sheet it is a file of its own, because the
// pages' policy ([Headers]) allows nothing inline and nothing from elsewhere.
//
// It is pure drawing: it opens no connection, reads no clock, and asks nobody.
package view
