package asl

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

func TestPaths(t *testing.T) {
	const data = `{"a":{"b":[10,{"c":"x"},30]},"with space":1,"d-e":2,"list":[{"n":1},{"n":2},{}],"null":null}`
	for _, c := range []struct{ path, want string }{
		{"$", data},
		{"$.a.b[1].c", `"x"`},
		{"$['a']['b'][0]", `10`},
		{`$["with space"]`, `1`},
		{"$.d-e", `2`},
		{"$.a.b[-1]", `30`},
		{"$.a.b[0,2]", `[10,30]`},
		{"$.a.b[1:]", `[{"c":"x"},30]`},
		{"$.a.b[:-1]", `[10,{"c":"x"}]`},
		{"$.a.b[5:9]", `[]`},
		{"$.list[*].n", `[1,2]`},
		{"$.list.*", `[{"n":1},{"n":2},{}]`},
		{"$..n", `[1,2]`},
		{"$..[0]", `[{"n":1},10]`},
		{"$.null", `null`},
		{"$.no", "No results for path: $['no']"},
		{"$.no.more", "Missing property in path $['no']"},
		{"$.a.b[7]", "No results for path: $['a']['b'][7]"},
		{"$.list[*].n.more", `[]`},
		{"$.a[0]", `Filter: [0] can only be applied to arrays. Current context is: {"b":[10,{"c":"x"},30]}`},
		{"$.null.x", "Expected to find an object with property ['x'] in path $['null'] but found 'com.fasterxml.jackson.databind.node.NullNode'. This is not a json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'."},
	} {
		p, err := ParsePath(c.path)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		v, err := ParseJSON([]byte(data))
		if err != nil {
			t.Fatal(err)
		}
		found, err := p.selectFrom(v)
		got := string(JSON(found))
		if err != nil {
			got = err.Error()
		}
		want, err := ParseJSON([]byte(c.want))
		if err == nil && !sameList(found, want) || err != nil && got != c.want {
			t.Errorf("%s: %s, want %s", c.path, got, c.want)
		}
	}
}

// sameList compares two values, lists without regard to order: recursive descent promises none.
func sameList(a, b any) bool {
	list, ok1 := a.([]any)
	other, ok2 := b.([]any)
	if !ok1 || !ok2 {
		return equal(a, b)
	}
	for _, e := range list {
		if found, _ := arrayContains([]any{other, e}, data{}); found == false {
			return false
		}
	}
	return len(list) == len(other)
}

func TestBadPaths(t *testing.T) {
	for _, text := range []string{"", "a", "$.", "$..", "$a.", "$[", "$[]", "$['a", "$[1", "$.a b", "$[99999999999]", "$[1:2:3]", "$.a.length()", "$[?(@.a)]", "$['a','b']"} {
		_, err := ParsePath(text)
		if err == nil {
			t.Errorf("%q is a path", text)
		}
		var unsupported *unsupportedPath
		if want := strings.ContainsAny(text, "(?") || strings.Contains(text, ":3") || strings.Contains(text, "','"); errors.As(err, &unsupported) != want {
			t.Errorf("%q: unsupported is %t: %v", text, !want, err)
		}
	}
}

func TestIntrinsics(t *testing.T) {
	const input = `{"list":[1,2,2,"a",null,1.0],"text":"a,b;c","obj":{"b":1,"a":[true,"x"]},"n":3}`
	for _, c := range []struct{ call, want string }{ // want "" = invalid arguments
		{"States.Array()", `[]`},
		{"States.Array($.n, 'x', null, true, -1.5)", `[3,"x",null,true,-1.5]`},
		{"States.ArrayContains($.list, 2)", `true`},
		{"States.ArrayContains($.list, 'b')", `false`},
		{"States.ArrayContains($.obj, 'b')", ``},
		{"States.ArrayUnique($.list)", `[null,1.0,1,"a",2]`},
		{"States.ArrayUnique(States.StringToJson('[true,false,true,false]'))", `[false,true]`},
		{"States.ArrayUnique(States.StringToJson('[[1,2],[1,2],[2,1]]'))", `[[2,1],[1,2]]`},
		{"States.ArrayUnique(States.StringToJson('[1,2,3,3,3,3,3,3,4]'))", `[1,2,3,4]`},
		{"States.ArrayContains(States.StringToJson('[\"true\"]'), true)", `true`},
		{"States.ArrayContains(States.StringToJson('[{\"a\":1,\"b\":2}]'), States.StringToJson('{\"b\":2,\"a\":1}'))", `false`},
		{"States.ArrayLength($.list)", `6`},
		{"States.ArrayGetItem($.list, 3)", `"a"`},
		{"States.ArrayGetItem($.list, 6)", ``},
		{"States.ArrayGetItem($.list, -1)", ``},
		{"States.ArrayRange(1, 9, 2)", `[1,3,5,7,9]`},
		{"States.ArrayRange(3, 1, -1)", `[3,2,1]`},
		{"States.ArrayRange(1, 2, 0)", ``},
		{"States.ArrayRange(1, 1001, 1)", ``},
		{"States.ArrayRange(1.6, 1.4, 1)", `[1]`},
		{"States.ArrayRange(5.4, -0.6, -2.4)", `[5,3,1]`},
		{"States.ArrayPartition($.list, 0)", ``},
		{"States.ArrayPartition($.list, 0.6)", ``},
		{"States.ArrayPartition(States.ArrayRange(1, 5, 1), 2.6)", `[[1,2],[3,4],[5]]`},
		{"States.ArrayPartition($.list, 4)", `[[1,2,2,"a"],[null,1.0]]`},
		{"States.Base64Decode('aGk=')", `"hi"`},
		{"States.Base64Decode('!')", ``},
		{"States.Base64Encode(1)", ``},
		{"States.Hash('abc', 'SHA-1')", `"a9993e364706816aba3e25717850c26c9cd0d89d"`},
		{"States.Hash('abc', 'CRC')", ``},
		{"States.Format('{}-{}: {}', $.n, $.obj, null)", `"3-{b=1, a=[true, x]}: null"`},
		{`States.Format('\'{}\' \{\} \\', 1)`, `"'1' {} \\"`},
		{"States.Format('{}')", ``},
		{"States.Format('{}', 1, 2)", ``},
		{"States.Format('{a}', 1)", ``},
		{"States.Format($.text)", `"a,b;c"`},
		{"States.JsonMerge($.obj, States.StringToJson('{\"b\":2}'), false)", `{"b":2,"a":[true,"x"]}`},
		{"States.JsonMerge($.obj, $.obj, true)", ``},
		{"States.JsonToString($.obj)", `"{\"b\":1,\"a\":[true,\"x\"]}"`},
		{"States.StringToJson('{')", ``},
		{"States.MathAdd(2147483647, 1)", ``},
		{"States.StringSplit($.text, ',;')", `["a","b","c"]`},
		{"States.StringSplit($.text, '')", `["a,b;c"]`},
		{"States.MathRandom(5, 5)", ``},
		{"States.MathRandom(1, 2)", `1`},
		{"States.MathRandom(0, 10, 42)", `0`},
		{"States.MathRandom(0, 10, 'x')", ``},
	} {
		e, err := parseExpression(c.call)
		if err != nil {
			t.Errorf("%s: %v", c.call, err)
			continue
		}
		v, err := ParseJSON([]byte(input))
		if err != nil {
			t.Fatal(err)
		}
		got, failure := e.eval(data{input: v, random: &random{source: rand.NewPCG(1, 2)}})
		switch {
		case c.want == "" && failure == nil:
			t.Errorf("%s: %s, want a failure", c.call, JSON(got))
		case c.want != "" && (failure != nil || string(JSON(got)) != c.want):
			t.Errorf("%s: %s %v, want %s", c.call, JSON(got), failure, c.want)
		}
	}
}

// The value is the documented one of new java.util.Random(42).nextInt(), without its lowest and its sign bit.
func TestJavaRandom(t *testing.T) {
	const first = -1170105035
	if got, want := javaRandom(42, 1<<31-1), int64(uint32(first&0xffffffff)>>1); got != want {
		t.Errorf("%d, want %d", got, want)
	}
}

func TestUUID(t *testing.T) {
	id, _ := uuid(nil, data{random: &random{source: rand.NewPCG(3, 4)}})
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id.(string)) {
		t.Errorf("%s is no UUID", id)
	}
}

func TestBadExpressions(t *testing.T) {
	for _, text := range []string{
		"", "x", "States.Nope()", "States.Array(", "States.Array(1", "States.Array(1,)", "States.Array(1 2)", "States.Array('a)", "States.Array(x)",
		"States.Array({})", "States.Array() x", "States.Hash('a')", "States.UUID(1)", `States.Array('\n')`, "States.Format",
		strings.Repeat("States.Array(", 11) + strings.Repeat(")", 11),
	} {
		if _, err := parseExpression(text); err == nil {
			t.Errorf("%q is an expression", text)
		}
	}
}

func TestStringMatches(t *testing.T) {
	for _, c := range []struct {
		text, pattern string
		want          bool
	}{
		{"", "", true}, {"", "*", true}, {"a", "", false}, {"foo23.log", "foo*.log", true}, {"zebra.log", "*.log", true},
		{"zebra.log", "*.lo", false}, {"foobar.zebra", "foo*.*", true}, {"a*b", `a\*b`, true}, {"axb", `a\*b`, false},
		{`a\b`, `a\\b`, true}, {"aaab", "a*ab", true}, {"abcabd", "*ab*d", true}, {"abc", "abc*", true}, {"ab", "abc*", false},
	} {
		if got := stringMatches(c.text, c.pattern); got != c.want {
			t.Errorf("%q matches %q: %t", c.text, c.pattern, got)
		}
	}
}

func TestTimestamps(t *testing.T) {
	for text, want := range map[string]bool{
		"2016-03-14T01:59:00Z": true, "2016-03-14T01:59:00.123456789Z": true, "2016-03-14T01:59:00+01:00": true,
		"2016-03-14t01:59:00Z": false, "2016-03-14T01:59:00z": false, "2016-03-14T01:59:00": false, "2016-03-14": false, "": false,
		"2016-02-30T01:59:00Z": false, "2016-03-14T24:59:00Z": false, "2016-03-14T01:59:00,5Z": false,
	} {
		if _, got := parseTimestamp(text); got != want {
			t.Errorf("%q is a timestamp: %t", text, got)
		}
	}
}

func TestValuesComeOutAsTheyWentIn(t *testing.T) {
	for _, text := range []string{
		`{"z":1.0,"a":1e3,"n":12345678901234567890.123,"t":"<&>é😀","e":"\n\r\t\"\\\u0001","o":{},"l":[null,true]}`, `-0.0`, `"x"`, `[]`,
	} {
		v, err := ParseJSON([]byte(text))
		if err != nil || string(JSON(v)) != text {
			t.Errorf("%s became %s, %v", text, JSON(v), err)
		}
	}
	for _, text := range []string{"", "{", "[1,]", "1 2", "nul", strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2)} {
		if _, err := ParseJSON([]byte(text)); err == nil {
			t.Errorf("%.20q is JSON", text)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	state := func(fields string) string { return `{"StartAt":"A","States":{"A":{` + fields + `}}}` }
	for _, c := range []struct{ definition, want string }{
		{`x`, "INVALID_JSON_DESCRIPTION"},
		{`{"States":{}}`, "These fields are required: [StartAt] at /"},
		{state(`"Type":"Pass","End":true,"Nonsense":1`), "Field is not supported. at /States/A/Nonsense"},
		{state(`"Type":"Nonsense"`), "Value is not a type of state: 'Nonsense' at /States/A/Type"},
		{state(`"Type":"Pass"`), "One of Next and End must be given, and not both at /States/A"},
		{state(`"Type":"Pass","Next":"B"`), "MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A"},
		{`{"StartAt":"A","States":{"A":{"Type":"Succeed"},"B":{"Type":"Succeed"}}}`, `State "B" is not reachable. at /States/B`},
		{state(`"Type":"Task","End":true`), "These fields are required: [Resource] at /States/A"},
		{state(`"Type":"Task","Resource":"FN:f","End":true,"Retry":[{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["X"]}]`), "States.ALL must appear alone and in the last place at /States/A/Retry[0]/ErrorEquals"},
		{state(`"Type":"Task","Resource":"FN:f","End":true,"TimeoutSeconds":1,"TimeoutSecondsPath":"$.t"`), "Only one of these fields may be given: [TimeoutSeconds TimeoutSecondsPath]"},
		{state(`"Type":"Pass","End":true,"Parameters":{"x.$":"no path"}`), "The value for the field 'x.$' must be a valid JSONPath or a valid intrinsic function call at /States/A/Parameters"},
		{state(`"Type":"Pass","End":true,"ResultPath":"$.a[*]"`), "Value is not a Reference Path: $.a[*] at /States/A/ResultPath"},
		{state(`"Type":"Choice","Choices":[{"Variable":"$.a","StringEquals":1,"Next":"A"}]`), "Expected value of type String at /States/A/Choices[0]/StringEquals"},
		{state(`"Type":"Choice","Choices":[{"Variable":"$.a","Next":"A"}]`), "Exactly one comparison operator must be given at /States/A/Choices[0]"},
		{state(`"Type":"Wait","End":true`), "One of Seconds, SecondsPath, Timestamp and TimestampPath must be given"},
		{`{"StartAt":"A","States":{"A":{"Type":"Parallel","End":true,"Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}]}}}`, "Duplicate State name: A"},

		{`{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Pass","Output":"{% 1 %}","End":true}}}`, "unsupported by the local stack: QueryLanguage JSONata at /QueryLanguage"},
		{`{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"s.$":"$$.Map.Item.Source"},"End":true}}}`, "field Map.Item.Source of the context object"},
		{`{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"s.$":"States.ArrayContains($.a)"},"End":true}}}`, "States.ArrayContains with 1 arguments"},
		{`{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed"}}}`, "unsupported by the local stack: QueryLanguage JSONata at /QueryLanguage"},
		{state(`"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","End":true`), "resource arn:aws:states:::sqs:sendMessage at /States/A/Resource"},
		{state(`"Type":"Task","Resource":"FN:f","Credentials":{},"End":true`), "field Credentials at /States/A/Credentials"},
		{state(`"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f","InvocationType":"Event"},"End":true`), "InvocationType Event"},
		{state(`"Type":"Pass","End":true,"InputPath":"$.a[?(@.b)]"`), `JSONPath filter in "$.a[?(@.b)]" at /States/A/InputPath`},
		{state(`"Type":"Map","End":true,"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}}`), "Mode DISTRIBUTED of a Map"},
	} {
		_, err := Load([]byte(strings.ReplaceAll(c.definition, "FN:", functionARN)), Environment{Resources: Functions{}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n%v\nwant %s", c.definition, err, c.want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(`{"StartAt":"A","States":{"A":{"Type":"Map","ItemsPath":"$.a[*]","ItemProcessor":{"StartAt":"B","States":{"B":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f","x.$":"States.Format('{}', $.a)"},"Retry":[{"ErrorEquals":["States.ALL"]}],"Catch":[{"ErrorEquals":["E"],"Next":"C"}],"End":true},"C":{"Type":"Fail","ErrorPath":"$.e"}}},"End":true}}}`)
	f.Add(`{"StartAt":"A","TimeoutSeconds":5,"States":{"A":{"Type":"Choice","Choices":[{"And":[{"Variable":"$.a","IsPresent":true},{"Not":{"Variable":"$.a","StringMatches":"a*"}}],"Next":"B"}],"Default":"B"},"B":{"Type":"Wait","Timestamp":"2016-03-14T01:59:00Z","Next":"P"},"P":{"Type":"Parallel","Branches":[{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}],"Assign":{"v.$":"$[0]"},"End":true}}}`)
	f.Fuzz(func(t *testing.T, definition string) {
		m, err := Load([]byte(definition), Environment{Resources: Functions{}, Objects: newMemory(), MapRuns: &mapRuns{}})
		if (m == nil) == (err == nil) {
			t.Fatalf("machine %v, error %v", m, err)
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"$", "$$.Map.Item.Value", "$name.x[0]", "$.a['b'][-1].*", "$..a[1:2]", "$[0,1,2]"} {
		f.Add(seed)
	}
	v, err := ParseJSON([]byte(`{"a":{"b":[[1,2],{"a":[{"a":3}]}]},"name":"x"}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		if err != nil {
			return
		}
		if p.String() != text {
			t.Fatalf("%q was read as %q", text, p)
		}
		found, err := p.selectFrom(v)
		if err == nil {
			JSON(found)
		}
		if p.reference() {
			if replaced, ok := p.replaceIn(v, "new"); ok {
				if got, err := p.selectFrom(replaced); err != nil || got != "new" {
					t.Fatalf("%s: put there, found %v, %v", text, got, err)
				}
			}
		}
	})
}

func FuzzIntrinsic(f *testing.F) {
	for _, seed := range []string{
		"States.Format('{} \\{\\}', $.a)", "States.ArrayPartition(States.ArrayRange(0, 9, 3), 2)", "States.JsonMerge($.o, States.StringToJson('{}'), false)",
		"States.MathRandom(1, 9, 3)", "States.Hash($$.Execution.Id, 'MD5')", "States.StringSplit('a,b', ',')", "$.a",
	} {
		f.Add(seed)
	}
	v, err := ParseJSON([]byte(`{"a":"b","o":{"x":[1,2.5,null]}}`))
	if err != nil {
		f.Fatal(err)
	}
	d := data{input: v, context: func() *Object { return NewObject() }, random: &random{source: rand.NewPCG(1, 2)}}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseExpression(text)
		if err != nil {
			return
		}
		if got, failure := e.eval(d); failure == nil {
			JSON(got)
		}
	})
}
