package gateway

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// defaultTimeout is API Gateway's longest integration timeout.
const defaultTimeout = 29 * time.Second

// route is one operation of the document.
type route struct {
	method   string
	resource string // path as the document has it, such as /event/{uid}
	keyed    bool   // asks for an API key
	function string // "" when the document gives no integration: the route is announced only
	timeout  time.Duration
}

// pattern is the route in the form of http.ServeMux. API Gateway's {name+} is ServeMux's {name...}.
func (r route) pattern() string {
	path := strings.ReplaceAll(r.resource, "+}", "...}")
	if strings.HasSuffix(path, "/") {
		path += "{$}"
	}
	return r.method + " " + path
}

// parameters are the names of the path's parameters.
func (r route) parameters() []string {
	var names []string
	for _, segment := range strings.Split(r.resource, "/") {
		if strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}") {
			names = append(names, strings.TrimSuffix(segment[1:len(segment)-1], "+"))
		}
	}
	return names
}

// operation is the part of an OpenAPI operation that API Gateway acts on.
type operation struct {
	Security    []map[string][]string `yaml:"security"`
	Integration *struct {
		Type    string `yaml:"type"`
		Method  string `yaml:"httpMethod"`
		URI     string `yaml:"uri"`
		Timeout int    `yaml:"timeoutInMillis"`
	} `yaml:"x-amazon-apigateway-integration"`
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch"}

// parse reads the operations of an OpenAPI 3 document, sorted by path, and the media types whose bodies are not text. Parts that this gateway would have to act on but cannot are errors.
func parse(document []byte, functionOf func(string) (string, bool)) (routes []route, binary []string, err error) {
	var doc struct {
		OpenAPI    string                          `yaml:"openapi"`
		Binary     []string                        `yaml:"x-amazon-apigateway-binary-media-types"`
		Paths      map[string]map[string]yaml.Node `yaml:"paths"`
		Components struct {
			SecuritySchemes map[string]struct {
				Type string `yaml:"type"`
				In   string `yaml:"in"`
				Name string `yaml:"name"`
			} `yaml:"securitySchemes"`
		} `yaml:"components"`
	}
	if err := yaml.Unmarshal(document, &doc); err != nil {
		return nil, nil, fmt.Errorf("openapi: %w", err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.") {
		return nil, nil, fmt.Errorf("openapi: version %q is not 3.x", doc.OpenAPI)
	}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, name := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			if !slices.Contains(methods, name) {
				continue // summary, parameters …
			}
			where := fmt.Sprintf("openapi: %s %s", name, path)
			node := doc.Paths[path][name]
			var op operation
			if err := node.Decode(&op); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", where, err)
			}
			r := route{method: strings.ToUpper(name), resource: path, timeout: defaultTimeout}
			for _, requirement := range op.Security {
				for scheme := range requirement {
					s := doc.Components.SecuritySchemes[scheme]
					if s.Type != "apiKey" || s.In != "header" || !strings.EqualFold(s.Name, keyHeader) {
						return nil, nil, fmt.Errorf("%s: security scheme %q is not an apiKey in header %s", where, scheme, strings.ToLower(keyHeader))
					}
					r.keyed = true
				}
			}
			if i := op.Integration; i != nil {
				if i.Type != "aws_proxy" || i.Method != "POST" {
					return nil, nil, fmt.Errorf("%s: integration %q by %q is not supported; only aws_proxy by POST is", where, i.Type, i.Method)
				}
				var ok bool
				if r.function, ok = functionOf(strings.TrimSuffix(i.URI, "/invocations")); !ok {
					return nil, nil, fmt.Errorf("%s: integration invokes no known function: %q", where, i.URI)
				}
				if i.Timeout != 0 {
					r.timeout = time.Duration(i.Timeout) * time.Millisecond
				}
				if r.timeout < 50*time.Millisecond || r.timeout > defaultTimeout {
					return nil, nil, fmt.Errorf("%s: timeoutInMillis %d is not between 50 and 29000", where, i.Timeout)
				}
			}
			routes = append(routes, r)
		}
	}
	return routes, doc.Binary, nil
}
