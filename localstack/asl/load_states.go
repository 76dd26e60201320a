package asl

import (
	"math"
	"slices"
	"strings"
)

// state reads one state.
func (l *loader) state(name string, f *fields) *state {
	s := &state{name: name, kind: f.text("Type")}
	f.text("Comment")
	f.language()
	read := l.reader(s.kind)
	if read == nil {
		l.schema(f.at+"/Type", "Value is not a type of state: '%s'", s.kind)
		return s
	}
	if s.kind != "Fail" {
		s.input, s.output = f.selector("InputPath"), f.selector("OutputPath")
	}
	switch s.kind {
	case "Task", "Pass", "Wait", "Parallel", "Map":
		s.next = f.text("Next")
		end := f.boolean("End")
		if end == (s.next != "") {
			l.schema(f.at, "One of Next and End must be given, and not both")
		}
	}
	if s.kind != "Succeed" && s.kind != "Fail" {
		s.assign = f.assign()
	}
	read(s, f)
	f.done()
	return s
}

// reader returns what reads the fields that a type of state has of its own; nil for an unknown type.
func (l *loader) reader(kind string) func(*state, *fields) {
	switch kind {
	case "Pass":
		return l.pass
	case "Succeed":
		return func(s *state, _ *fields) { s.work = succeed{} }
	case "Fail":
		return l.fail
	case "Task":
		return l.task
	case "Wait":
		return l.wait
	case "Choice":
		return l.choice
	case "Parallel":
		return l.parallel
	case "Map":
		return l.mapping
	}
	return nil
}

// assign reads Assign, whose members name variables.
func (f *fields) assign() *template {
	t := f.template("Assign", true)
	if t == nil {
		return nil
	}
	for _, name := range t.members {
		p := &pathParser{text: name}
		if p.identifier() != name || name == "" || len(name) > 80 || name == "states" {
			f.schema(f.at+"/Assign", "Invalid name of a variable: '%s'", name)
		}
	}
	return t
}

func (l *loader) pass(s *state, f *fields) {
	s.parameters = f.template("Parameters", false)
	s.resultPath = f.selector("ResultPath")
	w := &pass{}
	if v, ok := f.get("Result"); ok {
		w.result = &v
	}
	s.work = w
}

func (l *loader) fail(s *state, f *fields) {
	s.work = &fail{name: f.failText("Error"), cause: f.failText("Cause")}
}

func (f *fields) failText(name string) text {
	f.exclusive(name, name+"Path")
	t := text{literal: f.text(name), field: name + "Path"}
	if !f.has(t.field) {
		return t
	}
	e, err := parseExpression(f.text(t.field))
	if err != nil {
		f.badPath(f.at+"/"+t.field, "Value is neither a valid JSONPath nor a valid intrinsic function call", err)
		return t
	}
	t.expr = e
	return t
}

func (l *loader) task(s *state, f *fields) {
	f.refuse("Credentials")
	f.required("Resource")
	l.work(s, f, false)
	w := &task{
		resource:  f.text("Resource"),
		timeout:   f.amount("TimeoutSeconds", 0, 1, 99_999_999),
		heartbeat: f.amount("HeartbeatSeconds", 0, 1, 99_999_999),
		resources: l.env.Resources,
	}
	if w.heartbeat.n > 0 && w.timeout.n > 0 && w.heartbeat.n >= w.timeout.n {
		l.schema(f.at, "HeartbeatSeconds must be smaller than TimeoutSeconds")
	}
	var given []byte
	if parameters, ok := f.obj.Get("Parameters"); ok {
		given = JSON(parameters)
	}
	switch {
	case w.resource != "" && !strings.HasPrefix(w.resource, "arn:"):
		l.schema(f.at+"/Resource", "Value is not a valid resource ARN")
	case w.resource == "":
	case l.env.Resources == nil:
		l.unsupported = append(l.unsupported, "resource "+w.resource+" at "+f.at+"/Resource")
	default:
		if err := l.env.Resources.Check(w.resource, given); err != nil {
			l.unsupported = append(l.unsupported, err.Error()+" at "+f.at+"/Resource")
		}
	}
	s.work = w
}

// work reads the fields that Task, Parallel and Map share.
func (l *loader) work(s *state, f *fields, ownParameters bool) {
	if !ownParameters {
		s.parameters = f.template("Parameters", false)
	}
	s.selector = f.template("ResultSelector", true)
	s.resultPath = f.selector("ResultPath")
	retriers, catchers := f.objects("Retry"), f.objects("Catch")
	for i, r := range retriers {
		s.retry = append(s.retry, r.retrier(i == len(retriers)-1))
	}
	for i, c := range catchers {
		s.catch = append(s.catch, c.catcher(i == len(catchers)-1))
	}
}

// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error
func (f *fields) retrier(last bool) *retrier {
	f.text("Comment")
	r := &retrier{
		errors:   f.errorEquals(last),
		interval: f.integer("IntervalSeconds", 1, 1, 99_999_999),
		attempts: f.integer("MaxAttempts", 3, 0, 99_999_999),
		backoff:  f.float("BackoffRate", 2, 1, math.MaxFloat64),
		maxDelay: f.integer("MaxDelaySeconds", 0, 1, 31_622_400),
	}
	switch jitter := f.text("JitterStrategy"); jitter {
	case "FULL":
		r.fullJitter = true
	case "NONE", "":
	default:
		f.schema(f.at+"/JitterStrategy", "Value is not one of FULL, NONE")
	}
	f.done()
	return r
}

func (f *fields) catcher(last bool) *catcher {
	f.text("Comment")
	f.required("Next")
	c := &catcher{errors: f.errorEquals(last), next: f.text("Next"), resultPath: f.selector("ResultPath"), assign: f.assign()}
	f.done()
	return c
}

// errorEquals reads the names of errors. States.ALL stands alone, in the last retrier or catcher.
func (f *fields) errorEquals(last bool) []string {
	f.required("ErrorEquals")
	v, _ := f.get("ErrorEquals")
	list, _ := v.([]any)
	var names []string
	for _, e := range list {
		if name, ok := e.(string); ok {
			names = append(names, name)
		}
	}
	at := f.at + "/ErrorEquals"
	switch {
	case len(names) == 0 || len(names) < len(list):
		f.schema(at, "Expected a non-empty Array of Strings")
	case slices.Contains(names, ErrorAll) && (!last || len(names) > 1):
		f.schema(at, "%s must appear alone and in the last place", ErrorAll)
	}
	return names
}

func (l *loader) wait(s *state, f *fields) {
	f.exclusive("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
	w := &wait{}
	switch {
	case f.has("Seconds"), f.has("SecondsPath"):
		a := f.amount("Seconds", 0, 0, 99_999_999)
		w.seconds = &a
	case f.has("Timestamp"):
		w.timestamp, _ = f.timestamp("Timestamp")
	case f.has("TimestampPath"):
		w.path = f.path("TimestampPath")
	default:
		l.schema(f.at, "One of Seconds, SecondsPath, Timestamp and TimestampPath must be given")
	}
	s.work = w
}

func (l *loader) parallel(s *state, f *fields) {
	f.required("Branches")
	l.work(s, f, false)
	w := &parallel{}
	for _, branch := range f.objects("Branches") {
		w.branches = append(w.branches, l.body(branch))
		branch.done()
	}
	if len(w.branches) == 0 {
		l.schema(f.at+"/Branches", "Expected a non-empty Array")
	}
	s.work = w
}
