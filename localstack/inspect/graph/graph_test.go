package graph

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

func drawing(t *testing.T, definition string) *Drawing {
	t.Helper()
	d, err := Draw([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func file(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const nested = `{"StartAt":"Prepare","States":{
	"Prepare":{"Type":"Pass","Next":"Both"},
	"Both":{"Type":"Parallel","Next":"Each","Branches":[
		{"StartAt":"Left","States":{"Left":{"Type":"Task","End":true}}},
		{"StartAt":"Right","States":{"Right":{"Type":"Task","Next":"Right2"},"Right2":{"Type":"Pass","End":true}}}]},
	"Each":{"Type":"Map","Next":"Again","ItemProcessor":{"StartAt":"Inner","States":{"Inner":{"Type":"Task","End":true}}}},
	"Again":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericLessThan":3,"Next":"Prepare"}],"Default":"Done"},
	"Done":{"Type":"Succeed"},
	"Lonely":{"Type":"Fail"}}}`

// TestLayout checks what makes a drawing readable, on a real machine and on one with everything in it.
func TestLayout(t *testing.T) {
	for name, definition := range map[string]string{"event-request": file(t, "event-request.asl.json"), "nested": nested} {
		t.Run(name, func(t *testing.T) {
			d := drawing(t, definition)
			nodes := map[string]Node{}
			for _, n := range d.Nodes {
				nodes[n.Name] = n
				if n.X < -0.01 || n.Y < -0.01 || n.X+n.W > d.Width+0.01 || n.Y+n.H > d.Height+0.01 {
					t.Errorf("%s is outside the drawing: %+v", n.Name, n)
				}
			}
			for i, a := range d.Nodes {
				for _, b := range d.Nodes[i+1:] {
					inside := a.Frame && b.X >= a.X && b.X+b.W <= a.X+a.W && b.Y >= a.Y && b.Y+b.H <= a.Y+a.H
					apart := a.X+a.W <= b.X || b.X+b.W <= a.X || a.Y+a.H <= b.Y || b.Y+b.H <= a.Y
					if !inside && !apart {
						t.Errorf("%s and %s overlap", a.Name, b.Name)
					}
				}
			}
			for _, e := range d.Edges {
				first, last := e.Points[0], e.Points[len(e.Points)-1]
				if from, ok := nodes[e.From]; ok && !onBorder(from, first) {
					t.Errorf("edge %s to %s does not begin at its state: %v", e.From, e.To, first)
				}
				if to := nodes[e.To]; !onBorder(to, last) {
					t.Errorf("edge %s to %s does not end at its state: %v", e.From, e.To, last)
				}
				if !strings.HasPrefix(e.Path(), "M") {
					t.Errorf("path is %q", e.Path())
				}
			}
		})
	}
}

// TestFramesHaveNoEmptyPlace: states begin below a frame's title and end above its lower side.
func TestFramesHaveNoEmptyPlace(t *testing.T) {
	nodes := map[string]Node{}
	for _, n := range drawing(t, nested).Nodes {
		nodes[n.Name] = n
	}
	for _, c := range []struct{ frame, first, last string }{{"Each", "Inner", "Inner"}, {"Both", "Right", "Right2"}, {"Both", "Left", "Right2"}} {
		frame, first, last := nodes[c.frame], nodes[c.first], nodes[c.last]
		if above, below := first.Y-frame.Y, frame.Y+frame.H-last.Y-last.H; above != frameTitle+frameEdge || math.Abs(below-frameEdge) > 0.01 {
			t.Errorf("%s: %.0f above %s, %.0f below %s", c.frame, above, c.first, below, c.last)
		}
	}
}

// onBorder reports whether a point is on the upper or lower side of a node.
func onBorder(n Node, p Point) bool {
	side := math.Abs(p.Y-n.Y) < 0.01 || math.Abs(p.Y-n.Y-n.H) < 0.01
	return side && p.X >= n.X && p.X <= n.X+n.W
}

func TestEveryStateIsBelowThoseThatLeadToIt(t *testing.T) {
	d := drawing(t, file(t, "event-request.asl.json"))
	y := map[string]float64{}
	for _, n := range d.Nodes {
		y[n.Name] = n.Y
	}
	for _, e := range d.Edges {
		if e.From != "" && y[e.From] >= y[e.To] {
			t.Errorf("%s is not below %s", e.To, e.From)
		}
	}
	if len(y) != 21 {
		t.Errorf("%d states, want 21", len(y))
	}
}

func TestFewCrossings(t *testing.T) {
	m, err := parse([]byte(file(t, "event-request.asl.json")))
	if err != nil {
		t.Fatal(err)
	}
	if n := arrange(m, size).crossings(); n > 18 {
		t.Errorf("%d crossings, want at most 18", n)
	}
}

func TestEdges(t *testing.T) {
	d := drawing(t, `{"StartAt":"A","States":{
		"A":{"Type":"Task","Next":"B","Catch":[{"ErrorEquals":["Stale","Conflict"],"Next":"C"},{"ErrorEquals":["States.ALL"],"Next":"C"}]},
		"B":{"Type":"Choice","Default":"C","Choices":[
			{"Variable":"$.a.result","StringEquals":"x","Next":"C"},
			{"Variable":"$.n","NumericGreaterThanEquals":3,"Next":"D"},
			{"Variable":"$.ok","BooleanEquals":true,"Next":"D"},
			{"Variable":"$.ok","BooleanEquals":false,"Next":"E"},
			{"Variable":"$.v","IsPresent":true,"Next":"E"},
			{"Variable":"$.v","IsNull":false,"Next":"E"},
			{"And":[{"Variable":"$.p","StringMatches":"a*"},{"Not":{"Variable":"$.q","TimestampLessThanPath":"$.r"}}],"Next":"E"}]},
		"C":{"Type":"Succeed"},"D":{"Type":"Task","End":true},"E":{"Type":"Fail"}}}`)
	var got []string
	for _, e := range d.Edges {
		got = append(got, e.From+">"+e.To+" "+string(e.Kind)+" "+e.Label)
	}
	for _, want := range []string{
		">A next ", "A>B next ", "A>C catch Stale, Conflict or States.ALL", "B>C rule result = x or otherwise", "B>D rule n ≥ 3 or ok",
		"B>E rule not ok or v is present or v is not null or p ~ a* and not q < $.r",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no edge %q in %q", want, got)
		}
	}
	if len(got) != 6 {
		t.Errorf("%d edges, want 6", len(got))
	}
	for _, n := range d.Nodes {
		if want := n.Name >= "C"; n.End != want {
			t.Errorf("%s: End is %v", n.Name, n.End)
		}
	}
}

func TestConditionsOnOneVariableAreShort(t *testing.T) {
	d := drawing(t, `{"StartAt":"A","States":{"A":{"Type":"Choice","Default":"D","Choices":[
		{"Variable":"$.action","StringEquals":"create","Next":"B"},{"Variable":"$.action","StringEquals":"cancel","Next":"C"}]},
		"B":{"Type":"Succeed"},"C":{"Type":"Succeed"},"D":{"Type":"Succeed"}}}`)
	labels := map[string]string{}
	for _, e := range d.Edges {
		labels[e.To] = e.Label
	}
	if labels["B"] != "create" || labels["C"] != "cancel" || labels["D"] != "otherwise" {
		t.Errorf("labels are %v", labels)
	}
}

func TestTagsCoverNothing(t *testing.T) {
	d := drawing(t, file(t, "event-request.asl.json"))
	for i, e := range d.Edges {
		if e.Kind != Rule && e.Kind != Default {
			continue
		}
		width := tagCharWidth * float64(min(MaxTag, len(e.Label)))
		area := box{e.Tag.X - width/2, e.Tag.Y - tagHeight/2, e.Tag.X + width/2, e.Tag.Y + tagHeight/2}
		for _, n := range d.Nodes {
			if area.overlaps(box{n.X, n.Y, n.X + n.W, n.Y + n.H}) {
				t.Errorf("label %q covers state %s", e.Label, n.Name)
			}
		}
		for _, other := range d.Edges[i+1:] {
			if other.Kind != Rule && other.Kind != Default {
				continue
			}
			w := tagCharWidth * float64(min(MaxTag, len(other.Label)))
			if area.overlaps(box{other.Tag.X - w/2, other.Tag.Y - tagHeight/2, other.Tag.X + w/2, other.Tag.Y + tagHeight/2}) {
				t.Errorf("label %q covers label %q", e.Label, other.Label)
			}
		}
	}
}

func TestDrawingTheSameMachineGivesTheSamePicture(t *testing.T) {
	definition := file(t, "event-request.asl.json")
	first := drawing(t, definition)
	for range 5 {
		again := drawing(t, definition)
		for i := range first.Nodes {
			if first.Nodes[i] != again.Nodes[i] {
				t.Fatalf("%+v, then %+v", first.Nodes[i], again.Nodes[i])
			}
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ definition, want string }{
		{`{`, "state machine definition"},
		{`{"StartAt":"A","States":{}}`, "StartAt names no state"},
		{`{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}`, "unknown state B"},
		{`{"StartAt":"A","States":{"A":{"Type":"Parallel","End":true,"Branches":[{"StartAt":"B","States":{}}]}}}`, "state A"},
	} {
		if _, err := Draw([]byte(c.definition)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error that says %s", c.definition, err, c.want)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	definition, err := os.ReadFile("testdata/event-request.asl.json")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Draw(definition); err != nil {
			b.Fatal(err)
		}
	}
}
