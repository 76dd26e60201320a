package asl

import (
	"encoding/json"
	"slices"
	"strconv"
)

// fields reads the fields of one object of a definition, notes what is wrong with them, and at the end which
// of them nobody asked for.
type fields struct {
	*loader
	obj   *Object
	at    string // place of the object in the definition
	known map[string]bool
}

func (l *loader) fields(o *Object, at string) *fields {
	return &fields{loader: l, obj: o, at: at, known: map[string]bool{}}
}

func (f *fields) get(name string) (any, bool) {
	f.known[name] = true
	return f.obj.Get(name)
}

func (f *fields) has(name string) bool {
	_, ok := f.obj.Get(name)
	return ok
}

// done refuses the fields that nobody asked for.
func (f *fields) done() {
	for _, name := range f.obj.keys {
		if !f.known[name] {
			f.schema(f.at+"/"+name, "Field is not supported.")
		}
	}
}

// refuse names fields that AWS knows and this interpreter does not.
func (f *fields) refuse(names ...string) {
	for _, name := range names {
		if _, ok := f.get(name); ok {
			f.unsupported = append(f.unsupported, "field "+name+" at "+f.at+"/"+name)
		}
	}
}

func (f *fields) required(names ...string) {
	for _, name := range names {
		if !f.has(name) {
			f.schema(place(f.at), "These fields are required: [%s]", name)
		}
	}
}

// exclusive refuses more than one of the fields.
func (f *fields) exclusive(names ...string) {
	given := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !f.has(n) })
	if len(given) > 1 {
		f.schema(place(f.at), "Only one of these fields may be given: %v", given)
	}
}

func place(at string) string {
	if at == "" {
		return "/"
	}
	return at
}

func (f *fields) wrongType(name, want string) {
	f.schema(f.at+"/"+name, "Expected value of type %s", want)
}

func (f *fields) text(name string) string {
	v, ok := f.get(name)
	s, isText := v.(string)
	if ok && !isText {
		f.wrongType(name, "String")
	}
	return s
}

func (f *fields) boolean(name string) bool {
	v, ok := f.get(name)
	b, isBool := v.(bool)
	if ok && !isBool {
		f.wrongType(name, "Boolean")
	}
	return b
}

func (f *fields) object(name string) *Object {
	v, ok := f.get(name)
	o, isObject := v.(*Object)
	if ok && !isObject {
		f.wrongType(name, "Object")
	}
	return o
}

// objects reads a list of objects.
func (f *fields) objects(name string) []*fields {
	v, ok := f.get(name)
	list, isList := v.([]any)
	if ok && !isList {
		f.wrongType(name, "Array")
	}
	var all []*fields
	for i, e := range list {
		at := f.at + "/" + name + "[" + strconv.Itoa(i) + "]"
		o, isObject := e.(*Object)
		if !isObject {
			f.schema(at, "Expected value of type Object")
			continue
		}
		all = append(all, f.fields(o, at))
	}
	return all
}

// integer reads a number from least to most; missing stands in for an absent field.
func (f *fields) integer(name string, missing, least, most int64) int64 {
	v, ok := f.get(name)
	if !ok {
		return missing
	}
	n, isInteger := integer(v)
	if !isInteger {
		x, isNumber := float(v)
		n, isInteger = int64(x), isNumber && float64(int64(x)) == x // 1.0 is an integer, too
	}
	switch {
	case !isInteger:
		f.wrongType(name, "Integer")
	case n < least || n > most:
		f.schema(f.at+"/"+name, "The value must be from %d to %d", least, most)
	}
	return n
}

// float reads a number from least to most.
func (f *fields) float(name string, missing, least, most float64) float64 {
	v, ok := f.get(name)
	if !ok {
		return missing
	}
	n, isNumber := v.(json.Number)
	x, _ := float(n)
	if !isNumber || x < least || x > most {
		f.schema(f.at+"/"+name, "The value must be a number from %v to %v", least, most)
	}
	return x
}

// path reads a path.
func (f *fields) path(name string) *Path {
	if !f.has(name) {
		f.get(name)
		return nil
	}
	text := f.text(name)
	p, err := ParsePath(text)
	if err != nil {
		f.badPath(f.at+"/"+name, "Value is not a valid JSONPath", err)
		return nil
	}
	return p
}

// amount reads a number, or a path in the field whose name ends in Path.
func (f *fields) amount(name string, missing, least, most int64) amount {
	f.exclusive(name, name+"Path")
	return amount{n: f.integer(name, missing, least, most), path: f.path(name + "Path")}
}

// selector reads InputPath, OutputPath or ResultPath: a path or null.
func (f *fields) selector(name string) selector {
	if v, ok := f.get(name); !ok || v == nil {
		return selector{null: ok}
	}
	p := f.path(name)
	if p != nil && name == "ResultPath" && !p.reference() {
		f.schema(f.at+"/"+name, "Value is not a Reference Path: %s", p)
	}
	if p != nil && p.whole() {
		p = nil
	}
	return selector{path: p}
}

// template reads a payload template, which must be an object where object is true.
func (f *fields) template(name string, object bool) *template {
	v, ok := f.get(name)
	if !ok {
		return nil
	}
	if _, isObject := v.(*Object); object && !isObject {
		f.wrongType(name, "Object")
		return nil
	}
	t, err := newTemplate(v)
	if err != nil {
		f.badPath(f.at+"/"+name, err.Error(), err)
		return nil
	}
	return t
}

// language refuses any query language but JSONPath.
func (f *fields) language() {
	switch language := f.text("QueryLanguage"); {
	case language == "JSONata":
		f.unsupported = append(f.unsupported, "QueryLanguage JSONata at "+f.at+"/QueryLanguage")
	case f.has("QueryLanguage") && language != "JSONPath":
		f.schema(f.at+"/QueryLanguage", "Value is not one of JSONPath, JSONata")
	}
}
