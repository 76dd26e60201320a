// Package dashboard is the web site on which organizers see what is going on with their events, and administrators the system. It is an
// http.Handler: one file per page or action, drawn by package view. Whoever is signed in is in a sealed cookie (session.go), so that a page
// costs only the calls that read what it shows: a constant number, however large the event.
package dashboard
