package asl

// mapping reads a Map state. Mode DISTRIBUTED, with all that belongs to it, is refused.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
func (l *loader) mapping(s *state, f *fields) {
	l.work(s, f, true)
	f.refuse("ItemReader", "ItemBatcher", "ResultWriter", "Label",
		"ToleratedFailureCount", "ToleratedFailureCountPath", "ToleratedFailurePercentage", "ToleratedFailurePercentagePath")
	f.exclusive("ItemSelector", "Parameters")
	w := &mapping{items: f.path("ItemsPath"), concurrency: f.amount("MaxConcurrency", 0, 0, 99_999_999)}
	w.item = f.template("ItemSelector", true)
	if older := f.template("Parameters", true); older != nil {
		w.item = older
	}
	w.processor = l.processor(f)
	s.work = w
}

// processor reads ItemProcessor, or Iterator as older machines call it.
func (l *loader) processor(f *fields) *body {
	name := "ItemProcessor"
	if f.has("Iterator") {
		name = "Iterator"
	}
	f.exclusive("ItemProcessor", "Iterator")
	f.required(name)
	o := f.object(name)
	if o == nil {
		return nil
	}
	p := f.fields(o, f.at+"/"+name)
	if config := p.object("ProcessorConfig"); config != nil {
		c := p.fields(config, p.at+"/ProcessorConfig")
		switch mode := c.text("Mode"); mode {
		case "DISTRIBUTED":
			l.unsupported = append(l.unsupported, "Mode DISTRIBUTED of a Map at "+c.at+"/Mode")
			c.text("ExecutionType")
		case "INLINE", "":
		default:
			l.schema(c.at+"/Mode", "Value is not one of INLINE, DISTRIBUTED")
		}
		c.done()
	}
	b := l.body(p)
	p.done()
	return b
}
