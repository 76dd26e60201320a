package graph

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Measures in pixels at a font size of 13.
const (
	startSize  = 14.0
	nodeHeight = 40.0
	charWidth  = 7.4
	minWidth   = 96.0
	bendWidth  = 18.0
	layerGap   = 46.0
	vertexGap  = 22.0
	frameEdge  = 14.0 // between a frame and its branches
	frameTitle = 22.0
)

// Drawing is a laid-out machine. Coordinates are pixels from its upper left corner.
type Drawing struct {
	Width, Height float64
	Start         Point
	Nodes         []Node
	Edges         []Edge
}

// Point is a place in a drawing.
type Point struct{ X, Y float64 }

// Node is a state. A frame encloses its branches, whose nodes and edges are in the drawing too.
type Node struct {
	Name, Type, Comment string
	X, Y, W, H          float64 // upper left corner and size
	End                 bool    // an execution may end here
	Frame               bool
}

// CenterX and CenterY are the node's centre.
func (n Node) CenterX() float64 { return n.X + n.W/2 }

// CenterY is the height at which the node's name stands.
func (n Node) CenterY() float64 {
	if n.Frame {
		return n.Y + frameTitle/2 + 4
	}
	return n.Y + n.H/2
}

// Edge leads from one state to another. From is "" where the machine starts.
type Edge struct {
	From, To string
	Kind     EdgeKind
	Label    string // when it is taken; "" for always
	Points   []Point
	Tag      Point // where the label of a Choice's edge stands, centred
}

// Path is the edge as SVG path data: a smooth line that leaves and enters its points vertically.
func (e Edge) Path() string {
	var b strings.Builder
	for i, q := range e.Points {
		if i == 0 {
			fmt.Fprintf(&b, "M%.1f %.1f", q.X, q.Y)
			continue
		}
		p := e.Points[i-1]
		middle := (p.Y + q.Y) / 2
		fmt.Fprintf(&b, "C%.1f %.1f %.1f %.1f %.1f %.1f", p.X, middle, q.X, middle, q.X, q.Y)
	}
	return b.String()
}

// Draw lays out a definition.
func Draw(definition []byte) (*Drawing, error) {
	m, err := parse(definition)
	if err != nil {
		return nil, err
	}
	d := draw(m)
	d.placeTags()
	return d, nil
}

func draw(m machine) *Drawing {
	l := arrange(m, size)
	d := &Drawing{}
	d.Width, d.Height = l.place()
	for i := range l.vertices {
		v := &l.vertices[i]
		switch {
		case v.start:
			d.Start = Point{v.x, v.y}
		case v.state != nil:
			d.add(v)
		}
	}
	for _, c := range l.chains {
		d.Edges = append(d.Edges, l.edge(c))
	}
	return d
}

// size measures a state, and lays out its branches first.
func size(s *state) (w, h float64, inner []*Drawing) {
	w = max(minWidth, float64(utf8.RuneCountInString(s.name))*charWidth+28)
	if len(s.branches) == 0 {
		return w, nodeHeight, nil
	}
	across, tallest := frameEdge, 0.0
	for _, b := range s.branches {
		d := draw(b)
		inner = append(inner, d)
		across += d.Width + frameEdge
		tallest = max(tallest, d.Height-d.top())
	}
	return max(w, across), tallest + frameTitle + 2*frameEdge, inner
}

// top is where the first state begins: above it is only the start mark, which a branch goes without.
func (d *Drawing) top() float64 {
	top := d.Height
	for _, n := range d.Nodes {
		top = min(top, n.Y)
	}
	return top
}

// add puts a state into the drawing, and after its frame all that is inside.
func (d *Drawing) add(v *vertex) {
	n := Node{Name: v.state.name, Type: v.state.kind, Comment: v.state.comment, End: v.state.end,
		X: v.x - v.w/2, Y: v.y - v.h/2, W: v.w, H: v.h, Frame: len(v.inner) > 0}
	d.Nodes = append(d.Nodes, n)
	total := frameEdge * float64(len(v.inner)-1)
	for _, in := range v.inner {
		total += in.Width
	}
	x := v.x - total/2
	for _, in := range v.inner {
		y := n.Y + frameTitle + frameEdge - in.top()
		for _, node := range in.Nodes {
			node.X, node.Y = node.X+x, node.Y+y
			d.Nodes = append(d.Nodes, node)
		}
		for _, e := range in.Edges {
			if e.From == "" {
				continue // a branch's start mark would only clutter the frame
			}
			for i := range e.Points {
				e.Points[i].X, e.Points[i].Y = e.Points[i].X+x, e.Points[i].Y+y
			}
			d.Edges = append(d.Edges, e)
		}
		x += in.Width + frameEdge
	}
}

// edge gives a chain its points, from where it leaves to where it leads.
func (l *layered) edge(c chain) Edge {
	e := Edge{Kind: c.edge.kind, Label: strings.Join(c.edge.labels, " or ")}
	if s := l.vertices[c.from].state; s != nil {
		e.From = s.name
	}
	e.To = l.vertices[c.to].state.name
	for i, v := range c.path {
		p := Point{l.vertices[v].x, l.vertices[v].y}
		switch i {
		case 0:
			p.Y += l.vertices[v].h / 2
			p.X += l.port(c, v, l.vertices[v].down)
		case len(c.path) - 1:
			p.Y -= l.vertices[v].h / 2
			p.X += l.port(c, v, l.vertices[v].up)
		}
		e.Points = append(e.Points, p)
	}
	if c.reversed {
		slices.Reverse(e.Points)
	}
	return e
}

// port spreads the edges of a vertex along its side, in the order of where they lead.
func (l *layered) port(c chain, v int, neighbours []int) float64 {
	if l.vertices[v].state == nil || len(neighbours) < 2 {
		return 0
	}
	other := c.path[1]
	if c.path[0] != v {
		other = c.path[len(c.path)-2]
	}
	rank := 0
	for _, n := range neighbours {
		if l.vertices[n].x < l.vertices[other].x {
			rank++
		}
	}
	step := min(16, (l.vertices[v].w-24)/float64(len(neighbours)))
	return (float64(rank) - float64(len(neighbours)-1)/2) * step
}
