package imip

// Limits bound what Read does with a message. A zero field means its default.
type Limits struct {
	MessageBytes  int // the raw message; 10 MiB (spec §2)
	CalendarBytes int // one calendar part, decoded; 1 MiB (spec §2)
	HeaderBytes   int // one header block; 256 KiB, what lies beyond is ignored
	HeaderFields  int // fields in one header block; 2,000
	Parts         int // leaves of the MIME tree; 500
	Depth         int // levels of the MIME tree; 25
	DecodedBytes  int // all decoded parts together; twice MessageBytes, reached only by encodings nested in each other
}

// withDefaults fills in the zero fields.
func (l Limits) withDefaults() Limits {
	fill := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	fill(&l.MessageBytes, 10<<20)
	fill(&l.CalendarBytes, 1<<20)
	fill(&l.HeaderBytes, 256<<10)
	fill(&l.HeaderFields, 2000)
	fill(&l.Parts, 500)
	fill(&l.Depth, 25)
	fill(&l.DecodedBytes, 2*l.MessageBytes)
	return l
}
