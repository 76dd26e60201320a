package asl

// mapping reads a Map state.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
func (l *loader) mapping(s *state, f *fields) {
	l.work(s, f, true)
	f.exclusive("ItemSelector", "Parameters")
	w := mapping{items: f.path("ItemsPath"), concurrency: f.amount("MaxConcurrency", 0, 0, 99_999_999)}
	w.item = f.template("ItemSelector", true)
	if older := f.template("Parameters", true); older != nil {
		w.item = older
	}
	p := l.processor(f)
	w.processor = p.body
	if p.distributed {
		s.work = l.distributed(w, p, s.name, f)
		return
	}
	f.refuse(onlyDistributed...)
	s.work = &w
}

// onlyDistributed are the fields that belong to Mode DISTRIBUTED.
var onlyDistributed = []string{
	"ItemReader", "ItemBatcher", "ResultWriter", "Label",
	"ToleratedFailureCount", "ToleratedFailureCountPath", "ToleratedFailurePercentage", "ToleratedFailurePercentagePath",
}

// processor is an ItemProcessor, or Iterator as older machines call it.
type processor struct {
	body                 *body
	distributed, express bool // by ProcessorConfig
	definition           []byte
}

func (l *loader) processor(f *fields) (p processor) {
	name := "ItemProcessor"
	if f.has("Iterator") {
		name = "Iterator"
	}
	f.exclusive("ItemProcessor", "Iterator")
	f.required(name)
	o := f.object(name)
	if o == nil {
		return p
	}
	inner := f.fields(o, f.at+"/"+name)
	if config := inner.object("ProcessorConfig"); config != nil {
		p.distributed, p.express = l.processorConfig(inner.fields(config, inner.at+"/ProcessorConfig"))
	}
	outer := l.express
	if p.distributed {
		p.definition = JSON(o)
		l.express = p.express
	}
	p.body = l.body(inner)
	l.express = outer
	inner.done()
	return p
}

func (l *loader) processorConfig(c *fields) (distributed, express bool) {
	switch c.text("Mode") {
	case "DISTRIBUTED":
		distributed = true
		c.required("ExecutionType")
		if l.express {
			l.schema(c.at+"/Mode", "Mode DISTRIBUTED is only for workflows of type STANDARD")
		}
		if l.env.MapRuns == nil {
			l.unsupported = append(l.unsupported, "Mode DISTRIBUTED of a Map at "+c.at+"/Mode")
		}
	case "INLINE", "":
	default:
		l.schema(c.at+"/Mode", "Value is not one of INLINE, DISTRIBUTED")
	}
	switch kind := c.text("ExecutionType"); {
	case kind == "EXPRESS":
		express = true
	case kind != "" && kind != "STANDARD":
		l.schema(c.at+"/ExecutionType", "Value is not one of STANDARD, EXPRESS")
	}
	c.done()
	return distributed, express
}
