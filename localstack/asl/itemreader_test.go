package asl

import (
	"errors"
	"strings"
	"testing"
)

// read parses a text as a reader of that ReaderConfig does, and returns the items as lines of JSON, or the cause of
// the failure.
func read(r *itemReader, text string) string {
	var lines []string
	err := r.parse(strings.NewReader(text), func(item any) error {
		lines = append(lines, string(JSON(item)))
		return nil
	})
	var failure *Failure
	if errors.As(err, &failure) {
		if failure.Name != ErrorItemReader || failure.fatal {
			return "not an " + ErrorItemReader
		}
		return failure.Cause
	}
	return strings.Join(lines, "\n")
}

func TestReadCSV(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
	}{
		{"plain", "a,b\n1,2\n3,4", `{"a":"1","b":"2"}` + "\n" + `{"a":"3","b":"4"}`},
		{"nothing", "", ``},
		{"headers alone", "a,b\n", ``},
		{"short and long rows", "a,b\n1\n1,2,3\n,\n", `{"a":"1","b":""}` + "\n" + `{"a":"1","b":"2"}` + "\n" + `{"a":"","b":""}`},
		{"quotes protect", "a,b\n\"1,\n2\",\"say \"\"hi\"\"\"\n", `{"a":"1,\n2","b":"say \"hi\""}`},
		{"a quote inside", "a,b\nit's \"so\",2\n", `{"a":"it's \"so\"","b":"2"}`},
		{"backslashes", `a,b` + "\n" + `\\\",\n\,x` + "\n" + `"\"",y`, `{"a":"\\\"","b":"n,x"}` + "\n" + `{"a":"\"","b":"y"}`},
		{"an escaped quote opens nothing", "a,b\n\\\"1,2\n", `{"a":"\"1","b":"2"}`},
		{"empty lines and CRLF", "a,b\r\n\r\n1,2\r\n\n", `{"a":"1","b":"2"}`},
		{"spaces are data", "a\n   \n", `{"a":"   "}`},
		{"an empty text", "a\n\"\"\n", `{"a":""}`},
		{"the same header twice", "a,b,a\n1,2,3\n", "CSV headers cannot contain duplicates."},
		{"open quote", "a\n1\n\"2\n3\n", "The CSV file could not be read: line 3: a quote is not closed"},
		{"long headers", strings.Repeat("a,", 6000) + "\n", "The headers of the CSV file are longer than 10240 bytes."},
		{"a row without end", "a\n" + strings.Repeat("x", maxItem+1), "The CSV file could not be read: line 2: the row is longer than 8388608 bytes"},
	} {
		if got := read(&itemReader{format: "CSV", delimiter: ','}, c.text); got != c.want {
			t.Errorf("%s: %.200q, want %q", c.name, got, c.want)
		}
	}
	if got := read(&itemReader{format: "CSV", delimiter: ',', headers: []string{"x", "x"}}, "1,2"); got != "CSV headers cannot contain duplicates." {
		t.Errorf("the same header given twice: %s", got)
	}
	for name, delimiter := range csvDelimiters {
		if got := read(&itemReader{format: "CSV", delimiter: delimiter, headers: []string{"x", "y"}}, "1"+string(delimiter)+"2"); got != `{"x":"1","y":"2"}` {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestReadJSON(t *testing.T) {
	for _, c := range []struct{ format, text, want string }{
		{"JSON", ` [ 1, {"b":1,"a":[]} , null ] `, "1\n" + `{"b":1,"a":[]}` + "\nnull"},
		{"JSON", `[]`, ``},
		{"JSON", `{"a":1}`, "Attempting to map over non-iterable node."},
		{"JSON", `"a"`, "Attempting to map over non-iterable node."},
		{"JSON", ``, "The JSON file could not be read: EOF"},
		{"JSON", `[1`, "The JSON file could not be read: EOF"},
		{"JSON", `[1,`, "The JSON file could not be read: EOF"},
		{"JSON", `[] []`, "The JSON file has text after its array."},
		{"JSON", `["` + strings.Repeat("x", maxItem) + `"]`, "An item of the JSON file is longer than 8388608 bytes."},
		{"JSONL", "{\"a\":1.0}\r\n\n[2]\n3", "{\"a\":1.0}\n[2]\n3"},
		{"JSONL", "", ""},
		{"JSONL", "1\n\n{\n", "Line 3 of the JSONL file could not be read: asl: reading JSON: unexpected EOF"},
		{"JSONL", "1 2\n", "Line 1 of the JSONL file could not be read: asl: reading JSON: text after the value"},
		{"JSONL", "1\n\"" + strings.Repeat("x", maxItem) + "\"", "Line 2 of the JSONL file could not be read: bufio.Scanner: token too long"},
	} {
		if got := read(&itemReader{format: c.format}, c.text); got != c.want {
			t.Errorf("%s %.40q: %.200q, want %q", c.format, c.text, got, c.want)
		}
	}
}

func TestAnErrorOfTheConsumerEndsTheReading(t *testing.T) {
	stop := errors.New("stop")
	for _, c := range []struct{ format, text string }{{"CSV", "a\n1\n2\n"}, {"JSON", "[1,2]"}, {"JSONL", "1\n2\n"}} {
		n := 0
		err := (&itemReader{format: c.format, delimiter: ','}).parse(strings.NewReader(c.text), func(any) error { n++; return stop })
		if !errors.Is(err, stop) || n != 1 {
			t.Errorf("%s: %v after %d items", c.format, err, n)
		}
	}
}

// Whatever a list holds it is read or refused; what was read is whole, and the same again.
func FuzzItemReader(f *testing.F) {
	for _, seed := range []string{"a,b\n1,\"2\n\"\n", "a\\,b\n\\\\\\\"\n", "[1,{\"a\":[]}]", "{\"a\":1}\n\n2\n", "\"a\"\"\r\n\"", "a;b\r\n;\r"} {
		for format := range 5 {
			f.Add(format, seed)
		}
	}
	f.Fuzz(func(t *testing.T, format int, text string) {
		readers := []*itemReader{
			{format: "JSON"}, {format: "JSONL"}, {format: "CSV", delimiter: ','}, {format: "CSV", delimiter: ';', headers: []string{"h", "i"}}, {format: "CSV", delimiter: ' '},
		}
		r := readers[uint(format)%uint(len(readers))]
		parse := func() (items []string, err error) {
			return items, r.parse(strings.NewReader(text), func(item any) error {
				line := JSON(item)
				if _, err := ParseJSON(line); err != nil {
					t.Fatalf("%q is not JSON: %v", line, err)
				}
				items = append(items, string(line))
				return nil
			})
		}
		items, err := parse()
		var failure *Failure
		if err != nil && (!errors.As(err, &failure) || failure.Name != ErrorItemReader) {
			t.Fatalf("error %v", err)
		}
		if again, _ := parse(); strings.Join(again, "\n") != strings.Join(items, "\n") {
			t.Fatalf("read %q and then %q", items, again)
		}
		if len(items) > len(text) {
			t.Fatalf("%d items in %d bytes", len(items), len(text))
		}
	})
}

// What is written with quotes is read as it was.
func FuzzCSVQuoting(f *testing.F) {
	f.Add("a,\"b\"\n", `\`)
	f.Add("", " x\r\n")
	f.Fuzz(func(t *testing.T, first, second string) {
		quote := func(s string) string {
			return `"` + strings.NewReplacer(`\`, `\\`, `"`, `""`).Replace(s) + `"`
		}
		rows := newCSVReader(strings.NewReader(quote(first)+","+quote(second)+"\n"), ',')
		got, err := rows.row()
		if err != nil || len(got) != 2 || got[0] != first || got[1] != second {
			t.Fatalf("%q, %q became %q, %v", first, second, got, err)
		}
	})
}
