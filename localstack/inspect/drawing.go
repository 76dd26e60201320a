package inspect

import (
	"fmt"
	"slices"

	"github.com/calendarinvite/calendarinviteserver/localstack/inspect/graph"
)

// graphView is a laid-out machine, coloured by an execution.
type graphView struct {
	*graph.Drawing
	Nodes []nodeView
	Edges []edgeView
}

type nodeView struct {
	graph.Node
	Outcome Outcome
	Visits  int
	Retries int
	Link    string // of its last visit
}

type edgeView struct {
	graph.Edge
	Taken bool
}

// colour marks what an execution did in a drawing. The last visit of a state decides.
func colour(d *graph.Drawing, visits []visitView) *graphView {
	g := &graphView{Drawing: d}
	nodes := map[string]*nodeView{}
	for _, n := range d.Nodes {
		g.Nodes = append(g.Nodes, nodeView{Node: n, Outcome: Unvisited})
	}
	for i := range g.Nodes {
		nodes[g.Nodes[i].Name] = &g.Nodes[i]
	}
	taken := map[[2]string]bool{}
	before := map[string]string{} // last state by branch or iteration
	for _, v := range visits {
		taken[[2]string{before[v.Within], v.Name}] = true
		before[v.Within] = v.Name
		if n := nodes[v.Name]; n != nil {
			n.Outcome, n.Link = v.Outcome, v.Link
			if v.Anchor != "" { // the children of a Map Run are only a sample
				n.Visits++
				n.Retries += v.Retries
			}
		}
	}
	for _, e := range d.Edges {
		g.Edges = append(g.Edges, edgeView{Edge: e, Taken: taken[[2]string{e.From, e.To}]})
	}
	// Taken edges are drawn last, over the others.
	slices.SortStableFunc(g.Edges, func(a, b edgeView) int {
		switch {
		case a.Taken == b.Taken:
			return 0
		case b.Taken:
			return -1
		}
		return 1
	})
	return g
}

// margin is the space around a drawing, for strokes and badges.
const margin = 8

// ViewWidth and ViewHeight are the drawing's size with its margin.
func (g *graphView) ViewWidth() float64 { return g.Width + margin }

// ViewHeight is the drawing's height with its margin.
func (g *graphView) ViewHeight() float64 { return g.Height + margin }

// Diamond is the outline of a Choice state: a box with pointed sides, so that its name fits.
func (n nodeView) Diamond() string {
	const point = 12
	return fmt.Sprintf("M%.1f %.1fL%.1f %.1fH%.1fL%.1f %.1fL%.1f %.1fH%.1fZ", n.X, n.Y+n.H/2, n.X+point, n.Y, n.X+n.W-point,
		n.X+n.W, n.Y+n.H/2, n.X+n.W-point, n.Y+n.H, n.X+point)
}

// Radius rounds the corners: fully where the execution ends.
func (n nodeView) Radius() int {
	if n.Type == "Succeed" || n.Type == "Fail" {
		return 20
	}
	return 7
}

// Right is where a badge ends.
func (n nodeView) Right() float64 { return n.X + n.W }

// Tagged reports whether the edge's label is drawn: the condition of a Choice. What a Catch catches is only in its title.
func (e edgeView) Tagged() bool { return e.Kind == graph.Rule || e.Kind == graph.Default }

// MaxTag is how much of a label is drawn.
func (e edgeView) MaxTag() int { return graph.MaxTag }
