package graph

import "unicode/utf8"

// MaxTag is how many characters of a label are drawn; the rest is in its title only.
const MaxTag = 24

const (
	tagCharWidth = 6.3 // at a font size of 11
	tagHeight    = 13.0
)

// box is a rectangle that is taken.
type box struct{ left, top, right, bottom float64 }

func (a box) overlaps(b box) bool {
	return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

// placeTags finds a place on the first bend of each Choice's edges where its label covers neither a state nor another label. Where all places
// are taken it stands in the middle.
func (d *Drawing) placeTags() {
	var taken []box
	for _, n := range d.Nodes {
		if !n.Frame {
			taken = append(taken, box{n.X, n.Y, n.X + n.W, n.Y + n.H})
		}
	}
	free := func(b box) bool {
		for _, t := range taken {
			if b.overlaps(t) {
				return false
			}
		}
		return true
	}
	for i := range d.Edges {
		e := &d.Edges[i]
		if e.Kind != Rule && e.Kind != Default {
			continue
		}
		width := tagCharWidth * float64(min(MaxTag, utf8.RuneCountInString(e.Label)))
		at := func(t float64) (Point, box) {
			p := bezier(e.Points[0], e.Points[1], t)
			return p, box{p.X - width/2, p.Y - tagHeight/2, p.X + width/2, p.Y + tagHeight/2}
		}
		tag, area := at(0.5)
		for _, t := range []float64{0.5, 0.6, 0.4, 0.7, 0.3, 0.76, 0.24, 0.8} {
			if p, b := at(t); free(b) {
				tag, area = p, b
				break
			}
		}
		e.Tag = tag
		taken = append(taken, area)
	}
}

// bezier is the point at t of the curve that Path draws from p to q.
func bezier(p, q Point, t float64) Point {
	middle := (p.Y + q.Y) / 2
	u := 1 - t
	a, b, c, d := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
	return Point{X: (a+b)*p.X + (c+d)*q.X, Y: a*p.Y + (b+c)*middle + d*q.Y}
}
