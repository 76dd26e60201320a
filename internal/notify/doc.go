// Package notify writes the mails that organizers get.
//
// There is one per [Kind], each an HTML template and a text alternative under templates/. A template is plain text with
// placeholders in single braces, such as {summary}; templates/README.md is the guide for people who change them. An object of the same name in the
// template bucket replaces a built-in template without a deployment.
//
// [Writer.Write] turns one [Notification] into subject, HTML and text, and is pure but for reading an override. [Notifier] makes the MIME message of it
// and sends it, at most once per message that it answers.
package notify
