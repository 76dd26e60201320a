package main

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is the part of an OpenAPI 3.0 document that the page shows.
type document struct {
	Info struct {
		Title       string
		Description string
	}
	Tags       []tag
	Paths      ordered[ordered[yaml.Node]]
	Components struct {
		Parameters map[string]parameter
		Responses  map[string]response
		Schemas    ordered[schema]
	}
}

type tag struct{ Name, Description string }

// operation is what one method of one path does.
type operation struct {
	Tags        []string
	Summary     string
	Description string
	Parameters  []parameter
	RequestBody *struct {
		Required bool
		Content  ordered[content]
	} `yaml:"requestBody"`
	Responses ordered[response]
	Security  []map[string][]string
}

type parameter struct {
	Ref         string `yaml:"$ref"`
	Name, In    string
	Required    bool
	Description string
	Schema      schema
}

type response struct {
	Ref         string `yaml:"$ref"`
	Description string
	Content     ordered[content]
}

type content struct{ Schema schema }

type schema struct {
	Ref         string `yaml:"$ref"`
	Type        string
	Format      string
	Description string
	Enum        []string
	MaxLength   int `yaml:"maxLength"`
	Required    []string
	Properties  ordered[schema]
	Items       *schema
	Members     yaml.Node `yaml:"additionalProperties"` // a schema, or a truth value
	AllOf       []schema  `yaml:"allOf"`
}

// ordered is a YAML mapping whose order counts.
type ordered[V any] []entry[V]

type entry[V any] struct {
	Key   string
	Value V
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (o *ordered[V]) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a mapping is expected", node.Line)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		e := entry[V]{Key: node.Content[i].Value}
		if err := node.Content[i+1].Decode(&e.Value); err != nil {
			return err
		}
		*o = append(*o, e)
	}
	return nil
}

func (o ordered[V]) get(key string) (value V, ok bool) {
	for _, e := range o {
		if e.Key == key {
			return e.Value, true
		}
	}
	return value, false
}

// route is a method and a path, with what they do.
type route struct {
	method, path string
	operation
}

func parse(text []byte) (*document, error) {
	var doc document
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	return &doc, nil
}

// routes are the document's routes in its order, with parameters and responses in place of references to them.
func (d *document) routes() ([]route, error) {
	var all []route
	for _, path := range d.Paths {
		for _, method := range path.Value {
			r := route{method: strings.ToUpper(method.Key), path: path.Key}
			if err := method.Value.Decode(&r.operation); err != nil {
				return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
			}
			for i, p := range r.Parameters {
				if p.Ref == "" {
					continue
				}
				named, ok := d.Components.Parameters[refName(p.Ref)]
				if !ok {
					return nil, fmt.Errorf("%s %s: there is no %s", r.method, r.path, p.Ref)
				}
				r.Parameters[i] = named
			}
			for i, answer := range r.Responses {
				if answer.Value.Ref == "" {
					continue
				}
				named, ok := d.Components.Responses[refName(answer.Value.Ref)]
				if !ok {
					return nil, fmt.Errorf("%s %s: there is no %s", r.method, r.path, answer.Value.Ref)
				}
				r.Responses[i].Value = named
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// refName is the last part of a reference: #/components/schemas/Event names Event.
func refName(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }
