package graph

// place gives every vertex its centre: layers below one another, and within a layer as near as possible to the neighbours while
// keeping the order and the gaps.
func (l *layered) place() (width, height float64) {
	for i, layer := range l.layers {
		tallest := 0.0
		for _, v := range layer {
			tallest = max(tallest, l.vertices[v].h)
		}
		if i > 0 {
			height += layerGap
		}
		for _, v := range layer {
			l.vertices[v].y = height + tallest/2
		}
		height += tallest
	}
	for _, layer := range l.layers {
		l.align(layer, func(vertex) []int { return nil })
	}
	const rounds = 12
	for range rounds {
		for _, layer := range l.layers {
			l.align(layer, func(v vertex) []int { return v.up })
		}
		for i := len(l.layers) - 1; i >= 0; i-- {
			l.align(l.layers[i], func(v vertex) []int { return v.down })
		}
	}
	for _, layer := range l.layers {
		l.align(layer, func(v vertex) []int { return append(append([]int(nil), v.up...), v.down...) })
	}
	left, right := 0.0, 0.0
	for i, v := range l.vertices {
		if i == 0 || v.x-v.w/2 < left {
			left = v.x - v.w/2
		}
		if i == 0 || v.x+v.w/2 > right {
			right = v.x + v.w/2
		}
	}
	for i := range l.vertices {
		l.vertices[i].x -= left
	}
	return right - left, height
}

// align moves the vertices of one layer to the mean of their neighbours' places, as far as order and gaps allow: the least sum of squared
// moves, by pooling those that would collide (isotonic regression).
func (l *layered) align(layer []int, neighbours func(vertex) []int) {
	type block struct {
		sum, weight float64
		count       int
	}
	var blocks []block
	offset := make([]float64, len(layer))
	for i, v := range layer {
		if i > 0 {
			before := l.vertices[layer[i-1]]
			offset[i] = offset[i-1] + (before.w+l.vertices[v].w)/2 + vertexGap
		}
		want, weight := l.vertices[v].x, 0.01
		if near := neighbours(l.vertices[v]); len(near) > 0 {
			want, weight = 0, 1
			for _, n := range near {
				want += l.vertices[n].x / float64(len(near))
			}
			if l.vertices[v].state == nil {
				weight = 4 // keep long edges straight
			}
		}
		b := block{(want - offset[i]) * weight, weight, 1}
		for len(blocks) > 0 {
			prev := blocks[len(blocks)-1]
			if prev.sum/prev.weight <= b.sum/b.weight {
				break
			}
			b = block{b.sum + prev.sum, b.weight + prev.weight, b.count + prev.count}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	i := 0
	for _, b := range blocks {
		for range b.count {
			l.vertices[layer[i]].x = b.sum/b.weight + offset[i]
			i++
		}
	}
}
