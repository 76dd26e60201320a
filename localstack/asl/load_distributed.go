package asl

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// distributed reads what a Map of Mode DISTRIBUTED has beside what every Map has.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
func (l *loader) distributed(m mapping, p processor, name string, f *fields) *distributed {
	w := &distributed{mapping: m, env: l.env, express: p.express, definition: p.definition}
	w.label = l.label(name, f)
	w.tolerated = f.tolerated()
	if o := f.object("ItemReader"); o != nil {
		w.reader = l.itemReader(f.fields(o, f.at+"/ItemReader"))
	}
	if o := f.object("ItemBatcher"); o != nil {
		w.batch = l.itemBatcher(f.fields(o, f.at+"/ItemBatcher"))
	}
	if o := f.object("ResultWriter"); o != nil {
		w.writer = l.resultWriter(f.fields(o, f.at+"/ResultWriter"))
	}
	return w
}

// maxLabel is the longest Label, in characters.
const maxLabel = 40

// label reads Label. Without one AWS makes one up; here it is made of the state's name.
func (l *loader) label(state string, f *fields) string {
	label := f.text("Label")
	if !f.has("Label") {
		label = l.freeLabel(state)
	}
	switch {
	case f.has("Label") && (label == "" || len([]rune(label)) > maxLabel || strings.ContainsFunc(label, notInLabel)):
		f.schema(f.at+"/Label", "Value is not a label of up to %d characters", maxLabel)
	case l.labels[label]:
		f.schema(f.at+"/Label", "Duplicate label: %s", label)
	}
	l.labels[label] = true
	return label
}

func (l *loader) freeLabel(state string) string {
	base := []rune(strings.Map(func(r rune) rune {
		if notInLabel(r) {
			return -1
		}
		return r
	}, state))
	if len(base) == 0 {
		base = []rune("Map")
	}
	label := string(base[:min(len(base), maxLabel)])
	for n := 2; l.labels[label]; n++ {
		label = fmt.Sprintf("%s-%d", string(base[:min(len(base), maxLabel-4)]), n)
	}
	return label
}

// notInLabel finds what a label must not contain.
func notInLabel(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("?*<>{}[]:;,\\|^~$#%&`\"/", r)
}

func (f *fields) tolerated() tolerated {
	f.exclusive("ToleratedFailurePercentage", "ToleratedFailurePercentagePath")
	return tolerated{
		hasCount:       f.has("ToleratedFailureCount") || f.has("ToleratedFailureCountPath"),
		hasPercentage:  f.has("ToleratedFailurePercentage") || f.has("ToleratedFailurePercentagePath"),
		count:          f.amount("ToleratedFailureCount", 0, 0, 100_000_000),
		percentage:     f.float("ToleratedFailurePercentage", 0, 0, 100),
		percentagePath: f.path("ToleratedFailurePercentagePath"),
	}
}

// parameters reads the Parameters of a call of S3, which may have the named members and must have the first of them.
func (l *loader) parameters(f *fields, names ...string) *template {
	f.required("Parameters")
	o := f.object("Parameters")
	if o == nil {
		return nil
	}
	given := map[string]bool{}
	for _, field := range o.keys {
		name := strings.TrimSuffix(field, ".$")
		if given[name] = true; !slices.Contains(names, name) {
			l.unsupported = append(l.unsupported, "parameter "+field+" at "+f.at+"/Parameters")
		}
	}
	if !given[names[0]] {
		l.schema(f.at+"/Parameters", "These fields are required: [%s]", names[0])
	}
	return f.template("Parameters", true)
}

// s3 reads Resource, which must be one of the actions.
func (l *loader) s3(f *fields, actions ...string) (action string) {
	f.required("Resource")
	resource := f.text("Resource")
	action, ok := optimized(resource)
	switch {
	case !f.has("Resource"):
	case !ok || !slices.Contains(actions, action):
		l.unsupported = append(l.unsupported, "resource "+resource+" at "+f.at+"/Resource")
	case l.env.Objects == nil:
		l.unsupported = append(l.unsupported, "resource "+resource+" without a store of objects at "+f.at+"/Resource")
	}
	return action
}

func (l *loader) itemReader(f *fields) *itemReader {
	r := &itemReader{objects: l.env.Objects}
	config := f.object("ReaderConfig")
	c := f.fields(NewObject(), f.at+"/ReaderConfig")
	if config != nil {
		c = f.fields(config, f.at+"/ReaderConfig")
	}
	r.most = c.amount("MaxItems", 0, 0, 100_000_000)
	c.refuse("ItemsPointer", "ManifestType")
	if transformation := c.text("Transformation"); transformation != "" && transformation != "NONE" {
		l.unsupported = append(l.unsupported, "Transformation "+transformation+" at "+c.at+"/Transformation")
	}
	switch l.s3(f, "s3:getObject", "s3:listObjectsV2") {
	case "s3:listObjectsV2":
		r.listing = true
		r.parameters = l.parameters(f, "Bucket", "Prefix")
	case "s3:getObject":
		r.parameters = l.parameters(f, "Bucket", "Key")
		f.required("ReaderConfig")
		r.fileFormat(c)
	default:
		f.get("Parameters")
		return r
	}
	c.done()
	f.done()
	return r
}

// fileFormat reads InputType and what belongs to it.
func (r *itemReader) fileFormat(c *fields) {
	switch r.format = c.text("InputType"); r.format {
	case "CSV":
		r.csvFormat(c)
	case "JSON", "JSONL":
	case "":
		c.required("InputType")
	case "PARQUET", "MANIFEST":
		c.unsupported = append(c.unsupported, "InputType "+r.format+" at "+c.at+"/InputType")
	default:
		c.schema(c.at+"/InputType", "Value is not one of CSV, JSON, JSONL, PARQUET, MANIFEST")
	}
}

// csvDelimiters are the values of CSVDelimiter.
var csvDelimiters = map[string]byte{"": ',', "COMMA": ',', "PIPE": '|', "SEMICOLON": ';', "SPACE": ' ', "TAB": '\t'}

func (r *itemReader) csvFormat(c *fields) {
	c.required("CSVHeaderLocation")
	switch c.text("CSVHeaderLocation") {
	case "GIVEN":
		c.required("CSVHeaders")
		v, _ := c.get("CSVHeaders")
		list, _ := v.([]any)
		r.headers = []string{}
		for _, e := range list {
			if name, ok := e.(string); ok {
				r.headers = append(r.headers, name)
			}
		}
		if len(r.headers) == 0 || len(r.headers) < len(list) {
			c.schema(c.at+"/CSVHeaders", "Expected a non-empty Array of Strings")
		}
	case "FIRST_ROW", "":
	default:
		c.schema(c.at+"/CSVHeaderLocation", "Value is not one of FIRST_ROW, GIVEN")
	}
	var ok bool
	if r.delimiter, ok = csvDelimiters[c.text("CSVDelimiter")]; !ok {
		c.schema(c.at+"/CSVDelimiter", "Value is not one of COMMA, PIPE, SEMICOLON, SPACE, TAB")
	}
}

func (l *loader) itemBatcher(f *fields) *itemBatcher {
	b := &itemBatcher{
		items: f.amount("MaxItemsPerBatch", 0, 1, 100_000_000),
		bytes: f.amount("MaxInputBytesPerBatch", 0, 1, maxData),
		input: f.template("BatchInput", true),
	}
	if !f.has("MaxItemsPerBatch") && !f.has("MaxItemsPerBatchPath") && !f.has("MaxInputBytesPerBatch") && !f.has("MaxInputBytesPerBatchPath") {
		l.schema(f.at, "One of MaxItemsPerBatch and MaxInputBytesPerBatch must be given")
	}
	f.done()
	return b
}

func (l *loader) resultWriter(f *fields) *resultWriter {
	w := &resultWriter{objects: l.env.Objects, file: l.env.ResultFile}
	if config := f.object("WriterConfig"); config != nil {
		c := f.fields(config, f.at+"/WriterConfig")
		for name, only := range map[string]string{"Transformation": "NONE", "OutputType": "JSON"} {
			if value := c.text(name); value != "" && value != only {
				l.unsupported = append(l.unsupported, name+" "+value+" at "+c.at+"/"+name)
			}
		}
		c.done()
	}
	l.s3(f, "s3:putObject")
	w.parameters = l.parameters(f, "Bucket", "Prefix")
	f.done()
	return w
}
