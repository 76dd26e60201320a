package view

import "strings"

// The size of a drawn chart, in its own units. The page stretches it.
const (
	chartWidth  = 600
	chartHeight = 160
)

// polyline is the path of a line through points, which stand at xs of 0 to 1 and have values of 0 to top. Nothing is drawn of less than two points.
func polyline(xs []float64, ys []int, top int) string {
	if len(xs) < 2 || top <= 0 {
		return ""
	}
	var b strings.Builder
	for i, x := range xs {
		mark := byte('L')
		if i == 0 {
			mark = 'M'
		}
		b.WriteByte(mark)
		b.WriteString(place(x * chartWidth))
		b.WriteByte(' ')
		b.WriteString(place(chartHeight - float64(ys[i])/float64(top)*chartHeight))
	}
	return b.String()
}

// area closes a line's path down to the ground.
func area(line string) string {
	if line == "" {
		return ""
	}
	return line + "L" + place(chartWidth) + " " + place(chartHeight) + "L0 " + place(chartHeight) + "Z"
}

// ceiling is the end of a scale for values up to most: 4, 8, 12 or 20 and zeros, so that its quarters are whole and easy to read.
func ceiling(most int) int {
	for unit := 1; ; unit *= 10 {
		for _, step := range []int{4, 8, 12, 20} {
			if most <= step*unit || unit > 1e15 {
				return step * unit
			}
		}
	}
}

// scale adds the labels of a chart's scale, from top_4 at the top to top_0.
func (v values) scale(top int) {
	for i, name := range []string{"top_0", "top_1", "top_2", "top_3", "top_4"} {
		v.number(name, top*i/4)
	}
}
