package bulk

import (
	"encoding/csv"
	"strings"
)

// Pasted makes a list of what somebody pasted into a form: addresses, one in a line or separated by commas or semicolons, each with a name
// before it in angle brackets' manner or without. What has a header row is a list already and stays as it is. added is how many rows the list
// has at its top that were not pasted (Options.Added).
func Pasted(text string) (list []byte, added int) {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	if !strings.Contains(text, "@") || table(text) {
		return []byte(text), 0
	}
	var made strings.Builder
	rows := csv.NewWriter(&made)
	_ = rows.Write([]string{"email", "name"}) // to memory: never fails
	for _, entry := range entries(text) {
		name, email := person(entry)
		_ = rows.Write([]string{email, name})
	}
	rows.Flush()
	return []byte(made.String()), 1
}

// table reports whether the text has a header row that names a column of addresses.
func table(text string) bool {
	first, _, _ := strings.Cut(text, "\n")
	if strings.Contains(first, "@") {
		return false
	}
	_, err := Rows([]byte(text), Options{UID: "any"})
	return err == nil
}

// entries are the parts of the text that name one person each: what lies between line ends, commas and semicolons that are not quoted.
func entries(text string) (all []string) {
	start, quoted := 0, false
	cut := func(end int) {
		if entry := strings.TrimSpace(text[start:end]); entry != "" {
			all = append(all, entry)
		}
		start = end + 1
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\n' || c == '\r': // a quote does not reach over the end of its line: it is a mistake
			cut(i)
			quoted = false
		case c == '"':
			quoted = !quoted
		case (c == ',' || c == ';') && !quoted:
			cut(i)
		}
	}
	cut(len(text))
	return all
}

// person is the name and the address of an entry: Ada Lovelace <ada@example.com>, ada@example.com, or ada@example.com (Ada Lovelace).
func person(entry string) (name, email string) {
	if open := strings.LastIndexByte(entry, '<'); open >= 0 {
		email, _, _ = strings.Cut(entry[open+1:], ">")
		return unquoted(entry[:open]), strings.TrimSpace(email)
	}
	if email, name, ok := strings.Cut(entry, "("); ok {
		return strings.TrimSpace(strings.TrimSuffix(name, ")")), strings.TrimSpace(email)
	}
	for _, word := range strings.Fields(entry) { // Ada Lovelace ada@example.com
		if strings.Contains(word, "@") {
			return unquoted(strings.Replace(entry, word, "", 1)), word
		}
	}
	return "", entry
}

func unquoted(name string) string { return strings.Trim(strings.TrimSpace(name), "\"' ") }
