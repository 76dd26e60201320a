package graph

import (
	"cmp"
	"slices"
)

// vertex is a state, the start mark, or a bend of an edge that crosses a layer.
type vertex struct {
	state *state // nil for a bend and for the start mark
	start bool
	w, h  float64
	x, y  float64 // centre
	layer int
	inner []*Drawing // branches, for a frame

	up, down []int // neighbours in the layers above and below
}

// chain is an edge with the vertices it runs through, from top to bottom.
type chain struct {
	from, to int // as the machine has it
	edge     edge
	path     []int
	reversed bool // it leads upwards: path begins at to
}

// layered is a machine arranged in layers.
type layered struct {
	vertices []vertex
	chains   []chain
	layers   [][]int
}

// arrange assigns layers: each state below all that lead to it (longest path), loops drawn backwards. Edges get a bend in each layer they
// cross, so that ordering and placing see short edges only. (Sugiyama, Tagawa, Toda 1981.)
func arrange(m machine, size func(*state) (w, h float64, inner []*Drawing)) *layered {
	l := &layered{vertices: []vertex{{start: true, w: startSize, h: startSize}}}
	index := map[string]int{}
	for i := range m.states {
		s := &m.states[i]
		w, h, inner := size(s)
		index[s.name] = len(l.vertices)
		l.vertices = append(l.vertices, vertex{state: s, w: w, h: h, inner: inner})
	}
	l.chains = append(l.chains, chain{from: 0, to: index[m.start], edge: edge{kind: Next}})
	for i := range m.states {
		s := &m.states[i]
		for _, e := range s.edges {
			if e.to != s.name {
				l.chains = append(l.chains, chain{from: index[s.name], to: index[e.to], edge: e})
			}
		}
	}
	l.breakLoops()
	l.assignLayers()
	l.bend()
	l.order()
	return l
}

// breakLoops marks the edges that lead back to a state on the way to them.
func (l *layered) breakLoops() {
	const fresh, open, done = 0, 1, 2
	mark := make([]int, len(l.vertices))
	var walk func(v int)
	walk = func(v int) {
		mark[v] = open
		for i := range l.chains {
			c := &l.chains[i]
			if c.from != v {
				continue
			}
			switch mark[c.to] {
			case open:
				c.reversed = true
			case fresh:
				walk(c.to)
			}
		}
		mark[v] = done
	}
	for v := range l.vertices {
		if mark[v] == fresh {
			walk(v)
		}
	}
}

// ends are the upper and the lower end of a chain.
func (c chain) ends() (top, bottom int) {
	if c.reversed {
		return c.to, c.from
	}
	return c.from, c.to
}

func (l *layered) assignLayers() {
	for changed := true; changed; {
		changed = false
		for _, c := range l.chains {
			top, bottom := c.ends()
			if want := l.vertices[top].layer + 1; l.vertices[bottom].layer < want {
				l.vertices[bottom].layer = want
				changed = true
			}
		}
	}
}

func (l *layered) bend() {
	for i := range l.chains {
		c := &l.chains[i]
		top, bottom := c.ends()
		c.path = []int{top}
		for layer := l.vertices[top].layer + 1; layer < l.vertices[bottom].layer; layer++ {
			c.path = append(c.path, len(l.vertices))
			l.vertices = append(l.vertices, vertex{w: bendWidth, layer: layer})
		}
		c.path = append(c.path, bottom)
		for j := 1; j < len(c.path); j++ {
			a, b := c.path[j-1], c.path[j]
			l.vertices[a].down = append(l.vertices[a].down, b)
			l.vertices[b].up = append(l.vertices[b].up, a)
		}
	}
	for v := range l.vertices {
		for len(l.layers) <= l.vertices[v].layer {
			l.layers = append(l.layers, nil)
		}
		l.layers[l.vertices[v].layer] = append(l.layers[l.vertices[v].layer], v)
	}
}

// order puts the vertices of each layer so that few edges cross: each at the mean place of its neighbours, downwards and upwards in
// turn, keeping the best arrangement seen.
func (l *layered) order() {
	best, fewest := l.snapshot(), l.crossings()
	for sweep := 0; sweep < 24 && fewest > 0; sweep++ {
		for i := range l.layers {
			layer := i
			if sweep%2 == 1 {
				layer = len(l.layers) - 1 - i
			}
			l.sortLayer(layer, sweep%2 == 0)
		}
		if n := l.crossings(); n < fewest {
			best, fewest = l.snapshot(), n
		}
	}
	l.layers = best
}

func (l *layered) sortLayer(layer int, downwards bool) {
	neighbour := layer + 1
	if downwards {
		neighbour = layer - 1
	}
	if neighbour < 0 || neighbour >= len(l.layers) {
		return
	}
	place := places(l.layers[neighbour])
	own := places(l.layers[layer])
	weight := map[int]float64{}
	for _, v := range l.layers[layer] {
		near := l.vertices[v].down
		if downwards {
			near = l.vertices[v].up
		}
		weight[v] = own[v]
		if len(near) > 0 {
			sum := 0.0
			for _, n := range near {
				sum += place[n]
			}
			weight[v] = sum / float64(len(near))
		}
	}
	slices.SortStableFunc(l.layers[layer], func(a, b int) int { return cmp.Compare(weight[a], weight[b]) })
}

func places(layer []int) map[int]float64 {
	out := make(map[int]float64, len(layer))
	for i, v := range layer {
		out[v] = float64(i)
	}
	return out
}

func (l *layered) snapshot() [][]int {
	out := make([][]int, len(l.layers))
	for i := range l.layers {
		out[i] = slices.Clone(l.layers[i])
	}
	return out
}

// crossings counts the pairs of edges between neighbouring layers that cross.
func (l *layered) crossings() int {
	n := 0
	for i := 1; i < len(l.layers); i++ {
		lower := places(l.layers[i])
		var ends []float64 // lower ends of the edges, ordered by their upper ends
		for _, v := range l.layers[i-1] {
			var own []float64
			for _, d := range l.vertices[v].down {
				own = append(own, lower[d])
			}
			slices.Sort(own)
			for _, e := range own {
				for _, before := range ends {
					if before > e {
						n++
					}
				}
			}
			ends = append(ends, own...)
		}
	}
	return n
}
