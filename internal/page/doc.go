// Package page draws the few pages that guests and organizers see: what a link in a mail opens.
//
// A page is one document with everything in it: no script, no picture, no request to anywhere. Each has a view, a struct of what it shows; [Pages] turns
// it into bytes, and [Pages.Headers] gives the headers to send with them. Whatever changes something is a form that POSTs, because mail scanners open every link
// (RFC 8058 §1).
package page
